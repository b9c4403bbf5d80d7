"""From the facts of a case to what stands for the placeholders of a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.cases.documents.facts import DocumentFacts, Party, Picture, Term
from service.cases.documents.numerals import amount, amount_in_capitals, area_text, day_text, moment_text
from service.cases.documents.placeholders import REFERENCES, TERMS
from service.cases.events import METHODS, Path, Stage

Context = Mapping[str, Any]
"""By placeholder: a text, a truth, a picture, or a list of rows; an empty text or None is a fact that is missing."""

_STAGES = {Stage.UNDER_CONSTRUCTION: "在建", Stage.FINISHED: "建成"}
_UNITS = {"day": "日", "working_day": "个工作日", "month": "个月"}
_METHODS = dict(zip(METHODS, ("直接送达", "留置送达", "邮寄送达", "委托送达", "电子送达", "公告送达"), strict=True))
_LEGAL = {
    "passed": "事实清楚、证据确凿、适用依据正确、程序合法，同意拟作出的处理意见",
    "changes": "建议修改后再行提交审核",
    "more_facts": "建议补充调查",
}
_TICKED, _OPEN = "☑", "□"

_LAW_TERMS = {
    "hearing": Term(5, "working_day"),
    "payment": Term(15),
    "review": Term(60),
}
"""Terms that the law itself sets: 处罚法 64 with 85, 处罚法 67, 复议法 20."""
_SUIT, _SUIT_LAND = Term(6, "month"), Term(15)
"""行政诉讼法 46; against an order to demolish on the land path 土地管理法 83."""


def term_text(term: Term) -> str:
    """How long a term is.

    >>> term_text(Term(5, "working_day")), term_text(Term(60)), term_text(Term(6, "month"))
    ('5个工作日', '60日', '6个月')
    """
    return f"{term.amount}{_UNITS[term.unit]}"


def context_of(facts: DocumentFacts) -> Context:
    """What stands for each placeholder.

    The terms that the law sets (a hearing, the payment, review and suit) are told where the facts do not tell others;
    every other term is the bureau's to set.

    Args:
        facts: The facts of the case.

    Returns:
        By placeholder; every placeholder is there, those that were not told as an empty text, None or an empty list.
    """
    return {
        **_authority(facts),
        **_matter(facts),
        **_handling(facts),
        **_terms(facts),
        **_references(facts),
        **_occasion(facts),
        **_hearing(facts),
        **_delivery(facts),
        **_end(facts),
    }


def _day(day: Any) -> str:
    return day_text(day) if day is not None else ""


def _numbered(texts: Iterable[str]) -> list[dict[str, Any]]:
    return [{"number": str(number), "text": text} for number, text in enumerate(texts, 1)]


def _authority(facts: DocumentFacts) -> dict[str, Any]:
    bureau = facts.bureau
    return {
        "bureau": bureau.name,
        "bureau_address": bureau.address,
        "bureau_contact": bureau.contact,
        "bureau_phone": bureau.phone,
        "made_on": _day(facts.made_on),
        "serial": facts.serial or "",
        "case_serial": facts.case_serial,
        "review_body": facts.remedies.review_body if facts.remedies else "",
        "court": facts.remedies.court if facts.remedies else "",
    }


def _matter(facts: DocumentFacts) -> dict[str, Any]:
    site = facts.site
    area = "" if site is None or site.area_m2 is None else area_text(site.area_m2, site.area_error_m2)
    categories = [
        {"number": str(number), "name": one.name, "basis": one.basis} for number, one in enumerate(facts.categories, 1)
    ]
    return {
        "cause": facts.cause,
        "party": "、".join(party.name for party in facts.parties),
        "parties": [_party(party) for party in facts.parties],
        "place": site.place if site else "",
        "parcel": site.parcel if site else "",
        "structure": site.structure if site else "",
        "stage": _STAGES[site.stage] if site and site.stage else "",
        "area": area,
        "categories": categories,
        "basis": "、".join(dict.fromkeys(one.basis for one in facts.categories)),
        "facts": facts.facts,
        "evidence": _numbered(facts.evidence),
        "on_planning_path": facts.path in (Path.FAST, Path.SLOW),
        "on_village_path": facts.path == Path.VILLAGE,
        "on_land_path": facts.path == Path.LAND,
        "demolition_ordered": bool(facts.demolition_ordered),
        "map_picture": facts.map_picture,
        "map_caption": facts.map_picture.caption if facts.map_picture else "",
        "photographs": [_photograph(number, one) for number, one in enumerate(facts.photographs, 1)],
    }


def _party(party: Party) -> dict[str, Any]:
    person = party.kind == "person"
    return {
        "name": party.name,
        "id_label": "身份证件号码" if person else "统一社会信用代码",
        "id_number": party.id_number,
        "address": party.address,
        "phone": party.phone,
        "representative": party.representative,
    }


def _photograph(number: int, picture: Picture) -> dict[str, Any]:
    return {"number": str(number), "picture": picture, "caption": picture.caption}


def _handling(facts: DocumentFacts) -> dict[str, Any]:
    money = facts.money
    fine = None if money is None else money.fine_yuan
    cost = None if money is None else money.cost_yuan
    return {
        "reason": facts.reason,
        "measures": _numbered(facts.measures),
        "officers": [{"name": one.name, "certificate": one.certificate} for one in facts.officers],
        "officers_line": "、".join(f"{one.name}（执法证号：{one.certificate}）" for one in facts.officers),
        "opinions": [
            {"level": one.level, "text": one.text, "name": one.name, "on": _day(one.on)} for one in facts.opinions
        ],
        "fine": "" if fine is None else amount(fine),
        "fine_capitals": "" if fine is None else amount_in_capitals(fine),
        "cost": "" if cost is None else amount(cost),
        "pay_to": money.pay_to if money else "",
        "statement": facts.statement,
        "hearing_offered": facts.hearing_offered,
    }


def _suit(facts: DocumentFacts) -> dict[str, Term]:
    """The term of suit; none on the land path where nobody tells whether a demolition is ordered."""
    if facts.path != Path.LAND or facts.demolition_ordered is False:
        return {"suit": _SUIT}
    return {"suit": _SUIT_LAND} if facts.demolition_ordered else {}


def _terms(facts: DocumentFacts) -> dict[str, Any]:
    terms = {**_LAW_TERMS, **_suit(facts), **facts.terms}
    told: dict[str, Any] = {}
    for name in TERMS:
        term = terms.get(name)
        told[f"term_{name}"] = term_text(term) if term else ""
        told[f"term_{name}_due"] = _day(term.due_on) if term else ""
    return told


def _references(facts: DocumentFacts) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in REFERENCES:
        earlier = facts.references.get(name)
        told[f"{name}_title"] = earlier.title if earlier else ""
        told[f"{name}_serial"] = earlier.serial if earlier else ""
        told[f"{name}_on"] = _day(earlier.on) if earlier else ""
    return told


def _occasion(facts: DocumentFacts) -> dict[str, Any]:
    held = facts.occasion
    return {
        "begins": moment_text(held.begins) if held else "",
        "ends": moment_text(held.ends) if held else "",
        "occasion_place": held.place if held else "",
        "weather": held.weather if held else "",
        "present": [{"name": name, "role": role} for name, role in held.present] if held else [],
        "recorder": held.recorder if held else "",
        "result": held.result if held else "",
        "questions": [{"asked": one.asked, "answered": one.answered} for one in facts.questions],
        "measurements": [
            {"number": str(number), "item": one.item, "value": one.value, "error": one.error, "method": one.method}
            for number, one in enumerate(facts.measurements, 1)
        ],
        "goods": [
            {
                "number": str(number),
                "name": one.name,
                "specification": one.specification,
                "quantity": one.quantity,
                "state": one.state,
                "note": one.note,
            }
            for number, one in enumerate(facts.goods, 1)
        ],
    }


def _hearing(facts: DocumentFacts) -> dict[str, Any]:
    hearing = facts.hearing
    return {
        "hearing_on": moment_text(hearing.at) if hearing else "",
        "hearing_place": hearing.place if hearing else "",
        "hearing_chair": hearing.chair if hearing else "",
        "hearing_recorder": hearing.recorder if hearing else "",
        "hearing_public": hearing.public if hearing else False,
    }


def _ticked(choices: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
    return [{"mark": _TICKED if name == chosen else _OPEN, "text": text} for name, text in choices.items()]


def _delivery(facts: DocumentFacts) -> dict[str, Any]:
    delivery, review = facts.delivery, facts.legal_review
    return {
        "recipient": delivery.recipient if delivery else "",
        "deliveries": [
            {"number": str(number), "title": one.title, "serial": one.serial}
            for number, one in enumerate(delivery.documents if delivery else (), 1)
        ],
        "delivery_place": delivery.place if delivery else "",
        "delivery_methods": _ticked(_METHODS, delivery.method) if delivery else [],
        "delivery_note": delivery.note if delivery else "",
        "legal_choices": _ticked(_LEGAL, review.result) if review else [],
        "legal_opinion": review.opinion if review else "",
        "legal_reviewer": review.reviewer if review else "",
    }


def _end(facts: DocumentFacts) -> dict[str, Any]:
    return {
        "lead_source": facts.lead_source,
        "discovered_on": _day(facts.discovered_on),
        "inspected_on": _day(facts.inspected_on),
        "filed_on": _day(facts.filed_on),
        "demolition_on": _day(facts.demolition_on),
        "demolition_way": facts.demolition_way,
        "transfer_to": facts.transfer_to,
        "attachments": _numbered(facts.attachments),
        "outcome": facts.outcome,
        "execution": facts.execution,
    }
