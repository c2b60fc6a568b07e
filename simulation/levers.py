"""What a scenario changes: each lever is one function from a process to a process (MODEL 4.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace

from allocator import cells
from allocator.errors import Fault, InputError
from allocator.regimes import REGIMES
from simulation.distributions import as_distribution
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.process import Office, Process, Stage

Change = Callable[[Process], Process]
LEVELS = ("province", "city", "county")


@dataclass(frozen=True)
class Scenario:
    """Levers, each a number or a switch; one that is not moved leaves the process as it is.

    Parameters
    ----------
    speed : float or mapping
        Factor on the speed of review: of all, or by stage, office or level, the nearest of these.
    reviewers : float or mapping
        Factor on the reviewers of all offices (rounded up), or the number at each desk by office; ``office/region`` and
        ``office/region/county`` name one desk.
    parallel : bool
        Stages follow the law only, not custom.
    deferral : Deferral or bool
        Papers may follow later.
    online : bool
        Online filing: no way to the office, same-day acceptance.
    removed : tuple of str
        Stages left out; what came after them comes after what was before them.
    green : tuple of str
        Tiers that come first in every queue, in this order.
    hotline, dispatch, teams : Hotline, Dispatch, Teams, optional
    enforced : bool
        What is not decided within its limit is decided by default.
    regime : str
        How quota is given out (MODEL 5): ``regional``, ``ranked``, ``follow`` or ``priced``; elements are there at
        once without. It needs the quota of a case: a scenario file has it, in Python `simulation.loop.Loop` brings it.
    change : function from Process to Process, optional
        A lever of one's own, moved after the others.

    Examples
    --------
    >>> process = Process([Stage("review", office="desk", work=3.0)], [Office("desk", reviewers=2)])
    >>> fast = Scenario(speed=1.5, reviewers={"desk": 4}).apply(process)
    >>> fast.stages[0].work.mean, fast.offices[0].reviewers, process.offices[0].reviewers
    (2.0, 4, 2)
    """

    speed: float | Mapping[str, float] = 1.0
    reviewers: float | Mapping[str, int] = 1.0
    parallel: bool = False
    deferral: Deferral | bool = False
    online: bool = False
    removed: tuple[str, ...] = ()
    green: tuple[str, ...] = ()
    hotline: Hotline | None = None
    dispatch: Dispatch | None = None
    teams: Teams | None = None
    enforced: bool = False
    regime: str = ""
    change: Change | None = None

    def __post_init__(self) -> None:
        for name in ("removed", "green"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))

    def apply(self, process: Process) -> Process:
        """The process with the levers moved; the given one stays as it is.

        Raises
        ------
        InputError
            A lever names no stage, office or level, or has no sense; all faults at once.
        """
        found = list(self._faults(process))
        if found:
            raise InputError(found)
        for lever in fields(self):
            value = getattr(self, lever.name)
            if value != lever.default:
                process = LEVERS[lever.name](process, value)
        return process

    def _faults(self, process: Process) -> Iterable[Fault]:
        stages = [stage.name for stage in process.stages]
        offices = [office.name for office in process.offices]
        if isinstance(self.speed, Mapping):
            yield from _unknown("speed", self.speed, [*stages, *offices, *LEVELS])
        for name, value in _numbers("speed", self.speed):
            if not (value > 0 and math.isfinite(value)):
                yield Fault("lever_positive", "levers", None, name, values={"found": f"{value:g}"})
        if isinstance(self.reviewers, Mapping):
            yield from _unknown("reviewers", [name.split("/")[0] for name in self.reviewers], offices, "unknown_office")
        for name, value in _numbers("reviewers", self.reviewers):
            if not (value >= 0 and math.isfinite(value)):
                yield Fault("out_of_range", "levers", None, name, values={"found": f"{value:g}", "expected": "≥ 0"})
            elif isinstance(self.reviewers, Mapping) and value != int(value):
                yield Fault("not_whole", "levers", None, name, values={"found": f"{value:g}"})
        yield from _unknown("removed", self.removed, stages, "unknown_stage")
        if self.regime and self.regime not in REGIMES:
            values = {"found": self.regime, "nearest": cells.nearest(self.regime, [*REGIMES])}
            yield Fault("regime_unknown", "levers", None, "regime", values=values)


def _unknown(lever: str, names: Iterable[str], known: list[str], code: str = "lever_unknown") -> Iterable[Fault]:
    for name in names:
        if name not in known:
            near = cells.nearest(name, known)
            yield Fault(code, "levers", None, lever, values={"found": name, "nearest": near})


def _numbers(lever: str, value: float | Mapping[str, float]) -> Iterable[tuple[str, float]]:
    if isinstance(value, Mapping):
        return [(f"{lever}.{name}", float(one)) for name, one in value.items()]
    return [(lever, float(value))]


def _speed(process: Process, speed: float | Mapping[str, float]) -> Process:
    levels = {office.name: office.level for office in process.offices}

    def factor(stage: Stage) -> float:
        if not isinstance(speed, Mapping):
            return speed
        for name in (stage.name, stage.office, levels.get(stage.office, "")):
            if name in speed:
                return speed[name]
        return 1.0

    return process.with_changes(
        stages=[replace(stage, work=as_distribution(stage.work).scaled(1 / factor(stage))) for stage in process.stages]
    )


def _reviewers(process: Process, number: float | Mapping[str, int]) -> Process:
    if not isinstance(number, Mapping):
        return process.with_changes(offices=[_staffed(office, number) for office in process.offices])
    offices = list(process.offices)
    for name, reviewers in number.items():
        office, region, county = (*name.split("/"), "", "")[:3]
        rows = [place for place, one in enumerate(offices) if one.name == office]
        own = [place for place in rows if (offices[place].region, offices[place].county) == (region, county)]
        for place in own if region else rows:
            offices[place] = replace(offices[place], reviewers=reviewers, staff=())
        if region and not own:
            offices.append(replace(offices[rows[0]], region=region, county=county, reviewers=reviewers, staff=()))
    return process.with_changes(offices=offices)


def _staffed(office: Office, factor: float) -> Office:
    """An office with more or fewer reviewers, rounded up."""
    staff = tuple((day, math.ceil(number * factor - 1e-9)) for day, number in office.staff)
    return replace(office, reviewers=math.ceil(office.reviewers * factor - 1e-9), staff=staff)


def _removed(process: Process, names: tuple[str, ...]) -> Process:
    """Stages left out; what came after one of them comes after all that was before it."""
    by_name = {stage.name: stage for stage in process.stages}

    def left(before: Iterable[str], orders: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in before:
            further = [one for order in orders for one in getattr(by_name[name], order)]
            found |= dict.fromkeys(left(further, orders) if name in names else (name,))
        return tuple(found)

    stages = []
    for stage in process.stages:
        law = left(stage.after, ("after",))
        both = left((*stage.after, *stage.customary_after), ("after", "customary_after"))
        if stage.name not in names:
            stages.append(replace(stage, after=law, customary_after=tuple(one for one in both if one not in law)))
    problems = [replace(one, blocks="") if one.blocks in names else one for one in process.problems]
    return process.with_changes(stages=stages, problems=problems)


def _online(process: Process, on: bool) -> Process:
    return process.with_changes(stages=[replace(stage, filing=0.0) for stage in process.stages]) if on else process


def _field(name: str) -> Callable[[Process, object], Process]:
    """A lever that a process has as a field."""
    return lambda process, value: process.with_changes(**{name: value})


def _deferral(process: Process, value: Deferral | bool) -> Process:
    return process.with_changes(deferral=Deferral() if value is True else value or None)


LEVERS: Mapping[str, Callable[..., Process]] = {
    "speed": _speed,
    "reviewers": _reviewers,
    "parallel": _field("parallel"),
    "deferral": _deferral,
    "online": _online,
    "removed": _removed,
    "green": _field("green"),
    "hotline": _field("hotline"),
    "dispatch": _field("dispatch"),
    "teams": _field("teams"),
    "enforced": _field("enforced"),
    "regime": lambda process, name: process,
    "change": lambda process, change: change(process),
}
"""How each field of a scenario changes a process, in the order in which they are moved."""
