"""What happens to cases arrives with those who look on, and with nobody who may not see the case."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
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
        headers = key if last is None else key | {"Last-Event-ID": last}
        self.thread = threading.Thread(target=self._listen, args=(f"{service.url}/events/stream", headers), daemon=True)
        self.thread.start()
        assert self.open.wait(10)

    def _listen(self, url: str, headers: dict[str, str]) -> None:
        kind = ""
        with (
            contextlib.suppress(httpx.HTTPError),  # the service stops
            httpx.Client(timeout=30, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            for line in answer.iter_lines():
                self.open.set()
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    self.last = value
                elif name == "data":
                    self.messages.append((kind, json.loads(value)))

    def hears(self, wanted: list[tuple[str, str, Any]]) -> bool:
        return self.of_cases() == wanted

    def of_cases(self) -> list[tuple[str, str, Any]]:
        return [
            (kind, one["subject"], one["told"].get("event"))
            for kind, one in self.messages
            if kind.startswith("case.") and kind != "case.term"
        ]


@pytest.fixture(scope="module")
def listeners() -> Iterator[list[Heard]]:
    """Those who listen; they end with the service."""
    found: list[Heard] = []
    yield found
    for one in found:
        one.thread.join(30)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, listeners: list[Heard]) -> Iterator[Served]:
    """Two streets beside each other."""
    folder = tmp_path_factory.mktemp("live")
    streets = [({"area_id": name, "name": name}, polygon(0, at, 512, 512)) for name, at in (("west", 0), ("east", 600))]
    with served(folder / "data") as made:
        with write_layer(folder / "areas.geojson", streets).open("rb") as file:
            assert made.client.post("/layers/areas", files={"file": ("areas.geojson", file)}).status_code == 201
        yield made


def test_only_who_sees_a_case_hears_of_it(service: Served, listeners: list[Heard]) -> None:
    east = polygon(100, 700, 1, 1)[0][0]
    rights: dict[str, dict[str, Any]] = {
        "everywhere": {"roles": ["reader"]},
        "east": {"roles": ["officer"], "areas": ["east"]},
        "west": {"roles": ["officer"], "areas": ["west"]},
        "nowhere": {"roles": ["officer"], "areas": []},
    }
    keys = {name: key_for(service.settings, **told) for name, told in rights.items()}
    heard = {name: Heard(service, key) for name, key in keys.items()}
    listeners += heard.values()
    body = {"facts": OPENED, "geometry": {"type": "Point", "coordinates": east}}
    made = service.client.post("/cases", json=body)
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    noted = service.client.post(f"/cases/{case}/events", json={"event": "noted", "facts": {"text": "张三来访"}})
    assert noted.status_code == 201, noted.text
    wanted = [("case.opened", case, "opened"), ("case.event", case, "noted")]
    for name in ("everywhere", "east"):
        until(partial(heard[name].hears, wanted), 10)
    (told,) = [one["told"] for kind, one in heard["east"].messages if kind == "case.event"]
    assert told.keys() == {"serial", "state", "event", "number", "at"}, "what was said stays in the case"
    assert heard["west"].of_cases() == [] and heard["nowhere"].of_cases() == []
    assert all(case not in str(one) and "张三" not in str(one) for one in heard["west"].messages)

    # a line that broke goes on behind what it heard
    last = heard["east"].last
    service.client.post(f"/cases/{case}/events", json={"event": "noted", "facts": {"text": "x"}})
    again = Heard(service, keys["east"], last)
    listeners.append(again)
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
    again = live.from_key(services, terms.seen.place)
    assert [one for one in live.news(services, again).messages if one.type == live.CASE_TERM] == []
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
    begin = tuple(0 for _ in EVENTS)
    for odd in ((1,), (*begin, 1), (*begin, -1, 0), (*begin, "x", 0), (*begin, 1, 2, 3)):
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
