"""Who is counted in a curve, with what weight, in which group, and the share of them that has started (MODEL 4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells
from allocator.errors import YaosuError
from simulation.applies import mask
from simulation.outcome import Outcome
from simulation.process import Process

Floats = NDArray[np.float64]
Over = Literal["planned", "due"]


@dataclass(frozen=True)
class View:
    """How a curve counts.

    Parameters
    ----------
    over : {"planned", "due"}
        Of what the started are a share: of all, or of those due by then (column ``due``).
    weight : str, optional
        A column such as ``investment``; every project counts the same without.
    by : str, optional
        A column; each of its values is a group.
    where : str
        Which projects count, a rule as in `simulation.applies`.
    confidence : float
        Of the intervals.

    Raises
    ------
    YaosuError
        There is no such choice, or the confidence is no share.
    """

    over: Over = "planned"
    weight: str | None = None
    by: str | None = None
    where: str = ""
    confidence: float = 0.95

    def __post_init__(self) -> None:
        choose("over", self.over, get_args(Over))
        if not 0 < self.confidence < 1:
            raise YaosuError("runs_share", {"name": "confidence", "found": str(self.confidence)})


@dataclass(frozen=True, eq=False)
class Cohort:
    """Projects that count together.

    Attributes
    ----------
    group : str
        Value of the column by which they are grouped; empty without.
    ids : array of str
    rows : array of int
        Their places among all projects in the order of their ids.
    weight : array
    due : array, optional
        Day by the end of which each is to start; all of them have one.
    """

    group: str
    ids: NDArray[np.object_]
    rows: NDArray[np.int64]
    weight: Floats
    due: Floats | None = None

    @property
    def total(self) -> float:
        """Weight of all together."""
        return float(self.weight.sum())

    def shares(self, outcomes: Sequence[Outcome], times: Floats) -> Floats:
        """``S(t)``: weight of the started by t over weight of all, or of those due by t; NaN where none is due yet.

        Returns
        -------
        array, shape (replications, times)
        """
        made = np.empty((len(outcomes), len(times)))
        below = np.ones(len(times)) if self.due is None else _reached(self.due, self.weight, times)
        for number, outcome in enumerate(outcomes):
            started = outcome.started[self.rows]
            when = started if self.due is None else np.maximum(started, self.due)
            made[number] = _reached(when, self.weight, times)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.minimum(made / below, 1.0)

    def quantiles(self, outcomes: Sequence[Outcome], levels: Sequence[float]) -> Floats:
        """The first day on which the share of all planned reaches each level; NaN where it never does.

        Returns
        -------
        array, shape (replications, levels)
        """
        made = np.full((len(outcomes), len(levels)), np.nan)
        for number, outcome in enumerate(outcomes):
            days, done = _steps(outcome.started[self.rows], self.weight)
            place = np.searchsorted(done[1:], np.asarray(levels) - 1e-12, side="left")
            known = place < len(days)
            made[number, known] = days[place[known]]
        return made


def _steps(when: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Days in order, and the share reached before the first and after each; a day that is not known is never."""
    order = np.argsort(when, kind="stable")  # NaN comes last
    known = int(np.isfinite(when).sum())
    done = np.concatenate([[0.0], np.cumsum(weight[order])])
    with np.errstate(invalid="ignore"):
        return when[order[:known]], done[: known + 1] / done[-1]


def _reached(when: Floats, weight: Floats, times: Floats) -> Floats:
    days, done = _steps(when, weight)
    return np.asarray(done[np.searchsorted(days, times, side="right")])


def cohorts(projects: pd.DataFrame, process: Process, view: View, name: str = "") -> list[Cohort]:
    """The groups of a view, in order of their values.

    Parameters
    ----------
    projects : DataFrame
        In the order of their ids.
    process : Process
        Its origin is day 0.
    view : View
    name : str
        The scenario, for errors.

    Raises
    ------
    YaosuError
        A column is missing, or a weight is blank.
    InputError
        The rule cannot be read.

    Examples
    --------
    >>> from simulation.process import Stage
    >>> table = pd.DataFrame({"id": ["a", "b", "c"], "region": ["N", "S", "N"], "investment": [3.0, 1.0, 1.0]})
    >>> north, south = cohorts(table, Process([Stage("review")]), View(weight="investment", by="region"))
    >>> north.group, north.ids.tolist(), north.weight.tolist(), north.total
    ('N', ['a', 'c'], [3.0, 1.0], 4.0)
    """
    counted = mask(view.where, projects)
    due = days_due(projects, process, name) if view.over == "due" else None
    if due is not None:
        counted = counted & np.isfinite(due)
    weight = np.ones(len(projects))
    if view.weight is not None:
        weight = _weights(projects, view.weight, counted, name)
    labels = np.full(len(projects), "", dtype=object)
    if view.by is not None:
        column = _column(projects, view.by, name)
        labels = column.astype(object).where(column.notna(), "").astype(str).to_numpy(dtype=object)
    ids = projects["id"].astype(str).to_numpy(dtype=object)
    made = []
    for group in sorted(set(labels[counted])) or ([""] if view.by is None else []):
        rows = np.flatnonzero(counted & (labels == group))
        made.append(Cohort(group, ids[rows], rows, weight[rows], None if due is None else due[rows]))
    return made


def days_due(projects: pd.DataFrame, process: Process, name: str = "") -> Floats:
    """The moment by which each project is to have started: a day number as it is, a date at its end; NaN without.

    Raises
    ------
    YaosuError
        There is no column ``due``, or it holds neither days nor dates.
    """
    column = _column(projects, "due", name)
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    dates = pd.to_datetime(column, errors="coerce")
    wrong = column[dates.isna() & column.notna()]
    if len(wrong):
        raise YaosuError("runs_dates", {"column": "due", "scenario": name, "found": str(wrong.iloc[0])})
    days = (dates - pd.Timestamp(process.origin)) / pd.Timedelta(days=1) + 1.0
    return np.nextafter(days.to_numpy(dtype=np.float64, na_value=np.nan), -np.inf)


def choose(name: str, found: str, known: Sequence[str]) -> None:
    """Refuse what is not among the choices.

    Raises
    ------
    YaosuError
    """
    if found not in known:
        raise YaosuError("runs_choice", {"name": name, "found": str(found), "expected": ", ".join(known)})


def _column(projects: pd.DataFrame, column: str, name: str) -> pd.Series:
    if column not in projects:
        values = {"found": column, "scenario": name, "nearest": cells.nearest(column, projects.columns)}
        raise YaosuError("runs_column" if values["nearest"] else "runs_no_column", values)
    return projects[column]


def _weights(projects: pd.DataFrame, column: str, counted: NDArray[np.bool_], name: str) -> Floats:
    held: Any = pd.to_numeric(_column(projects, column, name), errors="coerce")
    weight = held.to_numpy(dtype=np.float64, na_value=np.nan)
    blank = np.flatnonzero(counted & ~(np.isfinite(weight) & (weight >= 0)))
    if len(blank):
        values = {
            "column": column,
            "scenario": name,
            "count": str(len(blank)),
            "found": str(projects["id"].iloc[blank[0]]),
        }
        raise YaosuError("runs_blank", values)
    return np.asarray(weight)
