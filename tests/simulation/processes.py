"""Random processes and their projects, as a strategy of hypothesis: every switch is somewhere on."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import strategies as st

from simulation.distributions import Distribution, exponential, fixed, lognormal
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.process import Office, Problem, Process, Stage

DAYS = st.one_of(st.integers(0, 30).map(float), st.floats(0, 30))
SHARES = st.sampled_from([0.0, 0.0, 0.2, 0.6])


@st.composite
def times(draw: st.DrawFn, zero: bool = True) -> Distribution:
    """A short duration; whole days often, so that things happen at the same moment."""
    mean = draw(st.sampled_from([0.0, 0.0, 1.0, 2.0, 3.7] if zero else [0.5, 1.0, 2.0, 5.3]))
    return draw(st.sampled_from([fixed(mean), exponential(mean), lognormal(mean, 1.0)]))


@st.composite
def offices(draw: st.DrawFn, name: str) -> Office:
    """A desk that reviews, or meets."""
    level = draw(st.sampled_from(["province", "city", "county"]))
    room = draw(st.sampled_from([None, None, None, 1, 3]))
    if draw(st.integers(0, 4)) == 0:
        every, seats = draw(st.sampled_from([3.0, 7.0, 2.5])), draw(st.sampled_from([None, 1, 2]))
        return Office(name, level=level, every=every, seats=seats, room=room)
    staff = draw(st.lists(st.tuples(DAYS, st.integers(0, 3)), max_size=3, unique_by=lambda step: step[0]))
    last = ((40.0, 2),) if staff else ()
    return Office(
        name, reviewers=draw(st.integers(0 if staff else 1, 3)), level=level, room=room, staff=(*sorted(staff), *last),
        preemptive=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def stages(draw: st.DrawFn, number: int, count: int, desks: list[Office]) -> Stage:
    """A stage after some of those before it."""
    earlier = [f"s{one}" for one in range(number)]
    late = number == count - 1 and draw(st.booleans())
    names: Any = st.lists(st.sampled_from(earlier), unique=True, max_size=2) if earlier else st.just([])
    made: dict[str, Any] = {
        "after": tuple(draw(names)), "customary_after": tuple(draw(names)), "after_grant": late,
        "applies": draw(st.sampled_from(["", "", "", "tier = a", "size >= 2"])),
        "prepare": draw(times()), "filing": draw(times()), "elapsed": draw(times()),
        "deferrable": draw(st.sampled_from([False, False, True, "size >= 2"])),
        "not_before": draw(st.sampled_from(["", "", "", "due", "due - 3"])),
    }  # fmt: skip
    if not desks or draw(st.integers(0, 4)) == 0:
        return Stage(f"s{number}", **made)
    desk = draw(st.sampled_from(desks))
    limit = draw(st.sampled_from([None, None, 2.0, 6.0]))
    made |= {
        "office": desk.name, "work": 0.0 if desk.every else draw(times(zero=False)), "returns": draw(SHARES),
        "correction": draw(times()), "refuses": draw(st.sampled_from([0.0, 0.0, 0.1])),
        "withdraws": draw(st.sampled_from([0.0, 0.0, 0.2])), "limit": limit,
        "extension": draw(st.sampled_from([0.0, 1.0])) if limit else 0.0,
    }  # fmt: skip
    return Stage(f"s{number}", **made)


@st.composite
def problems(draw: st.DrawFn, number: int, count: int) -> Problem:
    """A problem of some stage, or of the start."""
    return Problem(
        f"p{number}", mean=draw(st.sampled_from([0.3, 1.0])), own=draw(times(zero=False)).scaled(4.0),
        blocks=draw(st.sampled_from(["", *(f"s{one}" for one in range(count))])), hotline=draw(st.booleans()),
        dispatch=draw(st.booleans()), teams=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def measures(draw: st.DrawFn) -> dict[str, Any]:
    """Deferral, hotline, dispatch meetings and teams, each on or off."""
    rate, since = st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([None, None, 4.0])
    few, work = st.integers(1, 2), times(zero=False)
    kinds = {
        "deferral": st.builds(Deferral, st.sampled_from([1.0, 5.0]), st.sampled_from([0.0, 0.5])),
        "hotline": st.builds(Hotline, st.integers(0, 2), work, rate, since),
        "dispatch": st.builds(
            Dispatch, st.sampled_from([3.0, 7.0]), rate, st.one_of(st.none(), few), since, st.sampled_from([0.0, 5.5])
        ),
        "teams": st.builds(Teams, few, times(), work, rate, since=since),
    }
    return {name: draw(st.one_of(st.none(), kind)) for name, kind in kinds.items()}


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """A process with one to five stages."""
    count, desks = draw(st.integers(1, 5)), [draw(offices(f"o{one}")) for one in range(draw(st.integers(0, 3)))]
    return Process(
        [draw(stages(number, count, desks)) for number in range(count)], desks,
        [draw(problems(number, count)) for number in range(draw(st.integers(0, 2)))],
        calendar=draw(st.sampled_from([None, None, "weekly", "CN"])), parallel=draw(st.booleans()),
        enforced=draw(st.booleans()), green=draw(st.sampled_from([(), ("a",), ("b", "a")])),
        patience=draw(st.sampled_from([None, None, exponential(60.0), fixed(25.0)])),
        year=draw(st.sampled_from([None, None, lognormal(1.0, 0.3)])), **draw(measures()),
    )  # fmt: skip


@st.composite
def projects(draw: st.DrawFn, most: int = 20) -> pd.DataFrame:
    """Up to so many projects; many of them enter together, some have a stage behind them."""
    number = draw(st.integers(0, most))
    columns = {
        "ready": DAYS, "due": DAYS, "tier": st.sampled_from("abc"), "region": st.sampled_from("NS"),
        "county": st.sampled_from("xy"), "size": st.integers(1, 3).map(float),
        "passed": st.sampled_from([None, None, None, "s0", "s1"]),
    }  # fmt: skip
    made = {name: draw(st.lists(values, min_size=number, max_size=number)) for name, values in columns.items()}
    order = draw(st.permutations(range(number)))
    table = pd.DataFrame({"id": [f"P{place:02d}" for place in order], **made})
    return table.astype({"ready": float, "due": float, "size": float, "passed": object})
