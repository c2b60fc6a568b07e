"""What each project that has not started waits for, at the end of a run that was cut (MODEL 4.9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from simulation.draws import PASSED
from simulation.network import Network
from simulation.records import ABANDONED, DEFAULT, OUTCOMES, REFUSED, RETURN, STARTED, UNDER_WAY, WITHDRAWN, Records

NAN = math.nan
Thing = tuple[str, str]
"""What is waited for, and at which stage or for which problem."""
NOT_ENTERED, QUEUE, MEETING, REVIEW = "not entered", "queue", "meeting", "review"
APPLICANT, ELAPSED, DATE, PROBLEM = "applicant", "elapsed", "date", "problem"
ELEMENTS, PROMISE = "elements", "promise"
LEFT = tuple(OUTCOMES[code] for code in (REFUSED, WITHDRAWN, ABANDONED))
KINDS = (NOT_ENTERED, QUEUE, MEETING, REVIEW, APPLICANT, ELAPSED, DATE, PROBLEM, ELEMENTS, PROMISE, *LEFT)


def waits(network: Network, kept: Records) -> pd.DataFrame:
    """What the projects that have not started wait for.

    Parameters
    ----------
    network : Network
    kept : Records
        Of a run that was cut; the end of the cut is the moment in question.

    Returns
    -------
    DataFrame
        ``project`` (place in the order of ids), ``waits_for``, ``name`` (of the stage or problem) and ``part``: a
        project that waits for several things at once is split evenly among them, so that its parts make 1. Kinds:

        - ``not entered``: its entry is still to come
        - ``queue``, ``review``: waits for a reviewer, is being reviewed
        - ``meeting``: waits for an office that decides at meetings
        - ``applicant``: papers, the way to the office, corrections
        - ``elapsed``: fixed days after a decision, such as a public notice, or a stage without office
        - ``date``: its papers are ready before they may be handed in
        - ``problem``: one that nobody has solved yet
        - ``elements``: everything is approved, land, energy or money are not granted
        - ``promise``: papers that were promised and will not come
        - ``refused``, ``withdrawn``, ``abandoned``: it will never start

    Examples
    --------
    >>> from simulation import Office, Process, Stage
    >>> from simulation.run import prepare, replicate
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> made = prepare(table, Process([Stage("review", office="desk", work=3, elapsed=7)], [Office("desk")]))
    >>> found = waits(made, replicate(made, engine="simpy", until=4).records)
    >>> found[["project", "waits_for", "name"]].to_records(index=False).tolist()
    [(0, 'elapsed', 'review'), (1, 'review', 'review')]
    """
    scene = _Scene(network, kept)
    rows = []
    for project in np.flatnonzero(kept.outcome != STARTED).tolist():
        things = list(scene.things(project))
        rows += [(project, *thing, 1.0 / len(things)) for thing in things]
    made = pd.DataFrame(rows, columns=["project", "waits_for", "name", "part"])
    return made.astype({"project": "int64", "part": "float64"})


class _Scene:
    """Where everything stands at the end of a run.

    Attributes
    ----------
    last : list, one per pair
        The last visit that was accepted; -1 without.
    submitted, done : lists, one per pair
        When it was first accepted, and when it was through with decision and fixed days; NaN where it is not.
    broken : list, one per pair
        Whether the last visit is of a chain that lapses where it was a promise.
    problems : dict
        Problems that are not solved, by project and pair (-1: the start).
    solved : dict
        The day on which the last of the problems that blocked a pair was solved.
    """

    def __init__(self, network: Network, kept: Records) -> None:
        self.network, self.kept = network, kept
        drawn = kept.drawn
        pair = np.repeat(np.arange(len(drawn.counts)), drawn.counts)
        came = np.isfinite(kept.queued)
        last = np.full(len(drawn.counts), -1, dtype=np.int64)
        np.maximum.at(last, pair[came], np.flatnonzero(came))
        done = np.full(len(last), NAN)
        at = np.flatnonzero(last >= 0)
        at = at[np.isin(kept.result[last[at]], (PASSED, DEFAULT))]
        day, fixed = kept.decided[last[at]] + drawn.elapsed[last[at]], drawn.elapsed[last[at]] > 0
        done[at] = np.where(fixed & (day >= kept.end), NAN, day)
        self.last: list[int] = last.tolist()
        self.submitted: list[float] = kept.queued[drawn.first].tolist() if len(last) else []
        self.done: list[float] = done.tolist()
        self.broken: list[bool] = ((drawn.again >= 0) & (last >= 0) & (last < drawn.again)).tolist()
        self.problems: dict[tuple[int, int], list[str]] = {}
        self.solved: dict[int, float] = {}
        for number in np.flatnonzero(np.isfinite(kept.raised)).tolist():
            holder, blocked, resolved = int(drawn.holder[number]), int(drawn.blocked[number]), kept.resolved[number]
            if np.isnan(resolved):
                name = network.process.problems[int(drawn.problem[number])].name
                self.problems.setdefault((holder, blocked), []).append(name)
            elif blocked >= 0:
                self.solved[blocked] = max(self.solved.get(blocked, -math.inf), float(resolved))

    def things(self, project: int) -> Iterator[Thing]:
        """All that a project waits for."""
        kept, made = self.kept, self.network
        if kept.outcome[project] != UNDER_WAY:
            yield OUTCOMES[kept.outcome[project]], ""
        elif made.entry[project] >= kept.end:
            yield NOT_ENTERED, ""
        elif np.isfinite(kept.approved[project]) and np.isnan(kept.granted[project]):
            yield ELEMENTS, ""
        else:
            yield from ((PROBLEM, name) for name in self.problems.get((project, -1), ()))
            yield from self._stages(project)

    def _stages(self, project: int) -> Iterator[Thing]:
        """Stages of a project that have begun and are not formal."""
        made, base = self.network, int(self.network.base[project])
        pattern = made.patterns[int(made.pattern[project])]
        formal: dict[int, float] = {}

        def through(position: int) -> float:
            """When a stage became formal; NaN where it is not."""
            if position not in formal:
                before, pair = _latest(map(through, pattern.before[position])), base + position
                lapses = self.broken[pair] and before > self.submitted[pair]
                formal[position] = NAN if lapses else _latest([before, self.done[pair]])
            return formal[position]

        def released(position: int) -> float:
            """When a stage no longer held up what comes after it; NaN where it still does."""
            pair = base + position
            deferred = made.deferrable[pair] and not math.isnan(self.submitted[pair])
            return self.submitted[pair] if deferred else through(position)

        for position, number in enumerate(pattern.stages.tolist()):
            if math.isnan(through(position)):
                begin = self.kept.granted if made.process.stages[number].after_grant else made.entry
                opened = _latest([float(begin[project]), *map(released, pattern.before[position])])
                before = _latest(map(through, pattern.before[position]))
                yield from self._stage(project, base + position, opened, before)

    def _stage(self, project: int, pair: int, opened: float, before: float) -> Iterator[Thing]:
        """What a stage waits for, other than those before it."""
        kept, made, visit = self.kept, self.network, self.last[pair]
        name = made.process.stages[int(made.stage[pair])].name
        if visit < 0:
            if not math.isnan(opened):
                problems = self.problems.get((project, pair))
                yield from ((PROBLEM, one) for one in problems) if problems else [(self._papers(pair, opened), name)]
        elif kept.result[visit] == RETURN:
            yield APPLICANT, name
        elif math.isnan(kept.decided[visit]):
            meets = made.desks[int(made.desk[pair])].office.every is not None
            yield MEETING if meets else REVIEW if np.isfinite(kept.begun[visit]) else QUEUE, name
        elif math.isnan(self.done[pair]):
            yield ELAPSED, name
        elif self.broken[pair] and not math.isnan(before):
            yield PROMISE, name

    def _papers(self, pair: int, opened: float) -> str:
        """Whether an application that is not handed in waits for its papers or for its day."""
        drawn = self.kept.drawn
        begun = max(opened, self.solved.get(pair, opened))
        ready = begun + drawn.prepare[pair] + drawn.filing[drawn.first[pair]]
        return DATE if self.network.earliest[pair] > ready else APPLICANT


def _latest(days: Iterable[float]) -> float:
    """The last of several days; NaN where one is not reached, long ago where there is none."""
    found = list(days)
    return NAN if any(map(math.isnan, found)) else max(found, default=-math.inf)
