"""From the name of a case to a folder of results: reading, solving with progress, writing, telling."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

import allocator
from allocator.case import Case, examine
from allocator.errors import Fault, InputError, YaosuError
from allocator.explain import explain as reasons
from allocator.labels import Lang, label
from allocator.plan import Plan, allocate
from allocator.reading import sorted_faults
from allocator.scenario import read_scenarios
from allocator.sidebook import told as summary_of
from allocator.sidebyside import compare_scenarios
from allocator.workbook import replace_file
from simulation.recording import record_plan, record_sides
from workbench import extras, faults, present
from workbench.bilingual import DONE, INTERRUPTED, NO, nearest
from workbench.interruption import Interruption
from workbench.progress import Watch

if TYPE_CHECKING:
    from simulation.keeping import Record

STORE = "runs.sqlite"


def place(case: str) -> Path:
    """The folder or workbook of a case: a path, or the name of a sample.

    Raises
    ------
    YaosuError
        There is neither; the nearest name is given.

    Examples
    --------
    >>> place("shandong-2020").name
    'shandong-2020'
    """
    path = Path(case)
    if path.exists():
        return path
    samples = allocator.samples()
    if case in samples:
        return Path(allocator.__file__).parent / "cases" / case
    here = path.parent.iterdir() if path.parent.is_dir() and os.access(path.parent, os.R_OK) else ()
    known = [*samples, *(str(path.parent / file.name) for file in here if file.is_dir() or file.suffix == ".xlsx")]
    values = {"found": case, "nearest": nearest(case, known), "expected": ", ".join(samples)}
    raise YaosuError("case_unknown", values)


def name(case: str) -> str:
    """The name of a case: of its folder, or of its workbook without the ending.

    >>> name("gb-grid-2021")
    'gb-grid-2021'
    """
    path = place(case)
    return path.stem if path.is_file() else path.resolve().name


def folder(out: str | Path) -> Path:
    """A folder that results can be written into; it is not made yet.

    Raises
    ------
    YaosuError
        It is a file, or nothing may be written there.
    """
    path = Path(out)
    there = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not there.is_dir():
        raise YaosuError("out_is_file", {"found": str(there)})
    if not os.access(there, os.W_OK | os.X_OK):
        raise YaosuError("out_not_writable", {"found": str(there)})
    return path


def write_files(where: Path, files: Mapping[str, Callable[[Path], None]]) -> None:
    """Write files into a folder by their names; each is whole before it is seen.

    Raises
    ------
    YaosuError
        One cannot be written, for example because it is open in Excel or Word.
    """
    target = where
    try:
        where.mkdir(parents=True, exist_ok=True)
        for name, write in files.items():
            target = where / name
            replace_file(target, write)
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(target), "reason": error.strerror or str(error)}) from error


def text_of(found: str, path: Path) -> None:
    """Write a text."""
    path.write_text(found, "utf-8")


def json_of(found: Mapping[str, Any], path: Path) -> None:
    """Write a summary."""
    text_of(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False) + "\n", path)


def kept_in(store: str | None, otherwise: Path) -> Path:
    """The file of a store: as asked for, or in a folder; nothing is made yet.

    Raises
    ------
    YaosuError
        Nothing may be written there, or the file is no store.
    """
    path = Path(store) if store else otherwise / STORE
    folder(path.parent)
    if path.exists():
        from simulation.store import Store

        Store(path).close()
    return path


def echo_json(told: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False))


@dataclass(frozen=True)
class Job:
    """One command that solves.

    Attributes
    ----------
    case : str
        As it was typed.
    out : Path
    lang : {"en", "zh"}
    as_json : bool
        Print the summary as JSON and nothing else.
    jobs : int
        Processes; -1 takes all cores.
    store : Path, optional
        File in which the plan is kept; ``runs.sqlite`` in `out` without.
    """

    case: str
    out: Path
    lang: Lang
    as_json: bool = False
    jobs: int = -1
    store: Path | None = None

    def plan(self, *, draws: int | None = None, seed: int = 0, costs: bool = False, **effort: Any) -> int:
        """Allocate, write, and say what came out; the exit code."""
        told: list[str] = []
        kept: dict[str, pd.DataFrame] = {}
        with Watch(self.lang) as watch, Interruption() as stop:
            case, found = checked(place(self.case), watch)
            plan = solved(case, self.lang, watch, stop, effort)
            cut = stop.heard
            watch.doing("writing")
            plan.write(self.out, self.lang)
            extras.clear(self.out)
            if plan.solution.x is None:
                told += conflict(plan, self.lang, watch)
            elif not cut:
                with suppress(KeyboardInterrupt):
                    for more in self._more(plan, watch, draws, seed, costs):
                        extras.write(self.out, more.name, more.table)
                        kept[more.name] = more.table
                        told.append(more.text)
                        if stop.heard:
                            break
            options = effort | {"lang": self.lang, "costs": costs} | ({} if draws is None else {"draws": draws})
            self._keep(record_plan(plan, options, kept, None if draws is None else seed))
        self._warn(found, ("cli.plan.cut" if cut else "cli.extras.cut") if stop.heard else None)
        self._tell(plan, told)
        return INTERRUPTED if stop.heard else NO if plan.solution.x is None else DONE

    def scenarios(self, names: Sequence[str], **effort: Any) -> int:
        """Allocate the case as it is and under scenarios, write them side by side, and say what came out."""
        with Watch(self.lang) as watch, Interruption() as stop:
            case, found = checked(place(self.case), watch)
            stated = read_scenarios(place(self.case), names)
            told_of = watch.counting("scenarios")
            watch.doing("comparing")
            side = compare_scenarios(case, stated, jobs=self.jobs, lang=self.lang, progress=told_of, **effort)
            solved_any = any(outcome.taken is not None for outcome in side.outcomes)
            if stop.heard and not solved_any:
                raise KeyboardInterrupt
            watch.doing("writing")
            side.write(self.out, self.lang)
            self._keep(record_sides(side, {"lang": self.lang, **effort}))
        self._warn(found, "cli.scenarios.cut" if stop.heard else None)
        if self.as_json:
            echo_json(summary_of(side))
        else:
            click.echo("\n\n".join([present.side_by_side(side, self.lang), self._files("scenarios.xlsx")]))
        return INTERRUPTED if stop.heard else DONE if solved_any else NO

    def _more(self, plan: Plan, watch: Watch, draws: int | None, seed: int, costs: bool) -> Iterator[extras.Extra]:
        """What was asked for beside the plan."""
        if draws is not None:
            yield extras.firmness(plan, self.lang, watch, draws, seed, self.jobs)
        if costs:
            yield extras.rule_costs(plan, self.lang, watch, self.jobs)
            yield extras.block_values(plan, self.lang, watch, self.jobs)

    def _keep(self, record: Record) -> None:
        """Keep what came out in the store."""
        from simulation.store import Store

        path = self.store or self.out / STORE
        path.parent.mkdir(parents=True, exist_ok=True)
        with Store(path) as store:
            store.keep(record)

    def _tell(self, plan: Plan, told: list[str]) -> None:
        """The outcome of a plan."""
        if self.as_json:
            echo_json(plan.summary())
            click.echo("\n\n".join(told), err=True, nl=bool(told))
        else:
            parts = [present.overview(plan, self.lang), *told, self._files("plan.xlsx")]
            click.echo("\n\n".join(parts) + self._ask(plan))

    def _ask(self, plan: Plan) -> str:
        """How to ask about a project: the one nearest to being funded."""
        waiting = plan.projects[~plan.projects["funded"]].sort_values("reduced_profit", ascending=False)
        if plan.solution.x is None or not len(waiting):
            return ""
        asked = subprocess.list2cmdline([self.case, str(waiting["id"].iloc[0])])
        return "\n" + label("cli.plan.ask", self.lang, asked=asked)

    def _warn(self, found: tuple[Fault, ...], interrupted: str | None) -> None:
        """What is odd about the input, and that the outcome is not the whole one."""
        warn(found, self.case, self.lang)
        if interrupted:
            click.echo(label(interrupted, self.lang), err=True)

    def _files(self, first: str) -> str:
        return present.files(self.out, first, self.lang)


def warn(found: tuple[Fault, ...], case: str, lang: Lang) -> None:
    """Say on standard error that something is odd about the input."""
    if found:
        values = {"counted": faults.counted(found, lang), "case": subprocess.list2cmdline([case])}
        click.echo(label("cli.fault.see", lang, **values), err=True)


def checked(case: Path, watch: Watch) -> tuple[Case, tuple[Fault, ...]]:
    """Read a case, with its warnings.

    Raises
    ------
    InputError
        With every fault where there is an error.
    """
    watch.doing("checking")
    read, found = looked(case)
    if read is None or faults.counts(found)["errors"]:
        raise InputError(found)
    return read, found


def looked(case: Path) -> tuple[Case | None, tuple[Fault, ...]]:
    """A case where it can be read, and every fault of it: of its tables, of sense, of its process."""
    from allocator.check import check

    read, found = examine(case)
    if read is not None:
        found = check(read)
    if read is None or len(read.extra.get("stages", ())):
        from simulation.casecheck import check_process, check_tables

        more = check_tables(case, found) if read is None else check_process(read)
        found = sorted_faults([*found, *more])
    return read, found


def solved(case: Case, lang: Lang, watch: Watch, stop: Interruption, effort: dict[str, Any]) -> Plan:
    """Allocate with progress; an interruption before any plan is passed on."""
    watch.doing("building")
    plan = allocate(case, lang=lang, progress=watch.solving, **effort)
    if stop.heard and (plan.solution.x is None or plan.relaxation.x is None):
        raise KeyboardInterrupt
    return plan


def conflict(plan: Plan, lang: Lang, watch: Watch) -> list[str]:
    """What conflicts where nothing is feasible, and what repairs it."""
    if plan.status != "infeasible":
        return []
    watch.doing("diagnosing")
    return [plan.diagnose().text(lang)]


def explain(case: str, project: str, lang: Lang, as_json: bool, **effort: Any) -> int:
    """Allocate and explain one project; the exit code."""
    with Watch(lang) as watch, Interruption() as stop:
        read, _ = checked(place(case), watch)
        ids = read.projects["id"].tolist()
        if project not in ids:
            raise YaosuError("unknown_project", {"found": project, "nearest": nearest(project, ids)})
        plan = solved(read, lang, watch, stop, effort)
        told = conflict(plan, lang, watch)
        watch.doing("explaining")
        found = None if plan.solution.x is None else reasons(plan, project, time_limit=effort["time_limit"])
        if stop.heard:
            raise KeyboardInterrupt
    if found is None:
        click.echo("\n\n".join([present.overview(plan, lang), *told]), err=as_json)
        return NO
    if as_json:
        standing, verified = records(found.standing.to_frame().T)[0], records(pd.DataFrame([found.check]))[0]
        tables = {name: records(table) for name, table in found.tables.items()}
        echo_json({"text": found.text(lang), "standing": standing, "check": verified, **tables})
    else:
        click.echo(found.text(lang))
    return DONE


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON knows them; what is not known is None."""
    made: list[dict[str, Any]] = json.loads(table.to_json(orient="records", force_ascii=False, date_format="iso"))
    return made
