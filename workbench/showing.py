"""``yaosu demo``: both samples from end to end, and what is gained when quota follows projects."""

from __future__ import annotations

from pathlib import Path

import click

from allocator.labels import Lang, label
from workbench import reporting, running
from workbench.bilingual import DONE
from workbench.study import Asked

SAMPLES = ("gb-grid-2021", "shandong-2020")
FASTER, REPLICATIONS = "double-speed", 4
PAGE = "report.html"


def demo(lang: Lang, out: str | None) -> int:
    """Plans of both samples, then three regimes under two speeds of review, with a report; the exit code."""
    whole = Path(out or Path("out", "demo"))
    for sample in SAMPLES:
        click.echo(label(f"cli.demo.{sample}", lang))
        code = running.Job(sample, running.folder(whole / sample), lang).plan(gap=0.002, time_limit=30.0)
        click.echo()
        if code != DONE:
            return code
    sample, folder = SAMPLES[-1], running.folder(whole / "report")
    click.echo(label("cli.demo.report", lang, count=REPLICATIONS))
    asked = Asked(sample, str(folder), lang, False, REPLICATIONS, 1, None, "fast", None, "", "planned", None)
    code = reporting.report(asked, (FASTER,), (), "month", 0.02, None, None, None, 60.0)
    if code != DONE:
        return code
    plans = [str(running.folder(whole / one) / "plan.xlsx") for one in SAMPLES]
    click.echo("\n" + label("cli.demo.next", lang, plans="\n  ".join(plans), page=folder / PAGE))
    return DONE
