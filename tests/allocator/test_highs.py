"""HiGHS as it is run here."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from scipy import sparse

from allocator.exact import PulpEngine
from allocator.highs import Quiet
from allocator.program import Effort, Program


def test_a_solver_that_has_answered_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Quiet]] = []
    usual = Quiet.answer

    def answer(self: Quiet, offset: float, whole: bool) -> object:
        made.append(weakref.ref(self))
        return usual(self, offset, whole)

    monkeypatch.setattr(Quiet, "answer", answer)
    program = Program(np.array([3.0, 2.0]), sparse.csr_array([[2.0, 1.0]]), np.array([-np.inf]), np.array([2.0]),
                      np.zeros(2), np.ones(2), np.ones(2, dtype=bool))  # fmt: skip
    assert PulpEngine("highs", 1).run(program, Effort()).status == "optimal"
    gc.collect()
    assert len(made) == 1 and made[0]() is None, "many are solved in one process"
