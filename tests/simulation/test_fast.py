"""The compiled engine against the SimPy engine: every number of every run is the same."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import processes, projects

from simulation import Process
from simulation.draws import draw
from simulation.fast import run
from simulation.model import Model
from simulation.network import Network
from simulation.run import prepare

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
UNTIL = st.one_of(st.none(), st.floats(1, 60), st.integers(0, 60).map(float))


def assert_same(made: Network, seed: int = 0, replication: int = 0, until: float | None = None) -> None:
    """Both engines, from the same draws."""
    drawn = draw(made, seed, replication)
    fast, slow = run(made, drawn, until), Model(made, drawn, until).run()
    for one in fields(fast):
        ours, theirs = np.asarray(getattr(fast, one.name)), np.asarray(getattr(slow, one.name))
        if one.name != "drawn":
            assert ours.dtype == theirs.dtype, one.name
            np.testing.assert_array_equal(ours, theirs, one.name)


@settings(QUICK, max_examples=400)
@given(projects(), processes(), st.integers(0, 5), UNTIL)
def test_the_engines_agree_on_every_number(
    table: pd.DataFrame, process: Process, seed: int, until: float | None
) -> None:
    assert_same(prepare(table, process), seed, until=until)
