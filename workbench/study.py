"""A simulation as it is asked for on the command line: the case, its scenarios, who counts, and the runs."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pandas as pd

from allocator import cells, schema
from allocator.case import Case
from allocator.columns import Column
from allocator.errors import Fault, InputError, YaosuError
from allocator.labels import Lang, label
from allocator.scenario import Scenario, read_scenarios
from simulation import applies
from simulation.cohort import View, cohorts
from simulation.experiment import experiment
from simulation.leverfile import Variant
from simulation.leverfile import scenarios as variants_of
from simulation.loop import Loop
from simulation.measures import Day
from simulation.network import entries
from simulation.precision import Precision
from simulation.process import Process
from simulation.run import horizon
from simulation.runs import Arm, Runs
from simulation.speaking import Names
from simulation.store import Store
from workbench import running
from workbench.bilingual import DONE
from workbench.interruption import Interruption
from workbench.progress import Watch

CASE = "case"
"""The name of the case as it is among the scenarios; in Chinese also 现状."""
WORDS = (CASE, "现状", "")


@dataclass(frozen=True)
class Asked:
    """What the three commands have in common.

    Attributes
    ----------
    case : str
        As it was typed.
    out : str, optional
        Folder of the results.
    lang : {"en", "zh"}
    as_json : bool
        Print the summary as JSON and nothing else.
    replications, seed, jobs, engine
        As in `simulation.experiment.experiment`.
    store : str, optional
        File in which replications are kept.
    where, over, weight
        Who counts.
    """

    case: str
    out: str | None
    lang: Lang
    as_json: bool
    replications: int
    seed: int
    jobs: int | None
    engine: Any
    store: str | None
    where: str
    over: Any
    weight: str | None

    def folder(self, name: str) -> Path:
        """Where the results go: where it was asked for, or into a folder of the command by the name of the case."""
        return running.folder(self.out or Path("out", running.name(self.case), name))

    def kept(self, folder: Path) -> Path:
        """The store: as asked for, in the folder asked for, or one for all commands by the name of the case."""
        path = running.kept_in(self.store, folder if self.out else folder.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def view(self) -> View:
        """Who counts."""
        return View(self.over, self.weight, None, self.where)


@dataclass(frozen=True, eq=False)
class Study:
    """A case with the scenarios that were asked for.

    Attributes
    ----------
    asked : Asked
    case : Case
    faults : tuple of Fault
        What is odd about the input.
    arms : mapping
        What is simulated, the case as it is first.
    titles : mapping
        What the scenarios are called, by name.
    variants : mapping
        What the scenarios make of the case, by name; without the case as it is.
    """

    asked: Asked
    case: Case
    faults: tuple[Fault, ...]
    arms: Mapping[str, Arm]
    titles: Mapping[str, str]
    variants: Mapping[str, Variant] = field(default_factory=dict)

    @staticmethod
    def read(asked: Asked, scenarios: Sequence[str], watch: Watch) -> Study:
        """Read the case and the scenarios; every fault of them, and of who counts, before anything is run.

        Raises
        ------
        InputError, YaosuError
        """
        place = running.place(asked.case)
        case, faults = running.checked(place, watch)
        Process.of(case)  # a case without stages is told before scenarios that are missing
        stated = read_scenarios(place, list(dict.fromkeys(name for name in scenarios if name not in WORDS)))
        return Study.of(asked, case, faults, stated)

    @staticmethod
    def of(asked: Asked, case: Case, faults: tuple[Fault, ...], stated: Sequence[Scenario]) -> Study:
        """The study of a case and scenarios that were read.

        Raises
        ------
        InputError, YaosuError
        """
        process, made, lang = Process.of(case), variants_of(case, stated), asked.lang
        arms = {CASE: Arm(case.projects, process)}
        arms |= {key: _arm(one) for key, one in made.items()}
        titles = {CASE: label("simulate.case", lang)} | {key: one.stated.title(lang) for key, one in made.items()}
        study = Study(asked, case, faults, arms, _apart(titles, lang), made)
        study._counts()
        return study

    def _counts(self) -> None:
        """Refuse a rule, a weight or a column that the projects do not know."""
        found = applies.check(self.asked.where, "", None, "--where", self.case.projects)
        if any(fault.severity == "error" for fault in found):
            raise InputError(found)
        for name, arm in self.arms.items():
            [counted] = cohorts(arm.in_order, arm.process, self.asked.view(), name)
            if not len(counted.ids):
                raise YaosuError("counts_nobody", {"where": self.asked.where})

    def grouped(self, column: str | None) -> None:
        """Refuse a column by which projects cannot be grouped."""
        for name, arm in self.arms.items() if column else ():
            cohorts(arm.in_order, arm.process, View(by=column), name)

    def within(self, dates: Sequence[Day], until: Day | None) -> None:
        """Refuse days of which the simulation can say nothing: before any project enters, or beyond its end.

        Raises
        ------
        YaosuError
        """
        arm = next(iter(self.arms.values()))
        first, names = float(entries(arm.projects, arm.process).min()), self.names()
        for option, day in (*(("--by", one) for one in dates), *(("--until", one) for one in (until,))):
            if day is not None and horizon(day, arm.process) <= first:
                values = {"option": option, "found": names.stated(str(day)), "first": names.falls(first)}
                raise YaosuError("day_before", values)
            if day is not None and until is not None and horizon(day, arm.process) > horizon(until, arm.process):
                values = {"found": names.stated(str(day)), "until": names.stated(str(until))}
                raise YaosuError("day_beyond", values)

    def only(self, names: Sequence[str]) -> Study:
        """The same with some of the scenarios."""
        return Study(self.asked, self.case, self.faults, {name: self.arms[name] for name in names}, self.titles,
                     self.variants)  # fmt: skip

    @property
    def stated(self) -> dict[str, Scenario]:
        """The scenarios as they were stated, by name."""
        return {name: one.stated for name, one in self.variants.items()}

    @property
    def swept(self) -> tuple[str, ...]:
        """The scenarios that are points of a sweep."""
        return tuple(name for name, one in self.stated.items() if one.point)

    @property
    def sources(self) -> dict[str, str]:
        """Where the scenarios come from, by name."""
        return {name: one.source(self.asked.lang) for name, one in self.stated.items()}

    def names(self) -> Names:
        """How everything is called."""
        return Names(self.asked.lang, [arm.moved for arm in self.arms.values()], self.titles)

    def counting(self) -> dict[str, Any]:
        """Who counts, as keywords."""
        return {"over": self.asked.over, "weight": self.asked.weight, "where": self.asked.where}

    def run(
        self, watch: Watch, store: Store, until: Day | None = None, precision: Precision | None = None
    ) -> tuple[Runs, float]:
        """All replications, and the seconds they took; what is kept already is not run again."""
        since = time.perf_counter()
        watch.doing("starting")
        runs = experiment(
            self.case.projects, self.arms[next(iter(self.arms))].process, self.arms,
            replications=self.asked.replications, seed=self.asked.seed, jobs=self.asked.jobs or -1,
            engine=self.asked.engine, until=until, store=store, precision=precision,
            progress=watch.timing("replications"),
        )  # fmt: skip
        return runs, time.perf_counter() - since

    def best(self, runs: Runs, dates: Sequence[Day]) -> str | None:
        """The scenario to speak of: the one that does most, and not a point of a sweep where there are others."""
        from simulation.finding import Finding

        stated = [name for name in runs.scenarios if name not in self.swept]
        finding = Finding(runs, self.names(), **self.counting(), dates=tuple(dates))
        return finding.leading(stated[1:]) if len(stated) > 1 else None


def _apart(titles: Mapping[str, str], lang: Lang) -> dict[str, str]:
    """Titles of scenarios, with the name beside one that another has too.

    >>> _apart({"case": "As it is", "a": "As it is", "b": "Fast"}, "en")
    {'case': 'As it is', 'a': 'As it is (a)', 'b': 'Fast'}
    """
    known = list(titles.values())
    alike = {name: title for name, title in titles.items() if name != CASE and known.count(title) > 1}
    return {**titles, **{name: label("scenario.named", lang, title=title, name=name) for name, title in alike.items()}}


def _arm(one: Variant) -> Arm:
    """A scenario as it is simulated; with a regime, quota is given out inside the simulation."""
    loop = Loop.of(one.case, one.levers.regime) if one.levers.regime else None
    return Arm(one.case.projects, one.process, one.levers, loop)


class Stopped(Exception):
    """A simulation was interrupted: so many replications are kept in a file."""

    def __init__(self, done: int, total: int, store: Path) -> None:
        self.done, self.total, self.store = done, total, store
        super().__init__(done, total, store)

    def text(self, lang: Lang) -> str:
        """What is kept, and how to go on."""
        values = {"done": f"{self.done:,}", "total": f"{self.total:,}", "store": self.store}
        return label("simulate.stopped", lang, **values)


@contextmanager
def interruptible(watch: Watch, store: Path) -> Iterator[Interruption]:
    """Ctrl-C says what is kept; before anything has run it is an interruption like any other."""
    try:
        with Interruption() as stop:
            yield stop
    except KeyboardInterrupt:
        if watch.counted is None:
            raise
        raise Stopped(*watch.counted, store) from None


def tell(study: Study, summary: Mapping[str, Any], parts: Callable[[], Sequence[str]]) -> int:
    """Say what is odd about the input, and what came out as JSON or in paragraphs; the exit code."""
    running.warn(study.faults, study.asked.case, study.asked.lang)
    if study.asked.as_json:
        running.echo_json(summary)
    else:
        click.echo("\n\n".join(part for part in parts() if part))
    return DONE


def day(text: str, option: str) -> Day:
    """A day as it was typed: a date, or a number of days from the origin.

    Raises
    ------
    YaosuError
        It is neither.

    Examples
    --------
    >>> day("2020-03-02", "--by"), day("2020年3月2日", "--by"), day("60", "--by")
    ('2020-03-02', '2020-03-02', 60.0)
    """
    dates, wrong = cells.parse(pd.Series([text], dtype=object), Column("day", "date"))
    if not wrong and len(text) > 5 and isinstance(dates.iloc[0], dt.datetime) and not pd.isna(dates.iloc[0]):
        return dates.iloc[0].date().isoformat()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise YaosuError("not_a_day", {"option": option, "found": text})
    return number


def column(text: str | None) -> str | None:
    """A column of the projects by any of its names; as it was typed where it is one of the user's own.

    >>> column("城市"), column("investment"), column("colour")
    ('region', 'investment', 'colour')
    """
    return None if text is None else schema.recognise("projects", text) or text


def days(texts: Sequence[str], option: str) -> tuple[Day, ...]:
    """Days in order of time, each once."""
    found = dict.fromkeys(day(text, option) for text in texts)
    return tuple(sorted(found, key=lambda one: (isinstance(one, str), one)))
