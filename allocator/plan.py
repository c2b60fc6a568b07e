"""The plan: who is funded, from which pools and products, what that is worth and what it would take to change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from allocator import tables
from allocator.case import Case
from allocator.labels import Lang
from allocator.model import Model, build
from allocator.program import Progress
from allocator.scoring import score
from allocator.solution import Relaxation, Solution
from allocator.solve import relax_and_solve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from allocator.baselines import Baseline
    from allocator.compare import Comparison
    from allocator.diagnose import Diagnosis
    from allocator.explain import Explanation
    from allocator.rulecosts import RuleCosts

Engine = Literal["auto", "exact", "prices"]
MANY_OPTIONS = 10_000


@dataclass(frozen=True, eq=False)
class Plan:
    """The result of one allocation.

    Attributes
    ----------
    case : Case
    model : Model
    solution : Solution
        What the solver answered, re-checked against every row outside it.
    relaxation : Relaxation
        The LP relaxation of the tightened rows, where the prices come from.
    engine : str
        ``"exact"`` or ``"prices"``.
    lang : {"en", "zh"}
        Language of the reasons in `projects`.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> plan = allocate(case)
    >>> plan.status, plan.objective, plan.projects.query("funded")["id"].tolist()
    ('optimal', 5.0, ['a'])
    """

    case: Case
    model: Model
    solution: Solution
    relaxation: Relaxation
    engine: str
    lang: Lang = "en"

    def __repr__(self) -> str:
        known = {"objective": self.objective, "bound": self.bound, "gap": self.gap}
        numbers = "".join(f", {name} {value:,.6g}" for name, value in known.items() if value is not None)
        count = f"{int(self.projects['funded'].sum())} of {len(self.projects)} projects funded"
        return f"<Plan of {self.case.name}: {self.status}{numbers}, {count}>"

    @property
    def status(self) -> str:
        """``optimal`` (within the gap), ``feasible`` (limit), ``infeasible``, ``unbounded``, ``unknown``, ``error``."""
        return self.solution.status

    @property
    def objective(self) -> float | None:
        """Value secured, net of the penalties of soft rules."""
        return self.solution.objective

    @property
    def bound(self) -> float | None:
        """No plan can be worth more than this."""
        return self.solution.bound

    @property
    def gap(self) -> float | None:
        """(bound - objective) / objective."""
        return self.solution.gap

    @property
    def _x(self) -> tables.Floats:
        found = self.solution.x
        return np.zeros(len(self.model.columns)) if found is None else found

    @property
    def _price(self) -> tables.Floats:
        found = self.relaxation.prices
        return np.zeros(len(self.model.rows)) if found is None else found

    @cached_property
    def projects(self) -> pd.DataFrame:
        """One row per project: facts, score, funded, variant, period, value, what stands in its way and the reason."""
        from allocator import explain

        return explain.standing(self)

    @cached_property
    def grants(self) -> pd.DataFrame:
        """``project, variant, resource, pool, period, amount, unit`` of every grant (3.3)."""
        return tables.grant_table(self.case, self.model, self._x)

    @cached_property
    def loans(self) -> pd.DataFrame:
        """``project, fund, instrument, period, amount, rate, term``; own money as fund ``own`` (3.7)."""
        return tables.loan_table(self.case, self.model, self._x)

    @cached_property
    def pools(self) -> pd.DataFrame:
        """Balance of every pool and period (3.4)."""
        return tables.pool_table(self.model, self._x)

    @cached_property
    def bank(self) -> pd.DataFrame:
        """Purchases from the quota bank (3.6)."""
        return tables.bank_table(self.case, self.model, self._x)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """Every floor and cap with what the plan reaches (3.8)."""
        return tables.rule_table(self.case, self.model, self._x, self._price)

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Prices per unit of each pool, product and rule, from the LP relaxation."""
        return tables.price_table(self.model, self._x, self._price)

    @cached_property
    def baselines(self) -> dict[str, Baseline]:
        """The plans of rank and cut and of regional quota, for comparison."""
        from allocator.baselines import baselines

        return baselines(self.case, self.model)

    def explain(self, project: str) -> Explanation:
        """Why a project is or is not funded, verified by re-solving."""
        from allocator.explain import explain

        return explain(self, project)

    def block_value(self, blocks: Mapping[str, float] | None = None, **effort: Any) -> pd.DataFrame:
        """What one more block of a pool, resource or product is worth, by solving again: see `worth.block_value`."""
        from allocator.worth import block_value

        return block_value(self, blocks, **effort)

    def rule_costs(self, **effort: Any) -> RuleCosts:
        """What each rule costs in objective and whom it moves in and out: see `rulecosts.rule_costs`."""
        from allocator.rulecosts import rule_costs

        return rule_costs(self, **effort)

    @cached_property
    def _diagnosis(self) -> Diagnosis:
        from allocator.diagnose import diagnose

        return diagnose(self, self.solution.solver)

    def diagnose(self, solver: str | None = None) -> Diagnosis:
        """What conflicts where nothing is feasible, and the least that repairs it; found once per plan and solver."""
        from allocator.diagnose import diagnose

        return self._diagnosis if solver in (None, self.solution.solver) else diagnose(self, str(solver))

    def compare(self, other: Plan | Baseline) -> Comparison:
        """Who gains and who loses between another plan and this one."""
        from allocator.compare import compare

        return compare(self, other)

    def to_excel(self, path: str | Path, lang: Lang | None = None) -> Path:
        """Write ``plan.xlsx``."""
        from allocator.planbook import write_plan

        return write_plan(self, Path(path), lang or self.lang)

    def write(self, folder: str | Path, lang: Lang | None = None) -> Path:
        """Write the workbook, the tables as CSV, the pictures and ``summary.json`` into a folder."""
        from allocator.folder import write_folder

        return write_folder(self, Path(folder), lang or self.lang)

    def summary(self) -> dict[str, Any]:
        """Status, objective, bound, gap, seconds, versions, input hash and counts, ready for JSON."""
        from allocator.summary import summary

        return summary(self)

    def plot_pools(self, lang: Lang | None = None) -> Figure:
        """Pools used and free, a panel per resource."""
        from allocator.plot import plot_pools

        return plot_pools(self, lang or self.lang)

    def plot_benefit(self, by: str = "region", lang: Lang | None = None) -> Figure:
        """Benefit by city, or by another column of the projects, against the baselines."""
        from allocator.plot import plot_benefit

        return plot_benefit(self, by, lang or self.lang)

    def plot_curve(self, resource: str | None = None, lang: Lang | None = None) -> Figure:
        """Benefit against quota: the pools of a resource from nothing to twice what they hold."""
        from allocator.plotcurve import plot_curve

        return plot_curve(self, resource, lang or self.lang)


def allocate(
    case: Case, *, engine: Engine = "auto", solver: str = "highs", gap: float = 1e-3, time_limit: float = 60.0,
    lang: Lang = "en", progress: Callable[[Progress], None] | None = None,
) -> Plan:  # fmt: skip
    """Assign quotas to projects: formulas (3.1) to (3.11).

    Parameters
    ----------
    case : Case
    engine : {"auto", "exact", "prices"}
        ``"exact"`` states the model in PuLP, ``"prices"`` solves the same rows by prices and a core problem;
        ``"auto"`` takes prices above 10,000 options.
    solver : str
        ``"highs"``, ``"cbc"`` or another PuLP solver by name.
    gap : float
        Relative gap at which to stop.
    time_limit : float
        Seconds.
    lang : {"en", "zh"}
    progress : callable, optional
        Called with incumbent, bound and gap.

    Returns
    -------
    Plan
        Whatever the outcome: see `Plan.status`.

    Raises
    ------
    InputError
        Where the scores cannot be made.
    YaosuError
        Where the solver is unknown or not installed.
    """
    from allocator.taking import greedy

    model = build(case, score(case))
    by_prices = engine == "prices" or (engine == "auto" and len(model.options) > MANY_OPTIONS)
    relaxation, solution = relax_and_solve(
        model, by_prices=by_prices, solver=solver, gap=gap, time_limit=time_limit, progress=progress,
        fallback=lambda prices: greedy(case, model, prices),
    )  # fmt: skip
    return Plan(case, model, solution, relaxation, "prices" if by_prices else "exact", lang)
