"""What ties the projects of `shandong-2020` together: decisions, phases, rivals, other ways, earlier grants."""

from __future__ import annotations

import pandas as pd

from allocator.cases.shandong_projects import INDUSTRY, stream
from allocator.cases.shandong_supply import QUARTERS

PHASED, SMALLER, SAVING, REUSING = 50, 20, 22, 20
DEPENDENT, RIVALS, MUST, NEVER, GRANTED, LAPSED = 20, 10, 6, 4, 8, 2
LARGE_MCNY = 600


def add_links(projects: pd.DataFrame) -> pd.DataFrame:
    """Projects with ``phases, requires, excludes, decision`` beside their columns."""
    keyed = projects.set_index("id")
    new = keyed["started"].isna()
    large = keyed[new & (keyed["field"] == INDUSTRY) & (keyed["investment"] >= LARGE_MCNY)]
    phased = _draw("phases", large.index, PHASED)
    return projects.assign(
        phases=projects["id"].map(dict(zip(phased, ["0.5|1"] * (PHASED - 10) + ["0.4|0.7|1"] * 10, strict=True))),
        requires=projects["id"].map(_forerunners(keyed[new])),
        excludes=projects["id"].map(_rivals(keyed[new])),
        decision=projects["id"].map(_decisions(keyed)),
    )


def _draw(name: str, ids: pd.Index, count: int) -> list[str]:
    return [str(id_) for id_ in stream(name).choice(ids.to_numpy(dtype=object), count, replace=False)]


def _forerunners(new: pd.DataFrame) -> dict[str, str]:
    """An enterprise that needs the infrastructure of an industrial park in its city."""
    starting = new[new["batch"] == "start"]
    parks = starting[starting["sector"] == "园区"].drop_duplicates("region")
    park = dict(zip(parks["region"], parks.index, strict=True))
    settlers = starting.loc[(starting["kind"] == "enterprise") & starting["region"].isin(parks["region"]), "region"]
    return {id_: str(park[settlers[id_]]) for id_ in _draw("requires", settlers.index, DEPENDENT)}


def _rivals(new: pd.DataFrame) -> dict[str, str]:
    """Two projects of one city and sector of which only one should be built."""
    industry = new[new["field"] == INDUSTRY]
    pairs = [group.index[:2] for _, group in industry.groupby(["region", "sector"]) if len(group) > 1]
    chosen = stream("excludes").choice(len(pairs), RIVALS, replace=False)
    return {str(pairs[place][0]): str(pairs[place][1]) for place in sorted(chosen)}


def _decisions(keyed: pd.DataFrame) -> dict[str, str]:
    """A few major projects that are settled, and a few early ideas that are put off."""
    sound = (keyed["capital"] >= 0.4 * keyed["investment"]) & (
        keyed["cashflow"] >= 0.1 * (keyed["investment"] - keyed["capital"])
    )
    ready = keyed["started"].isna() & (keyed["ready"] <= pd.Timestamp("2020-06-30"))
    small = (keyed["land"] < 120) & (keyed["energy"] < 3000) & (keyed["coal"] == 0)
    settled = keyed[(keyed["tier"] == "省重大") & sound & ready & small]
    decided = dict.fromkeys(_draw("must", settled.index, MUST), "must")
    return decided | dict.fromkeys(_draw("never", keyed.index[keyed["batch"] == "plan"], NEVER), "never")


def make_variants(projects: pd.DataFrame) -> pd.DataFrame:
    """Another way to do 62 projects: a smaller first phase, an energy-saving process, or an existing site."""
    keyed = projects.set_index("id")
    free = keyed[
        keyed["started"].isna() & keyed["phases"].isna() & keyed["decision"].isna() & (keyed["field"] == INDUSTRY)
    ]
    smaller = free.loc[_draw("smaller", free.index[free["investment"] >= LARGE_MCNY / 2], SMALLER)]
    free = free.drop(smaller.index)
    saving = free.loc[_draw("saving", free.index[free["energy"] > 2000], SAVING)]
    free = free.drop(saving.index)
    reusing = free.loc[_draw("reusing", free.index[(free["land"] > 20) & (free["ready"] < "2020-09-30")], REUSING)]
    tables = [
        _variant(smaller, "一期", land=0.5, energy=0.5, coal=0.5, investment=0.5, plan=0.55),
        _variant(saving, "节能工艺", energy=0.7, coal=0.5, investment=1.06),
        _variant(reusing, "盘活存量用地", land=0.25, investment=1.05).assign(earliest=_next_quarter(reusing["ready"])),
    ]
    return pd.concat(tables).sort_values("project", ignore_index=True)


def _variant(keyed: pd.DataFrame, name: str, **factors: float) -> pd.DataFrame:
    table = pd.DataFrame({"project": keyed.index, "variant": name})
    for column, factor in factors.items():
        table[column] = (keyed[column] * factor).round(1).to_numpy()
    return table


def _next_quarter(ready: pd.Series) -> list[str]:
    """The planned quarter after the one in which a project is ready: moving to another site takes time."""
    place = [sum(day > pd.Period(quarter).end_time for quarter in QUARTERS) + 1 for day in ready]
    return [QUARTERS[min(at, len(QUARTERS) - 1)] for at in place]


def make_grants(projects: pd.DataFrame) -> pd.DataFrame:
    """Land granted before this round: to projects under way, and to two that have not started in time."""
    only_land = projects[
        (projects["land"] > 0) & (projects["energy"] == 0) & projects["phases"].isna() & projects["decision"].isna()
    ]
    early = only_land[
        (only_land["batch"] == "start") & (only_land["ready"] <= "2020-03-31") & only_land["requires"].isna()
    ].set_index("id")
    standing = _draw("granted", early.index[early["started"].notna()], GRANTED)
    lapsed = _draw("lapsed", early.index[early["started"].isna()], LAPSED)
    chosen = early.loc[standing + lapsed]
    table = pd.DataFrame(
        {
            "project": chosen.index,
            "resource": "land",
            "pool": chosen["region"].to_numpy() + "用地",
            "period": QUARTERS[0],
        }
    )
    table["amount"] = chosen["land"].to_numpy()
    table["granted"] = pd.to_datetime(["2020-01-10"] * GRANTED + ["2019-06-15"] * LAPSED)
    return table
