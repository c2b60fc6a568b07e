"""Pictures of a plan: pools used and free, and benefit by group against the baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator import units
from allocator.labels import Lang, label, words
from allocator.plotstyle import short, signed
from allocator.program import Floats
from allocator.schema import columns, header
from allocator.sheetout import Words
from allocator.speech import Speech
from allocator.summary import value_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from allocator.baselines import Baseline
    from allocator.compare import Comparison
    from allocator.plan import Plan

VISIBLE = 1e-6
MOST_POOLS, MOST_GROUPS = 20, 24
PARTS = {"own": style.BLUE, "carried": style.SKY, "advance": style.TEAL, "bank": style.AMBER, "free": style.PALE}
FALLBACKS = ("region", "field", "tier")
BASELINES = {"rank_and_cut": (style.AMBER, "D", -0.15), "regional_quota": (style.SILVER, "o", 0.15)}
"""Colour, mark, and how far below the middle of a bar it stands."""


def pool_use(plan: Plan) -> pd.DataFrame:
    """What each pool gives over the whole round, by where it came from.

    What a period uses is taken to come from its own quota first, then from what was carried over, then from an
    advance, then from the quota bank.

    Returns
    -------
    DataFrame
        ``resource, pool, unit, own, carried, advance, bank, free, used, held`` in the unit of the resource; the first
        four add up to `used`, and with `free` to `held`. By resource, the largest pool first.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> pool_use(allocate(case))[["pool", "own", "free", "held"]].values.tolist()
    [['p', 4.0, 1.0, 5.0]]
    """
    table = plan.pools
    left: Floats = table["used"].to_numpy(dtype=float)
    parts: dict[str, Floats] = {}
    own = (table["amount"] - table["repaid"] - table["carried_out"]).clip(lower=0.0)
    for name, source in (("own", own), ("carried", table["carried_in"]), ("advance", table["advance"])):
        parts[name] = np.minimum(left, source.to_numpy(dtype=float))
        left = left - parts[name]
    named = table[["resource", "pool", "unit"]].assign(**parts, bank=left, free=np.maximum(table["free"], 0.0))
    found = named.groupby(["resource", "pool", "unit"], as_index=False, dropna=False)[list(PARTS)].sum()
    found["used"] = found[["own", "carried", "advance", "bank"]].sum(axis=1)
    found["held"] = found["used"] + found["free"]
    return found.sort_values(["resource", "held", "pool"], ascending=[True, False, True], ignore_index=True)


def plot_pools(plan: Plan, lang: Lang = "en") -> Figure:
    """Pools used and free: a panel per resource, the largest pools first, small ones together as others.

    Parameters
    ----------
    plan : Plan
    lang : {"en", "zh"}

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> [text.get_text() for text in plot_pools(allocate(case)).axes[0].texts]
    ['80 %']
    """
    if plan.solution.x is None:
        return style.no_plan(plan.status, lang)
    say, use = Speech(lang), pool_use(plan)
    panels = {str(name): _largest(part, lang) for name, part in use.groupby("resource", sort=False)}
    rows = max(map(len, panels.values()))
    seen = use[list(PARTS)].to_numpy() > VISIBLE * use["held"].max()
    shown = [name for name, there in zip(PARTS, seen.any(axis=0), strict=True) if there or name in ("own", "free")]
    with style.canvas(max(8.0, 4.6 * len(panels)), 1.9 + 0.3 * max(rows, 3)) as figure:
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for place, (name, table) in zip(axes, panels.items(), strict=True):
            _pool_panel(place, name, table, shown, say)
        total = use.groupby("resource", sort=False)[["used", "held"]].sum()
        rates = [
            say.say("plot.pools.part", resource=say.resource(str(name)), share=_used(used, held, say))
            for name, used, held in total.itertuples()
        ]
        style.headline(figure, say.say("plot.pools.title", shares=say.join(rates)))
        style.legend(figure, axes[0])
    return figure


def _pool_panel(axes: Axes, name: str, table: pd.DataFrame, shown: list[str], say: Speech) -> None:
    at, left = np.arange(len(table)), np.zeros(len(table))
    for part in shown:
        axes.barh(at, table[part], left=left, height=0.66, color=PARTS[part], label=say.say(f"plot.pools.{part}"))
        left = left + table[part].to_numpy()
    style.tidy(axes, "x", say.lang)
    for place, (used, held) in enumerate(zip(table["used"], table["held"], strict=True)):
        text = _used(used, held, say)
        axes.annotate(text, (held, place), (4, 0), textcoords="offset points", va="center", fontsize=style.SMALL,
                      color=style.MUTED)  # fmt: skip
    axes.set_yticks(at, table["pool"])
    style.center_rows(axes, len(table), 3)
    axes.set_xlim(0, left.max(initial=0.0) * 1.14 or 1.0)
    axes.set_xlabel(_axis(say.resource(name), units.shown(str(table["unit"].iloc[0]), say.lang == "zh"), say.lang))


def _axis(name: str, unit: str, lang: Lang) -> str:
    return label("plot.axis", lang, name=name, unit=unit) if unit else name


def _used(used: float, held: float, say: Speech) -> str:
    """The share used; 100 % only where nothing is left."""
    return say.percent(used / held, down=True) if held > 0 else "–"


def _largest(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """The largest pools and the sum of the others."""
    if len(table) <= MOST_POOLS:
        return table
    head, rest = table.iloc[: MOST_POOLS - 1], table.iloc[MOST_POOLS - 1 :]
    name = label("plot.others", lang, count=len(rest))
    sums = rest.select_dtypes("number").sum().to_frame().T
    return pd.concat([head, sums.assign(pool=name, unit=rest["unit"].iloc[0])], ignore_index=True)


def benefit_table(plan: Plan, by: str = "region") -> pd.DataFrame:
    """Value secured by group in the plan and in its baselines, before penalties; the largest first.

    Parameters
    ----------
    plan : Plan
    by : str
        A column of the projects.

    Returns
    -------
    DataFrame
        ``group, plan, rank_and_cut, regional_quota`` in the unit of the objective; blank groups are ``""``.

    Raises
    ------
    KeyError
        No such column.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0], "region": ["E", "W"]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> benefit_table(allocate(case))[["group", "plan"]].values.tolist()
    [['E', 5.0], ['W', 0.0]]
    """
    sides = {name: plan.compare(other).by(by).set_index(by) for name, other in plan.baselines.items()}
    first = next(iter(sides.values()))["value_plan"].rename("plan")
    table = pd.concat([first, *(side["value_other"].rename(name) for name, side in sides.items())], axis=1)
    table = table.rename_axis("group").reset_index()
    return table.sort_values(["plan", "group"], ascending=[False, True], ignore_index=True)


def plot_benefit(plan: Plan, by: str = "region", lang: Lang = "en") -> Figure:
    """Benefit secured by group, the optimum as bars and the baselines as marks.

    Parameters
    ----------
    plan : Plan
    by : str
        A column of the projects; where the case has none such, the city, the field, the tier, else all together.
    lang : {"en", "zh"}

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "score": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> plot_benefit(allocate(case)).get_suptitle()
    'The optimum secures as much as rank and cut'
    """
    if plan.solution.x is None:
        return style.no_plan(plan.status, lang)
    known = [name for name in (by, *FALLBACKS) if name in plan.case.projects and plan.case.projects[name].notna().any()]
    table = _top_groups(benefit_table(plan, known[0]), known[0], lang) if known else None
    totals, notes = _totals(plan), _notes(plan, lang)
    with style.canvas(9.5, 3.2 if table is None else 2.1 + 0.33 * max(len(table), 4)) as figure:
        axes = figure.subplots()
        if table is None:
            _draw_totals(axes, totals, notes, lang)
        else:
            _draw_groups(axes, totals, table, lang)
            style.legend(figure, axes)
            first = label("baseline.rank_and_cut", lang)
            said = label("plot.benefit.rows", lang, by=_column_word(known[0], lang), name=first)
            axes.set_title("\n".join([said, *notes]), **style.SUBTITLE)
        style.tidy(axes, "x", lang)
        axes.set_xlabel(label("plot.benefit.axis", lang, unit=value_unit(plan.case, lang)))
        style.headline(figure, _finding(totals, lang))
    return figure


def _totals(plan: Plan) -> dict[str, float]:
    """Value secured by the plan and by each baseline, before weights of priorities and penalties."""

    def secured(side: Plan | Baseline) -> float:
        return float(side.projects.loc[side.projects["funded"], "value"].sum())

    return {"plan": secured(plan)} | {name: secured(other) for name, other in plan.baselines.items()}


def _draw_groups(axes: Axes, totals: dict[str, float], table: pd.DataFrame, lang: Lang) -> None:
    at = np.arange(len(table))
    total = label("plot.benefit.plan_total", lang, value=short(totals["plan"], lang))
    axes.barh(at, table["plan"], height=0.62, color=style.BLUE, label=total)
    for name, (color, marker, below) in BASELINES.items():
        axes.plot(table[name], at + below, marker, color=color, markersize=6.5, markeredgecolor="white",
                  linestyle="", label=_beside(totals, name, lang), clip_on=False)  # fmt: skip
    for place, (_, value, ranked, quota) in enumerate(table.itertuples(index=False)):
        axes.annotate(_change(value, ranked, lang), (max(value, ranked, quota), place), (7, 0), fontsize=style.SMALL,
                      textcoords="offset points", va="center", color=style.MUTED)  # fmt: skip
    axes.set_yticks(at, table["group"])
    style.center_rows(axes, len(table), 4)
    top = table.drop(columns="group").to_numpy().max(initial=0.0)
    axes.set_xlim(min(0.0, table.drop(columns="group").to_numpy().min(initial=0.0)), 1.12 * top or 1.0)


def _draw_totals(axes: Axes, totals: dict[str, float], notes: list[str], lang: Lang) -> None:
    """Three bars: the optimum and the baselines."""
    values = list(totals.values())
    names = [label("plot.benefit.plan", lang), *(label(f"baseline.{name}", lang) for name in BASELINES)]
    axes.barh(names, values, height=0.6, color=[style.BLUE, *(color for color, *_ in BASELINES.values())])
    for place, value in enumerate(values):
        axes.annotate(short(value, lang), (max(value, 0.0), place), (5, 0), textcoords="offset points", va="center",
                      fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, *values), 1.12 * max(values) or 1.0)
    axes.set_title("\n".join([label("plot.benefit.total", lang), *notes]), **style.SUBTITLE)


def _group_words(groups: pd.Series, by: str, lang: Lang) -> list[str]:
    spoken = Words(lang, {})
    named = ["" if group == "" else str(spoken.cell("projects", by, group)) for group in groups]
    return [name or label("plot.unstated", lang) for name in named]


def _top_groups(table: pd.DataFrame, by: str, lang: Lang) -> pd.DataFrame:
    """Groups in words, the largest and the sum of the others."""
    table = table.assign(group=_group_words(table["group"], by, lang))
    if len(table) <= MOST_GROUPS:
        return table
    head, rest = table.iloc[: MOST_GROUPS - 1], table.iloc[MOST_GROUPS - 1 :]
    sums = rest.drop(columns="group").sum().to_frame().T
    others = sums.assign(group=label("plot.others", lang, count=len(rest)))
    return pd.concat([head, others], ignore_index=True)[list(table.columns)]


def _change(value: float, base: float, lang: Lang) -> str:
    if base <= 0:
        return ""
    text = f"{100 * (value / base - 1):+.0f}".replace("-", "\N{MINUS SIGN}")
    text = "±0" if text[1:] == "0" else text
    return f"{text}%" if lang == "zh" else f"{text} %"


def _ahead(totals: dict[str, float], name: str) -> float | None:
    """How far the plan is ahead of a baseline, as a share; None where the baseline secures nothing."""
    return totals["plan"] / totals[name] - 1 if totals[name] > 0 else None


def _beside(totals: dict[str, float], name: str, lang: Lang) -> str:
    """A baseline in the legend: its total, and how far the plan is ahead."""
    say, share = Speech(lang), _ahead(totals, name)
    key = "level" if not share else "ahead" if share > 0 else "behind"
    total = short(totals[name], lang)
    return say.say(f"plot.benefit.{key}", name=label(f"baseline.{name}", lang), value=total,
                   percent=say.percent(abs(share or 0.0)))  # fmt: skip


def _finding(totals: dict[str, float], lang: Lang) -> str:
    """What the picture shows, in a sentence."""
    say, share = Speech(lang), _ahead(totals, "rank_and_cut")
    name, percent = label("baseline.rank_and_cut", lang), say.percent(abs(share or 0.0))
    if share is None:
        return say.say("plot.benefit.title_nothing", value=short(totals["plan"], lang), name=name)
    key = "title_level" if percent == say.percent(0.0) else "title" if share > 0 else "title_behind"
    return say.say(f"plot.benefit.{key}", percent=percent, name=name)


def _notes(plan: Plan, lang: Lang) -> list[str]:
    value = _totals(plan)["plan"]
    alike = abs(value - (plan.objective or 0.0)) <= 5e-4 * abs(value)
    notes = [] if alike else [label("plot.benefit.net", lang)]
    broken = [label(f"baseline.{name}", lang) for name, other in plan.baselines.items() if other.status == "infeasible"]
    return [*notes, label("plot.benefit.broken", lang, name=Speech(lang).also(broken))] if broken else notes


def _column_word(name: str, lang: Lang) -> str:
    return header("projects", name, lang) if name in columns("projects") else name


def plot_changes(comparison: Comparison, by: str = "region", lang: Lang = "en") -> Figure:
    """Change of value between two plans by group, the largest gain first.

    Parameters
    ----------
    comparison : Comparison
    by : str
        A column of the projects.
    lang : {"en", "zh"}

    Raises
    ------
    KeyError
        No such column.
    """
    table = comparison.by(by).sort_values("value_change", ascending=False, kind="stable")
    change, at = table["value_change"].to_numpy(dtype=float), np.arange(len(table))
    total, say = float(change.sum()), Speech(lang)
    with style.canvas(9.0, 1.6 + 0.33 * max(len(table), 3)) as figure:
        axes = figure.subplots()
        axes.barh(at, change, height=0.62, color=np.where(change < 0, style.RED, style.BLUE))
        for place, value in enumerate(change):
            side = -1 if value < 0 else 1
            axes.annotate(signed(value, lang), (value, place), (5 * side, 0), textcoords="offset points", va="center",
                          ha="right" if side < 0 else "left", fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
        axes.axvline(0, color=style.MUTED, linewidth=0.9)
        axes.set_yticks(at, _group_words(table[by], by, lang))
        style.center_rows(axes, len(table), 3)
        style.tidy(axes, "x", lang)
        axes.margins(x=0.12)
        axes.set_title(say.say("plot.compare.rows", by=_column_word(by, lang)), **style.SUBTITLE)
        axes.set_xlabel(say.say("plot.compare.axis", unit=value_unit(comparison.case, lang)))
        names = [_plan_word(name, lang) for name in comparison.names]
        style.headline(figure, say.say("plot.compare.title", plan=names[0], other=names[1], change=signed(total, lang)))
    return figure


def _plan_word(name: str, lang: Lang) -> str:
    return label(f"baseline.{name}", lang) if f"baseline.{name}" in words() else name
