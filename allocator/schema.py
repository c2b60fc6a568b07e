"""Every column of every table as data: kind, unit, range, choices, words in English and Chinese (MODEL 1).

Reading, checking, writing, the starter workbook and ``docs/columns.md`` all follow this one list.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd

from allocator import processschema, units
from allocator.columns import RANGE, SHARE, Column, Kind
from allocator.columns import column as _column
from allocator.labels import Lang, label

TABLES: dict[str, tuple[Column, ...]] = {
    "projects": (
        _column("id", "id", "编号 项目编号 序号 项目代码 代码 项目id", required=True),
        _column("name", "text", "名称 项目名称 建设项目"),
        _column("region", "text", "城市 市 地市 地区 所在市 所属市 设区市"),
        _column("county", "text", "县区 县 区县 县市区 所在县 所在县区 县(市、区)"),
        _column("field", "text", "领域 所属领域 四大领域"),
        _column("tier", "text", "层次 项目层次 层级"),
        _column("sector", "text", "行业 产业 所属行业"),
        _column("kind", "choice", "投资主体 项目类型 主体类型 类型", choices=("government", "enterprise")),
        _column("route", "choice", "审批方式 审批类型 立项方式", choices=("approve", "confirm", "file")),
        _column("batch", "choice", "批次 项目批次 四个一批", choices=("plan", "reserve", "start", "finish")),
        _column("bond", "flag", "专项债 专项债券 是否专项债 专项债项目"),
        _column("investment", "number", "总投资 投资 投资额 总投资额 计划总投资", dimension="money", **RANGE),
        _column("plan", "number", "年度计划投资 年度投资 当年计划投资 本年计划投资 计划投资 年度计划",
                dimension="money", **RANGE),
        _column("capital", "number", "自有资金 资本金 自筹资金", dimension="money", **RANGE),
        _column("cashflow", "number", "年现金流 现金流 年净现金流", dimension="money_rate"),
        _column("value", "number", "价值 效益"),
        _column("score", "number", "得分 评分 分数 产出效益得分"),
        _column("registered", "date", "登记日期 申报日期 入库日期"),
        _column("due", "date", "计划开工日期 计划开工时间 计划开工 拟开工日期"),
        _column("ready", "when", "手续齐备日期 可用地日期 手续完备日期 要件齐备日期"),
        _column("started", "date", "开工日期 实际开工日期 实际开工时间"),
        _column("enters", "when", "进入日期 办理起始日期 开始办理日期 报批日期"),
        _column("passed", "list", "已办环节 已完成环节 已办审批 已办结环节"),
        _column("earliest", "id", "最早时期 最早周期 最早季度"),
        _column("phases", "list", "分期 分期比例"),
        _column("requires", "list", "前置项目 依赖 依赖项目"),
        _column("excludes", "list", "互斥项目 互斥 排斥项目"),
        _column("decision", "choice", "决定 决策 安排", choices=("must", "never", "free")),
    ),
    "variants": (
        _column("project", "id", "项目 项目编号 编号", required=True),
        _column("variant", "id", "方案 方案名称 备选方案", required=True),
        _column("value", "number", "价值 效益"),
        _column("score", "number", "得分 评分 分数"),
        _column("investment", "number", "总投资 投资 投资额", dimension="money", **RANGE),
        _column("plan", "number", "年度计划投资 年度投资 计划投资", dimension="money", **RANGE),
        _column("earliest", "id", "最早时期 最早周期 最早季度"),
    ),
    "pools": (
        _column("pool", "id", "指标池 名称 指标名称 池", required=True),
        _column("resource", "text", "要素 资源 指标类型", required=True),
        _column("amount", "number", "数量 指标量 指标数量 总量 额度", required=True, **RANGE),
        _column("level", "choice", "级别 指标级别 层级", choices=("province", "city", "county", "bank")),
        _column("region", "text", "城市 市 地市 地区 县区"),
        _column("period", "id", "时期 周期 季度 年度"),
        _column("tiers", "list", "适用层次 层次 服务层次"),
        _column("fields", "list", "适用领域 领域 服务领域"),
        _column("advance", "share", "预支比例 预支 可预支比例", **SHARE),
        _column("carry", "share", "结转比例 结转", **SHARE),
        _column("unit_cost", "number", "单价 单位成本 收储单价", **RANGE),
        _column("unit", "text", "单位 计量单位"),
        _column("into", "text", "注入 注入指标池 供给指标池"),
    ),
    "funds": (
        _column("fund", "id", "产品 融资产品 产品名称 资金", required=True),
        _column("instrument", "text", "工具 融资方式 融资工具"),
        _column("period", "id", "时期 周期 季度 年度"),
        _column("capacity", "number", "额度 规模 资金规模", required=True, dimension="money", **RANGE),
        _column("rate", "share", "利率 年利率", required=True, **SHARE),
        _column("term", "number", "期限 贷款期限", dimension="years", **RANGE),
        _column("grace", "number", "宽限期", dimension="years", **RANGE),
        _column("repayment", "choice", "还款方式 还款", choices=("annuity", "principal", "bullet")),
        _column("max_share", "share", "最高占比 最高比例", **SHARE),
        _column("kinds", "list", "适用主体 投资主体", choices_of="kind"),
        _column("fields", "list", "适用领域 领域"),
        _column("tiers", "list", "适用层次 层次"),
        _column("as_capital", "flag", "可作资本金 是否可作资本金"),
    ),
    "indicators": (
        _column("indicator", "id", "指标 评价指标 指标名称", required=True),
        _column("numerator", "text", "分子", required=True),
        _column("denominator", "text", "分母"),
        _column("direction", "choice", "方向", choices=("max", "min")),
        _column("weight", "share", "权重", low=0.0, high=100.0),
        _column("benchmark", "number", "基准值 基准"),
        _column("cap", "number", "上限 得分上限", **RANGE),
        _column("missing", "choice", "缺值规则 缺失处理 缺值",
                choices=("refuse", "zero", "benchmark", "median", "drop")),
    ),
    "grants": (
        _column("project", "id", "项目 项目编号", required=True),
        _column("variant", "id", "方案"),
        _column("resource", "text", "要素 资源"),
        _column("pool", "id", "指标池", required=True),
        _column("period", "id", "时期 周期 季度"),
        _column("amount", "number", "数量 指标量", required=True, **RANGE),
        _column("granted", "date", "配置日期 下达日期"),
    ),
    "rules": (
        _column("rule", "id", "规则 规则名称 名称", required=True),
        _column("sense", "choice", "方向 底线或上限 类型", required=True, choices=("floor", "cap")),
        _column("measure", "text", "计量 口径 计量对象", required=True),
        _column("by", "text", "分组 按 分组列"),
        _column("of", "list", "取值 组 适用于"),
        _column("limit", "share", "限额 限值 数值", required=True, **RANGE),
        _column("basis", "choice", "基数 比例基数", choices=("absolute", "plan", "asked")),
        _column("period", "id", "时期 周期"),
        _column("penalty", "number", "罚分 惩罚", **RANGE),
        _column("source", "text", "来源 依据"),
    ),
    "sources": (
        _column("item", "text", "项 事项 条目", required=True),
        _column("value", "text", "值 数值"),
        _column("unit", "text", "单位"),
        _column("standing", "text", "性质 可靠程度"),
        _column("source", "text", "来源 出处"),
    ),
    **processschema.TABLES,
}  # fmt: skip
PROCESS = tuple(processschema.TABLES)
"""Tables of the layers above, which a case may do without."""

KEYS: dict[str, tuple[str, ...]] = {
    "projects": ("id",), "variants": ("project", "variant"), "pools": ("pool", "period"), "funds": ("fund", "period"),
    "indicators": ("indicator",), "rules": ("rule",), "grants": ("project", "resource", "pool", "period"),
    **processschema.KEYS,
}  # fmt: skip
"""Columns that must be unique together."""

SHEETS: dict[str, tuple[str, ...]] = {
    "projects": ("项目", "项目清单", "项目表", "重点项目", "项目库", "项目列表", "project"),
    "variants": ("方案", "备选方案", "项目方案", "variant"),
    "pools": ("指标池", "要素指标", "指标", "资源池", "要素池", "pool"),
    "funds": ("资金", "融资产品", "金融产品", "资金产品", "fund"),
    "indicators": ("评价指标", "指标体系", "indicator"),
    "grants": ("已配置", "已配置要素", "前期配置", "已下达指标", "grant"),
    "rules": ("规则", "底线上限", "约束规则", "rule"),
    "policy": ("政策", "政策参数", "参数", "政策规则"),
    "sources": ("来源", "数据来源", "出处", "source"),
    "notes": ("说明", "填表说明", "readme"),
    **processschema.SHEETS,
}
"""Other names of the sheets and files."""

LATER = ("scenarios", "events", "history")
"""Tables of the layers above, carried along."""

_CHOICE_WORDS = {
    "kind": {"government": "政府 政府投资 政府类", "enterprise": "企业 企业投资 企业类"},
    "route": {"approve": "审批 审批制", "confirm": "核准 核准制", "file": "备案 备案制"},
    "batch": {"plan": "谋划 谋划一批", "reserve": "储备 储备一批", "start": "开工 开工一批 新开工",
              "finish": "竣工 竣工一批"},
    "decision": {"must": "必保 必须 必选", "never": "不予 不安排 否决", "free": "自由 待定 择优"},
    "level": {"province": "省级 省 省本级", "city": "市级 市", "county": "县级 县", "bank": "收储 收储库 指标收储"},
    "repayment": {"annuity": "等额本息", "principal": "等额本金", "bullet": "到期还本 到期一次还本"},
    "direction": {"max": "越大越好 正向", "min": "越小越好 逆向 负向"},
    "missing": {"refuse": "不允许 拒绝", "zero": "计零 计0分", "benchmark": "按基准 基准",
                "median": "按中位数 中位数", "drop": "不计 剔除"},
    "sense": {"floor": "底线 下限", "cap": "上限"},
    "basis": {"absolute": "绝对值 绝对数", "plan": "占计划 占方案", "asked": "占需求 占申请"},
    **processschema.CHOICE_WORDS,
}  # fmt: skip
FLAGS = {True: "yes 是 true y 1 √ 有", False: "no 否 false n 0 × 无"}


@cache
def columns(table: str) -> dict[str, Column]:
    """The columns of a table by name.

    >>> columns("pools")["amount"].required
    True
    """
    return {column.name: column for column in TABLES[table]}


@cache
def _headers(table: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for column in TABLES[table]:
        words = (column.name, *(header(table, column.name, lang) for lang in ("en", "zh")), *column.words)
        for word in words:
            known.setdefault(units.squash(word), column.name)
    return known


def recognise(table: str, text: str) -> str | None:
    """The column of a table that a header (without its unit) means, or None.

    >>> recognise("projects", "年度计划投资"), recognise("projects", "colour")
    ('plan', None)
    """
    return _headers(table).get(units.squash(text))


def header(table: str, name: str, lang: Lang = "en") -> str:
    """The header of a column in one language, without its unit.

    >>> header("projects", "region", "zh")
    '城市'
    """
    return label(f"schema.column.{table}.{name}", lang)


def note(table: str, name: str, lang: Lang = "en") -> str:
    """What a column means, in one language."""
    return label(f"schema.note.{table}.{name}", lang)


def table_name(text: str) -> str | None:
    """The table that a sheet or a file holds, or None.

    >>> table_name("项目清单"), table_name("Sheet7")
    ('projects', None)
    """
    key = units.squash(text)
    for name, words in SHEETS.items():
        if key == name or key in words:
            return name
    return key if key in LATER else None


def choice_word(column: str, choice: str, lang: Lang = "en") -> str:
    """A choice in the words of a language.

    >>> choice_word("batch", "reserve", "zh")
    '储备'
    """
    return _CHOICE_WORDS[column][choice].split()[0] if lang == "zh" else choice


@cache
def choices(column: str) -> dict[str, str]:
    """Every word for the choices of a column, and the choice it means.

    >>> choices("kind")["企业"]
    'enterprise'
    """
    return {word: choice for choice, words in _CHOICE_WORDS[column].items() for word in (choice, *words.split())}


@cache
def flags() -> dict[str, bool]:
    """Every word for yes and for no.

    >>> flags()["是"]
    True
    """
    return {word: flag for flag, words in FLAGS.items() for word in words.split()}


_SEPARATORS = re.compile(r"[|｜、,，;；]")


def split(text: object) -> tuple[str, ...]:
    """The items of a list cell; blank cells have none.

    >>> split("a、b;c"), split(float("nan"))
    (('a', 'b', 'c'), ())
    """
    if not isinstance(text, str):
        return ()
    return tuple(item.strip() for item in _SEPARATORS.split(text) if item.strip())


def column(table: pd.DataFrame, name: str, wanted: str) -> pd.Series:
    """A column of a table, or a column of blanks where the table does not have it.

    Parameters
    ----------
    table : DataFrame
    name : str
        Which table it is, such as ``"projects"``.
    wanted : str
        The column.

    Returns
    -------
    Series
        Blanks are NaN (text and numbers), NaT (dates) or False (yes/no).

    Raises
    ------
    KeyError
        The table has no such column, and the schema does not know it.

    Examples
    --------
    >>> column(pd.DataFrame({"id": ["a"]}), "projects", "decision").isna().tolist()
    [True]
    """
    if wanted in table:
        return table[wanted]
    return blanks(columns(name)[wanted].kind, table.index)


def blanks(kind: Kind, index: pd.Index) -> pd.Series:
    """A column of blanks of a kind."""
    if kind in ("number", "share", "when"):
        return pd.Series(np.nan, index=index, dtype=float)
    if kind == "date":
        return pd.Series(pd.NaT, index=index, dtype="datetime64[ns]")
    if kind == "flag":
        return pd.Series(False, index=index, dtype=bool)
    return pd.Series(np.nan, index=index, dtype="str")
