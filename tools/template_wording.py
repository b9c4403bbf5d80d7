"""The wording of the templates that Kancha ships: one list of blocks per kind of document.

Plain and neutral; it rests on the articles that `service/cases/documents/kinds.yaml` names and on nothing else. Blocks
are made into paragraphs and tables by `make_templates.py`; the words in braces are explained in docs/documents.md.
"""

from __future__ import annotations

from typing import NamedTuple


class Say(NamedTuple):
    """A paragraph in its look.

    `body` (indented), `plain`, `to`, `head`, `line` (to be signed), `note`, `caption`,
    `picture`, `sign` (seal and date), `dated` (above a form), `tag`.
    """

    text: str
    look: str = "body"


class Form(NamedTuple):
    """A form: rows of cells; widths in millimetres; `tall` rows by index have so many millimetres at least."""

    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    tall: dict[int, int] = {}
    header: bool = False


Block = Say | Form


def when(name: str, *blocks: Block) -> list[Block]:
    """Blocks that stand there only where something is told."""
    return [Say(f"{{%p if {name} %}}", "tag"), *blocks, Say("{%p endif %}", "tag")]


def each(item: str, name: str, *blocks: Block) -> list[Block]:
    """Blocks for every item of a list."""
    return [Say(f"{{%p for {item} in {name} %}}", "tag"), *blocks, Say("{%p endfor %}", "tag")]


SIGNED: list[Block] = [Say("{{ bureau }}（印章）", "sign"), Say("{{ made_on }}", "sign")]
TO: list[Block] = [Say("{{ party }}：", "to")]
WHERE = "{{ place }}{% if parcel %}（宗地号：{{ parcel }}）{% endif %}"
MEASURES: list[Block] = each("m", "measures", Say("{{ m.number }}. {{ m.text }}"))
EVIDENCE: list[Block] = [
    Say("上述事实有下列证据证明："),
    *each("e", "evidence", Say("{{ e.number }}. {{ e.text }}")),
]
AREA: list[Block] = when("area", Say("经测量，涉及面积{{ area }}。"))
CONTACT: list[Block] = when(
    "bureau_phone",
    Say("联系人：{{ bureau_contact }}　　联系电话：{{ bureau_phone }}", "plain"),
    *when("bureau_address", Say("联系地址：{{ bureau_address }}", "plain")),
)
OFFICERS = Say("执法人员：{{ officers_line }}", "plain")
PARTIES: list[Block] = each(
    "p",
    "parties",
    Say("当事人：{{ p.name }}", "plain"),
    *when("p.id_number", Say("{{ p.id_label }}：{{ p.id_number }}", "plain")),
    *when("p.representative", Say("法定代表人（负责人）：{{ p.representative }}", "plain")),
    *when("p.address", Say("住址（住所）：{{ p.address }}", "plain")),
)
REMEDIES: list[Block] = [
    Say(
        "如不服本决定，可以自收到本决定书之日起{{ term_review }}内向{{ review_body }}申请行政复议；"
        "也可以自收到本决定书之日起{{ term_suit }}内依法向{{ court }}提起行政诉讼。"
    )
]
HEARD: list[Block] = [
    *when(
        "rights_notice_serial",
        Say(
            "本机关已通过《{{ rights_notice_title }}》（{{ rights_notice_serial }}）"
            "告知你（单位）拟作出的处理内容及事实、理由、依据和依法享有的权利。"
        ),
    ),
    *when("statement", Say("陈述、申辩及复核情况：{{ statement }}")),
]
LAND_SUIT = (
    "依照《中华人民共和国土地管理法》第八十三条的规定，期满不起诉又不自行拆除的，本机关将依法申请人民法院强制执行。"
)
SEIZED = (
    "依照《中华人民共和国城乡规划法》第六十八条的规定，当事人不停止建设或者逾期不拆除的，"
    "建设工程所在地县级以上地方人民政府可以责成有关部门采取查封施工现场、强制拆除等措施。"
)
OPINION_ROWS = (
    ("{%tr for o in opinions %}", ""),
    (
        "{{ o.level }}意见",
        "{{ o.text }}\n>签名：{% if o.name %}{{ o.name }}{% else %}　　　　{% endif %}　　"
        "{% if o.on %}{{ o.on }}{% else %}　　年　　月　　日{% endif %}",
    ),
    ("{%tr endfor %}", ""),
)
PARTY_ROWS = (
    ("{%tr for p in parties %}", ""),
    (
        "当事人",
        "{{ p.name }}{% if p.id_number %}，{{ p.id_label }}：{{ p.id_number }}{% endif %}"
        "{% if p.representative %}，法定代表人（负责人）：{{ p.representative }}{% endif %}"
        "{% if p.phone %}，联系电话：{{ p.phone }}{% endif %}{% if p.address %}\n住址（住所）："
        "{{ p.address }}{% endif %}",
    ),
    ("{%tr endfor %}", ""),
)
_WIDE = (30, 126)
_DATED = Say("{% if serial %}{{ serial }}　　{% endif %}填表日期：{{ made_on }}", "dated")
_CASE = "{{ cause }}{% if case_serial %}（案号：{{ case_serial }}）{% endif %}"
_CATEGORIES = (
    ("{%tr for c in categories %}", ""),
    ("违法类别{{ c.number }}", "{{ c.name }}\n依据：{{ c.basis }}"),
    ("{%tr endfor %}", ""),
)
_SITE = WHERE
_MEASURES_CELL = "{% for m in measures %}{{ m.number }}. {{ m.text }}{% if not loop.last %}\n{% endif %}{% endfor %}"
_EVIDENCE_CELL = "{% for e in evidence %}{{ e.number }}. {{ e.text }}{% if not loop.last %}\n{% endif %}{% endfor %}"
_HELD: list[Block] = [
    Say("案由：{{ cause }}", "plain"),
    *when("case_serial", Say("案号：{{ case_serial }}", "plain")),
    Say("时间：{{ begins }}至{{ ends }}", "plain"),
]
_PRESENT: list[Block] = each("w", "present", Say("在场人员：{{ w.name }}（{{ w.role }}）", "plain"))
_RECORDER: list[Block] = when("recorder", Say("记录人：{{ recorder }}", "plain"))

WORDING: dict[str, list[Block]] = {
    "filing_approval": [
        _DATED,
        Form(
            _WIDE,
            (
                ("案由", _CASE),
                ("线索来源", "{{ lead_source }}{% if discovered_on %}（发现日期：{{ discovered_on }}）{% endif %}"),
                ("{%tr if parties %}", ""),
                *PARTY_ROWS,
                ("{%tr endif %}", ""),
                ("地点", _SITE),
                (
                    "初步查明的情况",
                    "{{ facts }}{% if area %}\n涉及面积：{{ area }}{% endif %}"
                    "{% if inspected_on %}\n现场勘验日期：{{ inspected_on }}{% endif %}",
                ),
                *_CATEGORIES,
                ("承办人", "{{ officers_line }}"),
                *OPINION_ROWS,
                ("备注", "依照《中华人民共和国行政处罚法》第五十四条的规定，符合立案标准的，应当及时立案。"),
            ),
        ),
    ],
    "inspection_record": [
        *_HELD,
        Say("地点：{{ occasion_place }}", "plain"),
        *when("weather", Say("天气：{{ weather }}", "plain")),
        Say("勘验人员：{{ officers_line }}", "plain"),
        *when("party", Say("当事人：{{ party }}", "plain")),
        *_PRESENT,
        *_RECORDER,
        Say(
            "告知事项：执法人员不少于两人，已主动出示执法证件；当事人或者有关人员应当协助检查"
            "（《中华人民共和国行政处罚法》第四十二条、第五十五条）。",
            "plain",
        ),
        Say("勘验情况", "head"),
        Say("{{ result }}"),
        *AREA,
        *when(
            "measurements",
            Say("测量结果", "head"),
            Form(
                (14, 46, 34, 30, 32),
                (
                    ("序号", "项目", "测量值", "误差", "方法"),
                    ("{%tr for m in measurements %}", "", "", "", ""),
                    ("{{ m.number }}", "{{ m.item }}", "{{ m.value }}", "{{ m.error }}", "{{ m.method }}"),
                    ("{%tr endfor %}", "", "", "", ""),
                ),
                header=True,
            ),
        ),
        *when(
            "map_picture",
            Say("位置图", "head"),
            Say("{{ map_picture }}", "picture"),
            Say("{{ map_caption }}", "caption"),
        ),
        *when(
            "photographs",
            Say("现场照片", "head"),
            *each(
                "f",
                "photographs",
                Say("{{ f.picture }}", "picture"),
                Say("照片{{ f.number }}　{{ f.caption }}", "caption"),
            ),
        ),
        Say("以上笔录已经当事人（见证人）核对无误。", "plain"),
        Say("当事人（签名或者盖章）：", "line"),
        Say("见证人（签名）：", "line"),
        Say("勘验人员（签名）：", "line"),
        Say("记录人（签名）：", "line"),
    ],
    "interview_record": [
        *_HELD,
        Say("地点：{{ occasion_place }}", "plain"),
        *each(
            "p",
            "parties",
            Say("被询问人：{{ p.name }}", "plain"),
            *when("p.id_number", Say("{{ p.id_label }}：{{ p.id_number }}", "plain")),
            *when("p.address", Say("住址（住所）：{{ p.address }}", "plain")),
            *when("p.phone", Say("联系电话：{{ p.phone }}", "plain")),
        ),
        Say("询问人：{{ officers_line }}", "plain"),
        *_RECORDER,
        *_PRESENT,
        Say(
            "告知事项：我们是{{ bureau }}的执法人员，已向你出示执法证件。你应当如实回答询问；"
            "你认为执法人员与案件有直接利害关系或者有其他关系可能影响公正执法的，有权申请回避"
            "（《中华人民共和国行政处罚法》第四十三条、第五十五条）。",
            "plain",
        ),
        *each("q", "questions", Say("问：{{ q.asked }}", "plain"), Say("答：{{ q.answered }}", "plain")),
        Say("以上笔录我已看过（已向我宣读），与我所说的相符。", "plain"),
        Say("被询问人（签名或者盖章）：", "line"),
        Say("询问人（签名）：", "line"),
        Say("记录人（签名）：", "line"),
    ],
    "stop_order": [
        *TO,
        Say(f"经查，你（单位）在{WHERE}的行为涉嫌违法，情况如下："),
        Say("{{ facts }}"),
        *AREA,
        Say("依据{{ basis }}的规定，现责令你（单位）自收到本通知书之时起立即停止上述违法行为，接受调查处理。"),
        *when("on_planning_path", Say(SEIZED)),
        Say("你（单位）有权向本机关进行陈述和申辩。"),
        *CONTACT,
        OFFICERS,
        *SIGNED,
    ],
    "correction_order": [
        *TO,
        Say(f"经查，你（单位）在{WHERE}的行为，情况如下："),
        Say("{{ facts }}"),
        *AREA,
        Say(
            "依据{{ basis }}的规定，现责令你（单位）自收到本通知书之日起{{ term_correction }}内"
            "{% if term_correction_due %}（至{{ term_correction_due }}止）{% endif %}按照下列要求改正："
        ),
        *MEASURES,
        Say("逾期不改正的，本机关将依法处理。你（单位）有权向本机关进行陈述和申辩。"),
        Say(
            "如不服本通知，可以自收到本通知书之日起{{ term_review }}内向{{ review_body }}申请行政复议；"
            "也可以自收到本通知书之日起{{ term_suit }}内依法向{{ court }}提起行政诉讼。"
        ),
        *CONTACT,
        *SIGNED,
    ],
    "rights_notice": [
        *TO,
        Say(f"关于你（单位）在{WHERE}的行为一案，本机关经调查查明："),
        Say("{{ facts }}"),
        *AREA,
        *when("evidence", *EVIDENCE),
        *when("reason", Say("理由：{{ reason }}")),
        Say("依据{{ basis }}的规定，本机关拟作出如下处理："),
        *MEASURES,
        *when("fine", Say("其中拟处罚款{{ fine }}元（{{ fine_capitals }}）。")),
        Say(
            "依照《中华人民共和国行政处罚法》第四十四条、第四十五条的规定，你（单位）对上述拟作出的处理依法享有陈述、"
            "申辩的权利{% if term_statement %}，请自收到本告知书之日起{{ term_statement }}内向本机关提出{% endif %}。"
        ),
        *when(
            "hearing_offered",
            Say(
                "依照《中华人民共和国行政处罚法》第六十三条、第六十四条的规定，你（单位）有要求听证的权利。要求听证的，"
                "应当自收到本告知书之日起{{ term_hearing }}内向本机关提出。你（单位）不承担组织听证的费用。"
            ),
        ),
        *CONTACT,
        *SIGNED,
    ],
    "penalty_approval": [
        _DATED,
        Form(
            _WIDE,
            (
                ("案由", _CASE),
                *PARTY_ROWS,
                ("地点", _SITE),
                ("查明的事实", "{{ facts }}{% if area %}\n涉及面积：{{ area }}{% endif %}"),
                ("主要证据", _EVIDENCE_CELL),
                ("依据", "{{ basis }}"),
                ("{%tr if statement %}", ""),
                ("陈述申辩及复核情况", "{{ statement }}"),
                ("{%tr endif %}", ""),
                ("{%tr if legal_opinion %}", ""),
                ("法制审核意见", "{{ legal_opinion }}"),
                ("{%tr endif %}", ""),
                (
                    "拟作出的处理",
                    _MEASURES_CELL
                    + "{% if fine %}\n罚款{{ fine }}元（{{ fine_capitals }}）{% if cost %}，工程造价{{ cost }}元"
                    "{% endif %}"
                    "{% endif %}",
                ),
                ("承办人", "{{ officers_line }}"),
                *OPINION_ROWS,
            ),
        ),
    ],
    "demolition_order": [
        *PARTIES,
        Say(f"关于你（单位）在{WHERE}的行为一案，本机关经调查查明："),
        Say("{{ facts }}"),
        *AREA,
        *EVIDENCE,
        *HEARD,
        Say("依据{{ basis }}的规定，本机关决定："),
        *MEASURES,
        Say(
            "限你（单位）自收到本决定书之日起{{ term_demolition }}内"
            "{% if term_demolition_due %}（至{{ term_demolition_due }}止）{% endif %}自行拆除。"
        ),
        *REMEDIES,
        *when("on_land_path", Say(LAND_SUIT)),
        *when(
            "not on_land_path",
            Say(
                "逾期不拆除的，本机关将依照《中华人民共和国行政强制法》第三十四条、第四十四条的规定办理；"
                "强制拆除前将予以公告。"
            ),
        ),
        *when("on_planning_path", Say(SEIZED)),
        *SIGNED,
    ],
    "penalty_decision": [
        *PARTIES,
        Say(f"关于你（单位）在{WHERE}的行为一案，本机关经调查查明："),
        Say("{{ facts }}"),
        *AREA,
        *EVIDENCE,
        *HEARD,
        *when("reason", Say("本机关认为：{{ reason }}")),
        Say("依据{{ basis }}的规定，本机关决定："),
        *MEASURES,
        *when(
            "fine",
            Say(
                "罚款{{ fine }}元（{{ fine_capitals }}）。依照《中华人民共和国行政处罚法》第六十七条的规定，"
                "自收到本决定书之日起{{ term_payment }}内缴至：{{ pay_to }}。到期不缴纳罚款的，"
                "依照该法第七十二条的规定，"
                "每日按罚款数额的百分之三加处罚款，加处罚款的数额不超出罚款的数额。"
            ),
        ),
        *REMEDIES,
        *when("on_land_path and demolition_ordered", Say(LAND_SUIT)),
        Say(
            "申请行政复议或者提起行政诉讼的，依照《中华人民共和国行政处罚法》第七十三条的规定，本决定不停止执行，"
            "法律另有规定的除外{% if fine %}；加处罚款的数额在行政复议或者行政诉讼期间不予计算{% endif %}。"
        ),
        *SIGNED,
    ],
    "reminder": [
        *TO,
        Say(
            "本机关于{{ decision_on }}作出《{{ decision_title }}》（{{ decision_serial }}），"
            f"要求你（单位）对{WHERE}的违法行为履行义务。你（单位）至今未履行。"
        ),
        Say(
            "依照《中华人民共和国行政强制法》第三十五条的规定，现催告你（单位）"
            "自收到本通知书之日起{{ term_reminder }}内"
            "{% if term_reminder_due %}（至{{ term_reminder_due }}止）{% endif %}按照下列方式履行："
        ),
        *MEASURES,
        *when("fine", Say("缴纳罚款{{ fine }}元（{{ fine_capitals }}），缴至：{{ pay_to }}。")),
        Say("依照《中华人民共和国行政强制法》第三十六条的规定，你（单位）收到本通知书后有权进行陈述和申辩。"),
        *when("on_land_path", Say("逾期仍不履行的，本机关将依法申请人民法院强制执行。")),
        *when(
            "not on_land_path",
            Say(
                "逾期仍不履行，且无正当理由的，本机关可以依照《中华人民共和国行政强制法》第三十七条的规定"
                "作出强制执行决定。"
            ),
        ),
        *CONTACT,
        *SIGNED,
    ],
    "announcement": [
        Say(
            f"{{{{ party }}}}在{WHERE}的{{{{ structure }}}}，"
            "本机关已于{{ decision_on }}作出《{{ decision_title }}》（{{ decision_serial }}），责令限期拆除。"
            "当事人逾期未拆除。"
        ),
        *AREA,
        Say(
            "依照《中华人民共和国行政强制法》第四十四条的规定，现予公告："
            "限当事人自本公告发布之日起{{ term_announcement }}内"
            "{% if term_announcement_due %}（至{{ term_announcement_due }}止）{% endif %}自行拆除。"
        ),
        Say("当事人在法定期限内不申请行政复议或者提起行政诉讼，又不拆除的，将依法强制拆除。"),
        Say("请在上述期限内将室内及场地内的物品自行搬离。"),
        Say("特此公告。"),
        *CONTACT,
        *SIGNED,
    ],
    "closure_record": [
        _DATED,
        Form(
            _WIDE,
            (
                ("案由", _CASE),
                ("{%tr if filed_on %}", ""),
                ("立案日期", "{{ filed_on }}"),
                ("{%tr endif %}", ""),
                *PARTY_ROWS,
                ("地点", _SITE),
                ("案情", "{{ facts }}{% if area %}\n涉及面积：{{ area }}{% endif %}"),
                ("{%tr if decision_serial %}", ""),
                (
                    "决定",
                    "《{{ decision_title }}》（{{ decision_serial }}）{% if decision_on %}，{{ decision_on }}"
                    "{% endif %}",
                ),
                ("{%tr endif %}", ""),
                ("处理结果", "{{ outcome }}"),
                ("执行情况", "{{ execution }}"),
                ("{%tr if evidence %}", ""),
                ("结案证明", _EVIDENCE_CELL),
                ("{%tr endif %}", ""),
                ("承办人", "{{ officers_line }}"),
                *OPINION_ROWS,
            ),
        ),
    ],
    "delivery_receipt": [
        Form(
            (34, 44, 34, 44),
            (
                ("案由", "{{ cause }}{% if case_serial %}（案号：{{ case_serial }}）{% endif %}", "<", "<"),
                ("受送达人", "{{ recipient }}", "<", "<"),
                ("{%tr for d in deliveries %}", "", "", ""),
                ("送达文书{{ d.number }}", "{{ d.title }}{% if d.serial %}\n{{ d.serial }}{% endif %}", "<", "<"),
                ("{%tr endfor %}", "", "", ""),
                ("送达地点", "{{ delivery_place }}", "<", "<"),
                (
                    "送达方式",
                    "{% for w in delivery_methods %}{{ w.mark }} {{ w.text }}{% if not loop.last %}\n{% endif %}"
                    "{% endfor %}",
                    "<",
                    "<",
                ),
                ("送达人", "{{ officers_line }}\n签名：", "<", "<"),
                ("受送达人签名或者盖章", ">　　年　　月　　日　　时　　分", "<", "<"),
                ("代收人签名及与受送达人的关系", ">　　年　　月　　日", "<", "<"),
                ("见证人签名、单位或者职务", ">　　年　　月　　日", "<", "<"),
                ("备注", "{% if delivery_note %}{{ delivery_note }}{% endif %}", "<", "<"),
            ),
            tall={7: 18, 8: 20, 9: 18, 10: 18, 11: 18},
        ),
        Say("注：受送达人拒绝接收的，在备注栏写明拒收的事由和日期。", "note"),
        Say("{{ bureau }}（印章）", "sign"),
    ],
    "legal_opinion": [
        Form(
            _WIDE,
            (
                ("案由", _CASE),
                *PARTY_ROWS,
                ("查明的事实", "{{ facts }}"),
                ("依据", "{{ basis }}"),
                ("拟作出的处理", _MEASURES_CELL),
                (
                    "审核结论",
                    "{% for c in legal_choices %}{{ c.mark }} {{ c.text }}{% if not loop.last %}\n{% endif %}"
                    "{% endfor %}",
                ),
                ("审核意见", "{{ legal_opinion }}"),
                ("审核人", "{{ legal_reviewer }}\n>签名：　　　　　　{{ made_on }}"),
                (
                    "备注",
                    "依照《中华人民共和国行政处罚法》第五十八条的规定，应当进行法制审核的，"
                    "未经法制审核或者审核未通过的，不得作出决定。审核人不是本案承办人。",
                ),
            ),
        ),
    ],
    "hearing_notice": [
        *TO,
        Say(
            "关于{{ cause }}一案，依照《中华人民共和国行政处罚法》第六十三条、第六十四条的规定，"
            "本机关定于{{ hearing_on }}"
            "在{{ hearing_place }}{% if hearing_public %}公开{% else %}不公开{% endif %}举行听证，"
            "请你（单位）届时参加。"
        ),
        Say("听证主持人：{{ hearing_chair }}　　听证记录人：{{ hearing_recorder }}"),
        Say("参加听证的注意事项："),
        Say("1. 你（单位）可以亲自参加听证，也可以委托一至二人代理。委托代理的，请提交授权委托书。"),
        Say("2. 你（单位）认为主持人与本案有直接利害关系的，有权申请回避。"),
        Say(
            "3. 你（单位）及代理人无正当理由拒不出席听证或者未经许可中途退出听证的，视为放弃听证权利，本机关终止听证。"
        ),
        Say("4. 参加听证时请携带身份证件，并可以提交证据、通知证人。"),
        *CONTACT,
        *SIGNED,
    ],
    "hearing_record": [
        *_HELD,
        Say("地点：{{ hearing_place }}", "plain"),
        Say("主持人：{{ hearing_chair }}　　记录人：{{ hearing_recorder }}", "plain"),
        Say("当事人：{{ party }}", "plain"),
        Say("调查人员：{{ officers_line }}", "plain"),
        *each("w", "present", Say("参加人：{{ w.name }}（{{ w.role }}）", "plain")),
        Say(
            "告知事项：听证由非本案调查人员主持；当事人认为主持人与本案有直接利害关系的，有权申请回避；"
            "当事人可以进行申辩和质证（《中华人民共和国行政处罚法》第六十四条）。",
            "plain",
        ),
        Say("听证内容", "head"),
        *each("q", "questions", Say("{{ q.asked }}：{{ q.answered }}", "plain")),
        Say("以上笔录已经当事人（代理人）核对无误。", "plain"),
        Say("当事人或者其代理人（签名或者盖章）：", "line"),
        Say("调查人员（签名）：", "line"),
        Say("主持人（签名）：", "line"),
        Say("记录人（签名）：", "line"),
    ],
    "enforcement_decision": [
        *PARTIES,
        Say(
            "本机关于{{ decision_on }}作出《{{ decision_title }}》（{{ decision_serial }}），"
            f"要求你（单位）对{WHERE}的违法行为履行义务。你（单位）逾期未履行。"
        ),
        Say("本机关于{{ reminder_on }}以《{{ reminder_title }}》（{{ reminder_serial }}）催告，你（单位）仍未履行。"),
        Say("强制执行的理由：{{ reason }}"),
        *when("statement", Say("陈述、申辩及复核情况：{{ statement }}")),
        Say("依照《中华人民共和国行政强制法》第三十七条、第四十四条的规定，本机关决定强制执行："),
        Say("1. 方式：{{ demolition_way }}"),
        Say("2. 时间：{{ demolition_on }}"),
        Say(
            "依照《中华人民共和国行政强制法》第四十三条的规定，除情况紧急外，强制执行不在夜间或者法定节假日实施。"
            "请在上述时间前将室内及场地内的物品自行搬离，并于执行时到场。"
        ),
        *REMEDIES,
        *SIGNED,
    ],
    "goods_list": [
        Say("案由：{{ cause }}", "plain"),
        Say("当事人：{{ party }}", "plain"),
        Say(f"地点：{WHERE}", "plain"),
        Form(
            (13, 38, 32, 24, 25, 24),
            (
                ("序号", "名称", "规格、型号", "数量", "状况", "备注"),
                ("{%tr for g in goods %}", "", "", "", "", ""),
                (
                    "{{ g.number }}",
                    "{{ g.name }}",
                    "{{ g.specification }}",
                    "{{ g.quantity }}",
                    "{{ g.state }}",
                    "{{ g.note }}",
                ),
                ("{%tr endfor %}", "", "", "", "", ""),
            ),
            header=True,
        ),
        Say("本清单一式二份，由当事人和本机关分别保存。", "note"),
        Say("执法人员：{{ officers_line }}", "plain"),
        Say("执法人员（签名）：", "line"),
        Say("当事人（签名或者盖章）：", "line"),
        Say("见证人（签名）：", "line"),
        *SIGNED,
    ],
    "transfer_letter": [
        Say("{{ transfer_to }}：", "to"),
        Say(f"本机关在办理{{{{ cause }}}}一案中，对{WHERE}的有关情况调查如下："),
        *PARTIES,
        Say("{{ facts }}"),
        *AREA,
        Say("{{ reason }}"),
        Say("现将本案移送你单位依法处理，有关材料随函附送。请将办理结果函告本机关。"),
        *each("a", "attachments", Say("{% if loop.first %}附件：{% endif %}{{ a.number }}. {{ a.text }}")),
        # the contact stands between: what stays with the seal must not be the whole list
        *CONTACT,
        *SIGNED,
    ],
}
"""Blocks by kind of document."""
