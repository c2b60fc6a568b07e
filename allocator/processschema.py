"""Columns of the tables from registration to start, and the settings beside them, as data (MODEL 4)."""

from __future__ import annotations

from functools import cache

from allocator import units
from allocator.columns import RANGE, SHARE, Column, column

LEVELS = ("province", "city", "county")
MEASURES = (
    "started", "hotline_received", "hotline_solved", "dispatch_projects", "dispatch_solved", "teams_visits",
    "teams_solved",
)  # fmt: skip
"""What a published point speaks of: a share of projects, or a number."""
_EITHER = {"choices": ("yes", "no")}
_DAYS, _WORKDAYS = {"dimension": "days", **RANGE}, {"dimension": "workdays", **RANGE}

TABLES: dict[str, tuple[Column, ...]] = {
    "stages": (
        column("stage", "id", "环节 审批环节 事项 审批事项 环节名称", required=True),
        column("title", "text", "全称 标题 显示名称"),
        column("phase", "text", "阶段 审批阶段 所属阶段"),
        column("office", "id", "部门 审批部门 办理部门 责任部门 牵头部门"),
        column("work", "spread", "审查工作量 工作量 审查时间 审查用时", **_WORKDAYS),
        column("after", "list", "前置环节 前置 前置审批 法定前置"),
        column("customary_after", "list", "惯例前置 习惯前置 通常前置 串联前置"),
        column("applies", "text", "适用范围 适用条件 适用项目"),
        column("prepare", "spread", "准备时间 材料准备 准备用时 备件时间", **_DAYS),
        column("filing", "spread", "报送时间 报件时间 报送用时 送件时间", **_DAYS),
        column("elapsed", "spread", "公示时间 公告时间 固定时间 法定公示", **_DAYS),
        column("returns", "share", "补正率 退回率 退件率 补正概率", **SHARE),
        column("correction", "spread", "补正时间 补正用时", **_DAYS),
        column("refuses", "share", "不予批准率 否决率 不通过率 不予许可率", **SHARE),
        column("withdraws", "share", "撤回率 撤件率", **SHARE),
        column("limit", "number", "法定时限 办理时限 审批时限 承诺时限", **_WORKDAYS),
        column("extension", "number", "延长时限 可延长 延长期限", **_WORKDAYS),
        column("deferrable", "text", "容缺 可容缺 容缺受理 是否容缺"),
        column("after_grant", "flag", "配置后环节 配置后 要素配置后"),
        column("not_before", "text", "不早于 最早日期 不早于日期"),
        column("after_start", "flag", "开工后环节 开工后"),
    ),
    "offices": (
        column("office", "id", "部门 审批部门 名称 部门名称 办理部门", required=True),
        column("title", "text", "全称 标题 显示名称"),
        column("level", "choice", "层级 级别 部门层级", choices=LEVELS),
        column("region", "text", "城市 市 地市 地区"),
        column("county", "text", "县区 县 区县"),
        column("reviewers", "number", "审查人员 审查人数 人数 审批人员 经办人数", whole=True, **RANGE),
        column("from", "when", "起始日期 起 生效日期 自"),
        column("preemptive", "flag", "可中断 优先中断 可插队"),
        column("every", "number", "会期间隔 会期 开会间隔", dimension="days", **RANGE),
        column("seats", "number", "每次件数 每次会议件数 上会件数", whole=True, **RANGE),
        column("room", "number", "在办上限 最多在办 最大在办件数", whole=True, **RANGE),
    ),
    "problems": (
        column("problem", "id", "堵点 问题 问题名称 堵点名称", required=True),
        column("title", "text", "全称 标题 显示名称"),
        column("mean", "number", "平均次数 平均件数 项目平均次数", required=True, **RANGE),
        column("own", "spread", "自行解决时间 自行解决 自行解决用时", required=True, **_DAYS),
        column("applies", "text", "适用范围 适用条件 适用项目"),
        column("blocks", "id", "阻断环节 影响环节 卡住环节"),
        column("hotline", "choice", "热线可解 热线", **_EITHER),
        column("dispatch", "choice", "调度可解 调度", **_EITHER),
        column("teams", "choice", "服务队可解 服务队", **_EITHER),
    ),
    "calendar": (
        column("date", "date", "日期 开始日期", required=True),
        column("to", "date", "截止日期 至 结束日期"),
        column("working", "choice", "是否上班 工作日 上班 是否工作日", **_EITHER),
        column("staff", "share", "到岗率 到岗比例", **SHARE),
        column("note", "text", "说明 备注"),
    ),
    "process": (
        column("key", "id", "参数 项 键 设置", required=True),
        column("value", "text", "取值 值 数值"),
        column("note", "text", "说明 备注"),
    ),
    "checkpoints": (
        column("checkpoint", "id", "核对点 名称 核对点名称", required=True),
        column("scenario", "text", "情景 情景名称"),
        column("measure", "choice", "计量 口径 指标", required=True, choices=MEASURES),
        column("date", "date", "日期 截至日期 时点", required=True),
        column("where", "text", "适用范围 适用项目 范围"),
        column("value", "number", "数值 值 公布值", required=True),
        column("tolerance", "number", "允许误差 误差", **RANGE),
        column("band", "share", "区间水平 置信水平", **SHARE),
        column("standing", "text", "性质 可靠程度"),
        column("source", "text", "来源 出处"),
    ),
}  # fmt: skip

KEYS = {
    "stages": ("stage",), "offices": ("office", "region", "county", "from"), "problems": ("problem",),
    "process": ("key",), "checkpoints": ("checkpoint",),
}  # fmt: skip

SHEETS: dict[str, tuple[str, ...]] = {
    "stages": ("环节", "审批环节", "审批流程", "stage"),
    "offices": ("部门", "审批部门", "办理部门", "office"),
    "problems": ("堵点", "问题", "堵点问题", "problem"),
    "calendar": ("工作日历", "日历", "日历表"),
    "process": ("流程参数", "流程", "流程设置"),
    "checkpoints": ("核对点", "核对", "checkpoint"),
}

_YES_NO = {"yes": "是 true y 1 √ 有 工作日 上班", "no": "否 false n 0 × 无 休息日 放假"}
CHOICE_WORDS = {
    **dict.fromkeys(("working", "hotline", "dispatch", "teams"), _YES_NO),
    "measure": {"started": "开工率 已开工", "hotline_received": "热线受理", "hotline_solved": "热线解决",
                "dispatch_projects": "调度项目", "dispatch_solved": "调度解决", "teams_visits": "服务队走访",
                "teams_solved": "服务队解决"},
}  # fmt: skip

SETTINGS: dict[str, Column] = {
    one.name: one for one in (
        column("calendar", "id", "日历 工作日历"),
        column("origin", "date", "起算日 起算日期"),
        column("entry", "text", "进入日期列 进入日期"),
        column("patience", "spread", "放弃期限", **_DAYS),
        column("year", "spread", "年度波动 年景", **RANGE),
        column("parallel", "flag", "并联审批"),
        column("enforced", "flag", "逾期默认通过 超时默认通过"),
        column("green", "list", "绿色通道 绿色通道层次"),
        column("deferral.promise", "number", "容缺.承诺期限", **_WORKDAYS),
        column("deferral.default", "share", "容缺.失信率", **SHARE),
        column("hotline.staff", "number", "热线.人数", whole=True, **RANGE),
        column("hotline.time", "spread", "热线.处理时间", **_DAYS),
        column("hotline.rate", "share", "热线.解决率", **SHARE),
        column("hotline.since", "when", "热线.开通日期"),
        column("dispatch.every", "number", "调度.间隔", **_DAYS),
        column("dispatch.rate", "share", "调度.解决率", **SHARE),
        column("dispatch.seats", "number", "调度.每次件数", whole=True, **RANGE),
        column("dispatch.since", "when", "调度.首次日期"),
        column("dispatch.notice", "number", "调度.上报天数", **_DAYS),
        column("teams.number", "number", "服务队.队数", whole=True, **RANGE),
        column("teams.travel", "spread", "服务队.路途时间", **_WORKDAYS),
        column("teams.visit", "spread", "服务队.走访时间", **_WORKDAYS),
        column("teams.rate", "share", "服务队.解决率", **SHARE),
        column("teams.applies", "text", "服务队.服务范围"),
        column("teams.since", "when", "服务队.出发日期"),
    )
}  # fmt: skip
"""Keys of the table process: what a value is, and Chinese words, of which the first is written."""


@cache
def setting_words() -> dict[str, str]:
    """Every way in which a key is written (squashed), and the key.

    >>> setting_words()["热线.人数"]
    'hotline.staff'
    """
    return {units.squash(word): name for name, one in SETTINGS.items() for word in (name, *one.words)}


def setting(text: str) -> str | None:
    """The key that a text means, or None.

    >>> setting("绿色通道"), setting("colour")
    ('green', None)
    """
    return setting_words().get(units.squash(text))
