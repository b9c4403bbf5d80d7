"""The words that a template may use, and what stands for each.

Forms: `text`; `flag` (only for `if`); `picture`; `rows(...)`, a list whose items have the named fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TERMS = ("correction", "demolition", "payment", "statement", "hearing", "reminder", "announcement", "review", "suit")
"""Names of terms; `term_NAME` is its length, `term_NAME_due` its last day."""

REFERENCES = ("decision", "stop_order", "rights_notice", "reminder")
"""Names of earlier documents; `NAME_title`, `NAME_serial`, `NAME_on`."""


@dataclass(frozen=True)
class Placeholder:
    """A word that a template may use.

    Args:
        name: The word.
        form: `text`, `flag`, `picture` or `rows`.
        meaning: In English.
        meaning_zh: In Chinese.
        fields: Fields of its items, of form `rows`; `picture` among them is a picture.
    """

    name: str
    form: str
    meaning: str
    meaning_zh: str
    fields: tuple[str, ...] = ()


_TABLE = """
bureau | text | the authority | 机关名称
bureau_address | text | its address | 机关地址
bureau_contact | text | who answers questions | 联系人
bureau_phone | text | telephone | 联系电话
made_on | text | day of the document | 文书日期
serial | text | serial number of the document | 文号
case_serial | text | number of the case | 案号
cause | text | what the case is about | 案由
party | text | names of the parties | 当事人姓名或名称
parties | rows(name id_label id_number address phone representative) | the parties | 当事人情况
place | text | the place | 地点
parcel | text | number of the parcel | 宗地号
structure | text | what stands there | 建（构）筑物情况
stage | text | being built or finished | 建设状态
area | text | measured area in m2 and mu, with its error | 面积
categories | rows(number name basis) | categories of violation with their articles | 违法类别及依据
basis | text | articles of the categories, each once | 法律依据
facts | text | the facts as established | 查明的事实
evidence | rows(number text) | the evidence | 证据
reason | text | why this is done | 理由
measures | rows(number text) | what is ordered, decided or proposed | 处理内容
officers | rows(name certificate) | who handles the case | 执法人员
officers_line | text | the officers with their certificates, in one line | 执法人员（一行）
opinions | rows(level text name on) | lines of approval | 审批意见
fine | text | the fine in figures | 罚款金额
fine_capitals | text | the fine in Chinese capitals | 罚款金额（大写）
cost | text | cost of the building works in figures | 工程造价
pay_to | text | bank and account | 缴款账户
review_body | text | to whom to apply for review | 行政复议机关
court | text | before which court to sue | 人民法院
hearing_offered | flag | whether a hearing is offered | 是否告知听证权利
on_planning_path | flag | whether the case is one of city or town planning | 城镇规划路径
on_village_path | flag | whether it is one of a village | 乡村规划路径
on_land_path | flag | whether it is one of occupied land | 土地违法路径
demolition_ordered | flag | whether the decision orders a demolition | 是否责令拆除
begins | text | begin of an inspection, interview or hearing | 开始时间
ends | text | its end | 结束时间
occasion_place | text | where it was held | 现场地点
weather | text | weather | 天气
present | rows(name role) | who else was there | 在场人员
recorder | text | who wrote it down | 记录人
result | text | what was found | 勘验情况
questions | rows(asked answered) | questions and answers | 问答
measurements | rows(number item value error method) | what was measured | 测量结果
goods | rows(number name specification quantity state note) | list of goods | 物品
map_picture | picture | chip of the map | 位置图
map_caption | text | what it shows | 位置图说明
photographs | rows(number picture caption) | photographs | 照片
hearing_on | text | when the hearing is | 听证时间
hearing_place | text | where | 听证地点
hearing_chair | text | who presides | 听证主持人
hearing_recorder | text | who writes it down | 听证记录人
hearing_public | flag | whether it is public | 是否公开听证
recipient | text | to whom is delivered | 受送达人
deliveries | rows(number title serial) | documents that are delivered | 送达文书
delivery_place | text | where | 送达地点
delivery_methods | rows(mark text) | ways of delivery, ticked | 送达方式
delivery_note | text | why it was refused, by which post | 送达备注
legal_choices | rows(mark text) | results of a legal review, ticked | 法制审核结论
legal_opinion | text | opinion of the legal review | 法制审核意见
legal_reviewer | text | who reviewed | 法制审核人
lead_source | text | where the lead came from | 线索来源
discovered_on | text | when the finding was discovered | 发现日期
inspected_on | text | when it was inspected | 勘验日期
filed_on | text | when the case was filed | 立案日期
statement | text | what the party stated and how it was answered | 陈述申辩及复核情况
demolition_on | text | day of the demolition | 拆除日期
demolition_way | text | how | 强制执行方式
transfer_to | text | authority that takes over | 受移送机关
attachments | rows(number text) | what goes with a letter | 附件
outcome | text | how the case ended | 处理结果
execution | text | how the decision was carried out | 执行情况
"""


def _read() -> Mapping[str, Placeholder]:
    found: dict[str, Placeholder] = {}
    for line in _TABLE.strip().splitlines():
        name, form, meaning, meaning_zh = (word.strip() for word in line.split(" | "))
        form, _, fields = form.partition("(")
        found[name] = Placeholder(name, form, meaning, meaning_zh, tuple(fields.rstrip(")").split()))
    for name in TERMS:
        found[f"term_{name}"] = Placeholder(f"term_{name}", "text", f"length of the term {name}", "期限")
        found[f"term_{name}_due"] = Placeholder(f"term_{name}_due", "text", f"last day of the term {name}", "届满日")
    for name in REFERENCES:
        for part, zh in (("title", "名称"), ("serial", "文号"), ("on", "日期")):
            told = f"{part} of the earlier {name.replace('_', ' ')}"
            found[f"{name}_{part}"] = Placeholder(f"{name}_{part}", "text", told, f"前一文书{zh}")
    return MappingProxyType(found)


PLACEHOLDERS: Mapping[str, Placeholder] = _read()
"""Every word that a template may use, by name."""
