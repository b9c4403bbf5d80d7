"""What the facts of events and their choices are called, in English and Chinese: for forms and pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_FACTS = """
accepted | Accepted | 采纳
act_ended_on | Act ended on | 违法行为终了日
answer | Answer | 答复
applied_on | Applied on | 申请日期
approved_by | Approved by | 批准人
area | Area | 范围
area_m2 | Area, m² | 面积（平方米）
asked_on | Asked on | 申请日期
basis | Basis | 依据
built_after_order_m2 | Built after the order, m² | 责令后续建面积（平方米）
by_government | By government | 责成机关
by_unit | By unit | 接收单位
by_whom | By whom | 实施主体
categories | Categories | 违法类别
chair | Chair | 主持人
clock | Term | 期限
complaint | From a complaint | 来自投诉举报
confidence | Confidence | 置信度
cost_yuan | Cost, yuan | 工程造价（元）
court | Court | 法院
days | Days | 天数
demolition_on | Demolition on | 拟拆除日期
discovered_on | Discovered | 发现时间
document | Document | 文书
document_id | Document | 文书编号
done_on | Done on | 完成日期
due_on | Due on | 到期日
endangers | Endangers health or safety | 涉及生命健康安全
error_m2 | Error, m² | 误差（平方米）
evidence_id | Evidence | 证据编号
extent | Extent | 范围
facts | Facts | 事实
filed_on | Filed on | 起诉日期
final | Final | 终审
fine_yuan | Fine, yuan | 罚款（元）
flow | Flow | 审批事项
goods_list | Goods are listed | 物品清单
ground | Ground | 事由
handlers | Officers in charge | 承办人
hearing_offered | Hearing offered | 告知听证权
hearing_on | Hearing on | 听证日期
items | Items | 物品
kind | Kind | 种类
lead_ids | Leads | 线索
level | Level | 层级
measured_m2 | Measured area, m² | 实测面积（平方米）
measured_on | Measured on | 测量日期
method | Way of delivery | 送达方式
objection_id | Objection | 异议编号
officers | Officers | 执法人员
opinion | Opinion | 意见
order | Court order | 裁定
outcome | Outcome | 处理结果
paid_on | Paid on | 缴纳日期
part | Part | 部分范围
party_id | Party | 当事人编号
path | Path | 办理路径
photo | Photograph | 照片
posted_on | Posted on | 公告日期
proof | Proof | 核验方式
proposal | Proposal | 处理建议
purpose | Purpose | 用途
reason | Reason | 理由
record | Record | 笔录
result | Result | 结果
rights_told | Rights told | 已告知权利
search | Search for the party | 查找经过
seen | Seen | 所见
seen_on | Seen on | 发现日期
serial | Serial | 文号
served_on | Served on | 送达日期
sha256 | SHA-256 | 校验值
shown_on | Shown on | 影像日期
signed_on | Signed on | 签署日期
source | Source | 来源
stage | Stage | 建设阶段
structure_id | Structure | 建筑编号
subject | Subject | 鉴定事项
summary | Summary | 摘要
summary_procedure | Summary procedure | 简易程序
term_days | Term, days | 期限（天）
text | Text | 内容
to | To | 对象
unit | Kind of unit | 单位类型
until | Until | 截止日期
upheld | Upheld | 异议成立
urgent | Urgent | 情况紧急
utilities_cut | Utilities cut | 停水电热气
video | Recorded on video | 全程录像
what | What | 内容
where | Where | 地点
witness | Witness | 见证人
yuan | Yuan | 金额（元）
void | Did not happen | 撤销该事项
"""
_CHOICES = """
fast | fast path | 快速
slow | slow path | 一般
village | village path | 乡村
land | land path | 土地
under_construction | under construction | 在建
finished | finished | 建成
corrected | corrected | 改正
demolished | demolished | 拆除
partly_demolished | partly demolished | 部分拆除
confiscated | confiscated | 没收
fined | fined | 罚款
no_penalty | not punished | 不予处罚
not_filed | not filed | 不予立案
transferred | transferred | 移送
terminated | terminated | 终结
withdrawn | withdrawn | 撤回
in_person | in person | 直接送达
left_in_place | left in place | 留置送达
post | by post | 邮寄送达
entrusted | entrusted | 委托送达
electronic | electronic | 电子送达
public_notice | public notice | 公告送达
filing | filing | 立案
penalty | penalty | 处罚
closure | closing | 结案
self | the party itself | 自行拆除
assisted | asked for | 申请拆除
forced | forced | 强制拆除
substitute | substitute performance | 代履行
image | later picture | 影像
surface_model | surface model | 表面模型
field | field photographs | 现场照片
gone | gone | 已拆除
partly_gone | partly gone | 部分拆除
still_there | still there | 仍在
covered | covered | 遮盖
refilled | refilled | 回填
full | in full | 全部
part | in part | 部分
upheld | upheld | 维持
revoked | revoked | 撤销
changed | changed | 变更
road | road | 道路
green | green | 绿地
square | square | 景观
construction | construction | 建设
returned | returned | 返还
seized | seized | 查封扣押
lifted | lifted | 解除
team | team | 执法中队
subdistrict | subdistrict | 街道
township | township | 乡镇
"""


def _table(text: str) -> Mapping[str, tuple[str, str]]:
    rows = (tuple(word.strip() for word in line.split("|")) for line in text.strip().splitlines())
    return MappingProxyType({name: (en, zh) for name, en, zh in rows})


FACT_TITLES: Mapping[str, tuple[str, str]] = _table(_FACTS)
"""English and Chinese title of every fact, by its name."""
CHOICE_TITLES: Mapping[str, tuple[str, str]] = _table(_CHOICES)
"""English and Chinese title of every choice."""


def fact_title(name: str) -> tuple[str, str]:
    """What a fact is called; its name where nobody has called it."""
    return FACT_TITLES.get(name, (name, name))


def value_words(value: Any) -> tuple[str, str]:
    """A value as people read it, in English and Chinese.

    Args:
        value: A fact's value, as JSON.
    """
    if isinstance(value, bool):
        return ("yes", "是") if value else ("no", "否")
    if isinstance(value, str):
        return CHOICE_TITLES.get(value, (value, value))
    if isinstance(value, float):
        return f"{value:g}", f"{value:g}"
    if isinstance(value, list | tuple):
        pairs = [value_words(one) for one in value]
        return ", ".join(en for en, _ in pairs), "、".join(zh for _, zh in pairs)
    if isinstance(value, Mapping):
        if "type" in value:
            return str(value["type"]), str(value["type"])
        told = [(fact_title(name), value_words(one)) for name, one in value.items()]
        return (
            "; ".join(f"{title[0]}: {words[0]}" for title, words in told),
            "；".join(f"{title[1]}：{words[1]}" for title, words in told),
        )
    return str(value), str(value)
