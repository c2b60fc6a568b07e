"""``yaosu report``: from a case, or from what is kept, to a page, a Word document and a summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from allocator.errors import YaosuError
from allocator.plan import Plan
from simulation.keeping import Record
from simulation.store import Store
from workbench import keptview, present, regiming, reporthtml, reportword, running, simfolder
from workbench.bilingual import INTERRUPTED
from workbench.crossed import Crossed, Rules
from workbench.figures import stated
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.report import Report
from workbench.reportmaking import make
from workbench.study import Asked, Stopped, Study, interruptible, tell

PAGE, DOCUMENT, SUMMARY = "report.html", "report.docx", "summary.json"
COMMANDS = ("regimes", "report")
GAP = 0.01
"""Of the plan whose prices are shown."""


def report(
    asked: Asked, scenarios: Sequence[str], regimes: Sequence[str], pace: str, gap: float, end: str | None,
    first: str | None, kept_run: int | None, time_limit: float,
) -> int:  # fmt: skip
    """Cross, solve, write, and say what came out; the exit code."""
    try:
        with Watch(asked.lang) as watch, Interruption() as stop:
            if kept_run is None:
                rules = several(Rules.read(regimes, pace, gap, end, first))
                folder = asked.folder("report")
                study = Study.read(asked, scenarios, watch)
                path = asked.kept(folder)
            else:
                study, rules, path = again(asked, kept_run)
                folder = running.folder(asked.out or path.parent / "report")
            with Store(path) as store:
                with interruptible(watch, path):
                    made = Crossed.run(study, rules, watch, store)
                plan = running.solved(study.case, asked.lang, watch, stop, {"gap": GAP, "time_limit": time_limit})
                watch.doing("tabulating")
                told = make(made, plan if plan.solution.x is not None and plan.relaxation.x is not None else None)
                watch.doing("writing")
                summary = summarised(made, plan, told)
                write(told, summary, folder)
                if kept_run is None:
                    store.keep(regiming.record(made, "report", summary))
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    return tell(study, summary, lambda: [
        told.question, "\n".join(sentence.text for sentence in told.answer), present.files(folder, PAGE, asked.lang)
    ])  # fmt: skip


def several(rules: Rules) -> Rules:
    """Refuse a single regime: there is nothing to compare.

    Raises
    ------
    YaosuError
    """
    if len(rules.regimes) < 2:
        raise YaosuError("report_one_regime", {"found": ", ".join(rules.regimes)})
    return rules


def again(asked: Asked, number: int) -> tuple[Study, Rules, Path]:
    """What was asked for when an experiment was kept: its case, scenarios, regimes, seed and replications.

    Raises
    ------
    YaosuError
        There is nothing under this number, or it is no crossing of regimes.
    """
    with keptview.opened(asked.case) as store:
        record, path = keptview.loaded(store, str(number)), store.path
    if record.command not in COMMANDS:
        raise YaosuError("report_kept", {"number": str(number), "command": record.command})
    return study_of(asked, record), several(rules_of(record)), path


def study_of(asked: Asked, record: Record) -> Study:
    """The study of a kept experiment."""
    same = replace(asked, seed=record.seed or 0, replications=record.replications or 1, engine=record.engine)
    return Study.of(same, record.case, (), [stated(one) for one in record.scenarios])


def rules_of(record: Record) -> Rules:
    """How quota was given out in a kept experiment."""
    options = record.options
    return Rules(tuple(options["regimes"]), options["every"], options["gap"], options.get("until"),
                 options.get("first"))  # fmt: skip


def summarised(made: Crossed, plan: Plan, told: Report) -> dict[str, Any]:
    """What was reckoned and what is answered, ready for JSON."""
    found: dict[str, Any] = regiming.told(made) | simfolder.plain({
        "question": told.question, "answer": [sentence.text for sentence in told.answer],
        "warning": [sentence.text for sentence in told.warning],
        "plan": {"status": plan.status, "objective": plan.objective, "bound": plan.bound, "gap": plan.gap},
    })  # fmt: skip
    return found


def write(told: Report, summary: dict[str, Any], folder: Path) -> None:
    """Write the page, the document and the summary; each file is whole before it is seen.

    Raises
    ------
    YaosuError
        A file cannot be written, for example because it is open in Word.
    """
    files: dict[str, Callable[[Path], None]] = {
        PAGE: partial(running.text_of, reporthtml.page(told)), DOCUMENT: partial(reportword.write, told),
        SUMMARY: partial(running.json_of, summary),
    }  # fmt: skip
    running.write_files(folder, files)
