"""A made-up case, to see what the documents look like. Every name and number in it is invented."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from PIL import Image, ImageDraw

from geodata.io.dates import BEIJING
from service.cases.documents.facts import (
    Bureau,
    Category,
    Delivery,
    DocumentFacts,
    Good,
    Hearing,
    LegalReview,
    Measurement,
    Money,
    Occasion,
    Officer,
    Opinion,
    Party,
    Picture,
    Question,
    Reference,
    Remedies,
    Site,
    Term,
)
from service.cases.documents.kinds import kind_named
from service.cases.documents.numbering import Serial, SerialRule, format_serial, series_of
from service.cases.events import Path, Stage

_RULE = SerialRule("示")
_MADE_ON = date(2026, 9, 30)
_LEVELS = ("承办人", "承办机构", "案件管理中心", "分管领导", "主要领导")
_EARLIER = MappingProxyType(
    {
        "stop_order": Reference("责令停止违法行为通知书", "示执停字〔2026〕第12号", date(2026, 9, 19)),
        "rights_notice": Reference("陈述、申辩（听证）权利告知书", "示执告字〔2026〕第9号", date(2026, 9, 24)),
        "decision": Reference("责令限期拆除决定书", "示执拆字〔2026〕第7号", date(2026, 10, 9)),
        "reminder": Reference("拆除催告通知书", "示执催字〔2026〕第4号", date(2027, 4, 15)),
    }
)
_FINED = ("责令改正，消除对规划实施的影响；", "对违法建设行为处以罚款。")
_DEMOLISH = ("限期自行拆除上述建筑物；", "清运建筑垃圾，恢复场地原状。")
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "transfer_letter": "经审查，该建筑所在地块可能涉及非法占用土地，查处职权属于你单位。",
        "enforcement_decision": "当事人在法定期限内未申请行政复议，未提起行政诉讼，经催告逾期仍未拆除，且无正当理由。",
    }
)
_MEASURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "correction_order": (
            "停止使用临时施工通道，恢复消防通道净宽；",
            "补齐现场围挡和警示标志，清运建筑垃圾；",
            "改正完成后书面告知本机关复查。",
        ),
        "penalty_decision": _FINED,
        "penalty_approval": _FINED,
        "reminder": ("自行拆除上述建筑物；", "清运建筑垃圾，恢复场地原状。"),
    }
)


def sample_facts(kind: str) -> DocumentFacts:
    """The facts of the made-up case as a kind of document tells them.

    Args:
        kind: Kind of document.

    Returns:
        The facts.

    Raises:
        UnknownKindError: If there is no such kind.
    """
    kind_named(kind)
    series = series_of(_RULE, kind, _MADE_ON)
    serial = None if series is None else format_serial(_RULE, Serial(kind, series.year, 7))
    facts = replace(_case(), serial=serial, measures=_MEASURES.get(kind, _DEMOLISH))
    if kind == "demolition_order":
        facts = replace(facts, demolition_ordered=True)
    if kind == "inspection_record":
        facts = replace(facts, map_picture=_map(), photographs=_photographs())
    if kind not in ("penalty_decision", "penalty_approval"):
        facts = replace(facts, money=None)
    if kind in _REASONS:
        facts = replace(facts, reason=_REASONS[kind])
    if kind == "hearing_record" and facts.occasion and facts.hearing:
        held = replace(
            facts.occasion, begins=facts.hearing.at, ends=facts.hearing.at + timedelta(minutes=75), present=()
        )
        facts = replace(facts, questions=_HEARD, occasion=held)
    if kind in ("enforcement_decision", "reminder", "announcement"):
        later = {"reminder": 4, "announcement": 5, "enforcement_decision": 6}[kind]
        facts = replace(facts, made_on=date(2027, later, 20))
    return facts


def _case() -> DocumentFacts:
    return DocumentFacts(
        bureau=Bureau("示范市城市管理综合执法局", "示范市中心区人民路1号", "周明（示例）", "0000-8000000"),
        made_on=_MADE_ON,
        case_serial="示执〔2026〕案0123",
        cause="未取得建设工程规划许可证进行建设",
        parties=(
            Party("赵某某（示例）", "person", "1101************0X", "示范市中心区柳林街道示例路8号", "138****0000"),
        ),
        site=Site(
            "示范市中心区柳林街道示例路8号院内东侧",
            "130403001002GB00017",
            "一层砖混结构房屋",
            Stage.FINISHED,
            312.4,
            6.2,
        ),
        categories=(Category("未取得建设工程规划许可证进行建设", "《中华人民共和国城乡规划法》第六十四条"),),
        path=Path.SLOW,
        facts="2026年9月18日的影像与2025年4月12日的影像相比，上述地点新增一层砖混结构房屋一处。2026年9月19日，两名执法人员"
        "到现场勘验，房屋东西长26.1米、南北宽12.0米、檐高约3.4米，主体已完工。\n经查询许可登记，截至2026年9月19日未查到"
        "该房屋的建设工程规划许可证，当事人也未能提供。",
        evidence=(
            "勘验检查笔录及测量记录（2026年9月19日）；",
            "现场照片8张；",
            "询问笔录（2026年9月20日）；",
            "2025年4月12日、2026年9月18日影像对比图及审核记录；",
            "规划许可登记查询结果。",
        ),
        reason="当事人未取得建设工程规划许可证进行建设，事实清楚，证据充分；该建筑占用规划绿地，无法采取改正措施消除对规划实施"
        "的影响。",
        officers=(Officer("钱某", "冀00000001"), Officer("孙某", "冀00000002")),
        opinions=tuple(
            Opinion(
                level,
                "拟同意，请审批。" if number == 0 else "",
                "钱某、孙某" if number == 0 else "",
                _MADE_ON if not number else None,
            )
            for number, level in enumerate(_LEVELS)
        ),
        terms={
            "correction": Term(15),
            "demolition": Term(15),
            "statement": Term(5, "working_day"),
            "reminder": Term(10, "working_day"),
            "announcement": Term(10, "day", date(2027, 5, 30)),
        },
        money=Money(48_250, 965_000, "示范市财政局非税收入专户，示例银行，账号0000000000"),
        remedies=Remedies("示范市人民政府", "示范市中心区人民法院"),
        hearing_offered=True,
        references=_EARLIER,
        occasion=Occasion(
            datetime(2026, 9, 19, 9, 5, tzinfo=BEIJING),
            datetime(2026, 9, 19, 10, 40, tzinfo=BEIJING),
            "示范市中心区柳林街道示例路8号院内东侧",
            "晴",
            (("李某", "柳林街道网格员"),),
            "孙某",
            "院内东侧有一层砖混结构房屋一处，屋面为现浇混凝土，门窗已安装，未见施工人员和机械。房屋南侧距院墙4.2米，东侧距"
            "现状道路边线6.8米。现场未见许可公示牌。",
        ),
        questions=_ASKED,
        measurements=(
            Measurement("房屋东西长", "26.1米", "±0.2米", "激光测距"),
            Measurement("房屋南北宽", "12.0米", "±0.2米", "激光测距"),
            Measurement("檐口高度", "3.4米", "±0.1米", "激光测距"),
            Measurement("占地面积", "312.4平方米", "±6.2平方米", "影像量测"),
        ),
        goods=(
            Good("木桌", "2张", "1.2米×0.6米", "完好"),
            Good("冰柜", "1台", "示例牌300升", "通电可用", "当事人自行搬离"),
            Good("铝合金门窗", "6樘", "", "已拆下", "堆放院内西侧"),
        ),
        hearing=Hearing(datetime(2026, 10, 13, 9, 30, tzinfo=BEIJING), "本机关三楼会议室", "吴某", "郑某"),
        delivery=Delivery(
            "赵某某（示例）",
            "示范市中心区柳林街道示例路8号",
            "in_person",
            (Reference("责令停止违法行为通知书", "示执停字〔2026〕第12号"),),
        ),
        legal_review=LegalReview("王某", "主体适格，事实清楚，程序合法，同意承办机构意见。", "passed"),
        lead_source="影像比对发现",
        discovered_on=date(2026, 9, 18),
        inspected_on=date(2026, 9, 19),
        filed_on=date(2026, 9, 20),
        statement="当事人于2026年9月28日书面陈述，称房屋用于堆放农具。经复核，用途不影响违法事实的认定，不予采纳。",
        demolition_on=date(2027, 7, 6),
        demolition_way="由本机关组织拆除，全程录音录像，并邀请见证人到场",
        transfer_to="示范市自然资源和规划局",
        attachments=("勘验检查笔录1份；", "现场照片8张；", "影像对比图1份。"),
        outcome="拆除（当事人自行拆除）",
        execution="当事人于2026年10月20日自行拆除完毕，10月22日复查，建筑物已全部拆除，场地已清理。",
    )


_ASKED = (
    Question("请说明你的姓名和住址。", "我叫赵某某，住示范市中心区柳林街道示例路8号。"),
    Question("院内东侧的房屋是谁建的，什么时候开始建的？", "是我请人建的，今年6月开始，8月完工。"),
    Question("是否办理了建设工程规划许可证？", "没有办理。我以为在自己院里建房不用办。"),
    Question("你对上述内容还有什么要补充的？", "没有。"),
)
_HEARD = (
    Question("主持人（吴某）", "现在核对到场人员身份，宣布听证事项和听证纪律。当事人是否申请回避？"),
    Question("当事人（赵某某）", "不申请。"),
    Question("调查人员（钱某）", "提出当事人未取得建设工程规划许可证进行建设的事实、证据和处理建议。"),
    Question("当事人（赵某某）", "对面积没有意见，希望延长拆除的期限。"),
)


def _map() -> Picture:
    return Picture(_drawn((226, 232, 220)), "房屋位置示意（示例图，非真实影像）")


def _photographs() -> tuple[Picture, ...]:
    return (
        Picture(_drawn((203, 213, 225)), "房屋南立面（示例图）"),
        Picture(_drawn((214, 205, 190)), "房屋东侧与道路的关系（示例图）"),
    )


def _drawn(ground: tuple[int, int, int]) -> bytes:
    """A picture of a roof in a yard."""
    picture = Image.new("RGB", (900, 520), ground)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 40, 840, 480), outline=(120, 120, 120), width=4)
    pen.rectangle((430, 150, 760, 330), fill=(178, 92, 70), outline=(200, 0, 0), width=8)
    pen.line((0, 505, 900, 505), fill=(90, 90, 90), width=22)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
