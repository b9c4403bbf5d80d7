"""What documents are filled with: plain values, told by whoever knows the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from service.cases.events import Path, Stage

Unit = Literal["day", "working_day", "month"]


@dataclass(frozen=True)
class Bureau:
    """The authority that makes the document.

    Args:
        name: Its full name, as its seal has it.
        address: Where it sits.
        contact: Who answers questions.
        phone: By telephone.
    """

    name: str
    address: str = ""
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Party:
    """A party (当事人); masked or clear, as the caller decides.

    Args:
        name: Of the person or the organisation.
        kind: `person` or `organisation`.
        id_number: Identity card, or unified social credit code.
        address: Home or seat.
        phone: Telephone.
        representative: Legal representative of an organisation.
    """

    name: str
    kind: Literal["person", "organisation"] = "person"
    id_number: str = ""
    address: str = ""
    phone: str = ""
    representative: str = ""


@dataclass(frozen=True)
class Officer:
    """An officer and the number of the enforcement certificate (处罚法 42)."""

    name: str
    certificate: str


@dataclass(frozen=True)
class Site:
    """What the case is about.

    Args:
        place: Address or description of the place.
        parcel: Number of the parcel.
        structure: What stands there, in words.
        stage: How far it is built.
        area_m2: Measured area, ellipsoidal.
        area_error_m2: Its error.
    """

    place: str
    parcel: str = ""
    structure: str = ""
    stage: Stage | None = None
    area_m2: float | None = None
    area_error_m2: float | None = None


@dataclass(frozen=True)
class Category:
    """A category of violation and the article it rests on, written as it is to be cited."""

    name: str
    basis: str


@dataclass(frozen=True)
class Term:
    """A term that the document sets or tells.

    Args:
        amount: How many.
        unit: Calendar days, working days, months.
        due_on: Its last day where that is known.
    """

    amount: int
    unit: Unit = "day"
    due_on: date | None = None


@dataclass(frozen=True)
class Opinion:
    """What a level of approval says; an opinion without text leaves its line to be filled by hand."""

    level: str
    text: str = ""
    name: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Reference:
    """An earlier document that this one refers to."""

    title: str
    serial: str
    on: date | None = None


@dataclass(frozen=True)
class Measurement:
    """Something measured on site: what, the value with its unit, its error, by which method."""

    item: str
    value: str
    error: str = ""
    method: str = ""


@dataclass(frozen=True)
class Good:
    """An item of a list of goods."""

    name: str
    quantity: str
    specification: str = ""
    state: str = ""
    note: str = ""


@dataclass(frozen=True)
class Question:
    """A question and its answer, or what somebody said at a hearing (`asked` is then who spoke)."""

    asked: str
    answered: str


@dataclass(frozen=True)
class Picture:
    """A picture, PNG or JPEG, and what it shows."""

    content: bytes = field(repr=False)
    caption: str = ""


@dataclass(frozen=True)
class Occasion:
    """When and where something was held: an inspection, an interview, a hearing.

    Args:
        begins: Its begin.
        ends: Its end.
        place: Where.
        weather: On site.
        present: Who else was there: name and role.
        recorder: Who wrote it down.
        result: What was found.
    """

    begins: datetime
    ends: datetime
    place: str
    weather: str = ""
    present: tuple[tuple[str, str], ...] = ()
    recorder: str = ""
    result: str = ""


@dataclass(frozen=True)
class Hearing:
    """A hearing (处罚法 63 to 65)."""

    at: datetime
    place: str
    chair: str
    recorder: str
    public: bool = True


@dataclass(frozen=True)
class Remedies:
    """Where the party may turn (复议法 20, 行诉 46, 土地 83); the terms are among the terms of the facts."""

    review_body: str
    court: str


@dataclass(frozen=True)
class Money:
    """What is to be paid.

    Args:
        fine_yuan: The fine.
        cost_yuan: Cost of the building works that the fine is reckoned from.
        pay_to: Bank and account.
    """

    fine_yuan: Decimal | float | None = None
    cost_yuan: Decimal | float | None = None
    pay_to: str = ""


@dataclass(frozen=True)
class Delivery:
    """A delivery to be put on record.

    Args:
        recipient: To whom.
        place: Where.
        method: One of `service.cases.events.METHODS`; empty: to be ticked by hand.
        documents: What is delivered.
        note: Why it was refused, or by which post.
    """

    recipient: str
    place: str
    method: str = ""
    documents: tuple[Reference, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class LegalReview:
    """A legal review (处罚法 58); an empty result is ticked by hand."""

    reviewer: str
    opinion: str
    result: Literal["", "passed", "changes", "more_facts"] = ""


@dataclass(frozen=True)
class DocumentFacts:
    """Everything that a document may tell; which of it a kind needs stands in `kinds.yaml`.

    Args:
        bureau: Who makes it.
        made_on: Day of the document, in Beijing.
        serial: Its serial number; None: it has none.
        case_serial: Number of the case.
        cause: What the case is about (案由).
        parties: The parties; the first is addressed.
        site: Where and what.
        categories: Violations with articles.
        path: Lawful path; decides, with `demolition_ordered`, which term of suit is told.
        demolition_ordered: Whether the decision orders a demolition. On the land path it must be told, or the term of
            suit: fifteen days run only against an order to demolish (土地管理法 83).
        facts: The facts as established.
        evidence: The evidence, one item each.
        reason: Why this is done.
        measures: What is ordered, decided or proposed, one item each.
        officers: Who handles the case.
        opinions: Lines of approval.
        terms: By name: `correction`, `demolition`, `payment`, `statement`, `hearing`, `reminder`, `announcement`,
            `review`, `suit`.
        money: What is to be paid.
        remedies: Where the party may turn.
        hearing_offered: Whether the rights notice offers a hearing.
        references: Earlier documents by name: `decision`, `stop_order`, `rights_notice`, `reminder`.
        occasion: When and where an inspection, an interview or a hearing was held.
        questions: What was asked and answered.
        measurements: What was measured.
        goods: List of goods.
        map_picture: Chip of the map.
        photographs: Photographs.
        hearing: The hearing.
        delivery: The delivery.
        legal_review: The legal review.
        lead_source: Where the lead came from.
        discovered_on: When the finding was discovered.
        inspected_on: When it was inspected.
        filed_on: When the case was filed.
        statement: What the party stated, and how it was answered.
        demolition_on: Day of the demolition.
        demolition_way: How.
        transfer_to: Authority that takes over.
        attachments: What goes with a letter.
        outcome: How the case ended, in words.
        execution: How the decision was carried out.
    """

    bureau: Bureau
    made_on: date | None = None
    serial: str | None = None
    case_serial: str = ""
    cause: str = ""
    parties: tuple[Party, ...] = ()
    site: Site | None = None
    categories: tuple[Category, ...] = ()
    path: Path | None = None
    demolition_ordered: bool | None = None
    facts: str = ""
    evidence: tuple[str, ...] = ()
    reason: str = ""
    measures: tuple[str, ...] = ()
    officers: tuple[Officer, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    terms: Mapping[str, Term] = field(default_factory=dict)
    money: Money | None = None
    remedies: Remedies | None = None
    hearing_offered: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    occasion: Occasion | None = None
    questions: tuple[Question, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    goods: tuple[Good, ...] = ()
    map_picture: Picture | None = None
    photographs: tuple[Picture, ...] = ()
    hearing: Hearing | None = None
    delivery: Delivery | None = None
    legal_review: LegalReview | None = None
    lead_source: str = ""
    discovered_on: date | None = None
    inspected_on: date | None = None
    filed_on: date | None = None
    statement: str = ""
    demolition_on: date | None = None
    demolition_way: str = ""
    transfer_to: str = ""
    attachments: tuple[str, ...] = ()
    outcome: str = ""
    execution: str = ""
