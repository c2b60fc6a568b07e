"""The rules of a planning round as data: what is valued, who comes first, which floors and caps hold (MODEL 3)."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from allocator.errors import Fault

_FORBID = ConfigDict(extra="forbid")
Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Sense = Literal["floor", "cap"]


@dataclass(frozen=True, config=_FORBID)
class Rule:
    """A floor or a cap over a group of projects (formula 3.8).

    Parameters
    ----------
    measure : str
        What is counted: ``"count"``, ``"value"``, a resource, or a numeric column of the projects (``"plan"``).
    limit : float
        In the unit of the measure, or a share between 0 and 1 when `basis` is not ``"absolute"``.
    by, of : str, tuple of str
        The projects whose column `by` has a value in `of`; an empty `of` makes one rule of each value of `by`;
        no `by` means all projects.
    basis : {"absolute", "plan", "asked"}
        ``"plan"``: share of what the whole plan grants; ``"asked"``: share of what the group asks for.
    period : str, optional
        Only starts in this period count.
    penalty : float, optional
        Makes the rule soft: objective units lost per unit of the measure by which it is missed.
    source : str
        Where the rule comes from.

    Examples
    --------
    >>> Rule("land", 0.3, by="field", of=("livelihood",), basis="plan").soft
    False
    """

    measure: str
    limit: NonNegative
    name: str = ""
    by: str | None = None
    of: tuple[str, ...] = ()
    basis: Literal["absolute", "plan", "asked"] = "absolute"
    period: str | None = None
    penalty: NonNegative | None = None
    source: str = ""

    @property
    def soft(self) -> bool:
        """Whether the rule may be missed at a price."""
        return self.penalty is not None


@dataclass(frozen=True, config=_FORBID)
class Priorities:
    """Who comes first (3.8): the values of column `by`, strictly one after the other or by weights on the value.

    >>> Priorities(order=("national", "provincial")).method
    'lexicographic'
    """

    by: str = "tier"
    order: tuple[str, ...] = ()
    method: Literal["lexicographic", "weights"] = "lexicographic"
    weights: dict[str, NonNegative] = Field(default_factory=dict)


@dataclass(frozen=True, config=_FORBID)
class Ratios:
    """A factor that depends on the value of one project column, such as coal replacement by sector (3.3).

    >>> Ratios(by="sector", ratios={"steel": 0.4}, default=0.2).ratios["steel"]
    0.4
    """

    by: str = "sector"
    ratios: dict[str, NonNegative] = Field(default_factory=dict)
    default: NonNegative = 1.0


@dataclass(frozen=True, config=_FORBID)
class Adjustment:
    """Points added to the score of the projects whose column `by` has a value in `of` (2.1)."""

    name: str
    points: float
    by: str
    of: tuple[str, ...]


@dataclass(frozen=True, config=_FORBID)
class ScoreRule:
    """How the output-benefit score is made from the indicators (MODEL 2).

    >>> ScoreRule().method
    'benchmark'
    """

    method: Literal["benchmark", "minmax", "percentile", "topsis"] = "benchmark"
    weights: Literal["given", "entropy", "critic"] = "given"
    group: str | None = None
    a_share: Share = 0.2
    b_share: Share = 0.4
    d_share: Share = 0.05
    adjustments: tuple[Adjustment, ...] = ()
    missing: Literal["refuse", "zero", "benchmark", "median", "drop"] = "refuse"


@dataclass(frozen=True, config=_FORBID)
class Policy:
    """The rules of one planning round.

    Parameters
    ----------
    value : str, optional
        What a project is worth: a numeric column, or a product such as ``"score*plan"``. By default
        ``score*plan`` where both are known, else the column ``value``, else ``score``.
    divisible : bool
        Whether a project may be served in part; by default all or nothing.
    discount : float
        Factor on the value for each period that a start lies later.
    periods : tuple of str
        The periods planned; pool rows of later periods only back advances. By default all periods of the pools.
    priorities, floors, caps
        See `Priorities` and `Rule` (3.8).
    match : dict
        Resource to the largest share of a demand that provincial pools may give (3.5).
    replacement : dict
        Resource to the factors on its demand (3.3).
    capital_ratio, cover : Ratios, float
        Least own money per investment; cash flow must be `cover` times the debt service (3.7).
    advance, carry : float
        For pools that state none (3.4).
    readiness, as_of, return_days
        Projects may draw when ready by the ``"start"`` or ``"end"`` of the period; an earlier grant without a start
        `return_days` after it returns to its pool on `as_of` (3.9).
    change_cost : float, optional
        Price in objective units of changing one earlier grant; by default earlier grants are kept (3.10).
    cost, cost_weight
        How financing cost and bank purchases (million yuan) enter: after the value, or weighted with it (3.1).
    formula : dict
        Region to its share of all quota in the baseline "regional quota"; by default shares of what is asked.
    score : ScoreRule
        How scores are made.

    Examples
    --------
    >>> policy = Policy(value="value", floors=(Rule("count", 2, by="region"),))
    >>> [(sense, rule.measure) for sense, rule in policy.rules]
    [('floor', 'count')]
    """

    value: str | None = None
    divisible: bool = False
    discount: Annotated[float, Field(gt=0, le=1)] = 1.0
    periods: tuple[str, ...] = ()
    priorities: Priorities | None = None
    floors: tuple[Rule, ...] = ()
    caps: tuple[Rule, ...] = ()
    match: dict[str, Share] = Field(default_factory=dict)
    replacement: dict[str, Ratios] = Field(default_factory=dict)
    capital_ratio: Ratios | None = None
    cover: Annotated[float, Field(gt=0)] = 1.0
    advance: Share = 0.0
    carry: Share = 0.0
    readiness: Literal["off", "start", "end"] = "end"
    as_of: date | None = None
    return_days: Annotated[int, Field(ge=0)] | None = None
    change_cost: NonNegative | None = None
    cost: Literal["lexicographic", "weighted", "off"] = "lexicographic"
    cost_weight: NonNegative = 1.0
    formula: dict[str, NonNegative] = Field(default_factory=dict)
    score: ScoreRule = Field(default_factory=ScoreRule)

    @property
    def rules(self) -> Iterator[tuple[Sense, Rule]]:
        """Every rule with its sense, floors first; unnamed rules get a name from their place."""
        for sense, rules in (("floor", self.floors), ("cap", self.caps)):
            for place, rule in enumerate(rules, start=1):
                yield sense, rule if rule.name else dataclasses.replace(rule, name=f"{sense} {place}")  # type: ignore[misc]


_ADAPTER = TypeAdapter(Policy)


def _names_at(location: tuple[int | str, ...]) -> list[str]:
    """The names allowed where a policy entry was found."""
    kind: Any = Policy
    inner = {
        "priorities": Priorities, "floors": Rule, "caps": Rule, "replacement": Ratios, "capital_ratio": Ratios,
        "score": ScoreRule, "adjustments": Adjustment,
    }  # fmt: skip
    for step in location[:-1]:
        kind = inner.get(str(step), kind)
    return [field.name for field in dataclasses.fields(kind)]


def read_policy(raw: Mapping[str, Any]) -> tuple[Policy, list[Fault]]:
    """Read the rules from plain data such as a TOML file; all faults at once.

    Returns the default policy where `raw` has faults.

    >>> policy, faults = read_policy({"divisble": True})
    >>> faults[0].code, faults[0].values["nearest"]
    ('policy_unknown', 'divisible')
    """
    try:
        return _ADAPTER.validate_python(dict(raw)), []
    except ValidationError as error:
        return Policy(), [_fault(dict(detail)) for detail in error.errors()]


def _fault(detail: dict[str, Any]) -> Fault:
    location = tuple(detail["loc"])
    where = ".".join(str(step + 1) if isinstance(step, int) else step for step in location)
    found = str(detail.get("input", ""))
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        nearest = difflib.get_close_matches(str(location[-1]), _names_at(location), n=1, cutoff=0.5)
        return Fault(
            "policy_unknown",
            "policy",
            None,
            where,
            values={"found": str(location[-1]), "nearest": nearest[0] if nearest else ""},
        )
    if detail["type"] in ("missing", "missing_argument"):
        return Fault("policy_missing", "policy", None, where)
    context = detail.get("ctx") or {}
    allowed = str(context.get("expected") or "").replace("'", "")
    for sign, words in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if sign in context:
            allowed = f"{words} {context[sign]}"
    if not allowed:
        allowed = {
            "bool": "true, false",
            "float": "1.5",
            "int": "1",
            "date": "2020-03-31",
            "tuple": "[…]",
            "dict": "{…}",
        }.get(str(detail["type"]).split("_")[0], "text")
    return Fault("policy_value", "policy", None, where, values={"found": found, "expected": allowed})
