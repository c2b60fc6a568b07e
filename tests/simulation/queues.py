"""Closed forms of queueing theory, each with its source; nothing here knows the package.

`rate` is arrivals per day, `work` the mean days of one server, `cv` its coefficient of variation (exponential
without), `load` the product of rate and work. Waits are days in the queue, numbers are averages over time.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]


def birth_death(births: Sequence[float], deaths: Sequence[float]) -> Floats:
    """Probabilities of the states 0 ... n by cut equations: ``p[k] births[k] = p[k + 1] deaths[k]``.

    >>> birth_death([1, 1], [2, 2]).round(4).tolist()
    [0.5714, 0.2857, 0.1429]
    """
    weights = np.cumprod([1.0, *(up / down for up, down in zip(births, deaths, strict=True))])
    return weights / weights.sum()


def mean(chances: Floats) -> float:
    """The mean state."""
    return float(np.arange(len(chances)) @ chances)


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals lost in M/G/c/c (Erlang 1917), whatever the shape of work; by the usual recursion.

    >>> round(erlang_b(2, 1.0), 6)
    0.2
    """
    lost = 1.0
    for number in range(1, servers + 1):
        lost = load * lost / (number + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of arrivals that wait in M/M/c (Erlang 1917).

    >>> round(erlang_c(1, 0.6), 6), round(erlang_c(2, 1.0), 6)
    (0.6, 0.333333)
    """
    lost = erlang_b(servers, load)
    return servers * lost / (servers - load * (1 - lost))


def many_servers(rate: float, work: float, servers: int) -> float:
    """Mean wait in M/M/c: ``C(c, a) / (c mu - lambda)``.

    >>> round(many_servers(1.0, 0.5, 1), 6)
    0.5
    """
    return erlang_c(servers, rate * work) / (servers / work - rate)


def one_server(rate: float, work: float, cv: float) -> float:
    """Mean wait in M/G/1 (Pollaczek 1930, Khinchine 1932): ``lambda E[S^2] / (2 (1 - rho))``.

    >>> one_server(0.5, 1.0, 1.0), one_server(0.5, 1.0, 0.0)
    (1.0, 0.5)
    """
    return rate * work**2 * (1 + cv**2) / (2 * (1 - rate * work))


def loads(rates: Sequence[float], works: Sequence[float]) -> list[float]:
    """The load of no class, of the first, of the first two ...

    >>> loads([1.0, 0.5], [0.25, 1.0])
    [0.0, 0.25, 0.75]
    """
    return list(accumulate((rate * work for rate, work in zip(rates, works, strict=True)), initial=0.0))


def turns(rates: Sequence[float], works: Sequence[float], cvs: Sequence[float]) -> list[float]:
    """Mean waits by class in M/G/1 with priority, nobody interrupted (Cobham 1954): ``R / ((1 - s[k-1]) (1 - s[k]))``.

    ``R`` is what is left of the review found, ``s[k]`` the load of the classes up to k.

    >>> turns([0.5], [1.0], [1.0])
    [1.0]
    """
    left = sum(rate * work**2 * (1 + cv**2) / 2 for rate, work, cv in zip(rates, works, cvs, strict=True))
    above = loads(rates, works)
    return [left / ((1 - before) * (1 - upto)) for before, upto in pairwise(above)]


def interruptions(rates: Sequence[float], works: Sequence[float], cvs: Sequence[float]) -> list[float]:
    """Mean time from arrival to end by class in M/G/1 with preemptive resume (Conway, Maxwell & Miller 1967).

    ``T[k] = E[S_k] / (1 - s[k-1]) + R[k] / ((1 - s[k-1]) (1 - s[k]))``, ``R[k]`` over the classes up to k.

    >>> interruptions([0.5], [1.0], [1.0])
    [2.0]
    """
    left = list(accumulate(r * work**2 * (1 + cv**2) / 2 for r, work, cv in zip(rates, works, cvs, strict=True)))
    above = loads(rates, works)
    return [work / (1 - above[k]) + left[k] / ((1 - above[k]) * (1 - above[k + 1])) for k, work in enumerate(works)]


def turns_of_many(rates: Sequence[float], work: float, servers: int) -> list[float]:
    """Mean waits by class in M/M/c with priority, one work for all (Kella & Yechiali 1985).

    ``(C(c, a) work / c) / ((1 - s[k-1]) (1 - s[k]))``, ``s[k]`` the load of the classes up to k over c.

    >>> turns_of_many([0.5], 1.0, 1)
    [1.0]
    """
    above = loads(rates, [work / servers] * len(rates))
    first = erlang_c(servers, sum(rates) * work) * work / servers
    return [first / ((1 - before) * (1 - upto)) for before, upto in pairwise(above)]


def interruptions_of_many(rates: Sequence[float], work: float, servers: int) -> list[float]:
    """Mean time from arrival to end by class in M/M/c with preemptive resume, one work for all.

    The first k classes see nothing of the others, and work without memory makes their number that of an M/M/c queue
    (Buzen & Bondi 1983); differences of numbers over rates give the times of each class (Little).

    >>> [round(time, 6) for time in interruptions_of_many([0.25, 0.25], 1.0, 1)]
    [1.333333, 2.666667]
    """
    numbers = [0.0, *(rate * (many_servers(rate, work, servers) + work) for rate in accumulate(rates))]
    return [(after - before) / rate for (before, after), rate in zip(pairwise(numbers), rates, strict=True)]


def repair(machines: int, servers: int, rate: float, work: float) -> Floats:
    """Number of machines down of a closed set, each failing at `rate` while it is up (Palm 1947; Feller I, XVII.7).

    >>> repair(2, 1, 1.0, 1.0).round(4).tolist()
    [0.2, 0.4, 0.4]
    """
    births = [(machines - down) * rate for down in range(machines)]
    return birth_death(births, [min(down, servers) / work for down in range(1, machines + 1)])


def patient(rate: float, work: float, servers: int, patience: float, most: int = 200) -> Floats:
    """Number in an M/M/c queue that each leaves after an exponential patience, also out of a review (after Palm 1957).

    >>> bool(abs(mean(patient(1.0, 1.0, 200, 1.0)) - 0.5) < 1e-9)
    True
    """
    deaths = [min(number, servers) / work + number / patience for number in range(1, most + 1)]
    return birth_death([rate] * most, deaths)


def side_by_side(rate: float, work: float) -> float:
    """Mean time until both of two exponential reviews are done, each at its own server, for Poisson arrivals.

    ``(12 - rho) / 8`` times that of one M/M/1 queue (Flatto & Hahn 1984; Nelson & Tantawi 1988).

    >>> side_by_side(0.0, 1.0)
    1.5
    """
    return (12 - rate * work) / 8 * work / (1 - rate * work)


def meetings(rate: float, every: float, seats: int, most: int = 400) -> float:
    """Mean wait for a meeting that decides at most so many of its queue (Bailey 1954), by its chain of leftovers.

    ``X' = max(X + A - seats, 0)`` with ``A`` Poisson; over an interval the queue is ``E[X] + rate every / 2``.

    >>> round(meetings(1.0, 2.0, 100), 6)
    1.0
    """
    number = np.arange(most)
    arrivals = np.exp(number * math.log(rate * every) - rate * every - gammaln(number + 1))
    moves = np.zeros((most, most))
    for left in range(most):
        for arrived, chance in enumerate(arrivals):
            moves[left, min(max(left + arrived - seats, 0), most - 1)] += chance
    chances = np.linalg.matrix_power(moves, 4096)[0]
    return (mean(chances / chances.sum()) + rate * every / 2) / rate


def groups(rate: float, work: float, size: float, square: float) -> float:
    """Mean wait in M/M/1 where groups arrive together, of stated mean size and mean square (Gross & Harris, 3.1).

    The number is ``rho (1 + E[X^2] / E[X]) / (2 (1 - rho))``.

    >>> groups(0.5, 1.0, 1.0, 1.0)
    1.0
    """
    load = rate * size * work
    return load * (1 + square / size) / (2 * (1 - load)) / (rate * size) - work


def in_turn(arrivals: ArrayLike, works: ArrayLike, servers: int = 1) -> Floats:
    """When each review begins, first come first served, for arrivals in order (Lindley 1952; Kiefer & Wolfowitz 1955).

    Path by path, without any chance.

    >>> in_turn([0, 1, 2], [2, 2, 2]).tolist(), in_turn([0, 1, 2], [2, 2, 2], 2).tolist()
    ([0.0, 2.0, 4.0], [0.0, 1.0, 2.0])
    """
    free = [-math.inf] * servers
    begun = np.empty(len(np.asarray(arrivals)))
    for number, (day, work) in enumerate(zip(np.asarray(arrivals), np.asarray(works), strict=True)):
        begun[number] = max(day, free.pop(0))
        insort(free, begun[number] + work)
    return begun
