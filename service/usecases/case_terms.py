"""The terms of cases in time: reminded, due, overdue, told up the chain; computed again when holidays are published."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from geodata.io.dates import BEIJING
from service.alarms.values import Delivery
from service.auth.caller import Caller
from service.auth.roles import Permission
from service.errors import NotFoundError
from service.services import Services
from service.store.case_base import CaseRow, Timer
from service.store.queries import FeatureQuery
from service.usecases.alarm_sending import own_channels
from service.usecases.case_feature import case_feature, next_due, timers_of
from service.usecases.case_rules import rules_of
from service.usecases.cases import Telling, tell, view_case
from service.usecases.listing import every
from service.usecases.recipients import Recipients

_NAMESPACE = uuid.UUID("0d6a2f6e-52a4-4d55-8f6f-2f0c6a1f9c55")
_STEPS = {
    "reminder": ("is due on {due}", "将于{due}到期"),
    "due": ("is due now", "今日到期"),
    "overdue": ("is overdue since {due}", "已于{due}逾期"),
    "escalation": ("is overdue since {due}: told to {to}", "已于{due}逾期，现报{to}督办"),
}
_PAGE = 500


def tell_terms(services: Services, recipients: Recipients, now: datetime) -> int:
    """Tell of the moments that have come: officers in charge, and up the chain where a term is overdue.

    A message has an id that follows from its moment, so that one put together twice, by two replicas or after a kill,
    is the same message; the moment is marked as told behind it. Of several moments of a term that have come at once, as
    for a case that is told late, the last is told.

    Args:
        services: The service itself.
        recipients: What each may see.
        now: Now.

    Returns:
        How many moments were told.
    """
    told = 0
    due = services.store.cases.due(now)
    last = {(one.case_id, one.term): one for one in due if ":" not in one.step}
    for timer in due:
        if ":" in timer.step or last[timer.case_id, timer.term] is timer:
            services.store.deliveries.put(messages_of(services, recipients, timer, now))
        if services.store.cases.done([timer], now):
            told += 1
            _note(services, timer, now)
    return told


def messages_of(services: Services, recipients: Recipients, timer: Timer, now: datetime) -> list[Delivery]:
    """The messages of a moment: one to each who is told, by each of their channels; the same ones whoever asks."""
    row = services.store.cases.get(timer.case_id)
    payload = _payload(row, timer, now)
    return [
        Delivery(
            uuid.uuid5(_NAMESPACE, f"{channel.id}|{timer.case_id}|{timer.term}|{timer.step}|{timer.at}").hex,
            channel.id, person, "case", now, now, payload,
        )
        for person in _who(services, recipients, row, timer)
        for channel in own_channels(services, person)
    ]  # fmt: skip


def _who(services: Services, recipients: Recipients, row: CaseRow, timer: Timer) -> list[str]:
    """The officers in charge; for an escalation who approves at its level, else all who approve there."""
    if ":" in timer.step:
        named = services.settings.cases.approvers.get(str(timer.told["to"]), ())
        return [one for one in named or _those_who(services, Permission.APPROVE) if _sees(recipients, one, row.id)]
    handlers = view_case(services, row.id).standing.handlers
    # a case that nobody has in hand yet is told to all who could
    wanted = handlers or _those_who(services, Permission.CASES)
    return [one for one in wanted if _sees(recipients, one, row.id)]


def _those_who(services: Services, permission: Permission) -> list[str]:
    people = every(services.store.people.page)
    return [one.id for one in people if one.active and permission in one.grant.permissions]


def _sees(recipients: Recipients, person_id: str, case_id: str) -> bool:
    seen = recipients.of(person_id)
    if seen is None:
        return False
    try:
        seen.store.cases.get(case_id)
    except NotFoundError:
        return False
    return True


def _payload(row: CaseRow, timer: Timer, now: datetime) -> dict[str, Any]:
    en, zh = _STEPS[timer.step.split(":")[0]]
    due = datetime.fromisoformat(str(timer.told["due_at"])).astimezone(BEIJING)
    facts = {"due": f"{due:%Y-%m-%d %H:%M}", "to": timer.told["to"]}
    facts_zh = facts | {"to": timer.told["to_zh"]}
    told = timer.told
    words = {
        "en": {"title": f"Case {row.serial}: {told['title']} {en.format(**facts)}", "text": str(told["source"])},
        "zh": {"title": f"案件{row.serial}：“{told['title_zh']}”{zh.format(**facts_zh)}", "text": told["source_zh"]},
    }
    titles = {"title": words["en"]["title"], "title_zh": words["zh"]["title"]}
    data = {"case_id": row.id, "serial": row.serial, "term": timer.term, "step": timer.step, **titles, "clock": told}
    return {"type": "case.term", "subject": row.id, "at": now.isoformat(), "data": data, "words": words}


def _note(services: Services, timer: Timer, now: datetime) -> None:
    """An escalation stands in the history of the case."""
    if ":" not in timer.step:
        return
    kancha = replace(services, caller=replace(Caller.local(), id="kancha", name="Kancha"))
    facts = {"to": str(timer.told["to_zh"] or timer.told["to"]), "clock": timer.term}
    tell(kancha, timer.case_id, Telling("escalated", facts, at=now))


class TermKeeper:
    """Computes the terms of all open cases again where the book or the calendar changed since they were computed.

    Args:
        services: The service itself.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known = ""

    def refresh(self, now: datetime | None = None) -> int:
        """Look whether anything changed; how many cases were changed by it.

        Raises:
            KanchaError: If the files that the settings name cannot be used; the terms stay as they are.
        """
        rules = rules_of(self._services)
        key = f"{rules.book.checksum} {rules.calendar.version}"
        if key == self._known:
            return 0
        changed = sum(self._one(row, now or datetime.now(UTC)) for row in self._open())
        self._known = key
        return changed

    def _open(self) -> Iterator[str]:
        query = FeatureQuery(limit=_PAGE)
        while True:
            page = self._services.store.cases.features(query)
            features = [orjson.loads(text) for text in page.items]
            yield from (str(one["id"]) for one in features if one["properties"]["closed_at"] is None)
            if not page.after:
                return
            query = FeatureQuery(limit=_PAGE, after=page.after)

    def _one(self, case_id: str, now: datetime) -> bool:
        rules, view = rules_of(self._services), view_case(self._services, case_id)
        clocks = rules.clocks(view.events, now)
        made = replace(view.row, due_at=next_due(clocks, now))
        geometry = orjson.loads(view.row.geojson)["geometry"]
        made = replace(made, geojson=case_feature(made, geometry, view.standing, clocks))
        return self._services.store.cases.retime(made, timers_of(case_id, clocks))
