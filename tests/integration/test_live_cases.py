"""What happens to cases arrives with those who look on, and with nobody who may not see the case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.auth.caller import Caller
from service.case_settings import Cases
from service.errors import BadQueryError
from service.usecases import live
from service.usecases.case_terms import tell_terms
from service.usecases.cases import Opening, Telling, open_case, tell
from service.usecases.channels import EVENTS
from service.usecases.recipients import Recipients
from tests.access import key_for
from tests.integration.alarm_kit import Bureau, bureau
from tests.integration.service_kit import Served, polygon, served, until, write_layer

OPENED = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"]}
POINT = {"type": "Point", "coordinates": [114.5, 36.6]}


class Heard:
    """A stream as somebody hears it, in a thread of its own."""

    def __init__(self, service: Served, key: dict[str, str], last: str | None = None) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.last = ""
        self.open = threading.Event()
        self._client = httpx.Client(base_url=service.url, headers=key, timeout=30, trust_env=False)
        headers = {} if last is None else {"Last-Event-ID": last}
        self._thread = threading.Thread(target=self._listen, args=(headers,), daemon=True)
        self._thread.start()
        assert self.open.wait(10)

    def _listen(self, headers: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", "/events/stream", headers=headers) as answer:
                kind = ""
                for line in answer.iter_lines():
                    self.open.set()
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "id":
                        self.last = value
                    elif name == "data":
                        self.messages.append((kind, json.loads(value)))
        except httpx.HTTPError:
            return  # the service has stopped

    def of_cases(self) -> list[tuple[str, str, Any]]:
        return [
            (kind, one["subject"], one["told"].get("event"))
            for kind, one in self.messages
            if kind.startswith("case.") and kind != "case.term"
        ]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two streets beside each other."""
    folder = tmp_path_factory.mktemp("live")
    streets = [({"area_id": name, "name": name}, polygon(0, at, 512, 512)) for name, at in (("west", 0), ("east", 600))]
    with served(folder / "data") as made:
        with write_layer(folder / "areas.geojson", streets).open("rb") as file:
            assert made.client.post("/layers/areas", files={"file": ("areas.geojson", file)}).status_code == 201
        yield made


def test_only_who_sees_a_case_hears_of_it(service: Served) -> None:
    east = polygon(100, 700, 1, 1)[0][0]
    rights: dict[str, dict[str, Any]] = {
        "everywhere": {"roles": ["reader"]},
        "east": {"roles": ["officer"], "areas": ["east"]},
        "west": {"roles": ["officer"], "areas": ["west"]},
        "nowhere": {"roles": ["officer"], "areas": []},
    }
    keys = {name: key_for(service.settings, **told) for name, told in rights.items()}
    heard = {name: Heard(service, key) for name, key in keys.items()}
    body = {"facts": OPENED, "geometry": {"type": "Point", "coordinates": east}}
    made = service.client.post("/cases", json=body)
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    noted = service.client.post(f"/cases/{case}/events", json={"event": "noted", "facts": {"text": "张三来访"}})
    assert noted.status_code == 201, noted.text
    wanted = [("case.opened", case, "opened"), ("case.event", case, "noted")]
    for name in ("everywhere", "east"):
        until(lambda name=name: heard[name].of_cases() == wanted, 10)
    (told,) = [one["told"] for kind, one in heard["east"].messages if kind == "case.event"]
    assert told.keys() == {"serial", "state", "event", "number", "at"}, "what was said stays in the case"
    assert heard["west"].of_cases() == [] and heard["nowhere"].of_cases() == []
    assert all(case not in str(one) and "张三" not in str(one) for one in heard["west"].messages)

    # a line that broke goes on behind what it heard
    last = heard["east"].last
    service.client.post(f"/cases/{case}/events", json={"event": "noted", "facts": {"text": "x"}})
    again = Heard(service, keys["east"], last)
    until(lambda: again.of_cases() == [("case.event", case, "noted")], 10)
    bad = service.client.get("/events/stream", headers={"Last-Event-ID": "nonsense"})
    assert bad.status_code == 400


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bureau]:
    with bureau(tmp_path / "data") as made:
        yield made


def test_a_term_is_heard_once_when_it_is_told(here: Bureau) -> None:
    settings = here.services.settings.model_copy(update={"cases": Cases(jurisdictions=("shanghai",))})
    services = replace(here.services, settings=settings)
    local = replace(services, caller=Caller.local())
    seen = live.from_now(services)
    # 上海 7: on site within two hours where it is being built
    case = open_case(local, Opening(OPENED, POINT, datetime.now(UTC) - timedelta(hours=3))).row.id
    found = live.news(services, seen)
    assert [(one.type, one.subject) for one in found.messages] == [("case.opened", case)]
    assert tell_terms(services, Recipients(services), datetime.now(UTC)) > 0
    terms = live.news(services, found.seen)
    steps = {
        (one.type, one.subject, one.told["step"].split(":")[0]) for one in terms.messages if one.type == live.CASE_TERM
    }
    assert ("case.term", case, "overdue") in steps and {one[1] for one in steps} == {case}
    quiet = live.news(services, terms.seen)
    assert [one for one in quiet.messages if one.type.startswith("case.")] == []
    tell(local, case, Telling("noted", {"text": "x"}, datetime.now(UTC)))
    told = [one.told["event"] for one in live.news(services, quiet.seen).messages if one.type == live.CASE_EVENT]
    assert told == ["noted"]


def test_a_key_of_a_release_before_hears_of_cases_from_now_on(here: Bureau) -> None:
    services = here.services
    local = replace(services, caller=Caller.local())
    open_case(local, Opening(OPENED, POINT, datetime.now(UTC)))
    old = live.from_key(services, tuple(0 for _ in EVENTS))
    assert not [one for one in live.news(services, old).messages if one.type.startswith("case.")]
    for odd in ((1,), (*(0 for _ in EVENTS), -1), (*(0 for _ in EVENTS), "x"), (*(0 for _ in EVENTS), 1, 2)):
        with pytest.raises(BadQueryError):
            live.news(services, live.from_key(services, odd))


def test_the_stream_goes_on_behind_a_case(here: Bureau) -> None:
    services = here.services
    local = replace(services, caller=Caller.local())
    seen = live.news(services, live.from_now(services)).seen
    case = open_case(local, Opening(OPENED, POINT, datetime.now(UTC))).row.id
    again = live.from_key(services, seen.place)
    assert [one.subject for one in live.news(services, again).messages if one.type == live.CASE_OPENED] == [case]
    assert not [
        one for one in live.news(services, live.news(services, again).seen).messages if one.type == live.CASE_OPENED
    ]
