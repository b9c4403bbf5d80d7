"""Alarms and events over HTTP, from a real scan: rules, channels, pictures, feeds; the command line."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from scripts.main import app as command_line
from service.auth.caller import Caller
from service.auth.people import caller_of_person
from service.usecases.keys import KeyFacts, create_key
from service.usecases.people import PersonFacts, add_person
from tests.access import client_of
from tests.integration.alarm_kit import Receiver, receiving, settings_of, store_areas
from tests.integration.service_kit import draw_pair, finished, post_pair, until

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class House:
    """A service with a scan, and people with keys of their own."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.services = client.app.state.services

    def key(self, name: str, *roles: str, areas: tuple[str, ...] = ("*",)) -> dict[str, str]:
        """The header of a key that somebody made."""
        known = self.services.store.people.named(name)
        facts = PersonFacts(roles=list(roles), areas=list(areas), clearance="internal")
        person = known or add_person(self.services, Caller.local(), name, facts)
        caller = caller_of_person(person)
        secret = create_key(self.services, caller, KeyFacts("k", list(roles), clearance="internal"))[1]
        return {"Authorization": f"Bearer {secret}"}


def _all_told(alarms: list[dict[str, Any]]) -> bool:
    return bool(alarms) and all(one["told_at"] for one in alarms)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, hook: Receiver) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("alarms")
    settings = settings_of(folder / "data", interval_s=0.2)
    with client_of(settings) as client:
        made = House(client)
        officer = made.key("wang", "officer")
        body = {"name": "hook", "kind": "webhook", "url": f"{hook.url}/t0ken", "chips": True}
        channel = client.post("/alarms/channels", headers=officer, json=body)
        assert channel.status_code == 201 and channel.json()["secret"].startswith("whsec_"), channel.text
        assert channel.headers["cache-control"] == "no-store"
        rule = {"name": "all", "channels": [channel.json()["id"]], "wanted": {"statuses": [], "min_confidence": 0},
                "timing": {"at_once": "all", "quiet": None}}  # fmt: skip
        answer = client.post("/alarms/rules", headers=officer, json=rule)
        assert answer.status_code == 201, answer.text
        assert answer.json()["wanted"]["changes"] == ["appeared", "altered"], "what is left out is as usual"
        job = post_pair(client, *draw_pair(folder / "pair"), detector="training-free").json()
        assert finished(client, job["jobID"])["status"] == "successful"
        # what is received is noted a moment later
        until(lambda: _all_told(client.get("/alarms", headers=officer).json()["alarms"]), 30)
        yield made


def test_a_scan_alarms_by_itself_with_its_picture(house: House, hook: Receiver) -> None:
    import base64

    alarm = hook.got[0].json["data"]["alarms"][0]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(alarm["chip_png"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (216, 438, 3)
    before, after = picture[:, :216].astype(int), picture[:, -216:].astype(int)
    # fields before, a light roof after
    assert after[88:128, 88:128].mean() > before[88:128, 88:128].mean() + 40
    answer = house.client.get(f"/findings/{alarm['finding_id']}/chip.png")
    assert answer.headers["content-type"] == "image/png" and answer.content == base64.b64decode(alarm["chip_png"])
    assert len(answer.content) < 200_000


def test_a_picture_ends_where_the_ground_ends(house: House) -> None:
    finding = house.client.get("/collections/findings/items").json()["features"][0]
    west, south, east, north = np.array(finding["geometry"]["coordinates"][0]).T[0].min(), 36.0, 0.0, 0.0
    points = np.array(finding["geometry"]["coordinates"][0])
    west, (east, north) = points[:, 0].min(), points.max(axis=0)
    south, middle = points[:, 1].min(), (points[:, 0].min() + points[:, 0].max()) / 2
    store_areas(house.services, half=(float(west) - 0.01, float(south) - 0.01, float(middle), float(north) + 0.01))
    key = house.key("half", "officer", areas=("half",))
    answer = house.client.get(f"/findings/{finding['id']}/chip.png", headers=key)
    assert answer.status_code == 200, answer.text
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    side = picture[20:-20, :216]
    assert (side[:, 180:] == 0).mean() > 0.95 and (side[:, :60] == 0).mean() < 0.05
    assert east > west


def test_alarms_are_ones_own_and_are_acknowledged(house: House) -> None:
    wang, li = house.key("wang", "officer"), house.key("li", "officer")
    told = house.client.get("/alarms?open=true", headers=wang).json()
    assert told["numberMatched"] == len(told["alarms"]) > 0
    one = told["alarms"][0]
    assert one["told_at"] and one["acknowledged_at"] is None and one["grade"] == "usual"
    assert house.client.get("/alarms", headers=li).json()["alarms"] == []
    assert house.client.post(f"/alarms/{one['id']}/acknowledgement", headers=li).status_code == 404
    assert house.client.get("/alarms?everybody=true", headers=li).status_code == 403
    boss = house.key("boss", "administrator")
    assert house.client.get("/alarms?everybody=true", headers=boss).json()["numberMatched"] == told["numberMatched"]
    done = house.client.post(f"/alarms/{one['id']}/acknowledgement", headers=wang)
    assert done.status_code == 200 and done.json()["acknowledged_by"]
    assert one["id"] not in house.client.get("/alarms?open=true", headers=wang).text


def test_rules_and_channels_are_changed_and_taken_away(house: House, hook: Receiver) -> None:
    client, key = house.client, house.key("mei", "officer")
    templates = client.get("/alarms/rules/templates", headers=key).json()["templates"]
    for one in templates:
        made = client.post("/alarms/rules", headers=key,
                           json={"name": one["name_zh"], "wanted": one["wanted"], "timing": one["timing"]})  # fmt: skip
        assert made.status_code == 201, made.text
        assert made.json()["wanted"] == one["wanted"]
    rule = made.json()["id"]
    changed = client.patch(f"/alarms/rules/{rule}", headers=key, json={"timing": {"quiet": None}, "active": False})
    assert changed.json()["timing"] == one["timing"] | {"quiet": None} and changed.json()["active"] is False
    assert client.get(f"/alarms/rules/{rule}", headers=house.key("li", "officer")).status_code == 404
    assert client.delete(f"/alarms/rules/{rule}", headers=key).status_code == 204
    assert client.get(f"/alarms/rules/{rule}", headers=key).status_code == 404
    assert len(client.get("/alarms/rules", headers=key).json()["rules"]) == len(templates) - 1
    url = f"{hook.url.replace('http', 'json')}/{'s3cret' * 2}"
    made = client.post("/alarms/channels", headers=key, json={"name": "群", "kind": "apprise", "url": url}).json()
    path = f"/alarms/channels/{made['id']}"
    assert made["secret"] is None and made["hint"] == "json://…"
    assert client.post(f"{path}/test", headers=key).status_code == 200
    hook.answers = [404]
    failed = client.post(f"{path}/test", headers=key)
    assert (failed.status_code, failed.json()["code"]) == (502, "channel-failed") and "s3cret" not in failed.text
    for answer in (client.get(path, headers=key), client.get("/alarms/channels", headers=key),
                   client.patch(path, headers=key, json={"active": False}),
                   client.get("/alarms/deliveries", headers=key)):  # fmt: skip
        assert answer.status_code == 200 and "s3cret" not in answer.text
    assert client.delete(path, headers=key).status_code == 204
    for body in ({"name": "x", "kind": "pigeon"}, {"name": "x", "kind": "webhook", "url": "https://10.0.0.1/"},
                 {"name": "x", "kind": "webhook", "url": hook.url, "events": ["x"]}, {"name": "x", "kind": "webhook"},
                 {"name": "x", "kind": "apprise", "url": "syslog://"}):  # fmt: skip
        refused = client.post("/alarms/channels", headers=key, json=body)
        assert refused.status_code in (400, 422) and refused.json()["remedy"], refused.text
    reader = client.post("/alarms/channels", headers=house.key("ro", "reader"), json={"name": "x", "kind": "in_app"})
    assert reader.status_code == 403, "what leaves by a channel is taken away"


def test_a_scan_counts_for_the_street_that_it_lies_in(house: House, tmp_path: Path) -> None:
    assert house.client.get("/jobs").json()["jobs"][-1]["area"] == "", "there were no areas yet"
    store_areas(
        house.services, all=(113.0, 35.0, 115.0, 37.0), far=(10.0, 10.0, 11.0, 11.0), near=(113.0, 35.0, 115.0, 37.5)
    )
    job = post_pair(house.client, *draw_pair(tmp_path), detector="training-free", min_confidence="0.9").json()
    assert finished(house.client, job["jobID"])["area"] == "all街道", "the smaller of two"


def test_what_was_sent_and_how_long_it_took(house: House) -> None:
    key = house.key("wang", "officer")
    sent = house.client.get("/alarms/deliveries?state=sent", headers=key).json()["deliveries"]
    assert sent and all(one["attempts"] >= 1 and one["alarms"] for one in sent)
    assert house.client.get("/alarms/deliveries?state=lost", headers=key).status_code == 400
    told = house.client.get("/alarms/clock?period=month", headers=key).json()["periods"]
    assert told[0]["period"] == "all" and told[0]["told"]["count"] > 0
    assert 0 < told[0]["told"]["median_s"] <= told[0]["told"]["p95_s"] < 120
    assert house.client.get("/alarms/clock?period=year", headers=key).status_code == 400


def test_events_go_on_where_one_was_and_miss_nothing(house: House) -> None:
    seen: list[str] = []
    path = "/events?limit=2"
    while path:
        page = house.client.get(path).json()
        seen += [one["id"] for one in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        path = following[0] if following else ""
    whole = house.client.get("/events?limit=50").json()
    assert seen == [one["id"] for one in whole["features"]] and len(set(seen)) == len(seen)
    kinds = {one["properties"]["type"] for one in whole["features"]}
    assert {"scene.stored", "scan.completed", "finding.appeared", "alarm.raised"} <= kinds
    assert house.client.get(f"/events?cursor={page['cursor']}").json()["features"] == []
    finding = next(one for one in whole["features"] if one["properties"]["type"] == "finding.appeared")
    body = {"verdict": True, "judged_by": "wang"}
    assert house.client.post(f"/findings/{finding['properties']['subject']}/verdicts", json=body).status_code == 201
    new = house.client.get(f"/events?cursor={page['cursor']}").json()["features"]
    assert [one["properties"]["type"] for one in new] == ["finding.judged"]
    assert new[0]["geometry"] == finding["geometry"] and new[0]["properties"]["verdict"] is True
    assert house.client.get("/events?type=finding.lost").status_code == 400
    assert house.client.get("/events?cursor=7").status_code == 400
    nobody = house.key("niu", "officer", areas=("nowhere",))
    assert house.client.get("/events", headers=nobody).json()["features"] == []


def test_the_feed_is_what_rfc_4287_asks_for(house: House) -> None:
    answer = house.client.get("/events.atom?limit=3")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"

    def one(element: ET.Element, name: str) -> str:
        found = element.findall(f"{ATOM}{name}")
        assert len(found) == 1 and (found[0].text or "").strip(), (element.tag, name)
        return str(found[0].text)

    # 4.1.1: exactly one id, title, updated; an author, since the entries have none
    assert one(feed, "id").startswith("http") and one(feed, "title")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    selves = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert len(selves) == 1
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 3
    times = [datetime.fromisoformat(one(entry, "updated")) for entry in entries]
    assert all(time.tzinfo is not None for time in times) and one(feed, "updated") == max(t.isoformat() for t in times)
    for entry in entries:
        # 4.1.2: id, title, updated; without content an alternate link
        assert re.fullmatch(r"urn:kancha:event:[a-z.]+:\d+", one(entry, "id")) and one(entry, "title")
        assert [link.get("rel") for link in entry.findall(f"{ATOM}link")] == ["alternate"] and one(entry, "summary")
    assert len({one(entry, "id") for entry in entries}) == 3
    points = [found.text or "" for found in feed.iter("{http://www.georss.org/georss}point")]
    assert points and all(36 < float(text.split()[0]) < 37 < 110 < float(text.split()[1]) < 116 for text in points)
    seen, path = [], "/events.atom?limit=3"
    while path:
        feed = ET.fromstring(house.client.get(path).content)
        seen += [one(entry, "id") for entry in feed.findall(f"{ATOM}entry")]
        path = next((str(link.get("href")) for link in feed.findall(f"{ATOM}link") if link.get("rel") == "next"), "")
    every = [told["id"] for told in house.client.get("/events?limit=50").json()["features"]]
    assert sorted(seen) == sorted(every) and len(set(seen)) == len(seen)


def test_the_command_line_shows_makes_and_sends(tmp_path: Path, hook: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setenv("KANCHA_ALARMS__NETWORKS", '["127.0.0.0/8"]')

    def run(*command: str, given: str = "") -> Any:
        return CliRunner().invoke(command_line, [*command, "--data", str(tmp_path / "data")], input=given)

    assert run("people", "add", "wang", "--role", "officer", "--area", "*").exit_code == 0
    made = run("alarms", "connect", "hook", given=f"{hook.url}/cli\n")
    assert made.exit_code == 0 and made.stdout.startswith("whsec_"), made.output
    channel = re.findall(r"channel (\w{32})", made.output)[0]
    assert run("alarms", "test", channel).exit_code == 0 and hook.got[-1].path == "/cli"
    added = run("alarms", "add", "辖区", "--person", "wang", "--channel", channel)
    assert added.exit_code == 0, added.output
    assert "辖区" in run("alarms", "rules").stdout and "gravest" in run("alarms", "rules", "--templates").stdout
    assert "hook" in run("alarms", "channels").stdout
    assert "0 raised" in run("alarms", "send").stdout
    for command in ("list", "deliveries", "clock"):
        assert run("alarms", command).exit_code == 0, command
    assert run("alarms", "add", "x", "--person", "wang", "--template", "none").exception is not None
