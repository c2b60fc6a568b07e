"""Laws that every run obeys, whatever the process: nothing is lost, nobody idles while another waits, Little's law.

All is reckoned anew from the tables, the compiled network, its draws and clocks; nothing comes from inside an engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.calendar import Clock
from simulation.network import Desk, Network
from simulation.run import Run

Floats = NDArray[np.float64]
LEFT = ("refused", "withdrawn", "abandoned")
REVIEWED = ("passed", "returned", "refused", "withdrawn")
NEAR = 1e-6
"""Days, or the share of a sum, by which roundings may differ."""


def assert_conserved(run: Run) -> None:
    """Check every law on one run."""
    projects = run.projects.iloc[run.network.order].reset_index(drop=True)
    visits = _placed(run, projects)
    _projects(run, projects)
    _visits(run, visits)
    _chains(run, visits, projects)
    _order(run, visits, projects)
    _problems(run, projects)
    assert len(run.offices) == len(run.network.desks)
    for desk, told in zip(run.network.desks, run.offices.itertuples(), strict=True):
        here = visits[(visits["desk"] == desk.number) & (visits["result"] != "full")]
        if run.end > run.first:
            _little(run, desk, here, told)
        _in_turn(here)
        if desk.office.every is None:
            _reviews(run, desk, here)
        else:
            _meetings(run, desk, here)


def _placed(run: Run, projects: pd.DataFrame) -> pd.DataFrame:
    """The visits; with row, class and end of their project, number of the pair and of the desk, when they left both."""
    table, made = run.visits, run.network
    row = pd.Index(made.ids).get_indexer(table["project"])
    stages = [stage.name for stage in made.process.stages]
    stage = pd.Index(stages).get_indexer(table["stage"])
    pair = np.searchsorted(made.project * len(stages) + made.stage, row * len(stages) + stage)
    ended = projects["ended"].to_numpy()[row]
    left = np.where(table["decided"].notna(), table["decided"], np.where(np.isnan(ended), run.end, ended))
    served = np.where(table["begun"].notna(), table["begun"], left)
    desk = made.desk[pair]
    places = np.array([*(one.place for one in made.desks), ""], dtype=object)[desk]
    assert (places == table["region"]).all()
    return table.assign(row=row, pair=pair, desk=desk, rank=made.rank[row], ended=ended, left=left, served=served)


def _projects(run: Run, projects: pd.DataFrame) -> None:
    """Each project has started, left, or is under way; its days come one after the other."""
    assert (projects["id"].to_numpy() == run.network.ids).all()
    days = projects[["ready", "approved", "granted", "started"]].to_numpy()
    assert not (np.diff(days, axis=1) < 0).any(), "days go backwards"
    assert (np.isnan(days[:, :-1]) <= np.isnan(days[:, 1:])).all(), "a day without the one before"
    assert (projects["started"].notna() == (projects["outcome"] == "started")).all()
    assert (projects["ended"].notna() == projects["outcome"].isin(LEFT)).all()
    assert projects["outcome"].isin([*LEFT, "started", "under way"]).all()
    assert not (projects["ended"] < projects["ready"]).any()
    assert not (projects[["approved", "granted", "started", "ended"]].to_numpy() > run.end).any()


def _visits(run: Run, visits: pd.DataFrame) -> None:
    """Days of a visit come one after the other; nothing happens to a project that has left."""
    begun, decided, result = visits["begun"], visits["decided"], visits["result"]
    assert not (begun < visits["queued"]).any() and not (decided < begun).any()
    assert (decided.notna() == (result != "cut")).all()
    assert begun[result.isin(REVIEWED)].notna().all(), "decided, but never begun"
    assert (visits["returned"] == (result == "returned")).all()
    latest = visits[["queued", "begun", "decided"]].max(axis=1)
    assert not (latest > visits["ended"]).any() and not (latest > run.end).any()
    assert (visits["waited"] >= 0).all() and (visits["worked"] >= -NEAR).all()


def _chains(run: Run, visits: pd.DataFrame, projects: pd.DataFrame) -> None:
    """Visits of a stage follow one another; who is refused leaves at once; who has started has passed every stage."""
    ordered = visits.sort_values(["pair", "visit"])
    before = ordered.shift()
    again = (ordered["pair"] == before["pair"]).to_numpy()
    assert (ordered["visit"][~again] == 0).all()
    assert (before["decided"][again] <= ordered["queued"][again]).all(), "handed in anew before it was decided"
    if run.network.process.deferral is None:
        assert (ordered["visit"][again] == before["visit"][again] + 1).all()
        assert (before["result"][again] == "returned").all()
    fatal = visits[visits["result"].isin(["refused", "withdrawn", "full"])]
    assert (fatal["ended"] == fatal["decided"]).all() and fatal["row"].is_unique
    outcome = projects["outcome"].to_numpy()
    assert (outcome[fatal["row"]] == fatal["result"].replace("full", "refused")).all()
    assert np.isin(outcome, ["refused", "withdrawn"]).sum() == len(fatal)
    passed = visits[visits["result"].isin(["passed", "default"])].groupby("row")["pair"].nunique()
    passed = passed.reindex(range(len(projects)), fill_value=0).to_numpy()
    started = outcome == "started"
    assert (passed[started] == np.diff(run.network.base)[started]).all()


def _order(run: Run, visits: pd.DataFrame, projects: pd.DataFrame) -> None:
    """A stage is handed in once those before it are decided; approval, grant and start come after what they rest on."""
    made, size = run.network, len(run.network.project)
    queued = visits.groupby("pair")["queued"].min().reindex(range(size)).to_numpy()
    decided = visits.groupby("pair")["decided"].max().reindex(range(size)).to_numpy()
    late = np.array([stage.after_grant for stage in made.process.stages], dtype=bool)[made.stage]
    day = {name: projects[name].to_numpy()[made.project] for name in ("ready", "approved", "granted", "started")}
    assert not (queued < day["ready"]).any() and not (queued < made.earliest).any()
    assert not (day["approved"] < decided)[~late].any() and not (day["started"] < decided)[late].any()
    assert not (queued < day["granted"])[late].any() and not np.isnan(day["granted"][late & ~np.isnan(queued)]).any()
    if made.process.deferral is not None:
        return
    for number, pattern in enumerate(made.patterns):
        base = made.base[:-1][made.pattern == number]
        for position, priors in enumerate(pattern.before):
            for prior in priors:
                here = ~np.isnan(queued[base + position])
                assert (decided[base + prior] <= queued[base + position])[here].all(), "handed in too early"


def _problems(run: Run, projects: pd.DataFrame) -> None:
    """What is blocked waits for the solution; every solution is somebody's."""
    table = run.problems
    days = table[["called", "met", "resolved"]].to_numpy()
    assert not (days < table[["raised"]].to_numpy()).any() and not (days > run.end).any()
    assert (table["resolved"].notna() == (table["by"] != "")).all()
    solved = run.measures.set_index("measure")["solved"]
    assert all((table["by"] == name).sum() == solved[name] for name in ("hotline", "dispatch", "teams"))
    open_ = table["resolved"].fillna(np.inf)
    first = run.visits.groupby(["project", "stage"])["queued"].min()
    blocked = table[table["stage"] != ""]
    handed_in = first.reindex(pd.MultiIndex.from_frame(blocked[["project", "stage"]])).to_numpy()
    assert not (handed_in < open_[blocked.index].to_numpy()).any(), "handed in although blocked"
    started = projects.set_index("id")["started"][table["project"]].to_numpy()
    assert not (started < open_.to_numpy()).any(), "started although blocked"


def _little(run: Run, desk: Desk, here: pd.DataFrame, told: Any) -> None:
    """The number at the desk as a step function gives the waits, the work, and what is told of the office."""
    staff_days, staff = np.array(desk.staff).T
    marks = np.concatenate([[run.first, run.end], here["queued"], here["left"], staff_days])
    days = np.unique(marks[(marks >= run.first) & (marks <= run.end)])
    arrived, gone = np.sort(here["queued"]), np.sort(here["left"])
    number = np.searchsorted(arrived, days, "right") - np.searchsorted(gone, days, "right")
    assert (number >= 0).all() and (desk.office.room is None or (number <= desk.office.room).all())
    capacity = staff[np.searchsorted(staff_days, days, "right") - 1] * (desk.office.every is None)
    length, open_ = np.diff(days), np.diff(run.network.presence.work(days))
    busy = np.minimum(number, capacity)[:-1]
    waited, worked, offered = (
        float((many * span).sum())
        for many, span in ((number[:-1] - busy, length), (busy, open_), (capacity[:-1], open_))
    )
    _equal(here["waited"].sum(), waited)
    _equal(here["worked"].sum(), worked)
    span = run.end - run.first
    _equal(told.mean_queue * span, waited)
    if len(here):
        _equal(len(here) / span * here["waited"].mean(), told.mean_queue)
    if offered > 0:
        _equal(told.utilisation * offered, worked)
    begun = here["begun"].notna()
    assert told.visits == begun.sum() and (not begun.any() or np.isclose(told.mean_wait, here["waited"][begun].mean()))


def _in_turn(here: pd.DataFrame) -> None:
    """First come first served within a class; no class is taken up while one before it waits."""
    for rank, table in here.groupby("rank"):
        ordered = table.sort_values(["queued", "served"])
        later = np.minimum.accumulate(ordered["begun"].fillna(np.inf).to_numpy()[::-1])[::-1]
        assert (ordered["served"].to_numpy()[:-1] <= later[1:]).all(), "a later one was taken up before"
        better = here[here["rank"] < rank]
        begun = table["begun"].dropna().to_numpy()
        here_before = np.searchsorted(np.sort(better["queued"]), begun, "left")
        assert (here_before <= np.searchsorted(np.sort(better["served"]), begun, "right")).all(), "priority was broken"


def _reviews(run: Run, desk: Desk, here: pd.DataFrame) -> None:
    """Work is done in the days in which reviewers are present, in one go where nothing interrupts it."""
    presence = run.network.presence
    begun = here[here["begun"].notna()]
    most = presence.work(begun["left"].to_numpy()) - presence.work(begun["begun"].to_numpy())
    assert (begun["worked"] <= most + NEAR).all()
    done = begun[begun["result"].isin(REVIEWED)]
    drawn = run.records.drawn
    assert np.allclose(done["worked"], drawn.work[drawn.first[done["pair"]] + done["visit"]], atol=NEAR), "not all done"
    if desk.office.preemptive or len(desk.staff) > 1:
        return
    assert np.allclose(here["waited"], here["served"] - here["queued"], atol=NEAR)
    ends = presence.time(presence.work(done["begun"].to_numpy()) + done["worked"].to_numpy())
    assert np.allclose(done["decided"], ends, atol=NEAR)


def _meetings(run: Run, desk: Desk, here: pd.DataFrame) -> None:
    """Decisions fall at the next meeting that has a seat."""
    every, seats = desk.office.every or 1.0, desk.office.seats
    decided = here[here["result"].isin(REVIEWED)]
    assert (decided["begun"] == decided["decided"]).all() and (decided["worked"] == 0).all()
    planned = np.arange(0.0, run.end + every, every)
    held = _opened(run.network, planned)
    near = np.searchsorted(held, decided["decided"] - NEAR)
    assert np.allclose(held[near], decided["decided"], atol=NEAR)
    if seats is not None:
        assert not len(decided) or decided["decided"].value_counts().max() <= seats
    else:
        after = held[np.searchsorted(held, decided["queued"], "right")]
        assert (decided["decided"] <= after + NEAR).all()


def _opened(made: Network, days: Floats) -> Floats:
    """Each day itself where it is worked, else the beginning of the next that is."""
    clock: Clock = made.official
    if not len(clock.share):
        return days
    worked = np.flatnonzero(clock.share > 0)
    number = np.clip(np.floor(days - clock.start).astype(int), 0, worked[-1])
    after = worked[np.searchsorted(worked, number)]
    return np.where(after == number, days, clock.start + after)


def _equal(found: float, expected: float) -> None:
    assert abs(found - expected) <= NEAR * (1 + abs(expected)), (found, expected)
