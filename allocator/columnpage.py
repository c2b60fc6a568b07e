"""``docs/columns.md``, made from the schema: ``python -m allocator.columnpage > docs/columns.md``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator import units
from allocator.columns import Column
from allocator.labels import label
from allocator.processschema import SETTINGS
from allocator.schema import TABLES, choice_word, header, note
from allocator.spreads import FAMILIES


def page() -> str:
    """Every column of every table in both languages, the usual resources and the units.

    >>> page().startswith("# Columns")
    True
    """
    return "\n".join([*_introduction(), *_tables(), *_settings(), *_resources(), *_units()]) + "\n"


def _introduction() -> Iterator[str]:
    yield "# Columns · 各表的列\n"
    yield "Made from `allocator/schema.py` by `python -m allocator.columnpage`; do not edit."
    yield "本页由程序生成，请勿手工修改。\n"
    yield "Headers are recognised in both languages, with or without a unit such as `(mu)`, `（公顷）`, `_mcny`."
    yield "`*` must be given. 表头中英文均可，可带单位；`*` 为必填。"
    yield "Lists are separated by `|`, `、`, `,` or `;`. 列表以顿号、逗号、分号或 `|` 分隔。\n"


def _tables() -> Iterator[str]:
    for table, listed in TABLES.items():
        yield f"\n## {_both(f'schema.table.{table}')}\n"
        yield "| column 列名 | 中文表头 | kind 类型 | unit 单位 | range, choices 范围与选项 | meaning | 含义 |"
        yield "|---|---|---|---|---|---|---|"
        for column in listed:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(table, column)) + " |"


def _cells(table: str, column: Column) -> tuple[str, ...]:
    chinese = header(table, column.name, "zh")
    others = [word for word in column.words if word != chinese]
    unit = f"{column.unit} · {units.shown(column.unit, True)}" if column.unit else ""
    notes = note(table, column.name, "en"), note(table, column.name, "zh")
    name = f"`{column.name}`{'*' if column.required else ''}"
    return name, "; ".join([chinese, *others]), _both(f"schema.kind.{column.kind}"), unit, _allowed(column), *notes


def _allowed(column: Column) -> str:
    if column.choices:
        return "; ".join(f"{choice} {choice_word(column.name, choice, 'zh')}" for choice in column.choices)
    low, high = (f"{bound:g}" if np.isfinite(bound) else "" for bound in (column.low, column.high))
    return f"{low} – {high}" if low and high else f"≥ {low}" if low else ""


def _settings() -> Iterator[str]:
    yield f"\n## {_both('schema.settings')}\n"
    yield "Keys of the table `process`. 流程参数表的“参数”。\n"
    yield "| key 参数 | 中文 | kind 类型 | unit 单位 | range 范围 | meaning | 含义 |"
    yield "|---|---|---|---|---|---|---|"
    for column in SETTINGS.values():
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in _cells("process", column)) + " |"
    yield "\nDurations may be random: a number, or one of these; times are in the unit of the cell or the header."
    yield "时长可填数字或下列分布，时间以单元格或表头的单位为准。`cv`: standard deviation / mean 标准差与均值之比。\n"
    yield "| distribution 分布 | 中文 |\n|---|---|"
    for name, family in FAMILIES.items():
        inside = ", ".join(family.names) or "x1, x2, …"
        yield f"| `{name}({inside})` | `{family.chinese}({inside})` |"
    yield "\nRules say which projects are meant: clauses with `;` between them, each a column, a sign (`=`, `!=`, `>`,"
    yield "`>=`, `<`, `<=`) and a value, or several with `|` between them; `blank` means cells without a value."
    yield "适用范围为以分号隔开的条件，如“审批方式=审批|核准；能耗>=1000”；“空”表示未填写。"


def _resources() -> Iterator[str]:
    yield "\n## Resources · 要素\n"
    yield "Any name: a demand column in `projects` and `variants` has the name that `pools.resource` states."
    yield "These are known without a unit: 要素名称不限；项目表中的需求列与指标池的“要素”同名。下列要素有默认单位：\n"
    yield "| resource | 中文 | unit 单位 |\n|---|---|---|"
    for name, (unit, said) in units.RESOURCES.items():
        yield f"| `{name}` | {'; '.join(said)} | {unit} · {units.shown(unit, True)} |"


def _units() -> Iterator[str]:
    yield "\n## Units · 单位\n"
    yield "| dimension | unit 单位 | words 写法 | kept as 存为 |\n|---|---|---|---|"
    for unit in units.UNITS:
        kept = f"{unit.factor:g} {units.base(unit.dimension).name}"
        yield f"| {unit.dimension} | {unit.name} | {'; '.join(unit.words)} | {kept} |"


def _both(key: str) -> str:
    return f"{label(key, 'en')} · {label(key, 'zh')}"


if __name__ == "__main__":
    print(page(), end="")
