"""Make the rows of the sample `gb-grid-2021`: ``python -m allocator.cases.make_gb_grid REPD_CSV [FOLDER]``.

REPD_CSV is the Renewable Energy Planning Database of June 2021 (Open Government Licence v3.0). The projects kept had
permission on 30 June 2021 and no recorded start: status "Awaiting Construction", permission granted (by the authority
or on appeal), neither under construction nor operational, not expired, on the grid of Great Britain, capacity known.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.cases.rows import write_tables

CENSUS = pd.Timestamp("2021-06-30")
HOURS_PER_YEAR = 8760
LARGE_MW = 50.0
SUPPLY = {"region": 0.38, "national": 0.12}
PERIODS = {"2022": 0.5, "2023": 0.5}
STEP_MW = 5.0

TECHNOLOGIES = {
    "Wind Onshore": ("wind", 0.27),
    "Wind Offshore": ("wind", 0.40),
    "Solar Photovoltaics": ("solar", 0.11),
    "Battery": ("storage", 0.08),
    "Pumped Storage Hydroelectricity": ("storage", 0.12),
    "Small Hydro": ("water", 0.38),
    "Tidal Barrage and Tidal Stream": ("water", 0.30),
    "Anaerobic Digestion": ("bioenergy", 0.60),
    "Biomass (dedicated)": ("bioenergy", 0.70),
    "Landfill Gas": ("bioenergy", 0.50),
    "EfW Incineration": ("waste", 0.75),
    "Advanced Conversion Technologies": ("waste", 0.70),
}
"""Field and assumed capacity factor of each technology (storage: energy delivered at the assumed cycling)."""


def select(repd: pd.DataFrame) -> pd.DataFrame:
    """The projects that had permission and had not started on the census day, from the rows of the database.

    Parameters
    ----------
    repd : DataFrame
        The database as published, every cell text.

    Returns
    -------
    DataFrame
        ``id, region, county, authority, sector, capacity, registered, granted, expires``.
    """
    repd = repd.rename(columns=str.strip)

    def date(name: str) -> pd.Series:
        return pd.to_datetime(repd[name], format="%d/%m/%Y", errors="coerce")

    granted = date("Planning Permission Granted").fillna(date("Appeal Granted"))
    expires, started = date("Planning Permission Expired"), date("Under Construction").fillna(date("Operational"))
    capacity = pd.to_numeric(repd["Installed Capacity (MWelec)"], errors="coerce")
    kept = (
        (repd["Development Status (short)"] == "Awaiting Construction")
        & (granted <= CENSUS)
        & started.isna()
        & ~(expires <= CENSUS)
        & ~repd["Country"].str.strip().eq("Northern Ireland")
        & (capacity > 0)
    )
    columns = {
        "id": "R" + repd["Ref ID"].str.zfill(5),
        "region": repd["Region"].str.strip(),
        "county": repd["County"].str.strip(),
        "authority": repd["Planning Authority"].str.strip(),
        "sector": repd["Technology Type"].str.strip(),
        "capacity": capacity,
        "registered": date("Planning Application Submitted"),
        "granted": granted,
        "expires": expires,
    }
    table = pd.DataFrame(columns)
    return table[kept].sort_values("id", ignore_index=True)


def add_columns(selected: pd.DataFrame) -> pd.DataFrame:
    """Name, field, tier and indicator columns from those of the database.

    ``output_gwh`` is the expected yearly output, ``waiting_days`` the time since permission, ``left_days`` the time
    until it expires (blank where the database states no date).
    """
    table = selected.copy()
    size = table["capacity"].map("{:g}".format)
    table.insert(1, "name", table["sector"] + " " + size + " MW, " + table["authority"].fillna(table["region"]))
    table["field"] = table["sector"].map({name: field for name, (field, _) in TECHNOLOGIES.items()})
    table["tier"] = np.where(table["capacity"] >= LARGE_MW, "national", "local")
    factor = table["sector"].map({name: factor for name, (_, factor) in TECHNOLOGIES.items()})
    table["output_gwh"] = (table["capacity"] * factor * HOURS_PER_YEAR / 1000).round(3)
    table["waiting_days"] = (CENSUS - table["granted"]).dt.days.astype(float)
    table["left_days"] = (table["expires"] - CENSUS).dt.days.astype(float)
    table["enters"] = CENSUS + pd.Timedelta(days=1)
    return table


def make_pools(projects: pd.DataFrame) -> pd.DataFrame:
    """Capacity by region and year, and a national reserve for large projects: assumed shares of what is asked."""
    asked = projects.groupby("region")["capacity"].sum()
    common = {"resource": "capacity", "unit": "MW", "carry": 1.0}
    rows: list[dict[str, object]] = []
    for period, part in PERIODS.items():
        for region, total in asked.items():
            amount = _rounded(total * SUPPLY["region"] * part)
            pool = {"pool": f"{region} connections", "level": "city", "region": region, "advance": 0.2}
            rows.append(common | pool | {"period": period, "amount": amount})
        large = projects.loc[projects["tier"] == "national", "capacity"].sum()
        reserve = {"pool": "National reserve", "level": "province", "tiers": "national", "period": period}
        rows.append(common | reserve | {"amount": _rounded(large * SUPPLY["national"] * part)})
    return pd.DataFrame(rows)


def _rounded(amount: float) -> float:
    return float(np.round(amount / STEP_MW) * STEP_MW)


def make_indicators() -> pd.DataFrame:
    """Output per MW, time waited and time left, with assumed weights and benchmarks."""
    rows = [
        ("output per MW", "output_gwh", "capacity", "max", 0.6, 2.5, 1.5, "refuse"),
        ("time since permission", "waiting_days", None, "max", 0.2, 730.0, 1.5, "refuse"),
        ("time to expiry", "left_days", None, "min", 0.2, 365.0, 1.5, "median"),
    ]
    return pd.DataFrame(
        rows, columns=["indicator", "numerator", "denominator", "direction", "weight", "benchmark", "cap", "missing"]
    )


def make(repd: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The generated tables of the case from the rows of the database."""
    projects = add_columns(select(repd))
    return {"projects": projects, "pools": make_pools(projects), "indicators": make_indicators()}


if __name__ == "__main__":
    rows = pd.read_csv(sys.argv[1], dtype=str)
    write_tables(make(rows), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "gb-grid-2021")
