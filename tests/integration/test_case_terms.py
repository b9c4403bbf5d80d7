"""The terms of cases in time: who is told when, once, and what a new list of holidays changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geodata.io.dates import BEIJING
from service.auth.people import caller_of_person
from service.case_settings import Cases
from service.cases.errors import CaseBehindError
from service.services import Services
from service.usecases.case_terms import TermKeeper, messages_of, tell_terms
from service.usecases.cases import Opening, Telling, open_case, tell, view_case
from service.usecases.recipients import Recipients
from tests.integration.alarm_kit import Bureau, Receiver, bureau, receiving

POINT = {"type": "Point", "coordinates": [114.5, 36.6]}


@pytest.fixture
def hook() -> Any:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def here(tmp_path: Path) -> Any:
    with bureau(tmp_path / "data") as made:
        yield made


def ruled(here: Bureau, **cases: Any) -> Services:
    """The service with other settings of cases."""
    told = here.services.settings.model_copy(update={"cases": Cases(**cases)})
    return replace(here.services, settings=told)


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def people(here: Bureau, hook: Receiver, *named: tuple[str, str]) -> dict[str, Any]:
    found = {}
    for name, role in named:
        found[name] = here.person(name, role)
        here.webhook(found[name], f"{hook.url}/{name}")
    return found


def opened(services: Services, who: Any, handlers: list[str], at: datetime) -> str:
    me = replace(services, caller=caller_of_person(who))
    facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
    case_id = open_case(me, Opening(facts, POINT, at)).row.id
    tell(me, case_id, Telling("handler_set", {"handlers": handlers}, at))
    return case_id


def told(here: Bureau, hook: Receiver) -> list[tuple[str, str, str]]:
    """Who was told what step, in which words."""
    here.clock.now = datetime.now(UTC)
    here.round()
    got = [(one.path.strip("/"), one.json["data"]["step"], one.json["data"]["title_zh"]) for one in hook.got]
    hook.got.clear()
    return sorted(got)


def look(services: Services, now: datetime | None = None) -> int:
    return tell_terms(services, Recipients(services), now or datetime.now(UTC))


def test_officers_hear_of_their_terms_and_the_chief_of_what_is_overdue(here: Bureau, hook: Receiver) -> None:
    who = people(here, hook, ("wang", "officer"), ("li", "officer"), ("other", "officer"), ("sun", "chief"))
    services = ruled(here, jurisdictions=("shanghai",))
    # 上海 7: on site within two hours where it is being built; three have passed
    case_id = opened(services, who["wang"], [who["wang"].id, who["li"].id], ago(hours=3))
    assert look(services) == 4 and look(services) == 0
    got = told(here, hook)
    # of reminder, end and delay, which came at once, the last is told
    assert [(name, step) for name, step, _ in got] == [
        ("li", "overdue"),
        ("sun", "escalation:unit in charge"),
        ("wang", "overdue"),
    ]
    assert "逾期" in next(words for _, step, words in got if step == "overdue")
    events = [event for event in view_case(services, case_id).events if event.kind == "escalated"]
    assert len(events) == 1 and events[0].by == "kancha"
    # the visit ends the term: nobody hears of it again
    me = replace(services, caller=caller_of_person(who["wang"]))
    seen = {"officers": [who["wang"].id, who["li"].id], "stage": "under_construction", "result": "在建"}
    tell(me, case_id, Telling("inspected", seen))
    assert look(services, datetime.now(UTC) + timedelta(days=1)) == 0


def test_what_the_clock_tells_meanwhile_keeps_nobody_from_telling_theirs(here: Bureau, hook: Receiver) -> None:
    who = people(here, hook, ("wang", "officer"), ("li", "officer"), ("sun", "chief"))
    services = ruled(here, jurisdictions=("shanghai",))
    me = replace(services, caller=caller_of_person(who["wang"]))
    case_id = opened(services, who["wang"], [who["wang"].id, who["li"].id], ago(hours=3))
    known = view_case(services, case_id).row.number
    look(services)
    assert view_case(services, case_id).row.number == known + 1
    view = tell(me, case_id, Telling("noted", {"text": "我看到的是督办之前"}, expected=known))
    assert [event.kind for event in view.events[-2:]] == ["escalated", "noted"]
    # what somebody told is another thing, and so is an event that is yet to come
    for expected in (known, view.row.number + 1):
        with pytest.raises(CaseBehindError):
            tell(me, case_id, Telling("noted", {"text": "我没有看到备注"}, expected=expected))


def test_a_moment_that_two_replicas_find_is_told_once(here: Bureau, hook: Receiver) -> None:
    who = people(here, hook, ("wang", "officer"), ("li", "officer"))
    services = ruled(here, jurisdictions=("shanghai",))
    opened(services, who["wang"], [who["wang"].id, who["li"].id], ago(hours=2.5))
    due = list(services.store.cases.due(datetime.now(UTC)))
    counts = [look(services), look(services)]
    assert counts == [len(due), 0]
    # one that was put together and not marked, as a kill leaves it, is the same message again

    again = [one for timer in due[-2:] for one in messages_of(services, Recipients(services), timer, datetime.now(UTC))]
    assert services.store.deliveries.put(again) == 0
    assert [step for _, step, _ in told(here, hook)] == ["overdue", "overdue"]


def test_who_may_not_see_the_case_hears_nothing_of_it(here: Bureau, hook: Receiver) -> None:
    who = people(here, hook, ("wang", "officer"), ("li", "officer"))
    far = here.person("far", "officer", areas=("nowhere",))
    here.webhook(far, f"{hook.url}/far")
    services = ruled(here, jurisdictions=("shanghai",))
    opened(services, who["wang"], [who["wang"].id, far.id], ago(hours=1.5))
    assert look(services) == 1
    assert [(name, step) for name, step, _ in told(here, hook)] == [("wang", "reminder")]


def test_a_list_of_holidays_that_arrives_moves_the_terms(here: Bureau, hook: Receiver, tmp_path: Path) -> None:
    who = people(here, hook, ("wang", "officer"), ("li", "officer"))
    table = tmp_path / "holidays.yaml"
    table.write_text("days: []\n", "utf-8")
    services = ruled(here, jurisdictions=("pingdingshan",), holidays_file=table)
    today = datetime.now(BEIJING)
    case_id = opened(services, who["wang"], [who["wang"].id, who["li"].id], today - timedelta(minutes=5))
    keeper = TermKeeper(services)
    keeper.refresh()
    assert keeper.refresh() == 0

    def due() -> Any:
        return next(c.due_on for c in view_case(services, case_id).clocks if c.term_id == "stop_order_due")

    before = due()
    table.write_text(f"days:\n  - {{day: {before}, kind: holiday, source: 国办发明电}}\n", "utf-8")
    assert keeper.refresh() == 1 and due() > before
    assert services.store.cases.get(case_id).due_at is not None
