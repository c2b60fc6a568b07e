"""Ciw: a network of nine nodes, eight offices and one without queue where all corrections are made.

Ciw routes an individual by a list of nodes made when it arrives, so that a returned one can come back to its own
office. It always writes more about each visit than the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import ciw
import numpy as np

from benchmarks.reference import CORRECTION, RETURNED, SHARES, STAGES, WORK, Reference, Visit, underlying

CORRECTIONS = STAGES + 1


def way(model: Reference) -> Callable[[int], list[Any]]:
    """What runs one replication for a seed."""
    made = network(model)
    return lambda seed: replicate(model, made, seed)


def replicate(model: Reference, made: Any, seed: int) -> list[Any]:
    """One replication; the records as Ciw keeps them."""
    ciw.seed(seed)
    simulation = ciw.Simulation(made)
    simulation.simulate_until_max_customers(len(model.entry), method="Complete")
    return list(simulation.get_all_records())


def network(model: Reference) -> Any:
    """The model as Ciw's network."""
    classes = [f"class {rank}" for rank in range(len(SHARES))]
    services = [*[ciw.dists.Lognormal(*underlying(WORK))] * STAGES, ciw.dists.Lognormal(*underlying(CORRECTION))]
    entry, ranks = np.array(model.entry), np.array(model.rank)
    arrivals = {name: [_arrivals(entry[ranks == rank]), *[None] * STAGES] for rank, name in enumerate(classes)}
    return ciw.create_network(
        arrival_distributions=arrivals, service_distributions=dict.fromkeys(classes, services),
        number_of_servers=[*[model.reviewers] * STAGES, float("inf")],
        priority_classes={name: rank for rank, name in enumerate(classes)},
        routing={name: ciw.routing.ProcessBased(route) for name in classes},
    )  # fmt: skip


def _arrivals(days: np.ndarray) -> Any:
    return ciw.dists.Sequential([*np.diff(days, prepend=0.0).tolist(), float("inf")]) if len(days) else None


def route(individual: Any, simulation: Any) -> list[int]:
    """The nodes after the first: each office again after every correction."""
    nodes: list[int] = []
    for office in range(1, STAGES + 1):
        nodes.append(office)
        while random.random() < RETURNED:
            nodes += (CORRECTIONS, office)
    return nodes[1:]


def told(model: Reference, records: list[Any]) -> list[Visit]:
    """The records of the offices in our terms; individuals are numbered as they arrive."""
    again: dict[tuple[int, int], int] = {}
    made: list[Visit] = []
    for one in records:
        if one.node != CORRECTIONS:
            place = one.id_number - 1, one.node - 1
            again[place] = again.get(place, -1) + 1
            days = one.arrival_date, one.service_start_date, one.service_end_date
            made.append((*place, again[place], *days, one.destination == CORRECTIONS))
    return made
