"""Reports on rounds in which little happens or little is known: nothing is left open in a sentence."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from cases import LANGS

from allocator import Case, allocate
from allocator.errors import YaosuError
from allocator.labels import Lang
from allocator.policy import Policy
from allocator.sitting import Choice, Sitting
from simulation import Scenario, Store
from simulation.crossing import cross
from workbench import regimebook, regiming
from workbench.crossed import Crossed, Rules
from workbench.progress import Watch
from workbench.report import Report
from workbench.reportmaking import make
from workbench.study import Asked, Study

MORE_QUOTA, FASTER = "[[pools]]\nscale = { amount = 2.0 }\n", "[levers]\nspeed = 2.0\n"


def place(folder: Path, ready: str = "2026-01-05", amount: float = 15.0, regions: Sequence[str] = "NS",
          needs: float = 10.0, policy: Policy | None = None, scenarios: Mapping[str, str] | None = None,
) -> Path:  # fmt: skip
    """Two projects, one review, quota of the first quarter."""
    case = Case.from_tables(
        projects=pd.DataFrame({"id": ["a", "b"], "region": list(regions), "investment": [100.0, 50.0], "score": 1.0,
                               "land": needs, "ready": pd.Timestamp(ready)}),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [amount], "period": ["2026Q1"]}),
        stages=pd.DataFrame({"stage": ["review"], "office": ["desk"], "work": ["lognormal(4, 0.6)"]}),
        offices=pd.DataFrame({"office": ["desk"], "reviewers": [1]}),
        process=pd.DataFrame({"key": ["calendar", "origin", "entry"], "value": ["weekly", "2026-01-01", "ready"]}),
        policy=policy or Policy(value="score*investment"),
    )  # fmt: skip
    made = case.write(folder / "case")
    (made / "scenarios").mkdir()
    for name, text in (scenarios or {}).items():
        (made / "scenarios" / f"{name}.toml").write_text(text, "utf-8")
    return made


def crossed(made: Path, *scenarios: str, replications: int = 2) -> dict[Lang, Crossed]:
    """Two regimes, run once for both languages."""
    asked = Asked(str(made), None, "en", False, replications, 1, 1, "simpy", None, "", "planned", None)
    rules = Rules.read(("regional", "follow"), "month", 0.02, None)
    with Watch("en") as watch, Store(made.parent / "runs.sqlite") as store:
        found = Crossed.run(Study.read(asked, scenarios, watch), rules, watch, store)
    study = found.study
    turned = Study.of(replace(asked, lang="zh"), study.case, study.faults, list(study.stated.values()))
    return {"en": found, "zh": replace(found, study=turned)}


def reports(made: Path, *scenarios: str, replications: int = 2) -> dict[Lang, Report]:
    """The reports of them, with the prices of a plan."""
    found = crossed(made, *scenarios, replications=replications)
    plan = allocate(found["en"].study.case, time_limit=10)
    return {lang: make(one, plan) for lang, one in found.items()}


@pytest.mark.parametrize("ready", ["2027-01-03", "2026-03-30"])
def test_where_nobody_gets_anything_there_is_a_report_of_noughts_without_holes(ready: str, tmp_path: Path) -> None:
    for found in reports(place(tmp_path, ready)).values():
        assert found.tables["by_date"].column("realised").values == (0.0,) * len(found.tables["by_date"])
        assert len(found.tables["by_date"]) and not any("–" in one.text for one in found.sentences)


@pytest.mark.parametrize("replications", [1, 2])
def test_what_is_not_known_is_left_out_of_the_answer_that_names_a_scenario(replications: int, tmp_path: Path) -> None:
    made = place(tmp_path, "2027-01-03", scenarios={"faster": FASTER})
    for found in reports(made, "faster", replications=replications).values():
        for sentence in found.sentences:
            assert not any(hole in sentence.text for hole in ("–", "()", "（）", ", or ,", "  ")), sentence.text


def test_a_resource_without_quota_is_said_to_have_none(tmp_path: Path) -> None:
    found = reports(place(tmp_path, amount=0.0))
    for lang, said in (("en", "there is no quota"), ("zh", "没有指标")):
        texts = [one.text for one in found[lang].sentences]  # type: ignore[index]
        assert not any("–" in text for text in texts) and any(said in text for text in texts)


def test_a_price_is_told_only_of_what_the_plan_uses_up(tmp_path: Path) -> None:
    short, slack = (reports(place(folder, amount=amount, needs=7.0)) for folder, amount in
                    ((tmp_path / "short", 7.0), (tmp_path / "slack", 13.0)))  # fmt: skip
    words: dict[Lang, tuple[str, str]] = {"en": ("price of the relaxation", "none is scarce"),
                                          "zh": ("松弛问题的影子价格", "没有要素紧缺")}  # fmt: skip
    for lang, said in words.items():
        for made, text in zip((short, slack), said, strict=True):
            assert made[lang].tables["prices"].cell(0, "price").value > 0  # type: ignore[operator]
            [sentence] = next(one for one in made[lang].sections if one.key == "prices").sentences
            assert text in sentence.text


@pytest.mark.parametrize(("scenario", "english", "chinese"), [
    (MORE_QUOTA, "on the scenario", "增益与情景"), (FASTER, "on reviews", "增益与审批"),
])  # fmt: skip
def test_the_gain_is_said_to_depend_on_reviews_only_where_the_scenario_changes_them(
    scenario: str, english: str, chinese: str, tmp_path: Path
) -> None:
    made = crossed(place(tmp_path, scenarios={"other": scenario}), "other")
    plain = scenario == MORE_QUOTA
    for lang, said in (("en", english), ("zh", chinese)):
        one = made[lang]  # type: ignore[index]
        found = make(one)
        asked = {"en": "speed of reviews", "zh": "审批"}[lang] in found.question
        assert said in found.answer[1].text and plain != asked
        printed = " ".join(regiming.sentences(one))
        assert plain == ({"en": "depends on the scenario", "zh": "与情景有关"}[lang] in printed)


def test_scenarios_with_one_title_are_told_apart_by_name(tmp_path: Path) -> None:
    titled = 'title = "As it is"\n'
    made = crossed(place(tmp_path, scenarios={"a": titled + FASTER, "b": titled + MORE_QUOTA}), "a", "b")
    assert list(made["en"].study.titles.values()) == ["As it is", "As it is (a)", "As it is (b)"]
    assert list(made["zh"].study.titles.values())[1:] == ["As it is（a）", "As it is（b）"]


def test_benefit_has_one_unit_in_the_terminal_the_workbook_and_the_report(tmp_path: Path) -> None:
    made = crossed(place(tmp_path, policy=Policy(value="investment")))
    for lang, unit in (("en", "mcny"), ("zh", "百万元")):
        one = made[lang]  # type: ignore[index]
        assert f"100.0{' ' if lang == 'en' else ''}{unit}" in regiming.table(one)
        assert make(one).tables["realised"].column("realised").unit.strip() == unit
        [units] = {field.values[0] for field in regimebook.page(one, "cells", one.tables["cells"].query(
            "measure == 'realised'").reset_index(drop=True)).fields if field.key == "unit"}  # fmt: skip
        assert units == unit


def test_a_city_with_a_very_long_name_leaves_room_for_the_picture(tmp_path: Path) -> None:
    made = crossed(place(tmp_path, regions=("长" * 200, "S")))["en"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for picture in make(made).pictures:
            figure = picture.draw()
            figure.savefig(BytesIO(), format="svg")
            assert all(axes.get_position().width > 0.2 for axes in figure.axes)


def refuse(_: Sitting) -> Choice:
    """A way of giving out that cannot go on, which is known in words."""
    raise YaosuError("runs_nothing")


@pytest.mark.parametrize("jobs", [1, 2])
def test_why_no_replication_gave_a_result_is_told_in_the_language_asked_for(jobs: int, tmp_path: Path) -> None:
    with pytest.raises(YaosuError) as raised:
        cross(Case.read(place(tmp_path)), {"base": Scenario()}, [refuse], replications=2, jobs=jobs, engine="simpy",
              until="2026-02-28").table("started")  # fmt: skip
    for lang in LANGS:
        text = raised.value.text(lang)
        assert text.endswith(YaosuError("runs_nothing").text(lang)) and "Error" not in text
