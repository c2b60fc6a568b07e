"""The tables from registration to start in the starter workbook: three stages, their offices, what may go wrong."""

from __future__ import annotations

import pandas as pd

from allocator.labels import Lang, label
from allocator.processschema import SETTINGS

NAMES = {
    "en": {
        "filing": "filing",
        "energy": "energy review",
        "site": "site permit",
        "first": "registration",
        "second": "permits",
        "commission": "provincial commission",
        "hall": "city service hall",
        "road": "access road",
        "grid": "grid connection",
        "loan": "loan agreement",
        "large": "energy >= 5000",
        "filed": "route = file",
        "holiday": "Spring Festival, as expected",
        "makeup": "make-up Saturday",
        "slow": "half of the reviewers are back",
        "spring": "started by spring",
        "summer": "started by summer",
        "north": "started by summer in Northport",
        "northport": "region = Northport",
        "assumption": "assumed for the example",
    },
    "zh": {
        "filing": "备案",
        "energy": "节能审查",
        "site": "用地规划许可",
        "first": "立项",
        "second": "许可",
        "commission": "省发展改革委",
        "hall": "市政务服务大厅",
        "road": "进场道路",
        "grid": "电力接入",
        "loan": "贷款落实",
        "large": "能耗>=5000",
        "filed": "审批方式=备案",
        "holiday": "春节（预计）",
        "makeup": "调休上班",
        "slow": "半数审查人员到岗",
        "spring": "春季开工率",
        "summer": "夏季开工率",
        "north": "北港市夏季开工率",
        "northport": "城市=北港市",
        "assumption": "示例假定",
    },
}
STATED = {
    "calendar": "CN", "origin": "2026-01-01", "entry": "registered", "patience": "730", "hotline.staff": "2",
    "hotline.time": "exponential(3)", "hotline.rate": "0.4", "dispatch.every": "30", "dispatch.rate": "0.6",
}  # fmt: skip


def tables(lang: Lang = "en") -> dict[str, pd.DataFrame]:
    """Stages, offices, problems, own days, settings and published points that go with the three example projects.

    >>> tables()["stages"]["stage"].tolist()
    ['filing', 'energy review', 'site permit']
    """
    say = NAMES[lang]
    return {
        "stages": _stages(say),
        "offices": pd.DataFrame(
            {
                "office": [say["commission"], say["hall"], say["hall"]],
                "title": [None, None, None],
                "level": ["province", "city", None],
                "region": [None, None, None],
                "county": [None, None, None],
                "reviewers": [2, 1, 2],
                "from": pd.to_datetime(pd.Series([None, None, "2026-10-08"])),
                "preemptive": [False, False, False],
                "every": [None, None, None],
                "seats": [None, None, None],
                "room": [None, None, None],
            }
        ),
        "problems": pd.DataFrame(
            {
                "problem": [say["road"], say["grid"], say["loan"]],
                "title": [None, None, None],
                "mean": [0.1, 0.2, 0.3],
                "own": ["exponential(60)", "lognormal(45, 0.8)", "triangular(10, 20, 60)"],
                "applies": [None, say["large"], None],
                "blocks": [say["site"], None, None],
                "hotline": ["no", "yes", None],
                "dispatch": ["yes", "yes", None],
                "teams": [None, None, None],
            }
        ),
        "calendar": pd.DataFrame(
            {
                "date": pd.to_datetime(["2027-02-05", "2027-02-20", "2027-02-12"]),
                "to": pd.to_datetime(pd.Series(["2027-02-11", None, "2027-02-14"])),
                "working": ["no", "yes", None],
                "staff": [None, None, 0.5],
                "note": [say["holiday"], say["makeup"], say["slow"]],
            }
        ),
        "process": pd.DataFrame(
            {
                "key": list(SETTINGS),
                "value": [STATED.get(key) for key in SETTINGS],
                "note": [label(f"schema.note.process.{key}", lang) for key in SETTINGS],
            }
        ),
        "checkpoints": pd.DataFrame(
            {
                "checkpoint": [say["spring"], say["summer"], say["north"]],
                "scenario": [None, None, None],
                "measure": ["started", "started", "started"],
                "date": pd.to_datetime(["2027-03-31", "2027-06-30", "2027-06-30"]),
                "where": [None, None, say["northport"]],
                "value": [0.5, 1.0, 1.0],
                "tolerance": [0.5, 0.34, 0.5],
                "band": [0.9, 0.9, 0.9],
                "standing": ["assumed"] * 3,
                "source": [say["assumption"]] * 3,
            }
        ),
    }


def _stages(say: dict[str, str]) -> pd.DataFrame:
    """One stage that all pass, one for large users of energy only, one that waits for it by custom only."""
    return pd.DataFrame(
        {
            "stage": [say["filing"], say["energy"], say["site"]],
            "title": [None, None, None],
            "phase": [say["first"], say["second"], say["second"]],
            "office": [say["hall"], say["commission"], say["hall"]],
            "work": ["1", "lognormal(4, 0.6)", "gamma(3, 0.5)"],
            "after": [None, say["filing"], say["filing"]],
            "customary_after": [None, None, say["energy"]],
            "applies": [None, say["large"], None],
            "prepare": ["5", "lognormal(20, 0.5)", "triangular(5, 10, 30)"],
            "filing": ["1", "2", "1"],
            "elapsed": [None, None, "10"],
            "returns": [0.1, 0.3, 0.2],
            "correction": ["3", "exponential(10)", "exponential(7)"],
            "refuses": [None, 0.02, None],
            "withdraws": [None, 0.05, None],
            "limit": [3, 20, 10],
            "extension": [None, 10, None],
            "deferrable": [None, say["filed"], None],
            "after_grant": [False, False, False],
            "not_before": [None, None, None],
            "after_start": [False, False, False],
        }
    )
