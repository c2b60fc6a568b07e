"""What pools lack for what is drawn from them: the check of conservation outside the model (3.4, 3.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from allocator.pools import Pools
from allocator.program import EXACT

Floats = NDArray[np.float64]


def shortage(pools: Pools, drawn: Floats) -> Floats:
    """What every pool row lacks beyond its amount, what passes on, and the bank; all zero where quota is conserved.

    Parameters
    ----------
    pools : Pools
    drawn : array over pool rows

    Returns
    -------
    array over pool rows

    Notes
    -----
    It is reckoned row after row: what may pass on passes on, an advance is taken where that is not enough, and the rest
    must come from bank steps. Where that leaves something lacking though there is a bank, the least that (3.4) lacks is
    found by a linear programme, since purchases may pass on too, and the narrow steps should be used first.

    Examples
    --------
    >>> import pandas as pd
    >>> from allocator import Case
    >>> from allocator.round import Round
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}), pools=pd.DataFrame(
    ...     {"pool": ["p", "p"], "resource": "land", "period": ["1", "2"], "amount": [5.0, 8.0], "advance": [0.5, 0]}))
    >>> pools = Round.of(case).model.pools
    >>> shortage(pools, np.array([9.0, 4.0])).tolist(), shortage(pools, np.array([9.0, 5.0])).tolist()
    ([0.0, 0.0], [0.0, 1.0])
    """
    lacks = _row_by_row(pools, drawn)
    return _least(pools, drawn) if lacks.any() and len(pools.steps) else lacks


def _row_by_row(pools: Pools, drawn: Floats) -> Floats:
    table = pools.table
    amount, carry, advance = (table[name].to_numpy(dtype=float) for name in ("amount", "carry", "advance"))
    following = table["following"].to_numpy()
    passed, lacks = np.zeros(len(table)), np.zeros(len(table))
    for row in range(len(table)):
        left = amount[row] + passed[row] - drawn[row]
        lacks[row] = max(-left - advance[row], 0.0)
        if following[row] >= 0:
            passed[following[row]] = min(left + lacks[row], carry[row])
    lacks[lacks <= 1e-6 * np.maximum(1.0, drawn)] = 0.0
    steps = pools.steps
    for step, into in steps.groupby("step"):
        left = float(steps.loc[steps["step"] == step, "amount"].iloc[0])
        for row in into["pool_row"]:
            bought = min(left, lacks[row])
            left, lacks[row] = left - bought, lacks[row] - bought
    lacks[lacks <= EXACT * np.maximum(1.0, drawn)] = 0.0
    return lacks


def _least(pools: Pools, drawn: Floats) -> Floats:
    """Columns: what each row lacks, carries on, draws in advance; what each step sells to each row."""
    table, steps = pools.table, pools.steps
    n, m = len(table), len(steps)
    rows, bank = np.zeros((n, 3 * n + m)), np.zeros((steps["step"].nunique(), 3 * n + m))
    here, following = np.arange(n), table["following"].to_numpy()
    rows[here, here], rows[here, n + here], rows[here, 2 * n + here] = -1.0, 1.0, -1.0
    inside = following >= 0
    rows[following[inside], n + here[inside]], rows[following[inside], 2 * n + here[inside]] = -1.0, 1.0
    rows[steps["pool_row"].to_numpy(dtype=int), 3 * n + np.arange(m)] = -1.0
    bank[steps["step"].factorize()[0], 3 * n + np.arange(m)] = 1.0
    most = steps.drop_duplicates("step")["amount"].to_numpy(dtype=float)
    limits = np.concatenate([np.full(n, np.inf), table["carry"], table["advance"], steps["amount"]])
    cost = np.concatenate([np.ones(n), np.zeros(2 * n + m)])
    room = np.concatenate([table["amount"].to_numpy(dtype=float) - drawn, most])
    bounds = np.column_stack([np.zeros(len(limits)), limits])
    found = linprog(cost, A_ub=np.vstack([rows, bank]), b_ub=room, bounds=bounds)
    lacks: Floats = found.x[:n]
    return np.where(lacks <= 1e-6 * np.maximum(1.0, drawn), 0.0, lacks)
