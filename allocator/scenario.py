"""Named changes to a case, read from TOML files and swept over values and grids."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from allocator import cells, plainpolicy, schema
from allocator.case import TABLES, Case, spoken
from allocator.errors import Fault, InputError, YaosuError
from allocator.labels import Lang, label
from allocator.overrides import Draft, shown
from allocator.policy import Policy, read_policy
from allocator.reading import Read

ENTRIES = ("title", "source", "sweep", "names", "policy", "levers")
LANGS: tuple[Lang, ...] = ("en", "zh")
FOLDER = "scenarios"
RULES = {entry.name for entry in dataclasses.fields(Policy)}


@dataclass(frozen=True)
class ScenarioFault(Fault):
    """Something wrong with a case as a scenario makes it."""

    file: str = ""

    def place(self, lang: Lang = "en") -> tuple[str, str]:
        """The file stands before the table."""
        table, column = super().place(lang)
        return label("fault.scenario_place", lang, file=self.file, table=table), column


@dataclass(frozen=True)
class Scenario:
    """Named changes to a case: to its rules, to the rows of its tables, swept over values or not.

    Attributes
    ----------
    name : str
        Of the file, without its ending.
    content : mapping
        What a file holds: ``title`` and ``source`` (a text, or one per language), ``policy`` (entries laid over the
        rules; an empty table takes an entry out), any table of the case as a list of changes (see
        `allocator.overrides.Draft`; floors and caps are the table ``rules``), ``levers`` (for the simulation, see
        `simulation.leverfile`; a plan does not know them), and ``sweep``: name to the list of values that ``"$name"``
        takes elsewhere in the file. Several names make a grid. A value may be a table, whose entries ``"$name.entry"``
        move together. ``names`` may say what to call them (a text, or one per language).
    point : mapping
        Of a variant: the value each name of the sweep has taken.
    file : str
        Named in the faults.

    Examples
    --------
    >>> import pandas as pd
    >>> from allocator import Case
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> more = Scenario("more", {"sweep": {"quota": [1.1, 1.2]}, "pools": [{"scale": {"amount": "$quota"}}]})
    >>> [variant.apply(case).pools["amount"].tolist() for variant in more.variants()]
    [[5.5], [6.0]]
    """

    name: str
    content: Mapping[str, Any]
    point: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @staticmethod
    def read(path: str | Path) -> Scenario:
        """Read a scenario from a TOML file. What it asks for is checked against a case when it is applied.

        Raises
        ------
        InputError
            There is no such file, or it is no TOML.
        """
        place = Path(path)
        try:
            text = place.read_text("utf-8-sig")
            return Scenario(place.stem, tomllib.loads(text), file=place.name)
        except FileNotFoundError:
            fault = Fault("no_file", "", values={"found": str(place)})
        except OSError as error:
            reason = error.strerror or type(error).__name__
            fault = Fault("cannot_read", "", values={"found": str(place), "reason": reason})
        except UnicodeDecodeError:
            fault = Fault("bad_encoding", "", values={"found": place.name, "expected": "UTF-8"})
        except tomllib.TOMLDecodeError as error:
            fault = Fault("bad_toml", place.name, values={"found": str(error)})
        raise InputError([fault])

    def title(self, lang: Lang = "en") -> str:
        """What the scenario is called, with the values of a variant.

        >>> Scenario("more", {"title": {"en": "More land", "zh": "增加用地"}}, {"quota": 1.1}).title("zh")
        '增加用地（quota = 1.1）'
        """
        return self._with_point(_in(self.content.get("title", self.name), lang), lang)

    @property
    def key(self) -> str:
        """The name, with the values of a variant."""
        values = ", ".join(f"{name} = {said(value)}" for name, value in self.point.items())
        return f"{self.name} ({values})" if values else self.name

    def called(self, name: str, lang: Lang = "en") -> str:
        """What a name of the sweep is called."""
        return _in(self.content.get("names", {}).get(name, name), lang)

    def _with_point(self, text: str, lang: Lang) -> str:
        values = [f"{self.called(name, lang)} = {said(value)}" for name, value in self.point.items()]
        if not values:
            return text
        return f"{text}（{'，'.join(values)}）" if lang == "zh" else f"{text} ({', '.join(values)})"

    def source(self, lang: Lang = "en") -> str:
        """Where the changes come from, or who assumed them."""
        return _in(self.content.get("source", ""), lang)

    @property
    def sweep(self) -> Mapping[str, Sequence[Any]]:
        """Names swept over, and their values; empty where they have not the form of a sweep."""
        return {} if list(self._unswept()) else self.content.get("sweep", {})

    def variants(self) -> tuple[Scenario, ...]:
        """A scenario for each point of the grid, in the order of the file; this one where nothing is swept."""
        if not self.sweep:
            return (self,)
        rest = {key: value for key, value in self.content.items() if key != "sweep"}
        points = [dict(zip(self.sweep, values, strict=True)) for values in itertools.product(*self.sweep.values())]
        return tuple(replace(self, content=_filled(rest, _flat(point)), point=point) for point in points)

    def apply(self, case: Case) -> Case:
        """A new case with the changes made; the given one stays as it is.

        Parameters
        ----------
        case : Case

        Raises
        ------
        InputError
            With every fault of the scenario, and of the case that it makes.
        YaosuError
            The scenario is a sweep: apply its variants.
        """
        if self.sweep:
            raise YaosuError("scenario_swept", {"found": self.name, "names": ", ".join(self.sweep)})
        tables = {name: getattr(case, name) for name in TABLES}
        tables |= dict.fromkeys(schema.PROCESS, pd.DataFrame()) | dict(case.extra)
        draft = Draft(self._file, tables, case.units)
        policy = self._policy(case, draft)
        draft.tables["rules"] = plainpolicy.to_rules(policy)
        faults = list(self._misformed(draft.tables))
        for table in list(draft.tables):
            changes = self.content.get(table, ())
            for place, raw in enumerate(changes if isinstance(changes, list) else (), start=1):
                draft.change(table, f"{table}[{place}]", raw)
        left = set(draft.tables["pools"].get("resource", ()))
        faults += [self._fault("pools_gone", "pools", found=name) for name in case.resources if name not in left]
        faults += [fault for fault in draft.faults if not fault.values.get("found", "").startswith("$")]
        try:
            made = case.with_changes(
                policy=replace(policy, floors=(), caps=()), name=f"{case.name}: {self.key}", **draft.tables
            )
        except InputError as error:
            faults += [ScenarioFault(**vars(fault), file=self._file) for fault in error.faults]
        if faults:
            raise InputError(faults)
        return made

    @property
    def _file(self) -> str:
        return self.file or self.name

    def _policy(self, case: Case, draft: Draft) -> Policy:
        """The rules with the entries of the scenario laid over them."""
        stated = self.content.get("policy", {})
        if not isinstance(stated, Mapping):
            return case.policy
        words = spoken(Read({"projects": case.projects, "pools": case.pools}))
        changes = plainpolicy.with_names(stated, words)
        gone = {key for key, value in changes.items() if value == {} and key in RULES}
        rules = plainpolicy.dump(case.policy)
        made, faults = read_policy(_without(_laid(rules, changes), gone))
        if faults:
            wrong = {str(fault.column).split(".")[0] for fault in faults}
            made, _ = read_policy(_without(_laid(rules, _without(changes, wrong)), gone))
        draft.faults += [replace(fault, table=self._file, column=f"policy.{fault.column}") for fault in faults]
        return made

    def _misformed(self, tables: Collection[str]) -> Iterator[Fault]:
        """What is wrong with the entries of the file, whatever they hold."""
        known = {*ENTRIES, *tables}
        for key, value in self.content.items():
            if key not in known:
                yield self._fault("policy_unknown", key, found=key, nearest=cells.nearest(key, sorted(known)))
            elif key in ("title", "source") and not _is_text(value):
                yield self._fault("policy_value", key, expected='"…"', found=shown(value))
            elif key in ("policy", "names", "levers") and not isinstance(value, Mapping):
                yield self._fault("policy_value", key, expected="{…}", found=shown(value))
            elif key in schema.TABLES and not isinstance(value, list):
                yield self._fault("policy_value", key, expected=f"[[{key}]]", found=shown(value))
        yield from self._unswept()
        yield from self._misnamed()
        stated = self.content.get("sweep")
        swept = stated if isinstance(stated, Mapping) else {}
        names = {str(name) for name in swept} | set(_flat(self.point))
        for place, name in _parameters(self._used()):
            if name not in names and name.split(".")[0] not in swept:
                yield self._fault("parameter_unknown", place, found=name, nearest=cells.nearest(name, sorted(names)))

    def _misnamed(self) -> Iterator[Fault]:
        """Names for what is not swept over, or that are no texts."""
        names = self.content.get("names")
        stated = self.content.get("sweep", self.point)
        swept = [str(name) for name in stated] if isinstance(stated, Mapping) else []
        for name, value in names.items() if isinstance(names, Mapping) else ():
            if name not in swept:
                near = cells.nearest(name, swept)
                yield self._fault("parameter_unknown", f"names.{name}", found=name, nearest=near)
            elif not _is_text(value):
                yield self._fault("policy_value", f"names.{name}", expected='"…"', found=shown(value))

    def _unswept(self) -> Iterator[Fault]:
        """What keeps the sweep from being one."""
        stated = self.content.get("sweep", {})
        if not isinstance(stated, Mapping):
            yield self._fault("policy_value", "sweep", expected="{…}", found=shown(stated))
            return
        used = {name for _, name in _parameters(self._used())}
        for name, values in stated.items():
            place = f"sweep.{name}"
            if not isinstance(values, list) or not values:
                yield self._fault("policy_value", place, expected="[…]", found=shown(values))
                continue
            parts = [sorted(value) if isinstance(value, Mapping) else [] for value in values]
            if any(part != parts[0] for part in parts):
                yield self._fault("sweep_parts", place, expected=", ".join(parts[0]))
            twice = [value for i, value in enumerate(values) if value in values[:i]]
            if twice:
                yield self._fault("sweep_twice", place, found=said(twice[0]))
            for one in _flat({name: values[0]}):
                if one not in used:
                    yield self._fault("parameter_unused", place, found=one)

    def _used(self) -> Mapping[str, Any]:
        return _without(self.content, ("title", "source", "sweep", "names"))

    def _fault(self, code: str, place: str, **values: str) -> Fault:
        return Fault(code, self._file, None, place, values=values)


def _in(text: Any, lang: Lang) -> str:
    """A text, or one per language, in a language where it is known."""
    return str(text.get(lang) or next(iter(text.values()), "")) if isinstance(text, Mapping) else str(text)


def _is_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return len(value) > 0 and set(value) <= set(LANGS) and all(isinstance(one, str) for one in value.values())
    return isinstance(value, str)


def said(value: Any) -> str:
    """A value of a sweep in words.

    >>> said(1.1), said("p*land"), said({"tax": 0.4, "energy": 0.2})
    ('1.1', 'p*land', '0.4/0.2')
    """
    if isinstance(value, Mapping):
        return "/".join(map(said, value.values()))
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.15g}" if isinstance(value, float) else str(value)
    )


def _flat(point: Mapping[str, Any]) -> dict[str, Any]:
    """Every name that may follow a ``$``, and its value."""
    made: dict[str, Any] = {}
    for name, value in point.items():
        made |= {f"{name}.{part}": one for part, one in value.items()} if isinstance(value, Mapping) else {name: value}
    return made


def _filled(content: Any, values: Mapping[str, Any]) -> Any:
    """The content with values for the names that are known."""
    if isinstance(content, Mapping):
        return {key: _filled(value, values) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(value, values) for value in content]
    return values.get(content[1:], content) if isinstance(content, str) and content.startswith("$") else content


def _parameters(content: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Where names with a ``$`` stand."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _parameters(value, f"{place}.{key}" if place else str(key))
    elif isinstance(content, list):
        for number, value in enumerate(content, start=1):
            yield from _parameters(value, f"{place}[{number}]")
    elif isinstance(content, str) and content.startswith("$"):
        yield place, content[1:]


def _without(content: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in names}


def _laid(stated: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes laid over what is stated, entry by entry; an empty table empties.

    >>> _laid({"match": {"land": 0.6, "coal": 0.7}, "cover": 1.1}, {"match": {"land": 0.8}})
    {'match': {'land': 0.8, 'coal': 0.7}, 'cover': 1.1}
    """
    made = dict(stated)
    for key, value in changes.items():
        inside = stated.get(key)
        if isinstance(inside, Mapping) and isinstance(value, Mapping) and value:
            made[key] = _laid(inside, value)
        else:
            made[key] = value
    return made


def apply_all(scenarios: Sequence[Scenario], case: Case) -> list[tuple[Scenario, Case]]:
    """Every variant of every scenario with its case.

    Raises
    ------
    InputError
        With every fault of all of them at once.
    YaosuError
        Two scenarios have one name.
    """
    names = [scenario.name for scenario in scenarios]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise YaosuError("scenario_twice", {"found": name})
    made: list[tuple[Scenario, Case]] = []
    faults: list[Fault] = []
    for variant in itertools.chain.from_iterable(scenario.variants() for scenario in scenarios):
        try:
            made.append((variant, variant.apply(case)))
        except InputError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    if faults:
        raise InputError(faults)
    return made


def read_scenarios(case: str | Path, names: Sequence[str]) -> list[Scenario]:
    """Scenarios by name or path, see `find_scenario`.

    Raises
    ------
    InputError
        With the faults of all files that cannot be read.
    YaosuError
        There is no such scenario.

    Examples
    --------
    >>> from importlib.resources import files
    >>> [scenario.name for scenario in read_scenarios(str(files("allocator") / "cases" / "shandong-2020"), ["quota"])]
    ['quota']
    """
    made: list[Scenario] = []
    faults: list[Fault] = []
    for path in [find_scenario(case, name) for name in names]:
        try:
            made.append(Scenario.read(path))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return made


def find_scenario(case: str | Path, name: str) -> Path:
    """The file of a scenario: a path, or a name in the folder ``scenarios`` inside a case or beside its workbook.

    Raises
    ------
    YaosuError
        There is none; the nearest name is given.

    Examples
    --------
    >>> from importlib.resources import files
    >>> find_scenario(str(files("allocator") / "cases" / "shandong-2020"), "quota").name
    'quota.toml'
    """
    place = Path(case)
    folder = (place if place.is_dir() else place.parent) / FOLDER
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if Path(name).is_file():
        return Path(name)
    if name.removesuffix(".toml") in known:
        return known[name.removesuffix(".toml")]
    if not known:
        raise YaosuError("scenario_none", {"found": name, "folder": str(folder)})
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    raise YaosuError("scenario_unknown", {"found": name, "folder": str(folder), "nearest": nearest[0]})
