"""The synthetic projects of the sample `shandong-2020`: published totals, seeded rows.

Every random draw comes from a stream named after what is drawn, so that a column added later moves no other column.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEED = 20200406
PROJECTS, PLAN_MCNY, PREFERRED_MCNY = 1020, 410_000, 736_100
CONTINUING, PLANNED, PLANNED_FIRST_QUARTER = 540, 353, 202
FINISHING, RESERVE = 190, 80
TIERS = {"省重大": 233, "新旧动能转换优选": 500, "双招双引重点签约": 287}
INDUSTRY = "现代产业"
INDUSTRY_SITE_MU = 88.0

SPARE_FIRST_QUARTER, SPARE_LATER, PACE_SPREAD = 105, 141, 0.08
"""Days to spare of projects due in the first quarter and later (both fitted), and how far their pace is spread."""
AHEAD_FIRST_QUARTER, AHEAD_LATER = 30, 18
"""Days before it is due from which a project may start; later ones at most so many, drawn evenly."""
LAST_STAGE, MOBILISATION, LARGE_MCNY = "施工许可证", 20, 3000

VALUE_ADDED_PER_MU, TAX_PER_MU, VALUE_ADDED_PER_TCE = 1.3616, 0.24097, 0.02694
REVENUE_PER_EMISSION, VALUE_ADDED_PER_PERSON, RND_SHARE = 8.0, 0.1814, 0.0302


def stream(name: str) -> np.random.Generator:
    """Random numbers for one purpose.

    >>> bool(stream("size").random() == stream("size").random())
    True
    """
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def typical(name: str) -> pd.DataFrame:
    """A table of assumptions that lies beside the generator: cities, sectors, products."""
    return pd.read_csv(Path(__file__).parent / f"shandong_{name}.csv")


def cities() -> pd.DataFrame:
    """GDP share, weight in coal use (assumed) and some counties of each city."""
    return typical("cities").set_index("region")


def sectors() -> pd.DataFrame:
    """What is typical of a project, by sector; all of it assumed, see the sources of the case.

    Columns: field, projects and special-bond projects (counts), government (count), size (factor on investment),
    site_mu and energy_tce (medians), coal (share of energy from coal), capital (least share of own money),
    route of enterprise projects, cities (where the sector goes; blank for all) and names.
    """
    return typical("sectors").fillna({"cities": ""}).set_index("sector")


def apportion(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to `weights` with exactly this total (largest remainders).

    >>> apportion(np.array([1.0, 1.0, 1.0]), 100).tolist()
    [34, 33, 33]
    """
    exact = weights / weights.sum() * total
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def make_projects() -> pd.DataFrame:
    """The 1,020 projects, in the columns of the case, without their links to one another."""
    table = _identity()
    typical = sectors().loc[table["sector"]].reset_index(drop=True)
    _dates(table)
    _money(table, typical)
    _elements(table, typical)
    _benefit(table, typical)
    table[["enters", "passed", "opens"]] = progress(table)
    return table


def _identity() -> pd.DataFrame:
    kinds = sectors()
    sector = np.repeat(kinds.index.to_numpy(), kinds["projects"])
    place = np.concatenate([np.arange(count) for count in kinds["projects"]])
    typical = kinds.loc[sector]
    table = pd.DataFrame({"sector": sector, "field": typical["field"].to_numpy()})
    table["bond"] = place < typical["bonds"].to_numpy()
    table["kind"] = np.where(place < typical["government"].to_numpy(), "government", "enterprise")
    table["route"] = np.where(table["kind"] == "government", "approve", typical["route"].to_numpy())
    table["region"] = _regions(typical["cities"])
    table = table.iloc[stream("order").permutation(len(table))].reset_index(drop=True)
    table.insert(0, "id", [f"P{number:04d}" for number in range(1, len(table) + 1)])
    table["tier"] = _tiers(table)
    table["batch"] = _batches(table)
    counties, names = cities()["counties"], kinds["names"]
    draws = table[["id", "region", "sector"]].itertuples(index=False)
    words = [(_word(f"county {key}", counties[city]), _word(f"name {key}", names[what])) for key, city, what in draws]
    table["county"] = [county for county, _ in words]
    table["name"] = (
        table["region"] + [county + noun for county, noun in words] + "项目(合成" + table["id"].str[1:] + ")"
    )
    return table


def _word(name: str, words: str) -> str:
    return str(stream(name).choice(words.split()))


def _regions(wanted: pd.Series) -> list[str]:
    """A city for each project: the economy's weight, a little evened out, among the cities the sector goes to."""
    random, share = stream("region"), cities()["gdp_percent"]
    regions = []
    for allowed in wanted:
        names = allowed.split() or list(share.index)
        weight = share[names].to_numpy(float) ** 0.85
        regions.append(str(random.choice(names, p=weight / weight.sum())))
    return regions


def _tiers(table: pd.DataFrame) -> NDArray[np.object_]:
    """Preferred and signed projects are industry first; public works are mostly major provincial ones."""
    leaning = np.where(table["field"] == INDUSTRY, 0.0, 1.0) + 1.2 * stream("tier").random(len(table))
    tier = np.full(len(table), "新旧动能转换优选", dtype=object)
    tier[np.argsort(-leaning, kind="stable")[: TIERS["省重大"]]] = "省重大"
    rest = np.flatnonzero((tier != "省重大") & (table["field"] == INDUSTRY))
    tier[stream("signed").choice(rest, TIERS["双招双引重点签约"], replace=False)] = "双招双引重点签约"
    return tier


def _batches(table: pd.DataFrame) -> NDArray[np.object_]:
    """Continuing projects are of the batches start and finish, new ones of start, the rest of reserve and plan."""
    batch = np.full(len(table), "plan", dtype=object)
    order = stream("batch").permutation(len(table))
    edges = np.cumsum([0, FINISHING, CONTINUING - FINISHING + PLANNED, RESERVE])
    for name, first, last in zip(("finish", "start", "reserve"), edges[:-1], edges[1:], strict=True):
        batch[order[first:last]] = name
    return batch


def _continuing(table: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(table["started"].notna())


def _dates(table: pd.DataFrame) -> None:
    """Registered, started, due and ready; 202 of the 353 planned starts are due in the first quarter."""
    random = stream("dates")
    size = len(table)
    batch = table["batch"].to_numpy()
    starting = np.flatnonzero(batch == "start")
    continuing = batch == "finish"
    continuing[starting[: CONTINUING - FINISHING]] = True
    new = starting[CONTINUING - FINISHING :]

    due = random.integers(95, 500, size)
    days, chances = (105, 130, 150, 170, 200, 240, 290, 330), (0.2, 0.2, 0.2, 0.15, 0.1, 0.08, 0.04, 0.03)
    due[new] = random.choice(days, len(new), p=chances)
    due[new[:PLANNED_FIRST_QUARTER]] = random.integers(5, 88, PLANNED_FIRST_QUARTER)
    due[batch == "reserve"] = random.integers(200, 320, int((batch == "reserve").sum()))
    due[batch == "plan"] = random.integers(290, 345, int((batch == "plan").sum()))
    due[continuing] = -random.integers(60, 900, int(continuing.sum()))

    lag = np.round(random.gamma(2.0, 22.0, size) - 30)
    ready = np.where(continuing, -random.integers(1, 60, size), due + lag)
    origin = pd.Timestamp("2020-01-01")
    table["registered"] = origin + pd.to_timedelta(np.minimum(due, 165) - random.integers(150, 420, size), unit="D")
    started = pd.Series(origin + pd.to_timedelta(due + random.integers(-20, 60, size), unit="D"))
    table["started"] = started.where(continuing)
    table["due"] = origin + pd.to_timedelta(due, unit="D")
    table["ready"] = origin + pd.to_timedelta(ready, unit="D")


def _money(table: pd.DataFrame, typical: pd.DataFrame) -> None:
    """Investment still to be financed, this year's plan, own capital and yearly cash flow, in million yuan."""
    size = len(table)
    total = _sizes(table["tier"], typical["size"].to_numpy(float))
    continuing = _continuing(table)
    done = np.where(continuing, np.round(stream("done").uniform(0.3, 0.8, size), 2), 0.0)
    done[table["batch"] == "finish"] = np.round(
        stream("finish").uniform(0.6, 0.9, int((table["batch"] == "finish").sum())), 2
    )
    investment = np.maximum(np.round(total * (1 - done)), 10.0)

    pace = stream("pace").uniform(0.20, 0.50, size)
    pace = np.where(continuing, 1.2 * pace + 0.1, pace)
    pace[table["batch"] == "finish"] = 1.0
    pace[(table["batch"] == "reserve") | (table["batch"] == "plan")] *= 0.35
    pace *= np.minimum((3000 / investment) ** 0.5, 1.0)
    plan = _plan(investment * pace, investment)

    table["done_share"] = done
    table["total_mcny"] = total
    table["investment"] = investment
    table["plan"] = plan.astype(float)
    table["capital"] = _capital(table, typical["capital"].to_numpy(float))
    public = (table["kind"] == "government").to_numpy()
    spread = stream("cashflow").lognormal(0.55, 0.40, size)
    weak = stream("weak").random(size) < 0.01
    service = np.where(public, 0.09, 0.13) * np.where(weak, 0.5, np.maximum(spread, 1.25))
    table["cashflow"] = np.round(np.maximum(investment - table["capital"], 0.05 * investment) * service, 2)


def _capital(table: pd.DataFrame, least: NDArray[np.float64]) -> NDArray[np.float64]:
    """Own money, mostly above the least share of the sector; a few lack some, most of them where a product helps."""
    size, investment = len(table), table["investment"].to_numpy()
    room = np.maximum(stream("capital").lognormal(0.30, 0.40, size), 1.0)
    by_bond = (table["kind"] == "government") & (table["field"] == "基础设施")
    by_fund = (table["kind"] == "enterprise") & (table["field"] == INDUSTRY) & (table["tier"] == "新旧动能转换优选")
    short = stream("short").random(size) < np.where(by_bond | by_fund, 0.08, 0.01)
    room = np.where(short, stream("shortfall").uniform(0.75, 0.99, size), room)
    capital = np.ceil(investment * np.minimum(least * room, 0.9) * 10 - 1e-6) / 10
    rich = (table["kind"] == "enterprise") & (stream("rich").random(size) < 0.15)
    return np.asarray(np.where(rich, investment, np.minimum(capital, investment)))


def _sizes(tier: pd.Series, factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total investment: major projects by the size classes of 2017, preferred ones to their published sum."""
    random = stream("size")
    classes = np.array([[10_000, 16_000], [5_000, 10_000], [1_000, 5_000], [150, 1_000]], dtype=float)
    drawn = random.choice(4, len(tier), p=np.array([11, 6, 51, 52]) / 120)
    low, high = np.log(classes[drawn, 0]), np.log(classes[drawn, 1])
    major = np.exp(low + (high - low) * random.random(len(tier)))
    other = factor * random.lognormal(np.log(500.0), 0.9, len(tier))
    total = np.round(np.where(tier == "省重大", major, np.clip(other, 60, 9_000))).astype(np.float64)
    preferred = (tier == "新旧动能转换优选").to_numpy()
    total[preferred] = apportion(total[preferred], PREFERRED_MCNY)
    return total


def _plan(wish: NDArray[np.float64], investment: NDArray[np.float64]) -> NDArray[np.int64]:
    """This year's investment: in proportion to the wish, at most the investment, with the published total."""
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(wish * middle, investment).sum() < PLAN_MCNY else (low, middle)
    return apportion(np.minimum(wish * low, investment - 1), PLAN_MCNY)


def _elements(table: pd.DataFrame, typical: pd.DataFrame) -> None:
    """Site and energy use of the project, and the land, energy and coal quota it still asks for."""
    size = len(table)
    site = typical["site_mu"].to_numpy(float) * stream("site").lognormal(0.0, 0.55, size)
    industry = (table["field"] == INDUSTRY).to_numpy()
    site[industry] *= INDUSTRY_SITE_MU / site[industry].mean()
    site = np.clip(np.round(site, 1), 5, 400)
    use = np.round(
        np.clip(typical["energy_tce"].to_numpy(float) * stream("energy").lognormal(0.0, 0.7, size), 50, 50_000)
    )
    continuing = _continuing(table)
    asks_land = stream("asks land").random(size) < np.where(continuing, 0.50, 0.92)
    asks_energy = (stream("asks energy").random(size) < np.where(continuing, 0.30, 0.97)) & (use >= 1000)
    burns = asks_energy & (stream("burns").random(size) < 0.75) & (typical["coal"].to_numpy(float) > 0)
    part = np.where(continuing, stream("later land").uniform(0.3, 0.7, size), 1.0)

    table["site_mu"] = site
    table["energy_use_tce"] = use
    table["land"] = np.where(asks_land, np.round(site * part, 1), 0.0)
    table["energy"] = np.where(asks_energy, use, 0.0)
    share = typical["coal"].to_numpy(float) * stream("coal").uniform(0.7, 1.0, size)
    table["coal"] = np.where(burns, np.round(use * share / 0.7143), 0.0)


def _benefit(table: pd.DataFrame, typical: pd.DataFrame) -> None:
    """Expected benefits once in operation, spread round the published benchmarks."""
    size = len(table)

    def about(name: str, median: float, spread: float) -> NDArray[np.float64]:
        return np.asarray(stream(name).lognormal(np.log(median), spread, size))

    quality = stream("quality").normal(0.0, 0.30, size)
    site, use = table["site_mu"].to_numpy(), table["energy_use_tce"].to_numpy()
    by_energy = VALUE_ADDED_PER_TCE * use
    by_land = VALUE_ADDED_PER_MU * site
    added = by_land**0.7 * by_energy**0.3 * about("added", 0.95, 0.35) * np.exp(quality)
    public = (table["kind"] == "government").to_numpy()
    revenue = added * about("revenue", 3.6, 0.25)
    table["value_added_mcny"] = np.round(added, 2)
    table["tax_mcny"] = np.round(added * about("tax", 0.16, 0.40) * np.where(public, 0.85, 1.0), 2)
    table["revenue_mcny"] = np.round(revenue, 2)
    table["emission_t"] = np.round(
        revenue / about("emission", REVENUE_PER_EMISSION, 0.5) * (1 + 0.6 * typical["coal"].to_numpy(float)), 2
    )
    table["labour"] = np.maximum(np.round(added / VALUE_ADDED_PER_PERSON / about("labour", 1.0, 0.35)), 5)
    table["rnd_mcny"] = np.round(revenue * RND_SHARE * about("rnd", 0.8, 0.7), 2)
    table.loc[(stream("unknown").random(size) < 0.03), "rnd_mcny"] = np.nan


def progress(
    table: pd.DataFrame, spare_first_quarter: float = SPARE_FIRST_QUARTER, spare_later: float = SPARE_LATER
) -> pd.DataFrame:
    """When the reviews of a project begin in 2020, and the last stage that it has behind it by then.

    A new project began so long before it is due that, at the usual pace of its route, it has some days to spare; one in
    reserve or only planned begins in the first quarter; a continuing one begins to resume when the holidays would have
    ended.

    Parameters
    ----------
    table : DataFrame
        The projects.
    spare_first_quarter, spare_later : float
        Days to spare of projects that are due in the first quarter, and later.

    Returns
    -------
    DataFrame
        Columns ``enters``, ``passed`` and ``opens``, the day before which nobody starts.
    """
    origin, resumption = pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-31")
    pace = stream("pace of reviews").lognormal(0.0, PACE_SPREAD, len(table))
    spare = np.where(table["due"] < pd.Timestamp("2020-04-01"), spare_first_quarter, spare_later)
    stages = typical("progress").set_index("stage")
    fresh = origin + pd.to_timedelta(stream("fresh").integers(1, 90, len(table)), unit="D")
    enters, passed = [], []
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    for row, slow, days, day in zip(rows, pace, spare, fresh, strict=True):
        usual = stages[f"{row['route']}_land" if row["land"] > 0 else row["route"]].dropna()
        begun = row["due"] - pd.Timedelta(days=round(usual[LAST_STAGE] + MOBILISATION + days))
        behind = usual[usual * slow <= (origin - begun).days]
        behind = behind[[_passes(str(name), row) for name in behind.index]]
        begins_anew = pd.notna(row["started"]) or row["batch"] in ("reserve", "plan")
        enters.append(resumption if pd.notna(row["started"]) else day if begins_anew else max(begun, origin))
        passed.append(None if begins_anew or behind.empty else behind.index[-1])
    later = stream("days ahead").integers(0, AHEAD_LATER, len(table), endpoint=True)
    ahead = np.where(table["due"] < pd.Timestamp("2020-04-01"), AHEAD_FIRST_QUARTER, later)
    opens = table["due"] - pd.to_timedelta(ahead, unit="D")
    return pd.DataFrame({"enters": enters, "passed": passed, "opens": opens}, index=table.index)


def _passes(stage: str, row: Mapping[str, Any]) -> bool:
    """Whether a project comes by a stage of which there are two kinds."""
    if stage.startswith(("省级", "市级")):
        return stage.startswith("省级") == bool(row["tier"] == "省重大")
    if stage.endswith("施工图审查"):
        return stage.startswith("大型") == bool(row["total_mcny"] >= LARGE_MCNY)
    return True
