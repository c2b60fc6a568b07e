"""The compiled model as arrays of records, in one place: what a run starts from, and what it has written down."""

from __future__ import annotations

import math
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation import records
from simulation.calendar import Clock
from simulation.draws import Draws
from simulation.network import Ints, Network
from simulation.records import Records
from simulation.timeline import FastClock

Rows = Any
"""An array of records, which mypy knows nothing of; none is empty, so that each has a first one."""
NOTHING, NOWHERE, ALL = -1, -2, np.iinfo(np.int64).max
ENTER, EMPLOY, TRAVEL = 0, 1, 2
GIVE, TAKE_BACK = 1, 2
"""What may be called for between two steps of a run: elements given to a project, or taken back."""


def _kind(floats: str, ints: str, flags: str = "", *more: tuple[str, str]) -> np.dtype[Any]:
    """Records with such fields, each of the widest type, since each other type would be compiled anew."""
    parts = ((floats, "f8"), (ints, "i8"), (flags, "?"))
    return np.dtype([*((name, kind) for names, kind in parts for name in names.split()), *more], align=True)


TURNS = ("finish", "submit", "done", "lapse", "sit", "own", "ring", "hang_up", "meet", "arrive", "limit", "patience")
"""Kinds of events, in the order in which they come at one moment: ends of reviews first, limits and patience last."""
RUN = _kind(
    "now put_down_last promise hotline_since every since notice",
    "order size room planned ringing rung free_lines open next_visit stops ranks seats calls projects "
    f"{' '.join(TURNS)}",
    "deferral enforced hotline convened",
)
EVENT = _kind("day", "order slot")
PLANNED = _kind("day", "kind what number")
PROJECT = _kind(
    "patience approved granted started ended visited",
    "base base_end rank outcome reviews_left tasks tasks_left first first_end late late_end problem problem_end "
    "raised_first raised_last waits call",
)
PAIR = _kind(
    "prepare earliest limit promised used left_to_do taken_up idle_since",
    "project desk queue after after_end problem problem_end attempt again unmet informal blocks line ahead behind",
    "deferrable after_grant submitted finished lapsed",
)
VISIT = _kind("work filing correction elapsed queued begun decided waited worked clock", "verdict result")
PROBLEM = _kind(
    "own call raised called met resolved", "holder blocked meetings next by arising ringing open", "helped seen"
)
DESK = _kind("every", "capacity waiting busy room seats", "preemptive sitting")
LINE = _kind("", "first last")
STOP = _kind("travel", "project")
DAY = _kind("day done share", "days")
LIVE, PLACE = _kind("", "order"), _kind("", "position")


class State(NamedTuple):
    """Everything that a run reads and writes; it can be stopped on any day and go on from there.

    Each is an array of records; compiled functions are given the first record of each instead.

    Attributes
    ----------
    run : one record
        The moment, counters, settings, and the first slot of each kind of event.
    projects
        One that ``waits`` gets its elements when it is ``call``ed, and not once it is approved.
    heap, live
        Events to come by day. An event has a slot, and only that put down last in a slot is live: each pair has one for
        each of its steps, each project for its patience, each desk for its meeting, and so on.
    planned
        What is known to come from the beginning.
    projects, pairs, visits, problems, desks, places
        A list of something that belongs to a record stands from ``x`` to ``x_end`` in another array: the stages after a
        pair and the first stages of a project in ``places`` (as positions among its stages), problems in ``arising``.
        ``arising``, ``ringing`` and ``open`` of the problems are lists of their own, kept there.
    lines
        Of each desk and priority class a line of waiting and a line of busy pairs, in the order of arrival.
    stops
        Where service teams go.
    official, presence
        Clocks, a day each; no days where every hour counts.
    """

    run: Rows
    heap: Rows
    live: Rows
    planned: Rows
    projects: Rows
    pairs: Rows
    visits: Rows
    problems: Rows
    desks: Rows
    lines: Rows
    places: Rows
    stops: Rows
    official: Rows
    presence: Rows


def begin(network: Network, draws: Draws) -> State:
    """The state before anything has happened."""
    patterns, places, after = _patterns(network)
    blocks = np.where(draws.blocked >= 0, draws.blocked, len(network.project) + draws.holder)
    ends = np.concatenate([[0], np.cumsum(np.bincount(blocks, minlength=len(network.project) + len(network.ids)))])
    start, ranks = float(network.entry.min(initial=0.0)), int(network.rank.max(initial=0)) + 1
    first, slots = _slots(network, draws)
    return State(
        run=_run(network, now=start, ranks=ranks, room=2 * slots, **first),
        heap=_rows(EVENT, 2 * slots), live=_rows(LIVE, slots), planned=_planned(network, start),
        projects=_projects(network, draws, patterns, ends), pairs=_pairs(network, draws, after, ends, ranks),
        visits=_visits(draws), problems=_problems(draws, np.argsort(blocks, kind="stable")), desks=_desks(network),
        lines=_rows(LINE, 2 * len(network.desks) * ranks, first=NOTHING, last=NOTHING),
        places=_rows(PLACE, len(places), position=places),
        stops=_rows(STOP, len(network.visited), project=network.visited, travel=draws.travel),
        official=_days(network.official), presence=_days(network.presence),
    )  # fmt: skip


def _rows(kind: Any, size: int, **fields: Any) -> Rows:
    """Records with some fields set and the others zero, and one more that is nothing."""
    made = np.zeros(size + 1, kind)
    for name, values in fields.items():
        made[name][:size] = values
    return made


def _days(clock: Clock) -> Rows:
    if not len(clock.share):
        return _rows(DAY, 1)
    days = clock.start + np.arange(len(clock.done))
    return _rows(DAY, len(days), day=days, done=clock.done, share=np.append(clock.share, 1.0), days=len(clock.share))


def _slots(network: Network, draws: Draws) -> tuple[dict[str, int], int]:
    """The first slot of each kind of event, and how many there are in all."""
    count = dict.fromkeys(TURNS, len(network.project))
    count |= dict.fromkeys(("own", "ring", "hang_up"), len(draws.holder))
    count |= {"sit": len(network.desks), "meet": 1, "arrive": len(network.visited), "patience": len(network.ids)}
    ends = np.cumsum(list(count.values())).tolist()
    return dict(zip(TURNS, [0, *ends], strict=False)), ends[-1]


def _run(network: Network, **fields: Any) -> Rows:
    process = network.process
    deferral, hotline, dispatch = process.deferral, process.hotline, process.dispatch
    if deferral is not None:
        fields |= {"deferral": True, "promise": deferral.promise}
    if hotline is not None:
        fields |= {"hotline": True, "hotline_since": network.day(hotline.since), "free_lines": hotline.staff}
    if dispatch is not None and dispatch.seats != 0:
        since = math.nan if dispatch.since is None else network.day(dispatch.since)
        fields |= {"every": dispatch.every, "since": since, "notice": dispatch.notice,
                   "seats": ALL if dispatch.seats is None else dispatch.seats}  # fmt: skip
    kind = np.dtype([*((name, RUN[name]) for name in RUN.names or ()), (f"text_{_text()}", "?")], align=True)
    return _rows(kind, 1, enforced=process.enforced, put_down_last=math.nan, stops=len(network.visited),
                 projects=len(network.ids), **fields)  # fmt: skip


@cache
def _text() -> str:
    """A digest of the text of the compiled model, and of the numbers that it speaks of.

    The cache of numba looks at the file of the function that is called, but not at the files of what that calls. With
    this in a type it looks there too.
    """
    here = Path(__file__).parent
    paths = [*sorted(here.glob("fast*.py")), here / "draws.py", here / "records.py"]
    return blake2b(b"".join(path.read_bytes() for path in paths), digest_size=8).hexdigest()


def _planned(network: Network, start: float) -> Rows:
    """What is known to come from the beginning, in order: staff from a day on, teams that set out, entries."""
    staff = [
        (day, EMPLOY, desk.number, number)
        for desk in network.desks if desk.office.every is None
        for day, number in desk.staff[1:]
    ]  # fmt: skip
    teams = network.process.teams
    set_out = [(network.day(teams.since), TRAVEL, 0, 0)] * teams.number if teams else []
    before = len(staff) + len(set_out)
    made = _rows(PLANNED, before + len(network.entry))
    made[:before] = [*staff, *set_out]
    entries = made[before:-1]
    entries["day"], entries["kind"], entries["what"] = network.entry, ENTER, np.arange(len(network.entry))
    made["day"] = np.maximum(made["day"], start)
    made["day"][-1] = math.inf
    return made[np.argsort(made["day"], kind="stable")]


def _patterns(network: Network) -> tuple[dict[str, Ints], Ints, tuple[Ints, Ints, Ints]]:
    """What projects of a pattern share, lists of positions, and for each pair: how many before it, which after it."""
    places: list[int] = []

    def listed(positions: tuple[int, ...]) -> tuple[int, int]:
        places.extend(positions)
        return len(places) - len(positions), len(places)

    stages = [
        (len(before), *listed(after))
        for one in network.patterns
        for before, after in zip(one.before, one.after, strict=True)
    ]
    shared = [
        (one.reviews, len(one.stages) - one.reviews, *listed(one.roots), *listed(one.later_roots))
        for one in network.patterns
    ]
    sizes = np.array([len(one.stages) for one in network.patterns], np.int64)
    kind = np.arange(len(network.project)) + np.repeat(
        (np.cumsum(sizes) - sizes)[network.pattern] - network.base[:-1], sizes[network.pattern]
    )
    after = np.array(stages, np.int64).reshape(-1, 3)[kind].T
    names = ("reviews_left", "tasks", "first", "first_end", "late", "late_end")
    columns = np.array(shared, np.int64).reshape(-1, len(names))[network.pattern].T
    return dict(zip(names, columns, strict=True)), np.array(places, np.int64), (after[0], after[1], after[2])


def _projects(network: Network, draws: Draws, patterns: dict[str, Ints], ends: Ints) -> Rows:
    unset = dict.fromkeys(("approved", "granted", "started", "ended", "visited"), math.nan)
    pairs = len(network.project)
    return _rows(
        PROJECT, len(network.ids), base=network.base[:-1], base_end=network.base[1:], rank=network.rank,
        outcome=records.UNDER_WAY, problem=ends[pairs:-1], problem_end=ends[pairs + 1 :], raised_first=NOTHING,
        raised_last=NOTHING, patience=draws.patience, **unset, **patterns,
    )  # fmt: skip


def _pairs(network: Network, draws: Draws, after: tuple[Ints, Ints, Ints], ends: Ints, ranks: int) -> Rows:
    size, stages = len(network.project), network.process.stages
    limits = [math.inf if one.limit is None else one.limit + one.extension for one in stages]
    return _rows(
        PAIR, size, project=network.project, desk=network.desk, unmet=after[0], informal=after[0],
        queue=np.where(network.desk >= 0, network.desk * ranks + network.rank[network.project], NOWHERE),
        after=after[1], after_end=after[2],
        problem=ends[:size], problem_end=ends[1 : size + 1], attempt=draws.first, again=draws.again, line=NOTHING,
        ahead=NOTHING, behind=NOTHING, prepare=draws.prepare, earliest=network.earliest, promised=math.nan,
        limit=np.array(limits)[network.stage], deferrable=network.deferrable,
        after_grant=np.array([one.after_grant for one in stages], dtype=bool)[network.stage],
    )  # fmt: skip


def _visits(draws: Draws) -> Rows:
    unset = dict.fromkeys(("queued", "begun", "decided", "clock"), math.nan)
    return _rows(
        VISIT, len(draws.work), work=draws.work, filing=draws.filing, correction=draws.correction,
        elapsed=draws.elapsed, verdict=draws.result, result=records.CUT, **unset,
    )  # fmt: skip


def _problems(draws: Draws, arising: Ints) -> Rows:
    unset = dict.fromkeys(("raised", "called", "met", "resolved"), math.nan)
    return _rows(
        PROBLEM, len(draws.holder), holder=draws.holder, blocked=draws.blocked, next=NOTHING, by=NOTHING,
        own=draws.own, call=draws.call, meetings=draws.meetings, helped=draws.called, seen=draws.seen,
        arising=arising, **unset,
    )  # fmt: skip


def _desks(network: Network) -> Rows:
    offices = [desk.office for desk in network.desks]
    return _rows(
        DESK, len(offices), capacity=[desk.staff[0][1] for desk in network.desks],
        room=[ALL if one.room is None else one.room for one in offices],
        seats=[one.seats or ALL for one in offices], every=[one.every or 0.0 for one in offices],
        preemptive=[one.preemptive for one in offices],
    )  # fmt: skip


def told(state: State, network: Network, draws: Draws, until: float | None) -> Records:
    """What was written down; what waits or is under review at the end counts until then."""
    projects, pairs, visits, problems = (
        rows[:-1] for rows in (state.projects, state.pairs, state.visits, state.problems)
    )
    last = (projects[name] for name in ("approved", "granted", "started", "ended"))
    end = until if until is not None else records.last_day(
        *last, visits["queued"], visits["decided"], state.run["put_down_last"]
    )  # fmt: skip
    waiting, busy = (np.flatnonzero((pairs["line"] >= 0) & (pairs["line"] % 2 == kind)) for kind in (0, 1))
    visits["waited"][pairs["attempt"][waiting]] += end - pairs["idle_since"][waiting]
    clock = FastClock(network.presence)
    for pair in busy:
        work = clock.work(end) - clock.work(float(pairs["taken_up"][pair]))
        visits["worked"][pairs["attempt"][pair]] += work
    return Records(
        **{name: _copy(projects, name) for name in ("approved", "granted", "started", "ended", "visited", "outcome")},
        **{name: _copy(visits, name) for name in ("queued", "begun", "decided", "waited", "worked", "clock", "result")},
        **{name: _copy(problems, name) for name in ("raised", "called", "met", "resolved", "by")},
        end=end, drawn=draws,
    )  # fmt: skip


def _copy(rows: Rows, name: str) -> NDArray[Any]:
    return np.ascontiguousarray(rows[name])
