"""``yaosu seek``: the least review speed or number of reviewers that reaches a target; where one more is worth most."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click
import pandas as pd

from allocator.errors import YaosuError
from simulation.marginal import marginal
from simulation.measures import Day
from simulation.seek import seek as search
from simulation.speaking import Names
from simulation.store import Store
from workbench import present, remember, simfolder
from workbench.bilingual import DONE, INTERRUPTED, NO
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.running import echo_json, warn
from workbench.study import CASE, Asked, Stopped, Study, day, interruptible

MOST_DESKS, LEAST_DESKS = 12, 3
FILES = ("tried.csv", "binds.csv", "waits.csv", "marginal.csv")


def seek(
    asked: Asked, deadline: str | None, target: float, lever: str, under: str | None, mean: bool, marginal: bool
) -> int:
    """Seek, write, and say what came out; the exit code."""
    if deadline is None:
        raise YaosuError("seek_by_missing")
    by, folder = day(deadline, "--by"), asked.folder("search")
    try:
        with Watch(asked.lang) as watch, Interruption():
            study = Study.read(asked, [under] if under else [], watch)
            if len(study.arms) > 2:
                values = {"found": under or "", "count": str(len(study.arms) - 1), "expected": ", ".join(study.swept)}
                raise YaosuError("compare_sweep", values)
            study = study.only([list(study.arms)[-1]])
            study.within([by], None)
            path = asked.kept(folder)
            with Store(path) as store:
                with interruptible(watch, path):
                    work = _marginal if marginal else _search
                    made = work(study, watch, store, by, target=target, lever=lever, mean=mean)
                watch.doing("writing")
                simfolder.writing(folder, made.tables, {}, made.summary)
                store.keep(remember.of_search(study, made.tables, made.summary, made.figures, by=by, **made.options))
            for name in FILES:
                if name.removesuffix(".csv") not in made.tables:
                    (folder / name).unlink(missing_ok=True)
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    warn(study.faults, asked.case, asked.lang)
    if asked.as_json:
        echo_json(made.summary)
    else:
        click.echo("\n\n".join([*made.text, present.files(folder, made.first, asked.lang)]))
    return made.code


class _Made:
    """What a search gives: tables, summary, text, figures and options to be kept, and exit code."""

    def __init__(
        self, first: str, tables: dict[str, pd.DataFrame], summary: dict[str, Any], text: list[str],
        figures: list[tuple[Any, ...]], options: dict[str, Any], code: int = DONE,
    ) -> None:  # fmt: skip
        self.first, self.summary, self.text, self.code = first, simfolder.plain(summary), text, code
        self.figures, self.options = figures, options
        self.tables = {name: table for name, table in tables.items() if len(table)}


def _common(study: Study) -> dict[str, Any]:
    """Keywords of both."""
    asked, [arm] = study.asked, study.arms.values()
    return {
        **study.counting(), "scenario": arm.scenario, "replications": asked.replications, "seed": asked.seed,
        "jobs": asked.jobs or -1, "engine": asked.engine,
    }  # fmt: skip


def _head(study: Study, by: Day, since: float, status: str) -> dict[str, Any]:
    [name] = study.arms
    head = simfolder.head(study, by, time.perf_counter() - since)
    told = {"status": status, "scenario": name, "title": study.titles[name]}
    return {key: value for key, value in (head | told).items() if key != "until"}


def _search(study: Study, watch: Watch, store: Store, by: Day, *, target: float, lever: str, mean: bool) -> _Made:
    """The least value of a lever."""
    [arm], since = study.arms.values(), time.perf_counter()
    watch.doing("starting")
    found = search(
        arm.projects, arm.process, by=by, target=target, lever=lever, of="mean" if mean else "replications",
        store=store, progress=watch.timing("replications"), **_common(study),
    )  # fmt: skip
    tables = {"tried": found.tried, "binds": found.binds, "waits": found.waits}
    summary = _head(study, by, since, "reached" if found.reached else "out of reach") | found.summary()
    names = study.names()
    text = [_title(study), found.text(study.asked.lang), _tried(names, found.tried, lever)]
    nan = float("nan")
    figures = [("least", lever, found.value, nan, nan), ("share", "share", found.share, found.low, found.high),
               ("chance", "share", found.chance, nan, nan)]  # fmt: skip
    options = {"target": target, "lever": lever, "of": found.goal.of}
    return _Made("tried.csv", tables, summary, text, figures, options, DONE if found.reached else NO)


def _title(study: Study) -> str:
    [name] = study.arms
    names = study.names()
    title = names.say("simulate.title", name=study.case.name)
    return title if name == CASE else f"{title}\n{names.scenario(name)}"


def _tried(names: Names, table: pd.DataFrame, lever: str) -> str:
    """Every value tried."""
    headers = [names.say(f"simulate.column.{one}") for one in ("value", "mean_share", "reaches_chance")]
    rows = []
    for row in table.sort_values("value").to_dict("records"):
        value = f"{row['value']:g}" if row["value"] < float("inf") else names.say("simulate.no_limit")
        rows.append([value, names.percent(row["share"], 1), names.percent(row["chance"], 0)])
    return present.table([names.say("simulate.lever", lever=lever), *headers[1:]], rows)


def _marginal(study: Study, watch: Watch, store: Store, by: Day, **_: Any) -> _Made:
    """Where one more reviewer is worth most."""
    [arm], since, names = study.arms.values(), time.perf_counter(), study.names()
    watch.doing("starting")
    table = marginal(arm.projects, arm.process, by=by, progress=watch.timing("replications"), **_common(study))
    summary = _head(study, by, since, "complete") | {"by": by, "desks": table.to_dict("records")}
    gain = table[table["low"] > 0]
    text = [_title(study)]
    if len(gain):
        best = gain.iloc[0]
        place = f"{names.office(best['office'])} {best['region']}".strip()
        gained = f"{best['starts_gained']:.2g}"
        text.append(names.say("simulate.marginal", place=place, gained=gained, day=names.stated(str(by))))
    else:
        text.append(names.say("simulate.marginal_none", day=names.stated(str(by))))
    headers = [names.say(f"simulate.column.{one}") for one in
               ("office", "place", "reviewers", "starts_gained", "between", "mean_wait", "utilisation")]  # fmt: skip
    told = table[(table["starts_gained"] > 0) | (table.index < LEAST_DESKS)].head(MOST_DESKS)
    rows = [_desk(names, row) for row in told.to_dict("records")]
    text.append(present.table(headers, rows))
    figures = [(f"desk:{row['office']}/{row['region']}".removesuffix("/"), "projects", row["starts_gained"], row["low"],
                row["high"]) for row in table.to_dict("records")]  # fmt: skip
    return _Made("marginal.csv", {"marginal": table}, summary, text, figures, {"marginal": True})


def _desk(names: Names, row: Mapping[Any, Any]) -> list[str]:
    """What one more reviewer gains at a desk."""
    between = f"{row['low']:.2f} … {row['high']:.2f}".replace("-", "\N{MINUS SIGN}")
    busy = names.percent(row["utilisation"])
    return [names.office(row["office"]), row["region"], f"{row['reviewers']:.0f}", f"{row['starts_gained']:+.2f}",
            between, f"{row['mean_wait']:.1f}", busy]  # fmt: skip
