"""A small case with stages, two periods and hard names, and reports made of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from allocator import Case, allocate
from allocator.labels import Lang
from allocator.policy import Policy
from simulation import Store
from workbench.crossed import Crossed, Rules
from workbench.progress import Watch
from workbench.report import Report
from workbench.reporthtml import page
from workbench.reportmaking import make
from workbench.study import Asked, Study

HARD = '<b>港口</b> & "引号" “弯引号”'
TITLES = {"en": "Twice as <fast> & more", "zh": "提速一倍<&>"}
SOURCES = pd.DataFrame([
    ("stages/review/work", "assumed", "chosen <for> the test"), ("stages/*/limit", "pub", "law"),
    ("offices/*/*", "pub|fitted", "a fit"), ("all rows", "synthetic", "made up"),
], columns=["item", "standing", "source"])  # fmt: skip


def case() -> Case:
    """Twelve projects of three cities that enter in the first weeks; land of two quarters for about half of them."""
    random = np.random.default_rng(5)
    many = 12
    projects = pd.DataFrame({
        "id": [f"p{i:02d}" for i in range(many)], "name": [HARD, *(f"项目{i}" for i in range(1, many))],
        "region": [("烟台", "济南", "东&西")[i % 3] for i in range(many)],
        "tier": [("省重大", "一般")[i % 2] for i in range(many)], "land": random.integers(5, 30, many).astype(float),
        "value": random.integers(1, 90, many) * 1.5e4,
        "ready": pd.Timestamp("2020-01-02") + pd.to_timedelta(random.integers(0, 40, many), unit="D"),
    })  # fmt: skip
    rows = [("省级", None, 20.0), ("烟台", "烟台", 14.0), ("济南", "济南", 14.0), ("东西", "东&西", 14.0)]
    pools = pd.DataFrame([
        {"pool": pool, "resource": "land", "region": region, "period": period, "amount": amount}
        for pool, region, amount in rows for period in ("2020Q1", "2020Q2")
    ])  # fmt: skip
    stages = pd.DataFrame({"stage": ["review", "site"], "title": ["审查", "进场"], "office": ["desk", None],
                           "work": ["lognormal(5, 0.5)", None], "elapsed": [None, "4"], "limit": [20.0, None],
                           "after_grant": [False, True]})  # fmt: skip
    offices = pd.DataFrame({"office": ["desk"], "title": ["窗口"], "reviewers": [2.0]})
    process = pd.DataFrame({"key": ["calendar", "entry"], "value": ["CN", "ready"]})
    return Case.from_tables(projects=projects, pools=pools, stages=stages, offices=offices, process=process,
                            sources=SOURCES, policy=Policy(value="value"))  # fmt: skip


def written(folder: Path) -> Path:
    """The case in a folder, with a scenario in which reviews are twice as fast."""
    place = case().write(folder / "小 案例")
    (place / "scenarios").mkdir()
    title = ", ".join(f'{lang} = "{text}"' for lang, text in TITLES.items())
    (place / "scenarios" / "faster.toml").write_text(f"title = {{ {title} }}\n[levers]\nspeed = 2.0\n", "utf-8")
    return place


@cache
def crossed(lang: Lang, scenarios: tuple[str, ...] = ("faster",), replications: int = 3) -> Crossed:
    """All three regimes, without a process of its own; run once for both languages."""
    if lang == "zh":
        made = crossed("en", scenarios, replications)
        study, asked = made.study, replace(made.study.asked, lang=lang)
        return replace(made, study=Study.of(asked, study.case, study.faults, list(study.stated.values())))
    with TemporaryDirectory() as folder, Watch(lang) as watch:
        asked = Asked(str(written(Path(folder))), None, lang, False, replications, 1, 1, "simpy", None, "", "planned",
                      None)  # fmt: skip
        study = Study.read(asked, scenarios, watch)
        with Store(Path(folder, "runs.sqlite")) as store:
            return Crossed.run(study, Rules.read((), "month", 0.02, None), watch, store)


@cache
def report(lang: Lang, scenarios: tuple[str, ...] = ("faster",), replications: int = 3) -> Report:
    """The report of it."""
    made = crossed(lang, scenarios, replications)
    return make(made, allocate(made.study.case, time_limit=10))


@cache
def html(lang: Lang) -> str:
    """The page of it."""
    return page(report(lang))
