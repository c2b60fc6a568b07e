"""What decides at a sitting: quota by region, by rank, following the projects, and the same at prices (MODEL 5)."""

from __future__ import annotations

import numpy as np

from allocator.sitting import Choice, Sitting


def regional(sitting: Sitting) -> Choice:
    """Each region has its formula share of all quota; inside it, first come first served (MODEL 5)."""
    return sitting.take(divided=True)


def ranked(sitting: Sitting) -> Choice:
    """Rank and cut over all projects, once, before anybody is ready (MODEL 5)."""
    return sitting.from_list(sitting.round.listed)


def follow(sitting: Sitting) -> Choice:
    """The projects that are ready are optimised again over what is left (MODEL 5)."""
    return sitting.optimise()


def priced(sitting: Sitting) -> Choice:
    """As `follow`, with quota kept for better projects that are still under review.

    An option counts nothing where it is not worth its quota and money at the prices of the whole round, those of the
    relaxation over all projects, ready or not: bid prices, as in Talluri and van Ryzin, Management Science 44 (1998).
    It is then chosen for a rule's sake only.
    """
    whole = sitting.round
    value = whole.model.value[: len(whole.owner)]
    return sitting.optimise(np.where(whole.worthwhile, value, -1e-3 * np.abs(value)))


REGIMES = {"regional": regional, "ranked": ranked, "follow": follow, "priced": priced}
"""What decides at a sitting, by name (MODEL 5)."""
