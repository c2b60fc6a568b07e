"""The rules of a round as plain data: TOML text, and key-value rows of a sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from allocator import cells, schema, units
from allocator.columns import Column
from allocator.policy import Policy
from allocator.schema import split

_ADAPTER = TypeAdapter(Policy)
WORDS = {
    "价值": "value", "可分割": "divisible", "折现": "discount", "时期": "periods", "优先": "priorities",
    "配套上限": "match", "替代比例": "replacement", "资本金比例": "capital_ratio", "偿债覆盖": "cover",
    "预支": "advance", "结转": "carry", "要件齐备": "readiness", "基准日": "as_of", "退回天数": "return_days",
    "调整成本": "change_cost", "成本": "cost", "成本权重": "cost_weight", "切块比例": "formula", "评分": "score",
}  # fmt: skip
_RATIOS = {"按": "by", "比例": "ratios", "其余": "default"}
INNER: dict[str, dict[str, str]] = {
    "priorities": {"按": "by", "次序": "order", "方式": "method", "权重": "weights"},
    "replacement": _RATIOS,
    "capital_ratio": _RATIOS,
    "score": {"方法": "method", "赋权": "weights", "分组": "group", "A级占比": "a_share", "B级占比": "b_share",
              "D级占比": "d_share", "缺值": "missing", "加减分": "adjustments"},
    "adjustments": {"名称": "name", "分值": "points", "按": "by", "取值": "of"},
}  # fmt: skip
"""Chinese names of what stands inside an entry."""
CHOICES: dict[str, dict[str, str]] = {
    "readiness": {"期初": "start", "期末": "end", "不要求": "off"},
    "cost": {"先价值后成本": "lexicographic", "加权": "weighted", "不计": "off"},
    "priorities.method": {"依次": "lexicographic", "加权": "weights"},
    "score.method": {"基准法": "benchmark", "极差法": "minmax", "百分位法": "percentile", "TOPSIS法": "topsis"},
    "score.weights": {"给定": "given", "熵权法": "entropy", "CRITIC法": "critic"},
    "score.missing": {schema.choice_word("missing", choice, "zh"): choice
                      for choice in ("refuse", "zero", "benchmark", "median", "drop")},
}  # fmt: skip
"""Chinese words for the choices of an entry."""
MEASURES = {"项目数": "count", "价值": "value"}
_LISTS = {"periods", "order", "of"}
Path = Sequence[str]


def _names_inside(path: Path) -> Mapping[str, str]:
    """Chinese names of the entries below a place, which is given in our names."""
    if not path:
        return WORDS
    if len(path) == 1 and path[0] in ("priorities", "capital_ratio", "score"):
        return INNER[path[0]]
    if len(path) == 2 and path[0] == "replacement":
        return INNER["replacement"]
    return INNER["adjustments"] if len(path) == 3 and list(path[:2]) == ["score", "adjustments"] else {}


def dump(policy: Policy) -> dict[str, Any]:
    """What a policy states beyond the defaults, as plain data.

    >>> dump(Policy(value="value", periods=("1", "2")))
    {'value': 'value', 'periods': ['1', '2']}
    """
    return dict(_ADAPTER.dump_python(policy, mode="json", exclude_defaults=True))


def toml(policy: Policy) -> str:
    """A policy as TOML.

    >>> print(toml(Policy(value="value", match={"用地": 0.6})), end="")
    value = "value"
    match = {"用地" = 0.6}
    """
    stated = dump(policy)
    tables = {key: stated.pop(key) for key in ("floors", "caps") if key in stated}
    text = "".join(f"{key} = {_value(key, value)}\n" for key, value in stated.items())
    for key, rules in tables.items():
        for rule in rules:
            text += f"\n[[{key}]]\n" + "".join(
                f"{name} = {_value(name, value)}\n" for name, value in rule.items() if value is not None
            )
    return text


def _value(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inside = (
            f"{json.dumps(str(name), ensure_ascii=False)} = {_value(str(name), one)}"
            for name, one in value.items()
            if one is not None
        )
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(key, one) for one in value) + "]"
    if key == "as_of":
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def rows(policy: Policy, called: Callable[[str], str] | None = None) -> list[tuple[str, Any]]:
    """A policy without its floors and caps as key-value rows, keys joined by dots.

    Parameters
    ----------
    policy : Policy
    called : callable, optional
        What a column or resource is called in Chinese; the rows are Chinese then.

    Examples
    --------
    >>> rows(Policy(value="value", match={"land": 0.6}))
    [('value', 'value'), ('match.land', 0.6)]
    >>> rows(Policy(value="score", readiness="off"), {"score": "得分"}.get)
    [('价值', '得分'), ('要件齐备', '不要求')]
    """
    stated = {key: value for key, value in dump(policy).items() if key not in ("floors", "caps")}
    found = list(_flat("", stated))
    return found if called is None else [_chinese(key.split("."), value, called) for key, value in found]


def _chinese(path: list[str], value: Any, called: Callable[[str], str]) -> tuple[str, Any]:
    """A row in Chinese, as `from_rows` and `with_names` understand it."""
    names = []
    for place, step in enumerate(path):
        words = {ours: theirs for theirs, ours in _names_inside(path[:place]).items()}
        names.append(called(step) if place == 1 and path[0] in ("match", "replacement") else words.get(step, step))
    if isinstance(value, bool):
        value = "是" if value else "否"
    elif path == ["value"]:
        value = "×".join(called(part.strip()) for part in value.split("*"))
    elif path[-1] in ("by", "group"):
        value = called(value)
    elif isinstance(value, str):
        value = {ours: theirs for theirs, ours in CHOICES.get(".".join(path), {}).items()}.get(value, value)
    return ".".join(names), value


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), one)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for place, one in enumerate(value, start=1):
            yield from _flat(f"{prefix}.{place}", one)
    elif value is not None:
        yield prefix, "|".join(map(str, value)) if isinstance(value, list) else value


def from_rows(table: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Plain data from key-value rows.

    >>> from_rows([("match.用地", "60%"), ("时期", "2020Q1、2020Q2"), ("divisible", "no")])
    {'match': {'用地': 0.6}, 'periods': ['2020Q1', '2020Q2'], 'divisible': False}
    """
    made: dict[str, Any] = {}
    for key, value in table:
        said = cells.text(key)
        if said is None or cells.text(value) is None:
            continue
        path: list[str] = []
        for step in cells.plain(said).split("."):
            path.append(_names_inside(path).get(step.strip(), step.strip()))
        inside = made
        for step in path[:-1]:
            inside = inside.setdefault(step, {}) if isinstance(inside.get(step, {}), dict) else {}
        inside[path[-1]] = _read(path[-1], value)
    adjustments = made.get("score", {}).get("adjustments") if isinstance(made.get("score"), dict) else None
    if isinstance(adjustments, dict):
        made["score"]["adjustments"] = list(adjustments.values())
    return made


def _read(key: str, value: Any) -> Any:
    text = str(cells.text(value))
    if key in _LISTS:
        return list(split(cells.plain(text)))
    if isinstance(value, bool):
        return value
    folded = cells.plain(text).casefold()
    if key == "divisible":
        return {"yes": True, "是": True, "true": True, "no": False, "否": False, "false": False}.get(folded, text)
    if key == "as_of":
        made, wrong = cells.parse(pd.Series([value], dtype=object), Column("as_of", "date"))
        return text if wrong else made.iloc[0].date()
    made, wrong = cells.parse(pd.Series([value], dtype=object), Column(key, "number"))
    if wrong or key in ("value", "by", "group", "name"):
        return text
    number = float(made.iloc[0])
    return int(number) if key == "return_days" and number.is_integer() else number


def from_rules(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Floors and caps from the rules table.

    >>> from_rules(pd.DataFrame({"rule": ["a"], "sense": ["floor"], "measure": ["count"], "limit": [2.0]}))
    {'floors': [{'name': 'a', 'measure': 'count', 'limit': 2.0}]}
    """
    made: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        stated = {str(key): value for key, value in row.items() if not pd.isna(value)}
        sense = stated.pop("sense", None)
        if sense is None:
            continue
        listed = made.setdefault("floors" if sense == "floor" else "caps", [])
        name = stated.pop("rule", "")
        if name and name != f"{sense} {len(listed) + 1}":
            stated = {"name": name, **stated}
        if "of" in stated:
            stated["of"] = list(split(stated["of"]))
        listed.append(stated)
    return made


def to_rules(policy: Policy) -> pd.DataFrame:
    """Floors and caps as the rules table."""
    made = []
    for key, sense in (("floors", "floor"), ("caps", "cap")):
        for place, rule in enumerate(dump(policy).get(key, []), start=1):
            stated = {"rule": rule.pop("name", "") or f"{sense} {place}", "sense": sense, **rule}
            made.append(stated | ({"of": "|".join(rule["of"])} if "of" in rule else {}))
    return pd.DataFrame(made)


def with_names(raw: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Entries, choices, columns and resources in the words of a planner made ours: 用地 is land, 城市 is region.

    >>> with_names({"match": {"用地": 0.5}, "价值": "得分×用地", "cost": "不计"}, {"用地": "land", "得分": "score"})
    {'match': {'land': 0.5}, 'value': 'score*land', 'cost': 'off'}
    """

    def name(word: Any) -> Any:
        return known.get(units.squash(word), word) if isinstance(word, str) else word

    def walk(path: Path, value: Any) -> Any:
        if isinstance(value, Mapping):
            inside = {_names_inside(path).get(str(key), str(key)): one for key, one in value.items()}
            if list(path) in (["match"], ["replacement"]):
                inside = {str(name(key)): one for key, one in inside.items()}
            made = {key: walk((*path, key), one) for key, one in inside.items()}
            return {key: _members(str(made["by"]), one) for key, one in made.items()} if "by" in made else made
        if isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
            return [walk((*path, str(place)), one) for place, one in enumerate(value)]
        if list(path) == ["value"] and isinstance(value, str):
            return "*".join(str(name(part.strip())) for part in value.replace("×", "*").split("*"))
        if path[-1] == "measure":
            return MEASURES.get(value, name(value)) if isinstance(value, str) else value
        if path[-1] in ("by", "group"):
            return name(value)
        return CHOICES.get(".".join(path), {}).get(value, value) if isinstance(value, str) else value

    return dict(walk((), raw))


def _members(by: str, value: Any) -> Any:
    """Values of a column of choices or of yes and no as they stand in the projects: 政府 is government, 是 is True."""
    column = schema.columns("projects").get(by)
    if column is None or column.kind not in ("choice", "flag"):
        return value
    words: Mapping[str, Any] = schema.flags() if column.kind == "flag" else schema.choices(by)

    def ours(word: Any) -> str:
        return str(words.get(cells.plain(str(word)).casefold(), word))

    if isinstance(value, Mapping):
        return {ours(word): one for word, one in value.items()}
    return [ours(word) for word in value] if isinstance(value, list | tuple) else value
