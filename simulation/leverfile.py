"""The levers of a scenario file: its table ``[levers]``, and what the file makes of a case (MODEL 4.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from allocator import cells
from allocator import scenario as named
from allocator.case import Case
from allocator.errors import Fault, InputError
from allocator.labels import label
from allocator.overrides import shown
from allocator.processschema import SETTINGS
from allocator.regimes import REGIMES
from simulation.levers import Scenario
from simulation.process import Process
from simulation.processtables import MEASURES, needed, value_of

ENTRY = "levers"
WORDS = {
    "审查速度": "speed", "审查人员": "reviewers", "并联审批": "parallel", "容缺": "deferral", "网上办理": "online",
    "取消环节": "removed", "绿色通道": "green", "热线": "hotline", "调度": "dispatch", "服务队": "teams",
    "逾期默认通过": "enforced", "要素配置": "regime",
}  # fmt: skip
"""Chinese names of the entries; those inside a measure are the words of the table process."""


@dataclass(frozen=True)
class Variant:
    """A scenario applied to a case: the changed case and its process, and the levers that are still to be moved."""

    stated: named.Scenario
    case: Case
    process: Process
    levers: Scenario


def read_levers(stated: Any, file: str) -> tuple[Scenario, list[Fault]]:
    """The levers that a table states, and everything wrong with it.

    Parameters
    ----------
    stated : mapping
        ``speed`` (a factor, or a table by stage, office or level), ``reviewers`` (a factor, or a table of numbers by
        office, ``office/region`` or ``office/region/county``), ``parallel``, ``online``, ``enforced`` (true or false),
        ``deferral`` (true, or a table), ``removed``, ``green`` (lists), ``hotline``, ``dispatch``, ``teams`` (tables of
        the settings in ``docs/columns.md``), ``regime`` (``regional``, ``ranked``, ``follow``, ``priced``).
        Names may be Chinese.
    file : str
        Named in the faults.

    Examples
    --------
    >>> levers, faults = read_levers({"speed": {"desk": 1.5}, "服务队": {"number": 5}, "online": "yes"}, "a.toml")
    >>> levers.speed, [fault.text() for fault in faults][-1]
    ({'desk': 1.5}, 'a.toml, levers.online: expected true/false, found “yes”')
    """
    reader = _Reader(file)
    return Scenario(**reader.levers(stated)), reader.faults


def scenarios(case: Case, stated: Sequence[named.Scenario]) -> dict[str, Variant]:
    """Every variant of scenario files by its name: the case and the process that it makes, and its levers.

    Parameters
    ----------
    case : Case
    stated : sequence of allocator.scenario.Scenario
        Swept over or not; ``"$name"`` may stand inside the levers too.

    Raises
    ------
    InputError
        With every fault of all of them at once.
    YaosuError
        The case has no stages, or two scenarios have one name.

    Examples
    --------
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "ready": [0.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}),
    ...     stages=pd.DataFrame({"stage": ["site"], "office": ["desk"], "work": [4]}),
    ...     offices=pd.DataFrame({"office": ["desk"], "reviewers": [2]}))
    >>> content = {"sweep": {"v": [1.0, 2.0]}, "levers": {"speed": "$v"}, "stages": [{"set": {"limit": 9}}]}
    >>> made = scenarios(case, [named.Scenario("fast", content)])
    >>> {key: (one.process.stages[0].limit, one.levers.speed) for key, one in made.items()}
    {'fast (v = 1)': (9.0, 1.0), 'fast (v = 2)': (9.0, 2.0)}
    """
    faults: list[Fault] = []
    cases: dict[str, Case] = {}
    try:
        cases = {one.key: made for one, made in named.apply_all(stated, case)}
    except InputError as error:
        faults += error.faults
        cases = dict(_possible(case, stated))
    found: dict[str, Variant] = {}
    for one in (variant for scenario in stated for variant in scenario.variants()):
        file = one.file or one.name
        levers, wrong = read_levers(one.content.get(ENTRY, {}), file)
        faults += wrong
        if one.key not in cases:
            continue
        try:
            process = Process.of(cases[one.key])
            levers.apply(process)
            found[one.key] = Variant(one, cases[one.key], process, levers)
        except InputError as error:
            faults += [_placed(fault, file) for fault in error.faults]
    if faults:
        raise InputError([one for place, one in enumerate(faults) if one not in faults[:place]])
    return found


def _possible(case: Case, stated: Sequence[named.Scenario]) -> Iterator[tuple[str, Case]]:
    """The variants that can be made, where some cannot."""
    for one in (variant for scenario in stated for variant in scenario.variants()):
        with suppress(InputError):
            yield one.key, one.apply(case)


def _placed(fault: Fault, file: str) -> Fault:
    """A fault of the levers at its place in the file; one of the tables as the file makes them."""
    if fault.table == ENTRY:
        return replace(fault, table=file, column=f"{ENTRY}.{fault.column}")
    return named.ScenarioFault(**vars(fault), file=file)


class _Reader:
    """The entries of a table of levers, and what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file, self.faults = file, list[Fault]()

    def levers(self, stated: Any) -> dict[str, Any]:
        if not isinstance(stated, Mapping):
            self._wrong(ENTRY, "{…}", stated)
            return {}
        readers: dict[str, Callable[[str, Any], Any]] = {
            "speed": self._factors, "reviewers": self._factors, "deferral": self._deferral,
            **dict.fromkeys(("parallel", "online", "enforced"), self._switch),
            **dict.fromkeys(("removed", "green"), self._names),
            **dict.fromkeys(("hotline", "dispatch", "teams"), self._measure), "regime": self._regime,
        }  # fmt: skip
        made: dict[str, Any] = {}
        for key, value in stated.items():
            name = WORDS.get(str(key), str(key))
            place = f"{ENTRY}.{key}"
            if name not in readers:
                near = cells.nearest(name, [*readers, *WORDS])
                self._fault("policy_unknown", place, found=str(key), nearest=near)
            elif (read := readers[name](name if name in MEASURES else place, value)) is not None:
                made[name] = read
        return made

    def _factors(self, place: str, value: Any) -> Any:
        """A number, or a table of numbers."""
        if isinstance(value, Mapping):
            return {str(name): made for name, one in value.items()
                    if (made := self._number(f"{place}.{name}", one)) is not None}  # fmt: skip
        return self._number(place, value)

    def _number(self, place: str, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        return self._fault("not_a_number", place, found=shown(value))

    def _switch(self, place: str, value: Any) -> Any:
        return value if isinstance(value, bool) else self._wrong(place, "true/false", value)

    def _names(self, place: str, value: Any) -> Any:
        listed = [value] if isinstance(value, str) and not value.startswith("$") else value
        if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
            return tuple(listed)
        return self._wrong(place, '["…"]', value)

    def _regime(self, place: str, value: Any) -> Any:
        """The name of a regime, in either language; whether there is such a one is told with the other levers."""
        spoken = {label(f"loop.regime.{name}", "zh"): name for name in REGIMES}
        return spoken.get(value, value) if isinstance(value, str) else self._wrong(place, ", ".join(REGIMES), value)

    def _deferral(self, name: str, value: Any) -> Any:
        return value if isinstance(value, bool) else self._measure(name, value, "true/{…}")

    def _measure(self, name: str, value: Any, expected: str = "{…}") -> Any:
        """A measure from the settings that the table process has for it."""
        place = f"{ENTRY}.{name}"
        if not isinstance(value, Mapping):
            return self._wrong(place, expected, value)
        known = {key.partition(".")[2]: column for key, column in SETTINGS.items() if key.startswith(f"{name}.")}
        words = {word.partition(".")[2]: key for key, column in known.items() for word in (column.name, *column.words)}
        given, before = {}, len(self.faults)
        for key, one in value.items():
            inside, ours = f"{place}.{key}", words.get(str(key))
            if ours is None:
                self._fault("policy_unknown", inside, found=str(key), nearest=cells.nearest(str(key), words))
                continue
            parsed, wrong = cells.parse(pd.Series([one], dtype=object), known[ours])
            for each in wrong:
                self._fault(each.code, inside, **each.values)
            if not wrong:
                given[ours] = value_of(known[ours], parsed.iloc[0])
        stated = {words.get(str(key), words.get(cells.nearest(str(key), words))) for key in value}
        for one in needed(MEASURES[name]):
            if one not in stated:
                self._fault("policy_missing", f"{place}.{one}")
        return MEASURES[name](**given) if len(self.faults) == before else None

    def _wrong(self, place: str, expected: str, value: Any) -> Any:
        return self._fault("policy_value", place, expected=expected, found=shown(value))

    def _fault(self, code: str, place: str, **values: str) -> Any:
        """Note what is wrong; nothing takes its place. Names with a $ are told elsewhere."""
        if not values.get("found", "").startswith("$"):
            self.faults.append(Fault(code, self.file, None, place, values=values))
        return None
