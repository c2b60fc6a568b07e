"""A report on regimes, made once from a crossing and a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from allocator.plan import Plan
from simulation import plotregimes
from workbench import reportknown
from workbench.crossed import Crossed
from workbench.report import Picture, Report, Section, Sentence, Table
from workbench.reportcolumns import Scale
from workbench.reportquota import QuotaTables
from workbench.reportsentences import Sentences
from workbench.reporttables import Tables
from workbench.reportwho import Who


def make(made: Crossed, plan: Plan | None = None) -> Report:
    """The report of regimes crossed with scenarios.

    Parameters
    ----------
    made : Crossed
        At least two regimes.
    plan : Plan, optional
        Of the case, whose prices are shown.
    """
    tables = Tables(made)
    about = reportknown.about(tables, plan)
    by = _tables(tables, plan, about)
    say, lang = Sentences(tables, by), tables.names.lang
    plots = _pictures(tables, say)

    def section(key: str, sentences: Sequence[Sentence | None], pictures: Sequence[str], *keys: str) -> Section:
        return Section(key, tables.names.say(f"report.section.{key}"), tuple(one for one in sentences if one),
                       tuple(plots[one] for one in pictures), tuple(by[one] for one in keys if one in by))  # fmt: skip

    sections = (
        section("benefit", [*say.others(), say.progress()], ["benefit"], "realised", "depends", "by_date"),
        section("starts", [say.starts()], ["curves"], "started"),
        section("who", [say.balance(), say.cities("region"), say.cities("tier")], [], "balance", "by_tier", "by_region",
                "wins", "loses"),
        section("fairness", [say.fairness()], ["shares"], "gini", "shares"),
        section("waiting", [say.waits()], ["waits"], "waiting"),
        section("quota", [say.quota(), say.idle()], [], "quota", "idle"),
        section("prices", [say.prices()], [], "prices"),
        section("bottlenecks", [say.bottlenecks()], [], "bottlenecks"),
        section("stability", [say.stability()], [], "stability"),
        section("made", [say.made()], [], "regimes", "made"),
        section("known", [say.known()], [], "standings", "facts", "assumed", "sources"),
    )  # fmt: skip
    title = tables.names.say("report.title", case=made.study.case.name)
    reviews = any(map(made.reviews, made.crossing.scenarios))
    return Report(lang, title, _question(tables, reviews), say.answer(), plots["two_way"], say.warning(),
                  sections, about)  # fmt: skip


def _question(tables: Tables, reviews: bool) -> str:
    """What is asked."""
    say, usual = tables.names.say, (tables.base, tables.main) == ("regional", "follow")
    values = {"reviews": say("report.question.reviews") if reviews else ""}
    values |= {} if usual else {name: tables.made.regime(getattr(tables, name)) for name in ("base", "main")}
    return say(f"report.question.{'follow' if usual else 'other'}", **values)


def _tables(tables: Tables, plan: Plan | None, about: Mapping[str, str]) -> dict[str, Table]:
    """Every table that has rows, by key."""
    who = Who(tables)
    assumed, sources = reportknown.assumed(tables)
    quota = QuotaTables(tables)
    found = [
        tables.realised(), tables.depends(), tables.by_date(), tables.started(),
        who.balance(), who.groups("tier"), who.groups("region"), who.listed("wins"), who.listed("loses"),
        *quota.fairness(), quota.waiting(), quota.quota(), quota.idle(),
        None if plan is None else quota.prices(plan), quota.bottlenecks(), quota.stability(),
        reportknown.regimes(tables), reportknown.made(tables, about), reportknown.counted(tables),
        reportknown.facts(tables), assumed, sources,
    ]  # fmt: skip
    return {one.key: one for one in found if one is not None}


def _pictures(tables: Tables, say: Sentences) -> dict[str, Picture]:
    """The pictures by key; what they show is told by a sentence."""
    names, scale = tables.names, tables.scale
    cells = tables.made.tables["cells"]
    realised, written = cells[cells["measure"] == "realised"], replace(scale, factor=1.0)
    draw = {
        "two_way": lambda: plotregimes.two_way(_scaled(realised, scale), names, scale.unit, written.text),
        "benefit": lambda: plotregimes.benefit(_scaled(tables.made.tables["benefit"], scale), names, scale.unit),
        "curves": lambda: plotregimes.curves(tables.made.tables["curve"], names),
        "shares": lambda: plotregimes.shares(tables.made.tables["fairness"], names, tables.first),
        "waits": lambda: plotregimes.waits(tables.made.tables["waiting"], names),
    }  # fmt: skip
    told = {"two_way": say.gain(), "benefit": say.progress(), "curves": say.starts(), "shares": say.fairness(),
            "waits": say.waits()}  # fmt: skip
    return {key: Picture(key, f"{names.say(f'report.picture.{key}')} {told[key].text}", one)
            for key, one in draw.items()}  # fmt: skip


def _scaled(table: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """A table of means with their intervals in the unit in which the tables of the report show them."""
    return table.assign(**{name: table[name] * scale.factor for name in ("mean", "low", "high")})
