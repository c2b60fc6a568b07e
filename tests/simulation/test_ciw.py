"""Ciw as a second implementation: the same days where both are fed the same, the same means where each draws alone."""

from __future__ import annotations

import ciw
import numpy as np
import pandas as pd
import pytest
from ciwnet import Node, OursShifts, Told, as_ciw, as_process, by_chance, given, visits
from laws import assert_conserved
from replications import ENGINE, two_classes
from scipy import stats

from simulation import exponential, gamma, lognormal, simulate
from simulation.streams import Streams, keys

ENGINES = ("fast", "simpy")
NETWORK = (
    Node("intake", gamma(0.5, 0.7), reviewers=1),
    Node("land", lognormal(1.0, 0.6)),
    Node("energy", exponential(0.9), shifts=((2, 5.0), (0, 7.0), (1, 14.0))),
    Node("permit", exponential(0.6), preemptive=True),
)
RESOLUTION = 0.2
"""Half of the interval of a difference of means, as a share of the mean, at most."""
ROUTES = {"a": ("intake", "land", "permit"), "b": ("intake", "energy", "permit")}


Routes = dict[str, tuple[str, ...]]


def mirrored(nodes: tuple[Node, ...], routes: Routes, table: pd.DataFrame, **options: object) -> pd.DataFrame:
    """What Ciw makes of projects whose works are those of our draws."""
    chance = Streams(3, 0)
    works = [Told(node.work.ppf(chance.uniform(keys(table["id"]), f"work:{node.name}"))) for node in nodes]
    network = as_ciw(nodes, routes, {tier: given(table, tier) for tier in routes}, works)
    simulation = ciw.Simulation(network, **options)
    simulation.simulate_until_max_customers(len(table), method="Complete")
    return visits(simulation, nodes)


def assert_same(
    nodes: tuple[Node, ...], routes: Routes, table: pd.DataFrame, engine: str, **options: object
) -> None:  # fmt: skip
    """Both begin and end every review at the same moment."""
    theirs = mirrored(nodes, routes, table, **options)
    run = simulate(table, as_process(nodes, routes), seed=3, engine=engine)
    assert_conserved(run)
    ours = run.visits.assign(number=pd.Index(table["id"]).get_indexer(run.visits["project"]))
    both = ours.merge(theirs, on=["number", "stage"], suffixes=("", "_ciw"))
    assert len(both) == len(ours) == len(theirs) == sum(len(routes[tier]) for tier in table["tier"])
    for column in ("queued", "begun", "decided", "waited"):
        assert np.allclose(both[column], both[f"{column}_ciw"], rtol=0, atol=1e-8), column
    assert (both["waited"] > 0).mean() > 0.2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("preemptive", [False, True])
@pytest.mark.parametrize("reviewers", [1, 3])
def test_one_desk_with_priority_is_day_by_day_that_of_ciw(reviewers: int, preemptive: bool, engine: str) -> None:
    node = Node("desk", gamma(1.0, 0.8), reviewers=reviewers, preemptive=preemptive)
    assert_same((node,), {"a": ("desk",), "b": ("desk",)}, two_classes(0.8 * reviewers, 0.4, 1200, 5), engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("preemptive", [False, True])
def test_one_desk_with_priority_and_shifts_is_day_by_day_that_of_ciw(preemptive: bool, engine: str) -> None:
    node = Node("desk", exponential(1.0), preemptive=preemptive, shifts=((3, 5.0), (1, 6.5), (2, 9.0), (0, 10.0)))
    table = two_classes(1.4, 0.4, 1200, 6)
    assert_same((node,), {"a": ("desk",), "b": ("desk",)}, table, engine, node_class=OursShifts)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_with_priority_and_shifts_is_day_by_day_that_of_ciw(engine: str) -> None:
    assert_same(NETWORK, ROUTES, two_classes(1.2, 0.6, 1500, 7), engine)


def mean_waits(visits: pd.DataFrame, size: int) -> pd.Series:
    """By stage and class, once warmed up, of those with enough after them."""
    here = visits[visits["number"].between(0.1 * size, 0.95 * size)]
    return here.groupby(["stage", "tier"])["waited"].mean()


@pytest.mark.slow
def test_a_network_in_ciw_with_its_own_chance_has_the_same_mean_waits() -> None:
    size, times = 3000, 20
    ours, theirs = [], []
    entries = {"a": ciw.dists.Exponential(0.6), "b": ciw.dists.Exponential(0.4)}
    for number in range(times):
        ciw.seed(number)
        simulation = ciw.Simulation(as_ciw(NETWORK, ROUTES, entries, [by_chance(node.work) for node in NETWORK]))
        simulation.simulate_until_max_customers(size, method="Complete")
        theirs.append(mean_waits(visits(simulation, NETWORK), size))
    for number in range(2 * times):
        table = two_classes(1.0, 0.6, size, 5000 + number)
        run = simulate(table, as_process(NETWORK, ROUTES), seed=1, replication=number, engine=ENGINE)
        assert_conserved(run)
        place = pd.Index(table["id"]).get_indexer(run.visits["project"])
        ours.append(mean_waits(run.visits.assign(number=place, tier=table["tier"].to_numpy()[place]), size))
    one, other = pd.DataFrame(ours), pd.DataFrame(theirs)
    assert len(one.columns) == 6 and set(one.columns) == set(other.columns)
    level = 1 - 0.01 / len(one.columns)
    for key in one.columns:
        found = stats.ttest_ind(one[key], other[key], equal_var=False).confidence_interval(level)
        told = (
            f"{key}: ours {one[key].mean():.4g}, Ciw {other[key].mean():.4g}, {found.low:.3g} to {found.high:.3g} more"
        )
        print(told)
        assert found.high - found.low <= 2 * RESOLUTION * other[key].mean(), told
        assert found.low <= 0 <= found.high, told
