"""An oracle that shares nothing with the package: every assignment is tried, each checked by a plain LP per project."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

RESOURCES = ("r1", "r2")
PERIODS = ("1", "2")


def random_case(seed: int) -> dict[str, Any]:
    """Tables of a small random case with pools, regions, variants, periods, floors, advances and loans."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    ids = [f"P{i}" for i in range(n)]
    projects = pd.DataFrame({
        "id": ids, "region": rng.choice(["A", "B"], n), "value": rng.integers(1, 20, n).astype(float),
        "r1": rng.integers(0, 8, n).astype(float), "r2": rng.integers(0, 8, n).astype(float),
        "investment": rng.integers(1, 12, n).astype(float), "registered": pd.Timestamp("2020-01-01"),
    })  # fmt: skip
    projects["capital"] = (projects["investment"] * rng.choice([0.1, 0.3, 0.6, 1.0], n)).round(2)
    projects["cashflow"] = (projects["investment"] * rng.choice([0.03, 0.1, 0.3], n)).round(3)
    projects["decision"] = rng.choice(["free", "must", "never"], n, p=[0.85, 0.08, 0.07])
    projects["earliest"] = rng.choice(["1", "2"], n, p=[0.8, 0.2])
    projects["requires"] = ["P0" if i and rng.random() < 0.12 else None for i in range(n)]
    projects["excludes"] = ["P1" if i > 1 and rng.random() < 0.12 else None for i in range(n)]
    variants = pd.DataFrame(
        [
            {"project": id_, "variant": "small", "r1": float(rng.integers(0, 4)), "value": float(rng.integers(1, 10))}
            for id_ in ids if rng.random() < 0.4
        ],
        columns=["project", "variant", "r1", "value"],
    )  # fmt: skip
    pools = []
    for resource in RESOURCES:
        advance, carry = rng.choice([0.0, 0.5]), rng.choice([0.0, 0.5, 1.0])
        for pool, level, region in (("prov", "province", None), ("cityA", "city", "A"), ("cityB", "city", "B")):
            whole = rng.random() < 0.2
            for period in (None,) if whole else (*PERIODS, "3"):
                amount = float(rng.integers(0, 7))
                row = (f"{pool}-{resource}", resource, level, region, period, amount, advance, carry, 0.0, None)
                pools.append(row)
        if rng.random() < 0.3:
            for price in (0.1, 0.3):
                into = (
                    f"bank-{resource}",
                    resource,
                    "bank",
                    None,
                    None,
                    float(rng.integers(1, 3)),
                    0.0,
                    0.0,
                    price,
                    f"prov-{resource}",
                )
                pools.append(into)
    names = ["pool", "resource", "level", "region", "period", "amount", "advance", "carry", "unit_cost", "into"]
    funds = None
    if rng.random() < 0.6:
        funds = pd.DataFrame({
            "fund": ["F0", "F1", "F1"], "capacity": rng.integers(2, 12, 3).astype(float), "rate": [0.04, 0.06, 0.06],
            "period": [None, "1", "2"], "term": [10.0, 15.0, 15.0], "grace": [0.0, 2.0, 2.0],
            "repayment": ["annuity", "principal", "principal"], "max_share": [0.7, 1.0, 1.0],
            "as_capital": [bool(rng.random() < 0.3), False, False],
        })  # fmt: skip
    soft = [None, 2.5][int(rng.integers(2))]
    policy: dict[str, Any] = {
        "value": "value", "periods": list(PERIODS), "discount": float(rng.choice([1.0, 0.9])), "cover": 1.2,
        "match": {"r1": float(rng.choice([0.5, 1.0]))}, "capital_ratio": {"ratios": {}, "default": 0.2},
        "floors": [{"measure": "count", "limit": 1.0, "by": "region", "of": ["A"], "penalty": soft}],
        "caps": [{"measure": "r2", "limit": float(rng.integers(4, 14))}],
    }  # fmt: skip
    if rng.random() < 0.3:
        policy["caps"].append({"measure": "r1", "limit": 0.7, "by": "region", "of": ["B"], "basis": "plan"})
    return {
        "projects": projects,
        "variants": variants,
        "pools": pd.DataFrame(pools, columns=names),
        "funds": funds,
        "policy": policy,
    }


def best(case: dict[str, Any]) -> tuple[float, float] | None:
    """Best value and the least cost that goes with it; None where nothing is feasible."""
    case = case | {name: table.to_dict("records") for name, table in case.items() if isinstance(table, pd.DataFrame)}
    projects = case["projects"]
    ways = [[None, *_ways(case, row)] for row in projects]
    ranked = []
    for choice in itertools.product(*ways):
        if _decided(projects, choice):
            value = _value(case, choice)
            if value is not None:
                ranked.append((value, choice))
    ranked.sort(key=lambda pair: -pair[0])
    found: tuple[float, float] | None = None
    for value, choice in ranked:
        if found is not None and value < found[0] - 1e-9:
            break
        cost = _cost(case, choice)
        if cost is not None and (found is None or cost < found[1]):
            found = (value if found is None else found[0], cost)
    return found


def _ways(case: dict[str, Any], row: dict[str, Any]) -> list[dict[str, Any]]:
    alternatives = [{}] + [
        {k: v for k, v in variant.items() if k in ("r1", "value")}
        for variant in case["variants"]
        if variant["project"] == row["id"]
    ]
    periods = [period for period in PERIODS if period >= row["earliest"]]
    return [{**row, **other, "period": period} for other in alternatives for period in periods]


def _decided(projects: list[dict[str, Any]], choice: tuple[Any, ...]) -> bool:
    funded = {row["id"] for row, way in zip(projects, choice, strict=True) if way is not None}
    for row in projects:
        inside = row["id"] in funded
        if (row["decision"] == "must" and not inside) or (row["decision"] == "never" and inside):
            return False
        if inside and isinstance(row["requires"], str) and row["requires"] not in funded:
            return False
        if inside and isinstance(row["excludes"], str) and row["excludes"] != row["id"] and row["excludes"] in funded:
            return False
    return True


def _value(case: dict[str, Any], choice: tuple[Any, ...]) -> float | None:
    policy, taken = case["policy"], [way for way in choice if way is not None]
    value = sum(way["value"] * policy["discount"] ** PERIODS.index(way["period"]) for way in taken)
    for sense in ("floors", "caps"):
        for rule in policy[sense]:
            group = [way for way in taken if "by" not in rule or way[rule["by"]] in rule["of"]]
            count = [1.0 if rule["measure"] == "count" else way[rule["measure"]] for way in group]
            limit = rule["limit"]
            if rule.get("basis") == "plan":
                limit *= sum(way[rule["measure"]] for way in taken)
            missed = limit - sum(count) if sense == "floors" else sum(count) - limit
            if missed > 1e-9:
                if rule.get("penalty") is None:
                    return None
                value -= rule["penalty"] * missed
    return value


def _cost(case: dict[str, Any], choice: tuple[Any, ...]) -> float | None:
    """Least financing and purchase cost of an assignment, by a plain LP; None where it is infeasible."""
    taken = [way for way in choice if way is not None]
    policy, lp = case["policy"], _Lp()
    pools = [pool for pool in case["pools"] if pool["level"] != "bank"]
    stock: dict[tuple[str, str | None], dict[int, float]] = {(pool["pool"], _period(pool)): {} for pool in pools}
    assert len(stock) == len(pools)
    for way in taken:
        for resource in RESOURCES:
            if way[resource] <= 0:
                continue
            mine, upper = {}, {}
            for pool in pools:
                here = _period(pool) in (None, way["period"])
                if (
                    pool["resource"] == resource
                    and here
                    and (not isinstance(pool["region"], str) or pool["region"] == way["region"])
                ):
                    g = lp.var()
                    mine[g] = 1.0
                    stock[(pool["pool"], _period(pool))][g] = 1.0
                    if pool["level"] == "province":
                        upper[g] = 1.0
            lp.equal(mine, way[resource])
            lp.most(upper, policy["match"].get(resource, 1.0) * way[resource])
    _balances(case, lp, pools, stock)
    if case["funds"] is not None:
        _financing(case, lp, taken)
    return lp.solve()


def _period(row: dict[str, Any]) -> str | None:
    return row["period"] if isinstance(row["period"], str) else None


def _balances(
    case: dict[str, Any], lp: _Lp, pools: list[dict[str, Any]], stock: dict[tuple[str, str | None], dict[int, float]]
) -> None:
    banks = [pool for pool in case["pools"] if pool["level"] == "bank"]
    for name in dict.fromkeys(pool["pool"] for pool in pools):
        rows = [pool for pool in pools if pool["pool"] == name]
        first, amount = rows[0], {_period(pool): pool["amount"] for pool in rows}
        if None not in amount:
            advance = lp.var(first["advance"] * amount["2"]), lp.var(first["advance"] * amount["3"])
            carry = lp.var(np.inf if first["carry"] >= 1 else first["carry"] * amount["1"])
            for t, period in enumerate(PERIODS):
                row = stock[(name, period)]
                row[advance[t]] = -1.0
                row[carry] = 1.0 if t == 0 else -1.0
            stock[(name, "2")][advance[0]] = 1.0
        for step in [step for step in banks if step["into"] == name]:
            bought = [lp.var(cost=step["unit_cost"]) for _ in ([None] if None in amount else PERIODS)]
            for b, period in zip(bought, [None] if None in amount else PERIODS, strict=True):
                stock[(name, period)][b] = -1.0
            lp.most(dict.fromkeys(bought, 1.0), step["amount"])
        for period in [None] if None in amount else PERIODS:
            lp.most(stock[(name, period)], amount[period])


def _financing(case: dict[str, Any], lp: _Lp, taken: list[dict[str, Any]]) -> None:
    policy, lent = case["policy"], {}
    for way in taken:
        service, total, capital, total_interest = {}, {}, {}, 0.0
        own = lp.var(way["capital"])
        for j, fund in enumerate(case["funds"]):
            if _period(fund) not in (None, way["period"]):
                continue
            years = fund["term"] - fund["grace"]
            if fund["repayment"] == "annuity":
                payment = fund["rate"] / (1 - (1 + fund["rate"]) ** -years)
                total_interest = payment * years - 1 + fund["rate"] * fund["grace"]
            else:
                payment = 1 / years + fund["rate"]
                total_interest = fund["rate"] * fund["grace"] + sum(
                    fund["rate"] * (1 - k / years) for k in range(int(years))
                )
            loan = lp.var(fund["max_share"] * way["investment"], cost=total_interest / 1.0)
            service[loan], total[loan] = payment, 1.0
            lent.setdefault(j, {})[loan] = 1.0
            if fund["as_capital"]:
                capital[loan] = -1.0
        lp.equal({**total, own: 1.0}, way["investment"])
        lp.most({**capital, own: -1.0}, -policy["capital_ratio"]["default"] * way["investment"])
        lp.most(service, way["cashflow"] / policy["cover"])
    for j, loans in lent.items():
        lp.most(loans, case["funds"][j]["capacity"])


class _Lp:
    """A list of variables and rows for scipy."""

    def __init__(self) -> None:
        self.upper: list[float] = []
        self.cost: list[float] = []
        self.rows: dict[str, list[tuple[dict[int, float], float]]] = {"most": [], "equal": []}

    def var(self, upper: float = np.inf, cost: float = 0.0) -> int:
        self.upper.append(upper)
        self.cost.append(cost)
        return len(self.upper) - 1

    def most(self, row: dict[int, float], limit: float) -> None:
        self.rows["most"].append((row, limit))

    def equal(self, row: dict[int, float], level: float) -> None:
        self.rows["equal"].append((row, level))

    def solve(self) -> float | None:
        if any(
            not row and (limit < -1e-9 if kind == "most" else abs(limit) > 1e-9)
            for kind, rows in self.rows.items()
            for row, limit in rows
        ):
            return None
        if not self.upper:
            return 0.0
        args: dict[str, Any] = {}
        for kind, a, b in (("most", "A_ub", "b_ub"), ("equal", "A_eq", "b_eq")):
            rows = [(row, limit) for row, limit in self.rows[kind] if row]
            if rows:
                matrix = np.zeros((len(rows), len(self.upper)))
                for i, (row, _) in enumerate(rows):
                    for j, coefficient in row.items():
                        matrix[i, j] = coefficient
                args[a], args[b] = matrix, np.array([limit for _, limit in rows])
        result = linprog(self.cost, bounds=[(0, u) for u in self.upper], method="highs", **args)
        return float(result.fun) if result.status == 0 else None
