"""Each project's financing plan within the capacity of the products (3.7).

Own money is what the loans leave: ``own = investment - loans``, so the rows are stated in loans alone. A project
funded in part (divisible) brings the same part of its capital and cash flow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.blocks import Blocks
from allocator.case import Case
from allocator.options import WHOLE_ROUND, factor
from allocator.schema import column, split

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]


def annuity(rate: float, term: float, grace: float, repayment: str) -> float:
    """Highest yearly debt service per yuan lent.

    Parameters
    ----------
    rate : float
        Per year.
    term, grace : float
        Years; in the grace years only interest is paid.
    repayment : {"annuity", "principal", "bullet"}
        Equal payments, equal principal, or principal at the end (which is refinanced, so interest alone counts).

    Examples
    --------
    >>> round(annuity(0.05, 10, 0, "annuity"), 4)
    0.1295
    """
    years = max(term - grace, 1.0)
    if repayment == "bullet":
        return rate
    if repayment == "principal":
        return 1 / years + rate
    return rate / (1 - (1 + rate) ** -years) if rate > 0 else 1 / years


def interest(rate: float, term: float, grace: float, repayment: str) -> float:
    """Interest paid over the whole life of one yuan lent.

    >>> round(interest(0.05, 10, 0, "bullet"), 2)
    0.5
    """
    years = max(term - grace, 1.0)
    if repayment == "bullet":
        return rate * term
    if repayment == "principal":
        return rate * grace + rate * (years + 1) / 2
    return rate * grace + annuity(rate, term, grace, repayment) * years - 1


def products(case: Case) -> pd.DataFrame:
    """Financing products with yearly service and whole interest per yuan, and the share of an investment they bear.

    Returns
    -------
    DataFrame
        ``fund, instrument, period, capacity, rate, term, service, interest, max_share, as_capital, kinds, fields,
        tiers``.
    """
    names = (
        "fund",
        "instrument",
        "period",
        "capacity",
        "rate",
        "term",
        "grace",
        "repayment",
        "max_share",
        "as_capital",
        "kinds",
        "fields",
        "tiers",
    )
    funds = pd.DataFrame({name: column(case.funds, "funds", name).to_numpy() for name in names})
    funds["period"] = funds["period"].astype(object).fillna(WHOLE_ROUND).astype(str)
    funds["term"] = funds["term"].astype(float).fillna(1.0)
    funds["grace"] = funds["grace"].astype(float).fillna(0.0)
    funds["repayment"] = funds["repayment"].astype(object).fillna("annuity")
    funds["max_share"] = funds["max_share"].astype(float).fillna(1.0)
    funds["as_capital"] = funds["as_capital"].astype(object).fillna(False).astype(bool)
    terms = list(zip(funds["rate"].astype(float), funds["term"], funds["grace"], funds["repayment"], strict=True))
    funds["service"] = [annuity(*term) for term in terms]
    funds["interest"] = [interest(*term) for term in terms]
    return funds.sort_values(["fund", "period"], ignore_index=True)


def eligible(projects: pd.DataFrame, funds: pd.DataFrame) -> NDArray[np.bool_]:
    """Which product may serve which project, projects x products."""
    allowed = np.ones((len(projects), len(funds)), dtype=bool)
    for name, listed in (("kind", "kinds"), ("field", "fields"), ("tier", "tiers")):
        of = column(projects, "projects", name).astype(str).to_numpy()
        for j in np.flatnonzero(funds[listed].notna().to_numpy()):
            allowed[:, j] &= np.isin(of, split(funds[listed].iloc[j]))
    return allowed


def _facts(case: Case, projects: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Capital, cash flow for debt service, and capital ratio of each project."""
    ratio = factor(case.policy.capital_ratio, projects) if case.policy.capital_ratio else np.zeros(len(projects))
    capital = column(projects, "projects", "capital").astype(float).to_numpy()
    cashflow = column(projects, "projects", "cashflow").astype(float).to_numpy() / case.policy.cover
    return np.where(np.isnan(capital), np.inf, capital), np.where(np.isnan(cashflow), np.inf, cashflow), ratio


def active(case: Case, table: pd.DataFrame) -> bool:
    """Whether a case states what financing needs: products and investments."""
    return len(case.funds) > 0 and "investment" in table


def unfinanceable(case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices) -> NDArray[np.bool_]:
    """Options that no mix of products could finance even alone, or in part where the policy is divisible (3.11)."""
    if not active(case, table):
        return np.zeros(len(table), dtype=bool)
    funds, (capital, cashflow, ratio) = products(case), _facts(case, projects)
    investment = table["investment"].fillna(0.0).to_numpy()
    need = np.maximum(investment - capital[owner], 0.0)
    reach = _reach(funds, projects, table, owner)
    capacity = funds["capacity"].to_numpy()
    if case.policy.divisible:
        capacity = np.where(capacity > 0, np.inf, capacity)
    room = np.where(reach, np.minimum(funds["max_share"].to_numpy() * investment[:, None], capacity), 0.0)
    as_capital = funds["as_capital"].to_numpy()
    debt = np.maximum((1 - ratio[owner]) * investment, 0.0)
    lent = np.minimum(room[:, ~as_capital].sum(axis=1), debt) + room[:, as_capital].sum(axis=1)
    order = np.argsort(funds["service"].to_numpy(), kind="stable")
    used = np.minimum(
        room[:, order], np.maximum(need[:, None] - (np.cumsum(room[:, order], axis=1) - room[:, order]), 0.0)
    )
    service = used @ funds["service"].to_numpy()[order]
    slack = 1e-6 * (1 + investment)
    out: Bools = (lent < need - slack) | (service > cashflow[owner] + slack)
    return out


def _reach(funds: pd.DataFrame, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices) -> NDArray[np.bool_]:
    """Which product may serve which option: eligible, and lent in the period of its start."""
    period = funds["period"].to_numpy()
    when = (table["period"].to_numpy()[:, None] == period) | (period == WHOLE_ROUND)
    able: Bools = eligible(projects, funds)[owner] & when
    return able


def add(blocks: Blocks, case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices, y: Indices) -> None:
    """State columns and rows of (3.7); projects whose own money is always enough need neither."""
    if not active(case, table):
        return
    funds, (capital, cashflow, ratio) = products(case), _facts(case, projects)
    investment = table["investment"].fillna(0.0).to_numpy()
    short = np.maximum(investment - capital[owner], 0.0)
    needy = np.zeros(len(projects), dtype=bool)
    needy[owner[short > 0]] = True
    mine = np.flatnonzero(needy[owner])
    asks = pd.DataFrame(_reach(funds, projects, table, owner)[mine]).groupby(owner[mine]).any()
    borrower, fund = (index.astype(int) for index in np.nonzero(asks.to_numpy()))
    borrower = asks.index.to_numpy(dtype=int)[borrower]
    ids, names = projects["id"].to_numpy(), funds["fund"].to_numpy()
    labels = pd.DataFrame({"project": ids[borrower], "fund": names[fund], "period": funds["period"].to_numpy()[fund]})
    loan = blocks.columns("loan", labels, cost=funds["interest"].to_numpy()[fund])

    def per_project(block: str, which: NDArray[np.bool_], **bounds: float) -> Indices:
        row = np.full(len(projects), -1)
        row[which] = blocks.rows(block, pd.DataFrame({"project": ids[which]}), **bounds)
        return row

    def put(row: Indices, loans: Floats, per_option: Floats) -> None:
        inside = row[borrower] >= 0
        blocks.put(row[borrower[inside]], loan[inside], loans[inside])
        of = mine[row[owner[mine]] >= 0]
        blocks.put(row[owner[of]], y[of], -per_option[of])

    as_capital = funds["as_capital"].to_numpy()[fund]
    put(per_project("finance", needy, lower=0.0), np.ones(len(loan)), short)
    put(
        per_project("ratio", needy & (ratio > 0), upper=0.0),
        (~as_capital).astype(float),
        (1 - ratio[owner]) * investment,
    )
    mixed = needy & ((ratio <= 0) | np.isin(np.arange(len(projects)), borrower[as_capital]))
    put(per_project("whole", mixed, upper=0.0), np.ones(len(loan)), investment)
    heaviest = np.zeros(len(projects))
    np.maximum.at(heaviest, owner, investment)
    burdened = needy & (heaviest * funds["service"].max() > cashflow)
    put(per_project("service", burdened, upper=0.0), funds["service"].to_numpy()[fund], cashflow[owner])
    _shares(blocks, funds, table, owner, y, mine, borrower, fund, loan, labels)
    capacity = blocks.rows(
        "fund", funds[["fund", "period"]].assign(name=names, unit="mcny"), upper=funds["capacity"].to_numpy()
    )
    blocks.put(capacity[fund], loan, 1.0)


def _shares(
    blocks: Blocks, funds: pd.DataFrame, table: pd.DataFrame, owner: Indices, y: Indices, mine: Indices,
    borrower: Indices, fund: Indices, loan: Indices, labels: pd.DataFrame,
) -> None:  # fmt: skip
    """A product bears at most its share of an investment, and only of one that starts in its period."""
    share, period = funds["max_share"].to_numpy(), funds["period"].to_numpy()
    limited = np.flatnonzero((share[fund] < 1) | (period[fund] != WHOLE_ROUND))
    row = blocks.rows("share", labels.iloc[limited], upper=0.0)
    blocks.put(row, loan[limited], 1.0)
    lines = pd.DataFrame({"project": borrower[limited], "fund": fund[limited], "row": row})
    own = pd.DataFrame({"project": owner[mine], "option": mine})
    both = lines.merge(own, on="project")
    starts = table["period"].to_numpy()[both["option"]]
    lends = period[both["fund"]]
    both = both[(lends == WHOLE_ROUND) | (lends == starts)]
    amount = share[both["fund"]] * table["investment"].fillna(0.0).to_numpy()[both["option"]]
    blocks.put(both["row"].to_numpy(), y[both["option"].to_numpy()], -amount)
