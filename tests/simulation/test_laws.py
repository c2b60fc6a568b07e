"""Conservation and Little's law on random processes; what changes nothing changes nothing."""

from __future__ import annotations

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import assert_conserved
from processes import processes, projects

from simulation import Process, simulate

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
UNTIL = st.one_of(st.none(), st.floats(1, 60), st.integers(1, 60).map(float))


@settings(QUICK, max_examples=200)
@given(projects(), processes(), st.integers(0, 5), UNTIL)
def test_every_run_obeys_the_laws(table: pd.DataFrame, process: Process, seed: int, until: float | None) -> None:
    assert_conserved(simulate(table, process, seed=seed, engine="simpy", until=until))
