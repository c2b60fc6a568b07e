"""What is kept, in text and as files."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len, set_cell_size

from allocator.errors import YaosuError
from allocator.labels import Lang, label, words
from allocator.scenario import LANGS
from allocator.schema import columns, header
from allocator.workbook import replace_file
from simulation import keeping
from simulation.keeping import Record
from simulation.store import Gone, Store
from workbench import present, simfolder
from workbench.comparing import slug
from workbench.figures import Spoken, main_rows, stated
from workbench.running import STORE, records

WIDTH = 48
PARTS = ("command", "status", "engine", "seed", "replications", "seconds", "created", "repeated", "case", "input_hash")


def opened(found: str) -> Store:
    """The store in a file, or in the folder of the results.

    Raises
    ------
    YaosuError
        There is none, or the file is none.
    """
    path = Path(found)
    path = path / STORE if path.is_dir() else path
    if not path.exists():
        raise YaosuError("store_missing", {"found": str(path)})
    return Store(path, create=False)


def loaded(store: Store, number: str) -> Record:
    """What is kept under a number as it was typed.

    Raises
    ------
    YaosuError
        There is nothing.
    """
    return store.load(_number(store, number))


def named(store: Store, number: str, lang: Lang) -> str:
    """What is kept under a number in a few words; its case need not be readable.

    Raises
    ------
    YaosuError
        There is nothing.
    """
    wanted, table = _number(store, number), store.kept()
    rows = table[table["number"] == wanted].to_dict("records")
    if not rows:
        raise YaosuError("kept_unknown", {"found": number, "store": str(store.path)})
    return _title(wanted, rows[0]["command"], rows[0]["case"], rows[0]["created"], lang)


def _number(store: Store, number: str) -> int:
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise YaosuError("kept_unknown", {"found": number, "store": str(store.path)})
    return int(number)


def listed(store: Store, lang: Lang) -> str:
    """A line for each plan and experiment: what, when, and its main figure."""
    table, rest = store.kept(), store.unfinished()
    more = [label("runs.unfinished", lang, count=f"{rest:,}")] if rest else []
    if not len(table):
        return "\n".join([label("runs.none", lang, store=store.path), *more])
    names = ("number", "command", "case", "scenarios", "seed", "replications", "when", "main")
    headers = [label(f"runs.column.{name}", lang) for name in names]
    rows = [
        [
            str(row["number"]), _word("what", row["command"], lang), row["case"],
            _scenarios(row["scenarios"], lang), _whole(row["seed"]),
            _whole(row["replications"]), when(row["repeated"]), _main(store, row, lang),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return "\n".join([present.table(headers, rows), *more])


def _scenarios(found: list[dict[str, Any]], lang: Lang) -> str:
    """The titles of the scenarios, a sweep with the number of its points."""
    titles = Counter(replace(stated(one), point={}).title(lang) for one in found)
    said = [title if count == 1 else f"{title} ({count})" for title, count in titles.items()]
    return short(label("cli.plan.comma", lang).join(said) or label("runs.as_it_is", lang))


def short(said: str) -> str:
    """A text cut to the width of a cell."""
    return said if cell_len(said) <= WIDTH else set_cell_size(said, WIDTH - 1) + "…"


def _main(store: Store, row: dict[Any, Any], lang: Lang) -> str:
    """The main figure of all scenarios, or why there is none; only the case knows the date of a day."""
    days = (main_rows(row["figures"])["unit"] == "day").any()
    spoken = Spoken.of(store.load(row["number"]), lang) if days else Spoken(lang, row["kind"])
    said = spoken.main(row["figures"])
    return said or _word("status", row["status"], lang)


def listed_data(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The same for JSON."""
    made = records(table.drop(columns="figures"))
    return [row | {"figures": records(one)} for row, one in zip(made, table["figures"], strict=True)]


def _word(kind: str, said: str, lang: Lang) -> str:
    """A command or a status in words; one of the user's own as it is."""
    key = f"runs.{kind}.{said.replace(' ', '_')}"
    return label(key, lang) if key in words() else said


def option(name: str, found: Any, spoken: Spoken) -> str:
    """An option in words; what has none as it is."""
    lang = spoken.lang
    if found is None:
        return ""
    if isinstance(found, list | tuple):
        return label("cli.plan.comma", lang).join(option(name, one, spoken) for one in found)
    if name == "against":
        return spoken.scenario(found)
    if name in ("group", "weight") and found in columns("projects"):
        return header("projects", found, lang)
    said = f"{found:g}" if isinstance(found, float) else found if isinstance(found, str) else keeping.text(found)
    keys = (f"runs.value.{name}.{said}", f"runs.flag.{said}", f"runs.unit.{name}")
    key = f"loop.regime.{said}" if name == "regimes" else next((one for one in keys if one in words()), "")
    return label(key, lang, found=said) if key in words() else said


def setting(record: Record, name: str, found: str, spoken: Spoken) -> str:
    """A setting that is kept as a text, such as ``status`` or ``options.until``, in words."""
    part, _, of = name.partition(".")
    if part in ("command", "status"):
        return _word({"command": "what"}.get(part, part), found, spoken.lang)
    if part == "options":
        return option(of, record.options.get(of), spoken)
    return option(name, found, spoken)


def setting_name(name: str, lang: Lang) -> str:
    """What a setting is."""
    part, _, of = name.partition(".")
    return f"{label(f'runs.about.{part}', lang)} {option_name(of, lang) if part == 'options' else of}".rstrip()


def option_name(name: str, lang: Lang) -> str:
    """What an option is; one of the user's own as it is."""
    key = f"runs.option.{name}"
    return label(key, lang) if key in words() else name


def _whole(number: Any) -> str:
    return "" if pd.isna(number) else f"{number:,.0f}"


def when(utc: str) -> str:
    """A time of the store as the clock here shows it."""
    return f"{dt.datetime.fromisoformat(utc).astimezone():%Y-%m-%d %H:%M}"


def title(record: Record, lang: Lang) -> str:
    """What it is, in a few words."""
    return _title(record.number, record.command, record.case.name, record.created, lang)


def _title(number: int | None, command: str, case: str, created: str, lang: Lang) -> str:
    what = _word("what", command, lang)
    return label("runs.title", lang, number=number, what=what, case=case, when=when(created))


def shown(record: Record, lang: Lang) -> str:
    """Everything that is kept of it, in text."""
    told, spoken = record.told(), Spoken.of(record, lang)
    told |= {"status": _word("status", record.status, lang),
             "created": when(record.created), "repeated": when(record.repeated),
             "seconds": None if record.seconds is None else f"{record.seconds:.1f}"}  # fmt: skip
    told |= {"command": _word("what", record.command, lang), "engine": option("engine", record.engine, spoken)}
    about = [[label(f"runs.about.{name}", lang), str(told[name])] for name in PARTS if told[name] is not None]
    options = [f"{option_name(name, lang)} {option(name, found, spoken)}" for name, found in record.options.items()]
    versions = [f"{name} {found}" for name, found in record.versions.items()]
    about += [[label("runs.about.options", lang), label("runs.semicolon", lang).join(options)],
              [label("runs.about.versions", lang), label("cli.plan.comma", lang).join(versions)]]  # fmt: skip
    about += [[f"{label('runs.about.scenario', lang)} {one['name']}", keeping.text(one["content"])]
              for one in record.scenarios]  # fmt: skip
    width = max(cell_len(name) for name, _ in about)
    lines = [f"{name}{' ' * (width - cell_len(name))}  {said}" for name, said in about]
    tables = [label("runs.table", lang, name=name, rows=f"{len(one):,}", columns=len(one.columns))
              for name, one in record.tables.items()]  # fmt: skip
    kept = label("runs.tables", lang, tables=label("cli.plan.comma", lang).join(tables))
    return "\n\n".join([title(record, lang), "\n".join(lines), spoken.table(record.figures), kept])


def data(record: Record) -> dict[str, Any]:
    """The same for JSON, with the rows of all tables."""
    return record.told() | {
        "summary": record.summary, "figures": records(record.figures),
        "tables": {name: records(table) for name, table in record.tables.items()},
    }  # fmt: skip


def export(record: Record, folder: Path) -> Path:
    """Write summary, tables, figures, and the case with its scenarios; each file is whole before it is seen.

    Returns
    -------
    Path
        The folder of the case.

    Raises
    ------
    YaosuError
        A file cannot be written.
    """
    tables = dict(record.tables) | {"figures": record.figures}
    if len(record.replicated):
        tables["replicated"] = record.replicated
    simfolder.writing(folder, tables, {}, dict(record.summary))
    case = folder / "case" / (slug(record.case.name) or "case")
    scenarios = case / "scenarios"
    try:
        replace_file(folder / "kept.json", partial(_text, keeping.text(record.told()) + "\n"))
        record.case.write(case)
        if record.scenarios:
            scenarios.mkdir(exist_ok=True)
        for one in record.scenarios:
            replace_file(scenarios / f"{slug(one['name'])}.toml", partial(_text, keeping.toml(_alone(one))))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(folder), "reason": error.strerror or str(error)}) from error
    return case


def _alone(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a scenario states as a file of its own: a point of a sweep says so in its title."""
    titles = {lang: stated(found).title(lang) for lang in LANGS}
    return {"title": titles} | {key: one for key, one in found["content"].items() if key not in ("title", "names")}


def _text(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")


def deleted(title: str, gone: Gone, lang: Lang) -> str:
    """What went."""
    values = {"replications": f"{gone.replications:,}", "cases": gone.cases, "freed": f"{gone.freed / 1e6:,.1f}"}
    return label("runs.deleted", lang, title=title, **values)
