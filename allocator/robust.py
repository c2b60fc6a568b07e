"""How firm a plan is: the share of draws of uncertain weights, scores and demands in which a project stays funded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky.process_executor import BrokenProcessPool
from numpy.typing import NDArray

from allocator.case import Case
from allocator.errors import YaosuError
from allocator.grades import appraised, rank
from allocator.model import Model, build
from allocator.rankings import draw_weights, drawn_scores
from allocator.solve import solve
from allocator.stages import COST
from allocator.tables import chosen

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SURE = 0.8
"""Firmly in: the lower end of the interval lies above this; firmly out: the upper end lies below 1 - SURE."""
PER_JOB = 20


def robustness(
    case: Case, draws: int = 200, *, weights: float | None = 100.0, score_sd: float = 0.05, demand_sd: float = 0.05,
    seed: int = 0, jobs: int = -1, gap: float = 5e-3, time_limit: float = 60.0, solver: str = "highs",
    level: float = 0.95, progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Allocate again under drawn weights, scores and demands, and count how often each project is funded.

    Parameters
    ----------
    case : Case
    draws : int
    weights : float, optional
        Concentration of the Dirichlet distribution round the indicators' weights, see `allocator.rankings`; None
        keeps the weights.
    score_sd, demand_sd : float
        Standard deviation of the logarithm of each score (of each value, where a case has no scores) and of each
        project's demand for each resource; both keep their mean. Variants of a project move together.
    seed : int
        Each draw has random numbers of its own, so that neither the order of rows nor `jobs` changes a result.
    jobs : int
        Processes; -1 takes all cores.
    gap, time_limit : float
        Of each allocation; relative, and seconds. Financing cost does not enter.
    solver : str
    level : float
        Of the Wilson interval.
    progress : callable, optional
        Called with the number of draws done and the number asked for.

    Returns
    -------
    DataFrame
        One row per project in the order of the case: ``id, draws`` (those that gave a plan), ``failed``,
        ``funded_share, low, high`` (Wilson interval) and ``firm``: ``in``, ``open`` or ``out`` (below 16 draws
        always open). Draws that gave no plan are listed in ``attrs["failures"]`` as (draw, reason). Ctrl-C ends the
        run and keeps the draws done.

    Raises
    ------
    InputError
        Where scores cannot be made.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b", "c"], "land": [4.0, 4.0, 4.0], "score": [90.0, 50.0, 49.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [9.0]}))
    >>> robustness(case, draws=20, demand_sd=0.0, jobs=1)["firm"].tolist()
    ['in', 'open', 'open']
    """
    made = appraised(case)
    ids = case.projects["id"]
    point = np.zeros((1, 0)) if made is None else made.weight[None, :]
    each = np.repeat(point, draws, axis=0)
    if made is not None and weights is not None:
        each = np.concatenate([draw_weights(made.weight, 1, weights, _random(seed, k, 0)) for k in range(draws)])
    scores = drawn_scores(case, each)
    batches = np.array_split(np.arange(draws), min(draws, PER_JOB * joblib.effective_n_jobs(jobs)))
    tasks = (
        joblib.delayed(_batch)(case, scores[:, batch], batch, score_sd, demand_sd, seed, (gap, time_limit, solver))
        for batch in batches
    )
    funded: dict[int, Bools | str] = {}
    try:
        for answers in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks):
            funded |= answers
            if progress is not None:
                progress(len(funded), draws)
    except (KeyboardInterrupt, BrokenProcessPool):
        pass
    return _table(ids, draws, funded, level)


def wilson(count: Floats, n: int, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson score interval of a share of n draws.

    >>> [round(float(end), 3) for end in wilson(np.array(10.0), 10)]
    [0.722, 1.0]
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = count / n, 1 / (1 + z * z / n)
    middle = weight * (share + z * z / (2 * n))
    half = weight * z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _random(seed: int, draw: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw, stream)))


def _batch(
    case: Case, scores: Floats, draws: NDArray[np.int64], score_sd: float, demand_sd: float, seed: int,
    effort: tuple[float, float, str],
) -> dict[int, Bools | str]:  # fmt: skip
    """For each draw whether each project is funded, or why there is no plan."""
    found: dict[int, Bools | str] = {}
    for place, draw in enumerate(draws.tolist()):
        try:
            found[draw] = _draw(case, scores[:, place], draw, score_sd, demand_sd, seed, effort)
        except Exception as error:  # a failing draw is an answer, not the end of the run
            found[draw] = error.text("en") if isinstance(error, YaosuError) else repr(error)
    return found


def _draw(
    case: Case,
    scores: Floats,
    draw: int,
    score_sd: float,
    demand_sd: float,
    seed: int,
    effort: tuple[float, float, str],
) -> Bools | str:
    ids = np.sort(case.projects["id"].to_numpy(dtype=object))
    at = pd.Index(ids).get_indexer(pd.Index(case.projects["id"]))
    worth = _factors(_random(seed, draw, 1), (len(ids), 1), score_sd)
    scores = scores * worth[at, 0]
    scaled = dict(
        zip(case.resources, _factors(_random(seed, draw, 2), (len(case.resources), len(ids)), demand_sd), strict=True)
    )
    if np.isnan(scores).all():
        scaled["value"] = worth[:, 0]
    drawn = _scaled(case, ids, scaled)
    ranked = rank(case.projects, scores, case.policy.score)
    model = build(drawn, pd.DataFrame({"id": case.projects["id"].to_numpy(), "score": scores}).join(ranked))
    gap, time_limit, solver = effort
    answer = solve(_value_only(model), gap=gap, time_limit=time_limit, solver=solver)
    if answer.x is None:
        return answer.status
    return np.asarray(case.projects["id"].isin(set(chosen(model, answer.x)["project"])))


def _factors(random: np.random.Generator, shape: tuple[int, int], sd: float) -> Floats:
    """Lognormal factors of mean 1."""
    return np.asarray(np.exp(sd * random.standard_normal(shape) - sd * sd / 2))


def _scaled(case: Case, ids: NDArray[np.object_], factors: dict[str, Floats]) -> Case:
    """The case with columns of projects and variants multiplied, project by project."""
    projects, variants = case.projects.copy(), case.variants.copy()
    for table, key in ((projects, "id"), (variants, "project")):
        for name, factor in factors.items():
            if name in table and len(table):
                table[name] = table[name] * factor[pd.Index(ids).get_indexer(pd.Index(table[key]))]
    return replace(case, projects=projects, variants=variants)


def _value_only(model: Model) -> Model:
    """Without the last stage of least cost, which funds nobody else."""
    aims = tuple(aim for aim in model.objectives if aim.name != COST)
    return replace(model, objectives=aims or model.objectives)


def _table(ids: pd.Series, draws: int, funded: dict[int, Bools | str], level: float) -> pd.DataFrame:
    plans = [answer for _, answer in sorted(funded.items()) if not isinstance(answer, str)]
    failures = [
        (draw, str(funded.get(draw, "not run"))) for draw in range(draws) if isinstance(funded.get(draw, ""), str)
    ]
    count = np.sum(plans, axis=0, dtype=float) if plans else np.full(len(ids), np.nan)
    low, high = wilson(count, max(len(plans), 1), level)
    table = pd.DataFrame({
        "id": ids.to_numpy(), "draws": len(plans), "failed": len(failures), "funded_share": count / max(len(plans), 1),
        "low": low, "high": high, "firm": np.where(low > SURE, "in", np.where(high < 1 - SURE, "out", "open")),
    })  # fmt: skip
    table.attrs["failures"] = failures
    return table
