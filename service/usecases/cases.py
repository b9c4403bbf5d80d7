"""Cases: opened from leads, told event by event, each judged by the table and the terms before it is stored."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.io.dates import BEIJING
from service.auth.people import Person
from service.auth.roles import Permission, Role
from service.cases.clocks.clock import Clock
from service.cases.errors import CaseBehindError, CaseFactError, CaseMoveError, SerialTakenError
from service.cases.events import KINDS, CaseEvent, effective
from service.cases.facts import check_correction, check_facts
from service.cases.workflow.context import Actor, Context
from service.cases.workflow.machine import Refusal, check_actor, corrected, following, judge, refusals
from service.cases.workflow.replay import stand
from service.cases.workflow.standing import Standing
from service.services import Services
from service.store.case_base import CaseFile, CasePaper, CaseRow, Number, Party, Step
from service.store.records import Box
from service.usecases.case_feature import case_feature, next_due, timers_of
from service.usecases.case_rules import CaseRules, rules_of
from service.usecases.sights import require_clearance, require_ground

SERIES = "case"
_TRIES = 20
_MOST_PEOPLE = 10_000
_POWERS: Mapping[Permission, str] = {
    Permission.JUDGE: "officer",
    Permission.LEGAL: "legal",
    Permission.APPROVE: "approver",
}


@dataclass(frozen=True)
class Telling:
    """What somebody tells of a case, unchecked.

    Args:
        kind: Kind of the event.
        facts: What it tells.
        at: When it happened; None: now.
        expected: Number of the last event that the teller knows of; None: whatever it is.
        corrects: Number of the event that is corrected, for the kind `corrected`.
    """

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    expected: int | None = None
    corrects: int | None = None


@dataclass(frozen=True)
class Enclosed:
    """What is stored together with an event.

    Args:
        papers: Documents.
        files: Files.
        parties: Parties.
    """

    papers: Sequence[CasePaper] = ()
    files: Sequence[CaseFile] = ()
    parties: Sequence[Party] = ()


@dataclass(frozen=True)
class CaseView:
    """A case as it is now.

    Args:
        row: What is kept of it beside its events.
        standing: Where it stands.
        events: All its events, corrections included.
        clocks: Its terms as of now.
    """

    row: CaseRow
    standing: Standing
    events: Sequence[CaseEvent]
    clocks: Sequence[Clock]


@dataclass(frozen=True)
class Opening:
    """What a case is opened with.

    Args:
        facts: Facts of the event `opened`.
        geometry: Its place: GeoJSON geometry in lon-lat.
        at: When; None: now.
        secrecy: Grade of what it rests on.
        note: A first note.
    """

    facts: Mapping[str, Any]
    geometry: Mapping[str, Any]
    at: datetime | None = None
    secrecy: str = "internal"


def open_case(services: Services, opening: Opening) -> CaseView:
    """Open a case; its serial is the next one of its year.

    Raises:
        CaseFactError: If it does not tell what it must.
        CaseMoveError: If it may not be opened.
        CaseOpenError: If its structure has an open case under the same law.
        ForbiddenError: If it lies beyond the caller's areas, or rests on what is above their clearance.
    """
    rules, now = rules_of(services), datetime.now(UTC)
    case_id = f"case-{uuid.uuid4().hex[:16]}"
    facts = check_facts("opened", opening.facts)
    place = _place(opening.geometry)
    require_ground(services, place)
    require_clearance(services, opening.secrecy)
    box: Box = place.bounds
    event = CaseEvent(case_id, 1, "opened", opening.at or now, now, teller(services), facts)
    context = _context(services, rules, [event], event)
    standing = judge(Standing(case_id), event, context)
    year = now.astimezone(BEIJING).year
    for _ in range(_TRIES):
        drawn = services.store.cases.peek(SERIES, year)
        blank = CaseRow(
            case_id, f"{year}-{drawn:06d}", 1, "open", "", "", "", "", facts.get("structure_id"), now, now, None, None,
            box, "", opening.secrecy,
        )  # fmt: skip
        step = _step(rules, blank, opening.geometry, standing, [event], Enclosed())
        try:
            services.store.cases.open(replace(step, expected=0), Number(SERIES, year, drawn))
        except SerialTakenError:
            continue
        return view_case(services, case_id)
    raise SerialTakenError("Too many cases are opened at this moment.", remedy="Try again.")


def view_case(services: Services, case_id: str) -> CaseView:
    """A case with its state and terms as of now; `NotFoundError` without it."""
    rules = rules_of(services)
    row = services.store.cases.get(case_id)
    events = [event for event, _ in services.store.cases.events(case_id)]
    now = datetime.now(UTC)
    return CaseView(row, stand(events, rules.options), events, rules.clocks(events, now))


def tell(
    services: Services,
    case_id: str,
    telling: Telling,
    enclose: Callable[[CaseView], Enclosed] | None = None,
    complete: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda facts: facts,
) -> CaseView:
    """Let an event follow.

    Args:
        services: The service.
        case_id: The case.
        telling: What is told.
        enclose: Makes what is stored with it, from the case as it is; asked again where the case went on meanwhile.
        complete: Adds to the facts what is known once that is made.

    Raises:
        NotFoundError: Without the case.
        CaseFactError: If it does not tell what it must.
        CaseRightError: If others tell it.
        CaseMoveError: If the table or a guard refuses it, with the article and the history.
        CaseBehindError: If the case went on since `expected`, by more than what the clock tells of itself.
    """
    for _ in range(_TRIES):
        view = view_case(services, case_id)
        if telling.expected is not None and _went_on(view, telling.expected):
            raise _behind(view, telling.expected)
        enclosed = Enclosed() if enclose is None else enclose(view)
        step = _judged(services, view, replace(telling, facts=complete(telling.facts)), enclosed)
        try:
            services.store.cases.tell(step)
        except CaseBehindError:
            continue  # whether what came between matters to the teller is looked at anew
        except SerialTakenError:
            continue
        else:
            return view_case(services, case_id)
    raise CaseMoveError("Too many tell of this case at this moment.", remedy="Try again.")


@dataclass(frozen=True)
class Possible:
    """An event that the table lets follow.

    Args:
        kind: Its kind.
        refused: What refuses it, as far as that is known before its facts are.
    """

    kind: str
    refused: Sequence[Refusal]


def possible(services: Services, case_id: str) -> tuple[CaseView, Sequence[Possible]]:
    """What the caller may tell of a case now, and what refuses it.

    Guards that ask for facts not told yet are left out: they are asked when the event is told.
    """
    rules, view = rules_of(services), view_case(services, case_id)
    # one for all that may follow: who the officers are and how the clocks stand is asked once
    context = _context(services, rules, view.events, None)
    found = []
    for kind in following(view.standing, context):
        event = CaseEvent(case_id, view.row.number + 1, kind, context.now, context.now, teller(services), {})
        found.append(Possible(kind, refusals(view.standing, event, context, known_only=True)))
    return view, found


def defects_of(services: Services, view: CaseView) -> Sequence[tuple[CaseEvent, Sequence[Refusal]]]:
    """Events that would be refused as they stand today: what corrections show to have been done too early, or wrongly.

    A procedure that was broken is told, never hidden: a court annuls for it (行诉 70).
    """
    rules = rules_of(services)
    if not any(event.corrects is not None for event in view.events):
        return []
    found = []
    told = list(effective(view.events))
    for place, event in enumerate(told):
        before = stand(told[:place], rules.options) if place else Standing(view.row.id)
        context = Context(
            actor=Actor(event.by, frozenset(_POWERS.values()) | {"system"}),
            now=event.recorded_at,
            options=rules.options,
            clocks=rules.clocks(told[:place], event.at),
            book=rules.book,
            calendar=rules.calendar,
        )
        wrong = refusals(before, event, context)
        if wrong:
            found.append((event, wrong))
    return found


def _judged(services: Services, view: CaseView, telling: Telling, enclosed: Enclosed) -> Step:
    rules, now = rules_of(services), datetime.now(UTC)
    number = view.row.number + 1
    if telling.kind == "corrected":
        event = _correction(view, telling, number, now, teller(services))
        events = [*view.events, event]
        standing = stand(events, rules.options)
        _check_correction(services, rules, view, event, standing)
    else:
        facts = check_facts(telling.kind, telling.facts)
        at = telling.at or now
        if at.tzinfo is None:
            raise CaseFactError("The time has no zone.", remedy="Write it as 2025-04-12T10:30:00+08:00.")
        event = CaseEvent(view.row.id, number, telling.kind, at, now, teller(services), facts)
        standing = judge(view.standing, event, _context(services, rules, view.events, event))
    geometry = orjson.loads(view.row.geojson)["geometry"]
    return _step(rules, view.row, geometry, replace(standing, number=number), [*view.events, event], enclosed)


def _correction(view: CaseView, telling: Telling, number: int, now: datetime, by: str) -> CaseEvent:
    blank = CaseEvent(view.row.id, number, "corrected", now, now, by, {}, telling.corrects)
    old = corrected(view.standing, blank)
    facts = check_correction(old, telling.facts)
    return replace(blank, at=telling.at or old.at, facts=facts)


def _check_correction(
    services: Services, rules: CaseRules, view: CaseView, event: CaseEvent, standing: Standing
) -> None:
    """Whoever may tell an event may correct it; one that others rest on cannot be taken back before them."""
    old = corrected(view.standing, event)
    context = _context(services, rules, view.events, old)
    check_actor(old, context)
    if standing.stray:
        first = standing.stray[0]
        raise CaseMoveError(
            f"Event {old.number} ({old.title}) cannot be taken back: event {first.number} ({first.title}) rests on it.",
            remedy="Take the later one back first.",
            rests=[one.number for one in standing.stray],
        )


def _context(services: Services, rules: CaseRules, events: Sequence[CaseEvent], event: CaseEvent | None) -> Context:
    now = datetime.now(UTC)
    powers = {power for permission, power in _POWERS.items() if services.caller.may(permission)}
    if services.caller.kind == "local":
        powers.add("system")
    return Context(
        actor=Actor(teller(services), frozenset(powers)),
        now=now,
        options=rules.options,
        clocks=rules.clocks(events, now if event is None else event.at),
        book=rules.book,
        calendar=rules.calendar,
        known_officers=_known_officers(services),
    )


def teller(services: Services) -> str:
    """Who tells: a person, also where a key of theirs is used; a key that nobody owns stands for itself."""
    return services.caller.owner_id or services.caller.id


def officers(services: Services) -> Sequence[Person]:
    """Those who act as officers: who they are is named in events by id."""
    wanted = {Role.OFFICER, Role.CHIEF}
    people = services.store.people.page(_MOST_PEOPLE).items
    return [one for one in people if one.active and wanted & one.grant.roles]


def _known_officers(services: Services) -> frozenset[str] | None:
    """Their ids; None where no people are kept: anybody is named then."""
    found = officers(services)
    return frozenset(one.id for one in found) if found else None


def _step(
    rules: CaseRules,
    row: CaseRow,
    geometry: Mapping[str, Any],
    standing: Standing,
    events: Sequence[CaseEvent],
    enclosed: Enclosed,
) -> Step:
    now = events[-1].recorded_at
    clocks = rules.clocks(events, now)
    closed = standing.procedure == "closed"
    closing = standing.last("closed")
    opening = standing.last("opened")
    made = replace(
        row,
        number=events[-1].number,
        state=standing.procedure,
        path=standing.path,
        stage=standing.stage,
        outcome=str(closing.facts["outcome"]) if closed and closing is not None else standing.outcome or "",
        unit=_unit(standing),
        structure_id=None if opening is None else opening.facts.get("structure_id"),
        opened_at=events[0].at,
        changed_at=now,
        closed_at=closing.at if closed and closing is not None else None,
        due_at=None if closed else next_due(clocks, now),
    )
    made = replace(made, geojson=case_feature(made, geometry, standing, clocks))
    return Step(
        row=made,
        expected=events[-1].number - 1,
        events=[events[-1]],
        timers=[] if closed else timers_of(row.id, clocks),
        papers=enclosed.papers,
        files=enclosed.files,
        parties=enclosed.parties,
    )


def _unit(standing: Standing) -> str:
    last = standing.last("dispatched", "returned")
    return str(last.facts["to"]) if last is not None and last.kind == "dispatched" else ""


def _place(geometry: Mapping[str, Any]) -> shapely.Geometry:
    try:
        shape = shapely.geometry.shape(geometry)
        west, south, east, north = shape.bounds
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException) as error:
        raise CaseFactError(
            "The place is no GeoJSON geometry.", remedy="Send a point or a polygon in lon-lat."
        ) from error
    if shape.is_empty or not shape.is_valid or west < -180 or south < -90 or east > 180 or north > 90:
        raise CaseFactError("The place is no valid geometry in lon-lat.", remedy="Send a point or a polygon.")
    return shape


_BY_THE_CLOCK = frozenset({"escalated"})
"""What the clock tells of itself: that a term was passed on changes nothing of what somebody is about to tell."""


def _went_on(view: CaseView, expected: int) -> bool:
    """Whether anything that matters came since; an event ahead of the last one was never known."""
    since = [event for event in view.events if event.number > expected]
    return expected > view.row.number or any(event.kind not in _BY_THE_CLOCK for event in since)


def _behind(view: CaseView, expected: int) -> CaseBehindError:
    since = [event for event in view.events if event.number > expected]
    told = ", ".join(f"{event.number} {KINDS[event.kind].title}" for event in since)
    return CaseBehindError(
        f"The case has gone on to event {view.row.number}; you knew it up to {expected}: {told or 'nothing'}.",
        remedy="Look at what happened, and tell it again if it still holds.",
        expected=expected,
        last=view.row.number,
        since=[{"number": event.number, "event": event.kind, "by": event.by} for event in since],
    )
