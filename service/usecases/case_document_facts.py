"""What a case says that its documents tell, in the words of `DocumentFacts`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson
import shapely

from geodata.detect.candidates import geodesic_area_m2
from geodata.io.dates import BEIJING
from service.cases.categories import CATEGORIES
from service.cases.clocks.clock import Clock
from service.cases.documents import KINDS, DocumentFacts
from service.cases.documents.facts import (
    Bureau,
    Category,
    Delivery,
    Hearing,
    LegalReview,
    Money,
    Officer,
    Opinion,
    Reference,
    Remedies,
    Site,
    Term,
)
from service.cases.events import KINDS as EVENTS
from service.cases.events import CaseEvent, Path, Stage
from service.errors import NotFoundError
from service.services import Services
from service.store.case_base import CasePaper
from service.usecases.case_parties import opened_parties
from service.usecases.cases import CaseView

_REFERENCES = {
    "stop_order": ("stop_order",),
    "rights_notice": ("rights_notice",),
    "decision": ("demolition_order", "penalty_decision", "correction_order"),
    "reminder": ("reminder",),
}
_DEMOLITION = ("demolished", "partly_demolished")


def facts_of_case(services: Services, view: CaseView, kind: str) -> DocumentFacts:
    """What a case says for a kind of document; what it does not say is left empty, and the officer adds it.

    Args:
        services: The service.
        view: The case.
        kind: Kind of document.

    Raises:
        SealError: If the keys of the parties are not here.
    """
    standing, told = view.standing, services.settings.cases
    decision = standing.decision
    outcome = str(decision.facts["outcome"]) if decision is not None else _proposal(view)
    return DocumentFacts(
        bureau=Bureau(told.bureau, told.address, told.contact, told.phone),
        case_serial=view.row.serial,
        cause="、".join(one.name for one in _categories(view)),
        parties=tuple(one.facts for one in opened_parties(services, view.row.id) if one.facts is not None),
        site=_site(view),
        categories=tuple(_categories(view)),
        path=Path(view.row.path),
        demolition_ordered=outcome in _DEMOLITION if outcome else None,
        facts=_text(standing.last("investigated"), "facts") or _text(standing.last("inspected"), "result"),
        evidence=tuple(_evidence(services, view)),
        reason=_text(decision, "reason"),
        officers=tuple(_officers(services, standing.handlers)),
        opinions=tuple(_opinions(services, view, KINDS[kind].flow or "")),
        terms=_terms(view),
        money=_money(services, view),
        remedies=Remedies(told.review_body, told.court),
        hearing_offered=bool(standing.last_fact("hearing_offered", "rights_notice_served")),
        references=_references(services.store.cases.papers(view.row.id)),
        hearing=_hearing(view),
        delivery=_delivery(services, view),
        legal_review=_legal(services, view),
        discovered_on=_day(standing.last("opened")),
        inspected_on=_day(standing.last("inspected")),
        filed_on=_day(standing.last("filed")),
        statement=_statement(view),
        demolition_on=_day(standing.last("demolition_started")),
        transfer_to=_text(standing.last("transferred"), "to"),
        outcome=_text(standing.last("closed"), "outcome"),
        execution=_text(standing.last("closed"), "summary"),
    )


def name_of(services: Services, person_id: str) -> str:
    """How somebody is called; their id where nobody of it is known."""
    try:
        return services.store.people.get(person_id).display_name
    except NotFoundError:
        return person_id


def _text(event: CaseEvent | None, name: str) -> str:
    return "" if event is None else str(event.facts.get(name, ""))


def _day(event: CaseEvent | None) -> date | None:
    return None if event is None else date.fromisoformat(event.day)


def _proposal(view: CaseView) -> str:
    return _text(view.standing.last("rights_notice_served", "investigated"), "proposal")


def _categories(view: CaseView) -> list[Category]:
    found = []
    for name in view.standing.categories:
        known = CATEGORIES.get(name)
        found.append(Category(name, "") if known is None else Category(known.title_zh, known.basis_on(view.row.path)))
    return found


def _site(view: CaseView) -> Site:
    shape = shapely.geometry.shape(orjson.loads(view.row.geojson)["geometry"])
    measured = view.standing.last_fact("measured_m2", "inspected")
    area = float(measured) if measured is not None else (geodesic_area_m2(shape) if shape.area else None)
    middle = shape.representative_point()
    stage = Stage(view.row.stage) if view.row.stage in tuple(Stage) else None
    return Site(f"东经{middle.x:.6f}°，北纬{middle.y:.6f}°", stage=stage, area_m2=area)


def _officers(services: Services, ids: Iterable[str]) -> list[Officer]:
    known = services.settings.cases.certificates
    return [Officer(name_of(services, one), known.get(one, "")) for one in ids]


def _evidence(services: Services, view: CaseView) -> list[str]:
    words = {"photo": "现场照片", "recording": "录音", "video": "录像", "paper": "书证", "receipt": "送达凭证"}
    kinds = [one.kind for one in services.store.cases.files(view.row.id)]
    counted = [f"{words[kind]}{kinds.count(kind)}份；" for kind in dict.fromkeys(kinds) if kind in words]
    inspections = [f"现场勘验（{_chinese(event)}）；" for event in view.standing.all("inspected")]
    return [*inspections, *counted]


def _chinese(event: CaseEvent) -> str:
    at = event.at.astimezone(BEIJING)
    return f"{at.year}年{at.month}月{at.day}日"


def _opinions(services: Services, view: CaseView, flow: str) -> list[Opinion]:
    """A line for each level, filled where it was approved."""
    given = {str(event.facts["level"]): event for event in view.standing.granted(flow)} if flow else {}
    lines = [Opinion("承办人", name="、".join(name_of(services, one) for one in view.standing.handlers))]
    for level in services.settings.cases.levels.get(flow, ()):
        event = given.get(level)
        done = Opinion(level) if event is None else Opinion(level, "同意", name_of(services, event.by), _day(event))
        lines.append(done)
    return lines


def _terms(view: CaseView) -> dict[str, Term]:
    found = {}
    decision = view.standing.decision
    if decision is not None and "term_days" in decision.facts:
        for name in ("correction", "demolition"):
            found[name] = Term(int(decision.facts["term_days"]), due_on=_due(view.clocks, "order_term"))
    for name, event in (("reminder", "reminder_served"), ("announcement", "announced")):
        days = view.standing.last_fact("term_days", event)
        if days is not None:
            found[name] = Term(int(days), due_on=_due(view.clocks, f"{name}_term"))
    return found


def _due(clocks: Iterable[Clock], term: str) -> date | None:
    return next((clock.due_on for clock in clocks if clock.term_id == term), None)


def _money(services: Services, view: CaseView) -> Money | None:
    decision = view.standing.decision
    fine = None if decision is None else decision.facts.get("fine_yuan")
    cost = view.standing.last_fact("cost_yuan", "investigated")
    return None if fine is None and cost is None else Money(fine, cost, services.settings.cases.pay_to)


def _references(papers: Iterable[CasePaper]) -> dict[str, Reference]:
    standing = [one for one in papers if one.voided_at is None]
    found: dict[str, Reference] = {}
    for name, kinds in _REFERENCES.items():
        for paper in standing:
            if paper.kind in kinds:
                found[name] = Reference(KINDS[paper.kind].title_zh, paper.serial, paper.day)
    return found


def _hearing(view: CaseView) -> Hearing | None:
    notice, held = view.standing.last("hearing_notice_served"), view.standing.last("hearing_held")
    if notice is None:
        return None
    day = datetime.fromisoformat(str(notice.facts["hearing_on"])).replace(hour=9, tzinfo=BEIJING)
    return Hearing(day, "", _text(held, "chair"), "")


def _delivery(services: Services, view: CaseView) -> Delivery | None:
    served = [event for event in view.standing.events if event.kind.endswith("_served")]
    if not served:
        return None
    last = served[-1]
    papers = {one.id: one for one in services.store.cases.papers(view.row.id)}
    paper = papers.get(str(last.facts.get("document_id", "")))
    told = Reference(EVENTS[last.kind].title_zh, "")
    if paper is not None:
        told = Reference(KINDS[paper.kind].title_zh, paper.serial, paper.day)
    parties = [one.facts.name for one in opened_parties(services, view.row.id) if one.facts is not None]
    return Delivery("、".join(parties), "", str(last.facts["method"]), (told,))


def _legal(services: Services, view: CaseView) -> LegalReview | None:
    event: Any = view.standing.last("legal_review_passed", "legal_review_returned")
    if event is None:
        return None
    result = "passed" if event.kind == "legal_review_passed" else "changes"
    return LegalReview(name_of(services, event.by), _text(event, "opinion"), result)  # type: ignore[arg-type]


def _statement(view: CaseView) -> str:
    received, answered = view.standing.last("statement_received"), view.standing.last("statement_answered")
    parts = []
    if received is not None:
        parts.append(f"当事人于{_chinese(received)}陈述：{_text(received, 'summary')}")
    if answered is not None:
        parts.append(f"经复核：{_text(answered, 'answer')}")
    return "。".join(parts)
