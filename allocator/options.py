"""The ways in which each project can be done: variants, phases and start periods, with demands and value (MODEL 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.policy import Ratios
from allocator.schema import column, split

Floats = NDArray[np.float64]
BASE = "base"
WHOLE_ROUND = ""


@dataclass(frozen=True, eq=False)
class Options:
    """All options of a case before the tightening.

    Attributes
    ----------
    projects : DataFrame
        The projects in canonical order (score falling, earlier registration, id), so that the order of the input's
        rows never matters, with ``score``, ``grade``, ``rank`` beside their columns.
    table : DataFrame
        One row per option: ``project, variant, period, value, points, investment, plan, earlier`` and one effective
        demand column per resource. ``points`` is the value before discount and priority weights.
    removed : DataFrame
        ``project, variant, period, code, name`` of what is no option by decision or readiness.
    periods : tuple of str
        The periods planned; one empty name where pools state none.
    """

    projects: pd.DataFrame
    table: pd.DataFrame
    removed: pd.DataFrame
    periods: tuple[str, ...]


def options(case: Case, scores: pd.DataFrame) -> Options:
    """Options ``o = (variant, start period)`` of every project with their demands and values (3.1, 3.2, 3.9).

    Parameters
    ----------
    case : Case
    scores : DataFrame
        ``id, score, grade, rank`` as `allocator.score` returns them.

    Examples
    --------
    >>> from allocator import Case, Policy
    >>> projects = pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "phases": ["0.5|1"]})
    >>> case = Case.from_tables(projects=projects,
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [3.0]}))
    >>> options(case, pd.DataFrame({"id": ["a"], "score": [1.0]})).table[["variant", "land", "value"]].values.tolist()
    [['0.5', 2.0, 1.0], ['1', 4.0, 2.0]]
    """
    projects = _canonical(case, scores)
    periods = case.policy.periods or case.periods or (WHOLE_ROUND,)
    ways = ways_of(case, projects)
    ways["points"] = _points(case, ways) * ways.pop("part")
    table = _spread(ways, periods)
    table["value"] = table["points"] * case.policy.discount ** table["start"] * _weights(case, projects, table)
    table, earlier_only = _earlier(case, table, periods)
    allowed, removed = _allowed(case, projects, table, periods)
    keep = allowed | table["earlier"].to_numpy()
    table = cast(pd.DataFrame, table[keep & ~earlier_only | table["earlier"].to_numpy()])
    order = ["rank_", "start", "way"]
    table = table.sort_values(order, kind="stable", ignore_index=True)
    names = [
        "project",
        "variant",
        "period",
        "start",
        "value",
        "points",
        "investment",
        "plan",
        "earlier",
        *case.resources,
    ]
    return Options(projects, table[[name for name in names if name in table]], removed, periods)


def _canonical(case: Case, scores: pd.DataFrame) -> pd.DataFrame:
    """Projects by score falling, earlier registration, id: the order that settles ties."""
    made = scores.reindex(columns=["id", "score", "grade", "rank"])
    projects = case.projects.drop(columns=["score", "grade", "rank"], errors="ignore").merge(made, on="id", how="left")
    registered = column(case.projects, "projects", "registered").to_numpy()
    keyed = projects.assign(registered_=pd.to_datetime(registered))
    keyed = keyed.sort_values("id").sort_values(
        ["score", "registered_"], ascending=[False, True], kind="stable", na_position="last"
    )
    return keyed.drop(columns="registered_").reset_index(drop=True)


def ways_of(case: Case, projects: pd.DataFrame) -> pd.DataFrame:
    """Every way of every project with its effective demands: one row per project and variant or phase (3.3)."""
    return _demands(case, _stated(case, projects))


def _stated(case: Case, projects: pd.DataFrame) -> pd.DataFrame:
    """One row per project and variant; blanks of a variant inherit the project's cell."""
    projects = projects.assign(rank_=np.arange(len(projects)), part=1.0, variant=BASE, way=0)
    phases = column(projects, "projects", "phases")
    phased = phases.notna().to_numpy()
    whole = projects[~phased]
    frames = [whole]
    if len(case.variants):
        stated = case.variants.merge(
            projects.drop(columns=["variant", "way"]), left_on="project", right_on="id", suffixes=("", "_own")
        )
        for name in case.variants.columns:
            if f"{name}_own" in stated:
                stated[name] = stated[name].where(stated[name].notna(), stated.pop(f"{name}_own"))
        stated["way"] = 1 + stated.groupby("id")["variant"].rank(method="first").astype(int)
        has_variants = whole["id"].isin(set(case.variants["project"]))
        names = [name for name in (*case.resources, "value") if name in whole]
        says_something = (whole[names].fillna(0.0) != 0).any(axis=1) if names else pd.Series(False, index=whole.index)
        frames = [whole[~has_variants | says_something], stated]
    if phased.any():
        shares = (
            projects[phased]
            .assign(variant=pd.Series({i: split(text) for i, text in phases[phased].items()}))
            .explode("variant")
        )
        shares["part"] = shares["variant"].astype(float)
        shares["way"] = shares.groupby("id").cumcount()
        frames.append(shares)
    ways = pd.concat(frames, ignore_index=True)
    ways["project"] = ways["id"]
    return ways


def factor(ratios: Ratios, projects: pd.DataFrame) -> np.ndarray:
    """The factor of each project by the value of its column (3.3, 3.7)."""
    by = column(projects, "projects", ratios.by)
    return by.map(ratios.ratios).astype(float).fillna(ratios.default).to_numpy()


def _demands(case: Case, ways: pd.DataFrame) -> pd.DataFrame:
    """Effective demands: scaled by the phase, times the replacement ratio (3.3); money scaled by the phase."""
    part = ways["part"].to_numpy()
    for resource in case.resources:
        demand = ways[resource].fillna(0.0).to_numpy() if resource in ways else np.zeros(len(ways))
        if resource in case.policy.replacement:
            demand = demand * factor(case.policy.replacement[resource], ways)
        ways[resource] = demand * part
    for money in ("investment", "plan"):
        if money in ways:
            ways[f"{money}_whole"] = ways[money]
            ways[money] = ways[money] * part
    return ways


def value_terms(case: Case) -> tuple[str, ...]:
    """The columns whose product is the value of a project (3.1).

    >>> from allocator import load_sample
    >>> value_terms(load_sample("shandong-2020"))
    ('score', 'plan')
    """
    if case.policy.value:
        return tuple(term.strip() for term in case.policy.value.replace("×", "*").split("*"))
    known = set(case.projects.columns) | set(case.variants.columns)
    scored = "score" in known or len(case.indicators) > 0
    if scored and "plan" in known:
        return ("score", "plan")
    return ("value",) if "value" in known else ("score",) if scored else ("plan",)


def _points(case: Case, ways: pd.DataFrame) -> np.ndarray:
    points = np.ones(len(ways))
    for term in value_terms(case):
        name = f"{term}_whole" if f"{term}_whole" in ways else term
        points = points * ways[name].astype(float).fillna(0.0).to_numpy()
    return points


def _weights(case: Case, projects: pd.DataFrame, table: pd.DataFrame) -> Floats:
    priorities = case.policy.priorities
    if priorities is None or priorities.method != "weights":
        return np.ones(len(table))
    weight: Floats = factor(Ratios(priorities.by, priorities.weights, 1.0), projects)[table["rank_"].to_numpy()]
    return weight


def _spread(ways: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Each way in each start period."""
    table = ways.loc[ways.index.repeat(len(periods))].reset_index(drop=True)
    table["start"] = np.tile(np.arange(len(periods)), len(ways))
    table["period"] = np.array(periods, dtype=object)[table["start"]]
    return table


def kept_grants(case: Case) -> pd.DataFrame:
    """Earlier grants that still stand on the day of planning: started, or young enough to start in time (3.9)."""
    policy, grants = case.policy, case.grants
    if not len(grants) or policy.as_of is None or policy.return_days is None or "granted" not in grants:
        return grants
    started = set(case.projects.loc[column(case.projects, "projects", "started").notna().to_numpy(), "id"])
    age = (pd.Timestamp(policy.as_of) - pd.to_datetime(grants["granted"])).dt.days
    return grants[~(age > policy.return_days) | grants["project"].isin(started)]


def _earlier(case: Case, table: pd.DataFrame, periods: tuple[str, ...]) -> tuple[pd.DataFrame, np.ndarray]:
    """Mark the options that earlier grants stand for; a grant from before the planned periods becomes an option."""
    grants = kept_grants(case)
    table["earlier"] = False
    if not len(grants):
        return table, np.zeros(len(table), dtype=bool)
    granted = pd.DataFrame({"project": grants["project"].to_numpy()})
    granted["variant"] = column(grants, "grants", "variant").fillna(BASE).to_numpy()
    granted["period"] = column(grants, "grants", "period").fillna(WHOLE_ROUND).to_numpy()
    granted = granted.drop_duplicates("project")
    past = granted[~granted["period"].isin(periods)]
    added = table[table["start"] == 0].drop(columns="period").merge(past, on=["project", "variant"])
    both = pd.concat([table, added], ignore_index=True)
    keys = pd.MultiIndex.from_frame(granted)
    both["earlier"] = pd.MultiIndex.from_frame(both[["project", "variant", "period"]].astype(object)).isin(keys)
    return both, (np.arange(len(both)) >= len(table)) & ~both["earlier"].to_numpy()


def period_bounds(period: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last day of a period such as ``2020``, ``2020Q1``, ``2020H1``, ``2020-03``; None for other names.

    >>> period_bounds("2020Q1")[1].date().isoformat()
    '2020-03-31'
    """
    text = period.strip().upper()
    try:
        if len(text) == 6 and text[4] == "H":
            first = pd.Timestamp(int(text[:4]), 1 + 6 * (int(text[5]) - 1), 1)
            return first, first + pd.DateOffset(months=6, days=-1)
        if len(text) < 4 or not text[:4].isdigit():
            return None
        span = pd.Period(text)
        return span.start_time.normalize(), span.end_time.normalize()
    except (ValueError, TypeError):
        return None


def _allowed(
    case: Case, projects: pd.DataFrame, table: pd.DataFrame, periods: tuple[str, ...]
) -> tuple[np.ndarray, pd.DataFrame]:
    """Which options a decision, an earliest period or readiness leaves open (3.2, 3.9), and why the others are not."""
    start, rank = table["start"].to_numpy(), table["rank_"].to_numpy()
    never = (column(projects, "projects", "decision") == "never").to_numpy()[rank]
    place = {period: i for i, period in enumerate(periods)}
    earliest = column(table, "projects", "earliest").map(place).fillna(0).to_numpy(dtype=float)
    early = earliest > start
    unready = start < _first_ready(case, projects, periods)[rank]
    removed = []
    for code, out in (("never", never), ("earliest", early & ~never), ("unready", unready & ~early & ~never)):
        removed.append(table.loc[out, ["project", "variant", "period"]].assign(code=code, name=""))
    return ~(never | early | unready), pd.concat(removed, ignore_index=True)


def _first_ready(case: Case, projects: pd.DataFrame, periods: tuple[str, ...]) -> np.ndarray:
    """The first period in which each project is ready, as its place among the periods (3.9)."""
    rule, ready = case.policy.readiness, column(projects, "projects", "ready")
    first = np.zeros(len(projects))
    if rule == "off" or periods == (WHOLE_ROUND,) or not ready.notna().any():
        return first
    side = 0 if rule == "start" else 1
    if pd.api.types.is_datetime64_any_dtype(ready):
        bounds = [period_bounds(period) for period in periods]
        if any(bound is None for bound in bounds):
            return first
        limits = pd.DatetimeIndex([bound[side] for bound in bounds if bound is not None])
        place = limits.searchsorted(pd.DatetimeIndex(ready.fillna(limits[0])), side="left")
    else:
        if not all(period.replace(".", "", 1).isdigit() for period in periods):
            return first
        number = np.array([float(period) for period in periods])
        place = np.searchsorted(number, ready.fillna(number[0]).to_numpy(dtype=float), side="left")
    return np.where(ready.notna().to_numpy(), place, 0).astype(float)
