"""How much the offices have to do, and how long applications wait there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.results import offices
from simulation.runs import Runs
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_OFFICES, SEEN = 12, 0.995
"""The offices shown hold so much of all waiting, but are not more than so many."""
Measure = Literal["work", "utilisation"]


def load(
    runs: Runs, *scenarios: str, lang: Lang = "en", titles: Mapping[str, str] | None = None, measure: Measure = "work"
) -> Figure:  # fmt: skip
    """Offices by their waiting: how much their reviewers have to do, and how long an application waits.

    Parameters
    ----------
    runs : Runs
    *scenarios : str
        One or two; the first scenario without. The offices stand in the order of the first.
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.
    measure : {"work", "utilisation"}
        Working days of review per reviewer, or the share of the time in which reviewers are busy; the latter says
        little where the runs have no horizon, since a few late projects make the time long.

    Examples
    --------
    >>> from simulation import Office, Process, Scenario, Stage
    >>> from simulation.experiment import experiment
    >>> desk = Process([Stage("review", office="desk", work=7)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> runs = experiment(table, desk, {"now": Scenario()}, replications=2, jobs=1, engine="simpy")
    >>> load(runs).get_suptitle()
    'Most waiting is at desk: 4 days per application; a reviewer there has 14 working days of work'
    """
    names, shown = Names.of(runs, lang, titles), list(scenarios or runs.scenarios[:1])[:2]
    tables = {name: offices(runs, name) for name in shown}
    first = tables[shown[0]]
    if not len(first) or first["mean_wait"].isna().all():
        return style.nothing(names.say("plotsim.load.none"))
    rows = _rows(first)
    with style.canvas(10.4, 2.2 + (0.46 if len(shown) == 1 else 0.56) * max(len(rows), 3)) as figure:
        busy, wait = figure.subplots(1, 2, sharey=True, width_ratios=[1.5, 1.0])
        limits = [_limit(tables.values(), rows, *columns)
                  for columns in ((measure, f"busiest_{measure}"), ("mean_wait",))]  # fmt: skip
        for place, (name, table) in enumerate(tables.items()):
            matched = table.set_index("office").reindex(rows["office"]).reset_index()
            two = len(shown) > 1
            bar = Bar(0.2 * (2 * place - 1) if two else 0.0, 0.36 if two else 0.55,
                      style.SILVER if two and not place else style.BLUE, names.scenario(name))  # fmt: skip
            _bars(busy, matched, measure, bar, limits[0], names)
            _bars(wait, matched, "mean_wait", bar, limits[1], names)
        _finish(busy, wait, rows, measure, limits, names)
        if len(shown) > 1:
            short = sum(len(names.scenario(name)) for name in shown) < 60
            busy.legend(loc="upper left", bbox_to_anchor=(0.0, 0.0), borderaxespad=2.6, frameon=False, ncols=1 + short,
                        fontsize=style.TEXT, labelcolor=style.INK, handlelength=1.2)  # fmt: skip
        shared.headline(figure, _headline(first.iloc[0], measure, names))
        shared.footnote(figure, names, *_notes(runs, shown[0], len(first) - len(rows), measure, names))
    return figure


@dataclass(frozen=True)
class Bar:
    """How the bars of a scenario look."""

    offset: float
    height: float
    colour: str
    title: str


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    """The offices that hold nearly all of the waiting."""
    days = table["days_waiting"].to_numpy(dtype=float)
    before = np.concatenate([[0.0], np.cumsum(days)[:-1]])
    kept = before < SEEN * days.sum() if days.sum() else np.arange(len(days)) < MOST_OFFICES
    return table[kept].head(MOST_OFFICES)


def _limit(tables: Iterable[pd.DataFrame], rows: pd.DataFrame, *columns: str) -> float:
    """Where an axis ends, so that there is room for texts."""
    known = [table.loc[table["office"].isin(rows["office"]), [*columns, f"{columns[0]}_high"]].to_numpy(dtype=float)
             for table in tables]  # fmt: skip
    return 1.3 * float(np.nanmax(np.concatenate([one.ravel() for one in known]), initial=0.0)) or 1.0


def _bars(axes: Axes, table: pd.DataFrame, column: str, bar: Bar, limit: float, names: Names) -> None:
    values, low, high = (table[f"{column}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
    at = np.arange(len(table), dtype=np.float64) + bar.offset
    axes.barh(at, np.nan_to_num(values), height=bar.height, color=bar.colour, label=bar.title)
    shared.whiskers(axes, at, np.nan_to_num(values), low, high)
    marked = column != "mean_wait"
    busiest = table[f"busiest_{column}"].to_numpy(dtype=float) if marked else np.full(len(at), np.nan)
    axes.plot(busiest, at, "D", color=bar.colour, markersize=5, markeredgecolor=style.INK, markeredgewidth=0.6,
              zorder=3)  # fmt: skip
    for place, value in enumerate(values):
        if not math.isfinite(value):
            continue
        text, end = _said(value, column, names), float(np.nanmax([high[place], value]))
        if math.isfinite(busiest[place]):
            mark = f"{table['busiest'].iloc[place]} {_said(busiest[place], column, names)}"
            if busiest[place] - end > 0.14 * limit:
                _note(axes, mark, busiest[place], at[place])
            else:
                text, end = f"{text} · {mark}", max(end, float(busiest[place]))
        _note(axes, text, end, at[place])


def _said(value: float, column: str, names: Names) -> str:
    if column == "utilisation":
        return names.percent(value)
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def _note(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), (6, 0), textcoords="offset points", va="center", fontsize=style.SMALL,
                  color=style.INK)  # fmt: skip


def _finish(
    busy: Axes, wait: Axes, rows: pd.DataFrame, measure: Measure, limits: Sequence[float], names: Names
) -> None:  # fmt: skip
    for axes, limit in ((busy, limits[0]), (wait, limits[1])):
        style.tidy(axes, "x", names.lang)
        axes.set_xlim(0.0, limit)
    shared.rows(busy, [_office(row, names) for _, row in rows.iterrows()])
    if measure == "utilisation":
        shared.shares(busy.xaxis, names.lang)
        busy.set_xticks([tick for tick in busy.get_xticks() if tick <= 1.0 + 1e-9])
        busy.set_xlim(0.0, limits[0])
    busy.set_title(names.say(f"plotsim.load.{measure}"), **style.SUBTITLE)
    wait.set_title(names.say("plotsim.load.wait"), **style.SUBTITLE)


def _office(row: pd.Series, names: Names) -> str:
    """An office with its desks and reviewers."""
    kind = "_meeting" if row["utilisation"] != row["utilisation"] else "_one" if row["desks"] == 1 else ""
    reviewers = f"{float(row['reviewers']):,.0f}"
    return names.say(f"plotsim.load.row{kind}", office=shared.wrapped(names.office(str(row["office"])), 2.4),
                     desks=row["desks"], reviewers=reviewers)  # fmt: skip


def _headline(row: pd.Series, measure: Measure, names: Names) -> str:
    """The office with most waiting, and how much it has to do."""
    values = {"office": names.office(str(row["office"])), "days": names.days(float(row["mean_wait"]))}
    if math.isnan(row[measure]):
        return names.say("plotsim.load.title_meeting", **values)

    known = bool(row["busiest"]) and math.isfinite(row[f"busiest_{measure}"])
    most = _said(float(row[f"busiest_{measure}"]), measure, names) if known else ""
    busiest = {"region": row["busiest"], "busiest": most} if known else {}
    key = f"plotsim.load.title_{measure}" + ("_busiest" if known else "")
    mean = _said(float(row[measure]), measure, names)
    load = names.say("plotsim.load.work_days", days=mean) if measure == "work" else mean
    return names.say(key, **values, load=load, **busiest)


def _notes(runs: Runs, scenario: str, out: int, measure: Measure, names: Names) -> list[str]:
    notes = [names.say("plotsim.load.note", count=f"{len(runs.numbers(scenario)):,}")]
    if measure == "utilisation":
        low, high = runs.span[0], runs.span[1] if runs.horizon is None else runs.horizon
        notes.append(names.say("plotsim.load.period", low=names.day(low + 1.0), high=names.day(high)))
    if out:
        notes.append(names.say("plotsim.load.left_out" if out > 1 else "plotsim.load.left_out_one", count=out))
    return notes
