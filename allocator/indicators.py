"""From the columns of the projects to comparable numbers: indicator values, blanks by rule, methods (MODEL 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import weighting
from allocator.case import Case
from allocator.errors import Fault, InputError
from allocator.schema import column

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Appraisal:
    """Every number between the projects' columns and their scores; arrays are projects x indicators.

    Indicators stand in order of name and projects in order of id, so that no sum depends on how the tables are sorted.

    Attributes
    ----------
    table : DataFrame
        The indicators: ``indicator, numerator, denominator, direction, weight, benchmark, cap, missing``.
    method : str
    ids : array of text
    numerator, denominator : arrays
        Values read from the projects; the denominator is 1 where the indicator names none.
    x : array
        Indicator values, blanks filled by rule.
    filled : array of text
        The rule by which a blank was filled, or ``""``.
    benchmark : array
        Stated, or the median of the known positive values of the group.
    ratio : array
        ``x / b`` or ``b / x`` (2.1); for the other methods the normalised value (2.2).
    capped : array
        `ratio` within 0 and the cap.
    weight : array over indicators
        Sums to 1.

    Examples
    --------
    >>> from allocator import load_sample
    >>> made = appraise(load_sample("shandong-2020"))
    >>> made.capped.shape, float(made.weight.sum().round(12))
    ((1020, 6), 1.0)
    """

    table: pd.DataFrame
    method: str
    ids: Texts
    numerator: Floats
    denominator: Floats
    x: Floats
    filled: Texts
    benchmark: Floats
    ratio: Floats
    capped: Floats
    weight: Floats

    @property
    def present(self) -> Floats:
        """1 where an indicator counts, 0 where it was dropped."""
        return np.where(self.filled == "drop", 0.0, 1.0)

    @cached_property
    def weights(self) -> Floats:
        """Weight of each indicator for each project: what dropped ones leave goes to the others in proportion."""
        mine = self.present * self.weight
        return np.asarray(mine / across(mine)[:, None])

    @cached_property
    def to_best(self) -> Floats:
        """Squared distance to the best value of each indicator, before weights (TOPSIS)."""
        return self._distance(np.max)

    @cached_property
    def to_worst(self) -> Floats:
        """Squared distance to the worst value of each indicator, before weights (TOPSIS)."""
        return self._distance(np.min)

    def _distance(self, end: Callable[..., Floats]) -> Floats:
        upwards = self.ratio * signs(self.table)
        start = -np.inf if end is np.max else np.inf
        known = self.present > 0
        target = end(upwards, axis=0, initial=start, where=known)
        return np.where(known, np.square(np.where(known, upwards, 0.0) - np.where(known, target, 0.0)), 0.0)

    @cached_property
    def parts(self) -> Floats:
        """Points of each indicator; rows sum to the score before adjustments (2.1, 2.2)."""
        if self.method != "topsis":
            return 100 * self.weights * self.capped
        away = self.to_worst * np.square(self.weights)
        total = across(away)[:, None]
        share = np.divide(away, total, out=self.weights.copy(), where=total > 0)
        return self.totals(self.weight[None, :]) * share

    def totals(self, weights: Floats) -> Floats:
        """Scores before adjustments under other weights.

        Parameters
        ----------
        weights : array, draws x indicators

        Returns
        -------
        array, projects x draws
        """
        if self.method != "topsis":
            return 100 * combine(self.capped * self.present, weights) / combine(self.present, weights)
        squared = np.square(weights)
        best, worst = np.sqrt(combine(self.to_best, squared)), np.sqrt(combine(self.to_worst, squared))
        return np.asarray(100 * np.divide(worst, best + worst, out=np.full_like(best, 0.5), where=best + worst > 0))


def across(values: Floats) -> Floats:
    """Sum over the indicators, one after the other, so that equal projects get equal sums to the last digit."""
    total = np.zeros(len(values))
    for j in range(values.shape[1]):
        total = total + values[:, j]
    return total


def combine(values: Floats, weights: Floats) -> Floats:
    """``values @ weights.T``, likewise summed in order, which a matrix product does not promise."""
    total = np.zeros((len(values), len(weights)))
    for j in range(values.shape[1]):
        total += values[:, j, None] * weights[None, :, j]
    return total


def signs(table: pd.DataFrame) -> Floats:
    """+1 for larger-is-better, -1 for smaller-is-better."""
    return np.where(table["direction"] == "min", -1.0, 1.0)


def appraise(case: Case, ids: pd.Series | None = None) -> Appraisal:
    """Values, ratios and weights of the indicators of a case (2.1, 2.2).

    Parameters
    ----------
    case : Case
    ids : Series of text, optional
        Appraise these projects only; medians, ranges and weights are then theirs.

    Raises
    ------
    InputError
        Where a blank is refused, a ratio has no bound, or given weights do not sum to 1; all faults at once.
    """
    projects = numbered(case, "projects").sort_values("id")
    if ids is not None:
        projects = projects[projects["id"].isin(set(ids))]
    table = _stated(case)
    method = case.policy.score.method
    numerator, denominator = (_read(projects, table[name]) for name in ("numerator", "denominator"))
    x = np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)
    benchmark = _benchmarks(projects, table, x, case.policy.score.group)
    faults = [*_refused(projects, table, x, numerator), *_no_benchmark(table, benchmark, x, method)]
    filled = np.where(np.isnan(x), table["missing"].to_numpy(dtype=object), "")
    x = _fill(projects, table, x, filled, benchmark, case.policy.score.group, method)
    ratio, cap = _ratio(method, table, x, benchmark), _caps(table, method)
    faults += _unbounded(projects, table, np.minimum(ratio, cap))
    weight = weighting.weights(case.policy.score.weights, table, np.where(filled == "drop", np.nan, x), faults)
    faults += _nothing_known(projects, weight, filled)
    if faults:
        raise InputError(tuple(faults))
    capped = np.clip(ratio, 0.0, cap) if method == "benchmark" else ratio
    return Appraisal(
        table,
        method,
        projects["id"].to_numpy(dtype=object),
        numerator,
        denominator,
        x,
        filled,
        benchmark,
        ratio,
        capped,
        weight,
    )


def numbered(case: Case, name: str) -> pd.DataFrame:
    """A table of the case with the rows of its file, as Excel counts them, for index."""
    table: pd.DataFrame = getattr(case, name)
    rows = case.rows.get(name, ())
    return table.set_axis(rows if len(rows) == len(table) else np.arange(len(table)) + 2)


def _stated(case: Case) -> pd.DataFrame:
    """The indicators with defaults, in order of name."""
    stated = numbered(case, "indicators")
    names = ("indicator", "numerator", "denominator", "direction", "weight", "benchmark", "cap", "missing")
    table = pd.DataFrame({name: column(stated, "indicators", name).astype(object) for name in names})
    table["direction"] = table["direction"].where(table["direction"].notna(), "max")
    table["missing"] = table["missing"].where(table["missing"].notna(), case.policy.score.missing)
    for name in ("weight", "benchmark", "cap"):
        table[name] = table[name].astype(float)
    return table.sort_values("indicator")


def _read(projects: pd.DataFrame, names: pd.Series) -> Floats:
    columns = [np.ones(len(projects)) if pd.isna(name) else projects[name].to_numpy(dtype=float) for name in names]
    return np.column_stack(columns)


def _groups(projects: pd.DataFrame, group: str | None) -> NDArray[np.int64]:
    """Number of the group of each project; a blank is a group of its own."""
    if group is None:
        return np.zeros(len(projects), dtype=np.int64)
    by = projects.groupby(column(projects, "projects", group), dropna=False, sort=False)
    return np.asarray(by.ngroup().to_numpy(dtype=np.int64))


def _medians(projects: pd.DataFrame, group: str | None, x: Floats) -> Floats:
    """Median of the known values in each project's group, or over all projects where the group knows none."""
    frame = pd.DataFrame(x)
    inside = frame.groupby(_groups(projects, group)).transform("median")
    return inside.fillna(frame.median()).to_numpy(dtype=float)


def _benchmarks(projects: pd.DataFrame, table: pd.DataFrame, x: Floats, group: str | None) -> Floats:
    """Stated benchmarks; a blank one is the median of the known positive values of the group."""
    stated = np.broadcast_to(table["benchmark"].to_numpy(), x.shape)
    if not np.isnan(stated).any():
        return stated
    return np.where(np.isnan(stated), _medians(projects, group, np.where(x > 0, x, np.nan)), stated)


def _fill(
    projects: pd.DataFrame,
    table: pd.DataFrame,
    x: Floats,
    filled: Texts,
    benchmark: Floats,
    group: str | None,
    method: str,
) -> Floats:
    """Blanks by each indicator's rule: ``zero`` earns no points, ``benchmark`` and ``median`` stand for the value."""
    x = np.where(filled == "benchmark", benchmark, x)
    if (filled == "median").any():
        x = np.where(filled == "median", _medians(projects, group, x), x)
    worst = np.full(x.shape[1], np.inf) if method == "benchmark" else np.max(x, axis=0, initial=0.0, where=~np.isnan(x))
    nothing = np.where(table["direction"] == "min", worst, 0.0)
    return np.where(filled == "zero", nothing, x)


def _ratio(method: str, table: pd.DataFrame, x: Floats, benchmark: Floats) -> Floats:
    smaller = (table["direction"] == "min").to_numpy()
    if method == "benchmark":
        over = np.where(smaller, benchmark, x)
        under = np.where(smaller, x, benchmark)
        ratio = np.divide(over, under, out=np.full_like(x, np.inf), where=under != 0)
        return np.where(np.isnan(ratio), 0.0, ratio)
    if method == "minmax":
        return weighting.minmax(x, smaller)
    if method == "percentile":
        return _percentile(np.where(smaller, -x, x))
    length = np.sqrt(np.nansum(np.square(x), axis=0))
    return np.asarray(np.divide(np.nan_to_num(x), length, out=np.zeros_like(x), where=length > 0))


def _percentile(upwards: Floats) -> Floats:
    """Share of the other projects that are worse, equal ones counting half."""
    ranks = pd.DataFrame(upwards).rank()
    others = (ranks.notna().sum() - 1).to_numpy(dtype=float)
    at = np.divide(ranks.to_numpy(dtype=float) - 1, others, out=np.full_like(upwards, 0.5), where=others > 0)
    return np.where(np.isnan(upwards), 0.0, at)


def _caps(table: pd.DataFrame, method: str) -> Floats:
    caps = table["cap"].to_numpy(dtype=float)
    return np.where(np.isnan(caps) | (method != "benchmark"), np.inf, caps)


def _refused(projects: pd.DataFrame, table: pd.DataFrame, x: Floats, numerator: Floats) -> list[Fault]:
    """Blanks of indicators that refuse them; a denominator that is not positive counts as a blank."""
    refuse = (table["missing"] == "refuse").to_numpy()
    faults = []
    for i, j in np.argwhere(np.isnan(x) & refuse).tolist():
        name = table["numerator" if np.isnan(numerator[i, j]) else "denominator"].iloc[j]
        values = {"project": str(projects["id"].iloc[i]), "indicator": str(table["indicator"].iloc[j])}
        faults.append(Fault("score_missing", "projects", int(projects.index[i]), str(name), values=values))
    return faults


def _no_benchmark(table: pd.DataFrame, benchmark: Floats, x: Floats, method: str) -> list[Fault]:
    """Benchmarks must be positive, and a median needs known values."""
    blank, rule = np.isnan(x), table["missing"].to_numpy()
    needed = (method == "benchmark") | ((rule == "benchmark") & blank.any(axis=0))
    bad = (needed & ~(benchmark > 0).all(axis=0)) | ((rule == "median") & blank.all(axis=0))
    return [
        Fault("score_benchmark", "indicators", int(table.index[j]), "benchmark",
              values={"indicator": str(table["indicator"].iloc[j])})
        for j in np.flatnonzero(bad).tolist()
    ]  # fmt: skip


def _unbounded(projects: pd.DataFrame, table: pd.DataFrame, ratio: Floats) -> list[Fault]:
    """A smaller-is-better value of zero has no finite ratio; it needs a cap."""
    return [
        Fault("score_unbounded", "indicators", int(table.index[j]), "cap",
              values={"indicator": str(table["indicator"].iloc[j]), "project": str(projects["id"].iloc[i])})
        for j in np.flatnonzero(np.isposinf(ratio).any(axis=0)).tolist()
        for i in np.flatnonzero(np.isposinf(ratio[:, j]))[:1].tolist()
    ]  # fmt: skip


def _nothing_known(projects: pd.DataFrame, weight: Floats, filled: Texts) -> list[Fault]:
    """A project of which every indicator that weighs anything is dropped has no score."""
    empty = np.flatnonzero((filled == "drop")[:, weight > 0].all(axis=1)).tolist()
    ids = projects["id"].to_numpy(dtype=object)
    return [Fault("score_nothing_known", "projects", int(projects.index[i]), values={"project": ids[i]}) for i in empty]
