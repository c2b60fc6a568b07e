"""Networks of offices in Ciw, an independent simulator: each project with its own entry and works, or by chance.

Only what both can say is compared: one queue a node, classes with or without interruption, shifts, ways by class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ciw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.distributions import Distribution
from simulation.process import Office, Process, Stage

Floats = NDArray[np.float64]
Route = tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """One office and the stage it decides; `shifts` are (reviewers, day on which the shift ends), again and again."""

    name: str
    work: Distribution
    reviewers: int = 1
    preemptive: bool = False
    shifts: tuple[tuple[int, float], ...] = ()


def as_process(nodes: Sequence[Node], routes: Mapping[str, Route], horizon: float = 5000.0) -> Process:
    """The network as a process of ours; tiers are classes."""
    stages = []
    for node in nodes:
        classes = [name for name, route in routes.items() if node.name in route]
        before = {route[route.index(node.name) - 1] for name, route in routes.items() if node.name in route[1:]}
        rule = "" if len(classes) == len(routes) else f"tier = {classes[0]}"
        stages.append(Stage(node.name, office=node.name, work=node.work, after=tuple(sorted(before)), applies=rule))
    offices = [
        Office(node.name, reviewers=node.reviewers, preemptive=node.preemptive, staff=_staff(node, horizon))
        for node in nodes
    ]
    return Process(stages, offices, green=("a",))


def _staff(node: Node, horizon: float) -> tuple[tuple[float, int], ...]:
    if not node.shifts:
        return ()
    numbers, ends = zip(*node.shifts, strict=True)
    begins = [0.0, *ends[:-1]]
    cycles = np.arange(0.0, horizon, ends[-1])
    return tuple((cycle + begin, number) for cycle in cycles for begin, number in zip(begins, numbers, strict=True))


class Told(ciw.dists.Distribution):
    """The works of a node, told in advance; individuals are numbered as they enter."""

    def __init__(self, works: Floats) -> None:
        self.works = works

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        return float(self.works[ind.id_number - 1])


class OursShifts(ciw.Node):
    """Changes of staff as ours: as many reviews go on as there are reviewers, the others go back into the queue.

    Ciw itself interrupts all of them at every change, and resumes them before all others, also those with priority. Of
    reviews that began together it interrupts that of its first server, here the one that came last.
    """

    def change_shift(self) -> None:
        self.schedule.get_next_shift()
        self.next_shift_change, self.c = self.schedule.next_shift_change_date, self.schedule.c
        busy = [server for server in self.servers if server.busy]
        busy.sort(key=lambda server: (server.cust.priority_class, server.cust.arrival_date))
        for server in busy[self.c :]:
            self.interrupt_service(server.cust)
        for server in [server for server in self.servers if server not in busy[: self.c]]:
            server.shift_end = self.next_event_date
            self.kill_server(server)
        self.add_new_servers(self.c - len(self.servers))
        self.begin_service_if_possible_change_shift()
        self.servers.sort(key=lambda server: server.busy and server.cust.arrival_date, reverse=True)

    def interrupt_service(self, individual: Any) -> None:
        individual.original_service_time = individual.service_time
        self.write_interruption_record(individual)
        individual.time_left = individual.service_end_date - self.now
        individual.service_start_date = individual.service_end_date = individual.server = False
        individual.service_time = "resume"
        self.number_in_service -= 1


def as_ciw(nodes: Sequence[Node], routes: Mapping[str, Route], entries: Mapping[str, Any],
           works: Sequence[Any]) -> Any:  # fmt: skip
    """The network in Ciw: who enters when by class, and the works by node as distributions of Ciw."""
    names = [node.name for node in nodes]
    arrivals: dict[str, list[Any]] = {name: [None] * len(nodes) for name in routes}
    ways = {}
    for name, route in routes.items():
        arrivals[name][names.index(route[0])] = entries[name]
        ways[name] = [[float((one, other) in zip(route, route[1:], strict=False)) for other in names] for one in names]
    return ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions={name: list(works) for name in routes},
        number_of_servers=[
            ciw.Schedule(*map(list, zip(*node.shifts, strict=True)), preemption="resume") if node.shifts
            else node.reviewers for node in nodes
        ],
        priority_classes=({"a": 0, "b": 1}, ["resume" if node.preemptive else False for node in nodes]),
        routing=ways,
    )  # fmt: skip


def by_chance(work: Distribution) -> Any:
    """A distribution of ours as one of Ciw, by its own parameters."""
    mean, cv = work.values[0], work.values[-1]
    match work.family:
        case "exponential":
            return ciw.dists.Exponential(1 / mean)
        case "gamma":
            return ciw.dists.Gamma(1 / cv**2, mean * cv**2)
        case "lognormal":
            square = np.log1p(cv**2)
            return ciw.dists.Lognormal(np.log(mean) - square / 2, np.sqrt(square))
    raise ValueError(work.family)


def given(table: pd.DataFrame, tier: str) -> Any:
    """The entries of a class, to the last digit but the rounding of sums; nobody after the last."""
    days = table.loc[table["tier"] == tier, "ready"].to_numpy()
    return ciw.dists.Sequential([*np.diff(days, prepend=0.0).tolist(), float("inf")])


def visits(simulation: Any, nodes: Sequence[Node]) -> pd.DataFrame:
    """One row per visit, as ours: number of the project, stage, tier, queued, begun (at first), decided, waited."""
    table = pd.DataFrame(simulation.get_all_records())
    last = table[table["record_type"] == "service"].set_index(["id_number", "node"])
    begun = table.groupby(["id_number", "node"])["service_start_date"].min()
    busy = (table["exit_date"] - table["service_start_date"]).groupby([table["id_number"], table["node"]]).sum()
    number, node = (last.index.get_level_values(level) for level in (0, 1))
    decided, queued = last["service_end_date"], last.groupby(level=[0, 1])["arrival_date"].min()
    return pd.DataFrame({
        "number": number - 1, "stage": np.array([node.name for node in nodes])[node - 1],
        "tier": last["customer_class"].to_numpy(), "queued": queued.loc[last.index].to_numpy(),
        "begun": begun.loc[last.index].to_numpy(), "decided": decided.to_numpy(),
        "waited": (decided - queued - busy).loc[last.index].to_numpy(),
    })  # fmt: skip
