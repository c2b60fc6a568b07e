"""The article's mechanisms, each measured by itself, as a page: ``python -m simulation.mechanisms [--only KEY]``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from allocator.cases import load_sample
from allocator.cells import nearest
from allocator.labels import Lang, label
from simulation.mechanismeffects import AGAINST, Effects, Effort, Measured
from simulation.mechanismtable import Mechanism, Parameter, read_mechanisms, said

NAME = "shandong-2020"
FOLDER = Path(str(files("allocator") / "cases" / NAME))
COLUMNS = ("mechanism", "article", "model", "parameters", "commands", "effect", "remark")
FACTORS = {"worth": 1e-3, "realised": 1e-3, "started_by": 100.0}
"""From the unit of a measure to that of the page."""


def page(mechanisms: Sequence[Mechanism], effects: Effects, lang: Lang = "en") -> str:
    """One row per mechanism, in Markdown.

    Parameters
    ----------
    mechanisms : sequence of Mechanism
    effects : Effects
        Measures them.
    lang : {"en", "zh"}
    """
    effort = effects.effort
    command = (
        f"python -m simulation.mechanisms --out docs/mechanisms.md --replications {effort.reviews} --loop {effort.loop}"
    )
    made = label("mechanisms.made", lang, command=command, seed=effort.seed, reviews=effort.reviews, loop=effort.loop)
    measure = label("mechanisms.measure", lang, until=effort.until, gap=f"{effort.loop_gap:.0%}")
    head = [label("mechanisms.title", lang), made, label("mechanisms.lead", lang), measure,
            label("mechanisms.standing", lang)]  # fmt: skip
    lines = [f"# {head[0]}", *(part for text in head[1:] for part in ("", text)), ""]
    lines += [_row([label(f"mechanisms.column.{name}", lang) for name in COLUMNS]), "|---" * len(COLUMNS) + "|"]
    lines += [_row(_cells(one, effects.measured(one), lang)) for one in mechanisms]
    return "\n".join([*lines, ""])


def _cells(one: Mechanism, measured: Sequence[Measured], lang: Lang) -> list[str]:
    other: Lang = "zh" if lang == "en" else "en"
    return [
        f"**{said(one.name, lang)}**<br>{said(one.name, other)}<br>`{one.key}`",
        f"{said(one.quote, 'zh')}<br>{said(one.quote, 'en')}",
        said(one.model, lang),
        "<br>".join(parameter(each, lang) for each in one.parameters),
        "<br>".join(f"`{each}`" for each in one.commands),
        "<br>".join(effect(each, lang) for each in measured),
        said(one.remark, lang),
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def parameter(one: Parameter, lang: Lang) -> str:
    """A parameter with its value and standing.

    Examples
    --------
    >>> parameter(Parameter({"en": "teams", "zh": "组数"}, "8", "", "seed"), "en")
    'teams: 8 [seed]'
    """
    value = " ".join(each for each in (one.value, one.unit) if each)
    return f"{said(one.name, lang)}{': ' if value else ''}{value} [{one.standing}]"


def effect(one: Measured, lang: Lang) -> str:
    """An effect in words: how measured, against what, the figure with its interval."""
    about, factor = one.compared, FACTORS.get(one.compared.measure, 1.0)
    digits = 2 if about.by else 1
    mean, low, high = (f"{factor * value:+,.{digits}f}" for value in (one.mean, one.low, one.high))
    parts = [
        label(f"mechanisms.kind.{about.kind}", lang),
        label(f"mechanisms.measure.{about.measure}", lang, by=about.by),
    ]
    parts += [label("mechanisms.where", lang, where=about.where)] if about.where else []
    parts += [label("mechanisms.first", lang, first=about.first)] if about.first else []
    against = about.base if about.has else about.other
    parts += [label("mechanisms.against", lang, other=_other(against, lang))] if against else []
    relative = f" ({one.mean / one.base:+.1%})" if about.measure in ("worth", "realised") and one.base else ""
    shown = "" if one.shown else f", {label('mechanisms.unshown', lang)}"
    return f"{', '.join(parts)}: **{mean}**{relative} [{low}, {high}]{shown}"


def _other(name: str, lang: Lang) -> str:
    return label(f"mechanisms.other.{name}", lang) if name in AGAINST else f"`{name}`"


def options() -> argparse.ArgumentParser:
    """What may be asked for on the command line."""
    asked = argparse.ArgumentParser(prog="python -m simulation.mechanisms", description="Measure every mechanism.")
    asked.add_argument("--only", action="append", metavar="KEY", help="this mechanism alone; may be repeated")
    asked.add_argument("--replications", type=int, default=Effort.reviews, help="of the reviews (default %(default)s)")
    asked.add_argument("--loop", type=int, default=Effort.loop, help="replications of the loop (default %(default)s)")
    asked.add_argument("--seed", type=int, default=Effort.seed)
    asked.add_argument("--jobs", type=int, default=Effort.jobs)
    asked.add_argument("--lang", choices=("en", "zh"), default="en")
    asked.add_argument("--out", type=Path, help="write the page here instead of printing it")
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the mechanisms of the sample and write the page."""
    parser = options()
    given = parser.parse_args(arguments)
    case = load_sample(NAME)
    table = {one.key: one for one in read_mechanisms(case, FOLDER)}
    for key in given.only or ():
        if key not in table:
            parser.error(f"no mechanism “{key}”; did you mean “{nearest(key, list(table))}”? {', '.join(table)}")
    if given.replications < 2 or given.loop < 2:
        parser.error("at least 2 replications are needed for an interval")
    chosen = [one for key, one in table.items() if given.only is None or key in given.only]
    effort = Effort(given.replications, given.loop, given.seed, given.jobs)
    text = page(chosen, Effects(case, FOLDER, chosen, effort), given.lang)
    if given.out is None:
        print(text)
    else:
        given.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
