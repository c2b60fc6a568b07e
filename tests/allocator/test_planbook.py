"""What comes out of a plan: the workbook says what the tables say, in both languages, whole or not at all."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from allocator import Case, Plan, Policy, Rule, YaosuError, allocate
from allocator import folder as folders
from allocator.bookstyle import Field, Page, Style, add_page
from allocator.frontsheet import FrontSheet
from allocator.labels import Lang, words

TABLES = {"projects", "grants", "loans", "pools", "bank", "rules", "prices"}


def crowd() -> Case:
    """Two resources, two regions, loans, a bank and a soft rule that cannot be met."""
    rng = np.random.default_rng(5)
    n = 24
    projects = pd.DataFrame({
        "id": [f"{i:03d}" for i in range(n)], "name": [f"项目{i}" for i in range(n)],
        "region": rng.choice(["烟台", "青岛", "潍坊"], n), "field": rng.choice(["产业", "民生"], n),
        "tier": rng.choice(["省级", "市级"], n), "land": rng.integers(5, 90, n) / 2.0,
        "energy": rng.integers(0, 4000, n).astype(float), "score": rng.integers(400, 1000, n) / 10.0,
        "plan": rng.integers(10, 900, n).astype(float), "investment": rng.integers(1000, 4000, n).astype(float),
        "capital": rng.integers(300, 900, n).astype(float), "kind": rng.choice(["government", "enterprise"], n),
        "decision": ["never", "must", *["free"] * (n - 2)],
    })  # fmt: skip
    pools = pd.DataFrame({
        "pool": ["省级用地", "烟台用地", "能耗", "能耗收储"], "resource": ["land", "land", "energy", "energy"],
        "region": [None, "烟台", None, None], "amount": [150.0, 40.0, 15_000.0, 3000.0],
        "level": ["province", "city", "province", "bank"], "into": [None, None, None, "能耗"],
        "unit_cost": [None, None, None, 0.0002],
    })  # fmt: skip
    funds = pd.DataFrame({"fund": ["专项债券", "银行贷款"], "capacity": [6000.0, 20_000.0], "rate": [0.033, 0.0465],
                          "term": [15.0, 10.0], "kinds": ["government", None]})  # fmt: skip
    total = Rule("count", 100, name="项目总数", penalty=5.0)
    policy = Policy(floors=(total,), caps=(Rule("land", 0.9, by="kind", basis="plan", name="主体用地"),))
    return Case.from_tables(projects=projects, pools=pools, funds=funds, policy=policy, name="crowd")


def pool(name: str, amount: float, resource: str = "land") -> pd.DataFrame:
    return pd.DataFrame({"pool": [name], "resource": [resource], "amount": [amount]})


def impossible() -> Case:
    projects = pd.DataFrame({"id": ["P1", "P2"], "land": [200.0, 250.0], "value": 1.0, "decision": "must"})
    return Case.from_tables(projects=projects, pools=pool("Yantai", 300.0))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return allocate(crowd(), gap=0.0)


@pytest.fixture(scope="module", params=["en", "zh"])
def lang(request: pytest.FixtureRequest) -> Lang:
    found: Lang = request.param
    return found


def sheets(path: Path) -> dict[str, pd.DataFrame]:
    return pd.read_excel(path, sheet_name=None, engine="calamine", dtype=object)


def one(found: dict[str, pd.DataFrame], key: str, lang: Lang) -> pd.DataFrame:
    return found[words()[f"plan.sheet.{key}"][lang == "zh"]]


def head(table: pd.DataFrame, start: str) -> str:
    """The only header that begins so."""
    (name,) = [name for name in table.columns if name == start or name.startswith(f"{start} (")]
    return str(name)


def test_decisions_and_grants_read_back_are_those_of_the_plan(plan: Plan, lang: Lang, tmp_path: Path) -> None:
    found = sheets(plan.to_excel(tmp_path / "plan.xlsx", lang))
    decisions, grants = one(found, "decisions", lang), one(found, "grants", lang)
    said = {"en": ("id", "funded", "score", "value", "investment", "land granted", "amount"),
            "zh": ("编号", "是否入选", "得分", "价值", "总投资", "用地配置", "数量")}[lang]  # fmt: skip
    id_, funded, score, value, investment, land, amount = said
    projects = plan.projects
    assert decisions[id_].tolist() == projects["id"].tolist()
    assert (decisions[funded] == ("是" if lang == "zh" else "yes")).tolist() == projects["funded"].tolist()
    factor = 100 if lang == "zh" else 1
    money = projects["investment"] / factor
    for name, wanted in ((score, projects["score"]), (value, projects["value"]), (investment, money)):
        np.testing.assert_allclose(decisions[head(decisions, name)].astype(float), wanted, rtol=1e-12)
    np.testing.assert_allclose(grants[amount].astype(float), plan.grants["amount"], rtol=1e-12)
    mine = plan.grants[plan.grants["resource"] == "land"].groupby("project")["amount"].sum().reindex(projects["id"])
    np.testing.assert_allclose(decisions[head(decisions, land)].astype(float), mine.fillna(0.0), atol=1e-9)


def test_each_decision_has_its_reason_in_the_language_of_the_book(plan: Plan, lang: Lang, tmp_path: Path) -> None:
    decisions = one(sheets(plan.to_excel(tmp_path / "plan.xlsx", lang)), "decisions", lang)
    reasons = decisions["理由" if lang == "zh" else "reason"].astype(str)
    start = {"en": r"^(Funded|Not funded)", "zh": r"^(入选|未入选)"}[lang]
    assert reasons.str.match(start).all()


def test_sums_by_city_and_by_field_equal_the_totals(plan: Plan, tmp_path: Path) -> None:
    found = sheets(plan.to_excel(tmp_path / "plan.xlsx", "en"))
    funded = plan.projects[plan.projects["funded"]]
    for key in ("by_region", "by_field"):
        table = one(found, key, "en")
        for name, total in (
            ("projects", len(plan.projects)), ("funded", len(funded)), ("value", funded["value"].sum()),
            ("total investment funded", funded["investment"].sum()),
            ("land granted", plan.grants.loc[plan.grants["resource"] == "land", "amount"].sum()),
            ("value, rank and cut", plan.baselines["rank_and_cut"].projects.query("funded")["value"].sum()),
        ):  # fmt: skip
            column_ = table[head(table, name)].astype(float)
            assert column_.iloc[:-1].sum() == pytest.approx(total) == column_.iloc[-1]


def test_the_waiting_list_holds_the_unfunded_with_the_nearest_first(plan: Plan, tmp_path: Path) -> None:
    waiting = one(sheets(plan.to_excel(tmp_path / "plan.xlsx", "en")), "waiting", "en")
    assert set(waiting["id"]) == set(plan.projects.loc[~plan.projects["funded"], "id"])
    profit = waiting[head(waiting, "reduced profit")].dropna().astype(float)
    assert profit.is_monotonic_decreasing and waiting.index[: len(profit)].tolist() == profit.index.tolist()


def test_used_and_free_make_up_what_is_available(plan: Plan, tmp_path: Path) -> None:
    prices = one(sheets(plan.to_excel(tmp_path / "plan.xlsx", "en")), "prices", "en")
    used, free, available = (prices[name].astype(float) for name in ("used", "free", "available"))
    np.testing.assert_allclose(used + free, available, atol=1e-6)
    assert len(prices) == plan.prices["block"].isin(["pool", "fund", "bank"]).sum()


def test_a_money_price_times_its_money_is_the_same_in_both_languages(plan: Plan, tmp_path: Path) -> None:
    english = one(sheets(plan.to_excel(tmp_path / "en.xlsx", "en")), "prices", "en")
    chinese = one(sheets(plan.to_excel(tmp_path / "zh.xlsx", "zh")), "prices", "zh")
    one_way = english["available"].astype(float) * english[head(english, "price of one unit more")].astype(float)
    other = chinese["可用"].astype(float) * chinese[head(chinese, "影子价格：每增1单位")].astype(float)
    np.testing.assert_allclose(one_way, other, rtol=1e-9)


def test_rules_say_what_they_ask_for_and_whether_they_are_met(plan: Plan, tmp_path: Path) -> None:
    rules = one(sheets(plan.to_excel(tmp_path / "plan.xlsx", "zh")), "rules", "zh").set_index("规则")
    total = rules.loc["项目总数"]
    assert total["是否满足"] == "否" and total["限额"] == 100 and total["适用范围"] == "全部项目"
    assert total["实际"] == plan.projects["funded"].sum() and total["罚分 (分·百万元)"] == 5.0 * total["缺口或超出"]
    assert set(rules.loc["主体用地", "适用范围"]) == {"投资主体：政府", "投资主体：企业"}


def test_no_label_is_missing_and_no_key_is_shown(plan: Plan, lang: Lang, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "plan.xlsx", lang))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    notes = [cell.comment.text for sheet in book for cell in sheet[1] if cell.comment]
    raw = re.compile(r"\b(plan|schema|explain)\.\w+\.\w+|\bnan\b|\{\w*\}")
    assert notes and not [text for text in (*texts, *notes) if raw.search(text)]
    heads = [str(cell.value) for sheet in book.worksheets[1:] for cell in sheet[1]]
    if lang == "zh":
        assert not [text for text in heads if not re.search("[一-鿿]", text)]
        ours = "own government enterprise must never land energy mcny mu floor cap plan count absolute pool fund bank"
        assert not set(ours.split()) & set(texts)
    else:
        assert not [text for text in heads if re.search("[一-鿿_]", text)]


def test_every_word_of_the_book_exists_in_both_languages() -> None:
    for key, (english, chinese) in words().items():
        if key.startswith("plan."):
            assert english and chinese
            assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), key
            assert not re.search("[一-鿿]", english), key


def test_sheets_and_columns_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
                            pools=pool("p", 9.0))  # fmt: skip
    found = sheets(allocate(case).to_excel(tmp_path / "plan.xlsx", "en"))
    assert list(found) == ["summary", "decisions", "grants", "pools and prices"]
    assert not {"score", "grade", "rank by score", "region", "share funded", "variant", "period"} & set(
        found["decisions"]
    )


def test_sheets_stand_in_the_order_of_an_argument(plan: Plan, tmp_path: Path) -> None:
    assert list(sheets(plan.to_excel(tmp_path / "plan.xlsx", "en"))) == [
        "summary", "decisions", "grants", "loans", "waiting list", "pools and prices", "rules", "quota bank",
        "by region", "by field",
    ]  # fmt: skip


def test_a_book_is_filterable_frozen_printable_and_has_charts(plan: Plan, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "plan.xlsx", "zh"))
    front, *others = book.worksheets
    assert len(front._charts) == 2 and front.sheet_properties.pageSetUpPr.fitToPage
    for sheet in others:
        assert sheet.auto_filter.ref and sheet.freeze_panes == "C2" and sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToHeight == 0
        assert "&P" in sheet.oddFooter.right.text
    rows = {sheet.title: sheet for sheet in others}
    assert rows["分城市"].auto_filter.ref.endswith(str(rows["分城市"].max_row - 1))
    wrapped = [cell for cell in rows["配置决定"][2] if cell.alignment.wrap_text]
    assert {"项目名称", "理由"} <= {rows["配置决定"].cell(1, cell.column).value for cell in wrapped}


def test_texts_that_look_like_formulas_stay_texts(tmp_path: Path) -> None:
    names = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(1)", "http://example.org", "{=1}", "\t=2"]
    projects = pd.DataFrame({"id": [f"={i}" for i in range(len(names))], "name": names, "land": 1.0, "value": 1.0})
    plan = allocate(Case.from_tables(projects=projects, pools=pool("=p", 9.0)))
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "plan.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert {name.strip() for name in names} <= {str(cell.value).strip() for cell in cells}
    tables = (plan.projects, plan.grants, plan.pools)
    for table in map(folders.harmless, tables):
        for name in table.select_dtypes("str"):
            assert not table[name].dropna().str.match(r"[=+\-@\t\r]").any()


def test_an_infeasible_plan_says_what_conflicts_and_what_repairs_it(lang: Lang, tmp_path: Path) -> None:
    plan = allocate(impossible())
    found = sheets(plan.to_excel(tmp_path / "plan.xlsx", lang))
    assert list(found) == [words()["plan.sheet.summary"][lang == "zh"]]
    said = "\n".join(map(str, next(iter(found.values())).to_numpy().ravel()))
    assert words()["plan.status.infeasible"][lang == "zh"] in said
    assert plan.diagnose().text(lang).splitlines()[-1] in said
    told = plan.summary()
    assert (told["status"], told["objective"], told["funded"], told["violation"]) == ("infeasible", None, None, None)
    assert told["resources"]["land"] == {"unit": "mu", "asked": 450.0, "available": 300.0, "granted": None}
    json.dumps(told, allow_nan=False)


def test_the_summary_says_what_the_tables_say(plan: Plan) -> None:
    told = json.loads(json.dumps(plan.summary(), allow_nan=False))
    funded = plan.projects[plan.projects["funded"]]
    assert (told["projects"], told["funded"]) == (24, len(funded))
    assert told["input_hash"] == plan.case.hash and told["value"]["unit"] == "points·mcny"
    assert told["value"]["weighted"] - told["value"]["penalties"] == pytest.approx(told["objective"])
    assert told["value"]["funded"] == pytest.approx(funded["value"].sum())
    for name, found in told["resources"].items():
        assert found["granted"] == pytest.approx(plan.grants.loc[plan.grants["resource"] == name, "amount"].sum())
        assert found["asked"] == pytest.approx(plan.case.projects[name].sum())
        pools = plan.pools[plan.pools["resource"] == name]
        assert found["available"] == pytest.approx((pools["amount"] + pools["bank"]).sum())
    money = told["money"]
    assert money["own"] + money["loans"] == pytest.approx(money["investment"]["funded"])
    assert money["bank"] == pytest.approx(plan.bank["cost"].sum()) and money["bank"] > 0
    assert told["rules"] == {"count": 3, "missed": 1, "penalty": pytest.approx(plan.rules["penalty"].sum())}
    for name, found in told["baselines"].items():
        assert found["gained"] == pytest.approx(plan.objective - plan.baselines[name].objective)
        assert found["funded"] == plan.baselines[name].projects["funded"].sum()


def test_a_demand_is_asked_for_in_its_largest_way_and_with_its_replacement(tmp_path: Path) -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "sector": ["steel", "other"], "coal": [10.0, 8.0], "value": [5.0, 4.0]})
    variants = pd.DataFrame({"project": ["b"], "variant": ["large"], "coal": [9.0]})
    case = Case.from_tables(
        projects=projects, variants=variants, pools=pool("p", 90.0, "coal"),
        policy={"replacement": {"coal": {"by": "sector", "ratios": {"steel": 1.2}}}},
    )  # fmt: skip
    plan = allocate(case)
    assert plan.summary()["resources"]["coal"]["asked"] == pytest.approx(12.0 + 9.0)
    assert "variant" not in one(sheets(plan.to_excel(tmp_path / "plan.xlsx", "en")), "decisions", "en")


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_text("old")

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("allocator.planbook.add_page", broken)
    with pytest.raises(KeyboardInterrupt):
        plan.to_excel(path)
    with pytest.raises(KeyboardInterrupt):
        plan.write(tmp_path)
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["plan.xlsx"]


def test_a_file_that_cannot_be_written_is_named(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "out" / "plan.xlsx").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    for write, target in (
        (plan.to_excel, "out/plan.xlsx"), (plan.to_excel, "file/plan.xlsx"), (plan.to_excel, "plan.csv"),
        (plan.write, "out"), (plan.write, "file"),
    ):  # fmt: skip
        with pytest.raises(YaosuError) as caught:
            write(tmp_path / target)
        assert caught.value.code == "cannot_write" and caught.value.values["found"]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["plan.xlsx"]


def test_a_folder_holds_the_tables_the_pictures_and_the_summary(plan: Plan, tmp_path: Path) -> None:
    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    plan.write(tmp_path, "zh")
    names = {file.name for file in tmp_path.iterdir()}
    pictures = {"pools.png", "benefit.png", "curve.png"}
    assert names == {"notes.txt", "plan.xlsx", "summary.json"} | pictures | {f"{name}.csv" for name in TABLES}
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["input_hash"] == plan.case.hash
    assert (tmp_path / "projects.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    projects = pd.read_csv(tmp_path / "projects.csv", dtype={"id": str})
    assert list(projects.columns) == list(plan.projects.columns)
    assert projects["id"].tolist() == plan.projects["id"].tolist()
    np.testing.assert_array_equal(projects["value"], plan.projects["value"])
    assert projects["reason"].str.match("入选|未入选").all()


def test_files_of_an_earlier_plan_that_do_not_belong_to_this_one_go(plan: Plan, tmp_path: Path) -> None:
    plan.write(tmp_path)
    (tmp_path / "mine.csv").write_text("a")
    allocate(impossible()).write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"mine.csv", "plan.xlsx", "projects.csv", "summary.json"}


def test_rows_beyond_the_limit_of_excel_are_stated(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bookstyle", "frontpage"):
        monkeypatch.setattr(f"allocator.{module}.ROWS", 20)
    found = sheets(plan.to_excel(tmp_path / "plan.xlsx", "en"))
    assert len(found["decisions"]) == 20
    assert "Only the first 20 of 24 rows" in "\n".join(map(str, found["summary"].to_numpy().ravel()))


def test_phases_are_shown_by_their_share(tmp_path: Path) -> None:
    projects = pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "phases": ["0.5|1"]})
    plan = allocate(Case.from_tables(projects=projects, pools=pool("p", 3.0)))
    decisions = one(sheets(plan.to_excel(tmp_path / "plan.xlsx", "zh")), "decisions", "zh")
    assert decisions["实施方案"].tolist() == ["分期实施50%"]


def printed(footer: str) -> dict[str, tuple[str, str]]:
    """Size and text on each side of a footer as Excel reads it: digits after "&" are a size, "&&" is a sign."""
    sides, side = dict[str, tuple[str, str]](), ""
    for code, text in re.findall(r"&(&|\d+|[A-Z])|([^&]+)", footer):
        side = code if code in ("L", "C", "R") else side
        size, said = sides.get(side, ("", ""))
        number = code.isdigit()
        sides[side] = code if number else size, said + (text or {"&": "&", "P": "1", "N": "2"}.get(code, ""))
    return sides


@pytest.mark.parametrize("title", ["2020 R&D", "3&4", "R&D & more 2020", "8", "&P of &N", "年2020", "长" * 300])
def test_a_footer_says_the_title_whatever_it_begins_with(title: str, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        FrontSheet(book, Style(book), "front", title, "en")
        add_page(book, Style(book), Page("a", title[:31], [Field("a", pd.Series([1.0]), "number")]), "zh")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as whole:
        written = [ElementTree.fromstring(whole.read(f"xl/worksheets/sheet{place}.xml")) for place in (1, 2)]
    for sheet, said, page in zip(written, (title[:100], title[:31]), ("page 1 of 2", "第1页，共2页"), strict=True):
        sides = printed(next(one.text or "" for one in sheet.iter() if one.tag.endswith("oddFooter")))
        assert {side: (size, text.lstrip(" ")) for side, (size, text) in sides.items()} == {
            "L": ("8", said), "R": ("8", page)}  # fmt: skip


@pytest.mark.parametrize(("rows", "columns", "way"), [(35, 3, "landscape"), (36, 3, "portrait"), (36, 30, "landscape")])
def test_a_long_and_narrow_sheet_is_printed_upright(rows: int, columns: int, way: str, tmp_path: Path) -> None:
    fields = [Field(f"a{place}", pd.Series(np.arange(float(rows))), "number") for place in range(columns)]
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        add_page(book, Style(book), Page("a", "a", fields), "en")
    [sheet] = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert sheet.page_setup.orientation == way
    assert sheet.print_title_rows == "$1:$1" and sheet.page_setup.fitToHeight == 0
