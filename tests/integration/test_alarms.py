"""Rounds of alarms, against a real server that answers, fails, hangs, and dies."""

from __future__ import annotations

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from geodata.errors import KanchaError, OptionError
from service.alarms.values import Delivery
from service.auth.caller import Caller
from service.bootstrap import make_folders, open_services, open_with_runner
from service.courier import Courier
from service.errors import ChannelError, ForbiddenError, NotFoundError, TargetError
from service.privacy.keyring import read_keyring
from service.settings import Jobs, Settings
from service.usecases.alarm_clock import clock as read_clock
from service.usecases.alarm_rules import RuleFacts, add_rule, change_rule, list_rules, remove_rule
from service.usecases.alarm_sending import send_round
from service.usecases.alarms import acknowledge, list_alarms, list_deliveries, try_channel
from service.usecases.channels import (
    ChannelFacts,
    add_channel,
    change_channel,
    config_of,
    list_channels,
    remove_channel,
)
from service.usecases.people import PersonFacts, change_person
from service.usecases.privacy import rotate
from service.usecases.system_alarms import end_system_alarm, raise_system_alarm, tell_conditions
from service.usecases.verdicts import Judgement, judge
from service.watching.conditions import Condition
from tests.certificates import certificate
from tests.integration.alarm_kit import Bureau, Receiver, bureau, grave, receiving, settings_of, store_areas
from tests.integration.review_kit import a_finding, a_scene, store_scan
from tests.integration.service_kit import kancha, until


@pytest.fixture
def hook() -> Any:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def here(tmp_path: Path) -> Any:
    with bureau(tmp_path / "data") as made:
        yield made


def deliveries(here: Bureau) -> list[Delivery]:
    return list(here.services.store.deliveries.page(999, 0, person_id=None, state=None).items)


def set_up(here: Bureau, hook: Receiver, **rule: Any) -> tuple[Any, str | None]:
    wang = here.person("wang")
    channel, secret = here.webhook(wang, f"{hook.url}/k/{'s3cret' * 3}")
    here.rule(wang, channel, **rule)
    return wang, secret


def verified(secret: str, got: Any) -> bool:
    """What a receiver does, as docs/alarms.md tells them."""
    page = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    told: dict[str, Any] = {}
    exec(code, told)
    return bool(told["verified"](secret, got.headers, got.body))


def test_a_finding_of_the_gravest_kind_is_told_at_once_signed_with_place_reasons_and_link(
    here: Bureau, hook: Receiver
) -> None:
    _, secret = set_up(here, hook)
    assert secret is not None
    store_areas(here.services, 东=(114.0, 36.0, 114.01, 36.01))
    store_scan(here.services, "s", [grave("f1")])
    done = here.round()
    assert (done.raised, done.gathered, done.sent, done.failed) == (1, 1, 1, 0)
    assert here.round() == type(done)(), "nothing is left to do"
    (got,) = hook.got
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert verified(secret, got) and not verified(secret, type(got)(got.path, got.headers, got.body + b" "))
    event = got.json
    assert (event["specversion"], event["type"], event["source"]) == ("1.0", "kancha.alarm", "https://kancha.example")
    assert event["id"] == got.headers["webhook-id"] == deliveries(here)[0].id
    (told,) = event["data"]["alarms"]
    assert (told["finding_id"], told["grade"], told["step"], told["street"]) == ("f1", "gravest", "first", "东街道")
    assert told["place"] == pytest.approx([114.00105, 36.00105]) and told["reasons"][0]["code"] == "no-permit"
    assert told["link"] == "https://kancha.example/collections/findings/items/f1?f=html"
    assert "紧急" in event["data"]["title_zh"] and "东街道" in event["data"]["text_zh"]


def test_the_rest_waits_for_the_digest_and_comes_by_street(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook, timing={})
    store_areas(here.services, 东=(114.0, 36.0, 114.0014, 36.01), 西=(114.0014, 36.0, 114.01, 36.01))
    store_scan(here.services, "s", [a_finding(f"f{k}", k) for k in range(5)])
    here.round()
    assert not hook.got and not list_alarms(here.services, 9, everybody=True).items
    here.clock.forward(hours=19.9)
    here.round()
    assert not hook.got
    here.clock.forward(hours=0.1)
    here.round()
    (event,) = hook.events()
    assert event["type"] == "kancha.digest" and len(event["data"]["alarms"]) == 5
    assert event["data"]["text_zh"].index("■ 东街道（2）") < event["data"]["text_zh"].index("■ 西街道（3）")
    assert list_alarms(here.services, 9, everybody=True).matched == 5


def test_at_night_only_the_gravest_are_told(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook, timing={"at_once": "all", "quiet": ["22:00", "07:00"]})
    here.clock.now = datetime(2026, 9, 18, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
    store_scan(here.services, "s", [grave("f1"), a_finding("f2", 1)])
    here.round()
    assert [one["finding_id"] for one in hook.events()[0]["data"]["alarms"]] == ["f1"] and len(hook.got) == 1
    here.clock.now = datetime(2026, 9, 18, 23, 0, tzinfo=UTC)
    here.round()
    assert hook.events()[1]["data"]["alarms"][0]["finding_id"] == "f2"


def test_a_server_that_answers_500_then_200_gets_the_same_message_again(here: Bureau, hook: Receiver) -> None:
    _, secret = set_up(here, hook)
    hook.answers = [500, 503]
    store_scan(here.services, "s", [grave("f1")])
    here.round()
    (waiting,) = deliveries(here)
    assert (waiting.state, waiting.attempts, waiting.repeated) == ("waiting", 1, True)
    assert "500" in str(waiting.last_error) and "s3cret" not in str(waiting.last_error)
    assert here.round().sent == 0 and len(hook.got) == 1, "not before its time"
    here.clock.forward(seconds=31)
    here.round()
    here.clock.forward(seconds=31)
    here.round()
    assert len(hook.got) == 2, "the second wait is twice as long"
    here.clock.forward(seconds=31)
    here.round()
    ids = {one.headers["webhook-id"] for one in hook.got}
    assert len(hook.got) == 3 and len(ids) == 1 and all(verified(str(secret), one) for one in hook.got)
    assert [one["attempt"] for one in hook.events()] == [1, 2, 3]
    assert [one["repetition"] for one in hook.events()] == [False, True, True]
    assert deliveries(here)[0].state == "sent"


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    for sign in b"HTTP/1.1 200 OK\r\n":
        handler.wfile.write(bytes([sign]))
        time.sleep(0.3)


def gone(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


@pytest.mark.parametrize("how", [slow, dripping, gone])
def test_a_server_that_hangs_keeps_nobody(here: Bureau, hook: Receiver, how: Any) -> None:
    set_up(here, hook)
    hook.answers = [how]
    store_scan(here.services, "s", [grave("f1")])
    began = time.monotonic()
    assert here.round().failed == 1
    assert time.monotonic() - began < 2.9
    assert deliveries(here)[0].repeated, "it may have arrived"
    here.clock.forward(seconds=31)
    here.round()
    assert [one["repetition"] for one in hook.events()] == [False, True]


def test_a_server_that_drips_behind_tls_keeps_nobody_either(
    here: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with receiving(files) as hook:
        set_up(here, hook)
        hook.answers = [dripping]
        store_scan(here.services, "s", [grave("f1")])
        began = time.monotonic()
        assert here.round().failed == 1
        assert time.monotonic() - began < 2.9
        assert deliveries(here)[0].repeated and "did not answer" in str(deliveries(here)[0].last_error)
        here.clock.forward(seconds=31)
        assert here.round().sent == 1


def test_nobody_there_is_no_repetition_and_given_up_at_last(tmp_path: Path) -> None:
    with receiving() as dead:
        pass
    with bureau(tmp_path, max_attempts=3) as here:
        set_up(here, dead)
        store_scan(here.services, "s", [grave("f1")])
        for _ in range(3):
            assert here.round().failed == 1
            assert not deliveries(here)[0].repeated
            here.clock.forward(hours=2)
        assert here.round().failed == 0
        (told,) = list_deliveries(here.services, 9, state="failed", everybody=True).items
        assert told.attempts == 3 and "ConnectionRefusedError" in str(told.last_error)
        assert list_alarms(here.services, 9, everybody=True).items[0].alarm.told_at is None


def test_redirects_are_not_followed(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook)
    hook.answers = [302]
    store_scan(here.services, "s", [grave("f1")])
    assert here.round().failed == 1
    assert [one.path.rsplit("/", 1)[0] for one in hook.got] == ["/k"]


def test_a_process_that_is_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, hook: Receiver) -> None:
    data = tmp_path / "data"
    with bureau(data) as here:
        set_up(here, hook)
        store_scan(here.services, "s", [grave("f1"), grave("f2", 1)])
    hook.answers = [lambda handler: time.sleep(20)]
    env = {"KANCHA_ALARMS__NETWORKS": '["127.0.0.0/8"]', "KANCHA_ALARMS__TIMEOUT_S": "30"}
    process = kancha("alarms", "send", data=data, wait=False, **env)
    try:
        assert hook.came.wait(60)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with bureau(data) as here:
        here.clock.now = datetime.now(UTC)
        here.round()
        assert len(hook.got) == 1, "its lease still holds"
        here.clock.forward(seconds=181)
        here.round()
        here.round()
        events = hook.events()
        assert [one["id"] for one in events[:2]] == [events[0]["id"]] * 2 and len(events) == 3
        assert [one["repetition"] for one in events] == [False, True, False]
        structures = [one["data"]["alarms"][0]["structure_id"] for one in events[1:]]
        assert len(set(structures)) == 2
        assert {one.state for one in deliveries(here)} == {"sent"}


def test_two_couriers_at_once_send_nothing_twice(tmp_path: Path, hook: Receiver) -> None:
    with bureau(tmp_path, apart=100, per_hour=1000) as here:
        set_up(here, hook)
        store_scan(here.services, "s", [grave(f"f{k}", k) for k in range(30)])
        others = [open_services(here.services.settings) for _ in range(3)]
        try:
            with ThreadPoolExecutor(4) as pool:
                done = list(pool.map(lambda one: send_round(one, here.clock), [here.services, *others]))
        finally:
            for one in others:
                one.close()
        here.round()
        assert sum(one.raised for one in done) == 30
        assert len(hook.got) == 30 == len({one["id"] for one in hook.events()})
        assert len(set(hook.structures())) == 30


def test_many_at_once_are_one_message_and_a_flood_comes_together(tmp_path: Path, hook: Receiver) -> None:
    with bureau(tmp_path, apart=2, per_hour=3) as here:
        set_up(here, hook)
        store_scan(here.services, "s0", [grave(f"a{k}", k) for k in range(5)])
        here.round()
        assert [len(one["data"]["alarms"]) for one in hook.events()] == [5]
        for number in range(1, 6):
            here.clock.forward(minutes=1)
            store_scan(here.services, f"s{number}", [grave(f"b{number}", 10 + number)])
            here.round()
        assert [len(one["data"]["alarms"]) for one in hook.events()] == [5, 1, 1], "three in an hour"
        here.clock.forward(minutes=10)
        here.round()
        assert [len(one["data"]["alarms"]) for one in hook.events()] == [5, 1, 1, 3]
        assert len(set(hook.structures())) == 10


def test_a_structure_alarms_again_only_for_what_is_graver(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook)
    seen = [
        ("s1", {"stage": "under_construction"}, 1), ("s2", {"stage": "under_construction"}, 1),
        ("s3", {"stage": "finished"}, 2), ("s4", {"stage": "finished"}, 2),
        ("s5", {"stage": "finished", "flags": ["protected_land"]}, 3),
    ]  # fmt: skip
    for number, (name, told, count) in enumerate(seen):
        moment = datetime(2025, 4, 12, 2, 30, tzinfo=UTC) + timedelta(days=number)
        store_scan(here.services, name, [a_finding(f"f-{name}", 0, after=moment, **told)])
        here.round()
        here.clock.forward(hours=1)
        assert len(hook.got) == count, name
    assert [one["data"]["alarms"][0]["step"] for one in hook.events()] == ["first", "finished", "protected_land"]
    assert len(set(hook.structures())) == 1


def test_two_rules_that_mean_the_same_structure_are_one_message(here: Bureau, hook: Receiver) -> None:
    wang = here.person("wang")
    channel, _ = here.webhook(wang, hook.url)
    here.rule(wang, channel)
    here.rule(wang, channel, wanted={"flags": ["protected_land"]})
    store_scan(here.services, "s", [grave("f1")])
    assert here.round().raised == 2
    assert len(hook.got) == 1 and len(hook.structures()) == 1
    here.rule(wang, channel, timing={"at_once": "none"})
    assert here.round().raised == 0, "a new rule looks at what comes from then on"


def test_everybody_gets_what_they_may_see_and_nothing_else(here: Bureau, hook: Receiver) -> None:
    store_areas(here.services, east=(114.0, 36.0, 114.0014, 36.01), west=(114.0014, 36.0, 114.01, 36.01))
    people = {"east": here.person("eva", areas=("east",)), "west": here.person("wei", areas=("west",)),
              "nowhere": here.person("niu", areas=())}  # fmt: skip
    for name, person in people.items():
        here.rule(person, here.webhook(person, f"{hook.url}/{name}")[0])
    narrow = here.person("nan")
    here.rule(narrow, here.webhook(narrow, f"{hook.url}/narrow")[0], wanted={"areas": ["west"]})
    store_scan(here.services, "s", [grave("f-east", 0), grave("f-west", 5)])
    here.round()
    told = {(one.path, alarm["finding_id"]) for one in hook.got for alarm in one.json["data"]["alarms"]}
    assert told == {("/east", "f-east"), ("/west", "f-west"), ("/narrow", "f-west")}
    mine = list_alarms(here.as_(people["east"]), 9)
    assert [one.alarm.finding_id for one in mine.items] == ["f-east"]
    other = list_alarms(here.as_(people["west"]), 9).items[0].alarm
    with pytest.raises(NotFoundError):
        acknowledge(here.as_(people["east"]), other.id)


def test_who_has_no_access_any_more_gets_nothing(here: Bureau, hook: Receiver) -> None:
    store_areas(here.services, east=(114.0, 36.0, 114.0014, 36.01), west=(114.0014, 36.0, 114.01, 36.01))
    people = {name: here.person(name) for name in ("gone", "moved", "reader", "fine")}
    for name, person in people.items():
        here.rule(person, here.webhook(person, f"{hook.url}/{name}")[0], timing={"at_once": "none"})
    store_scan(here.services, "s", [grave("f-east", 0)])
    here.round()
    for name, facts in (("gone", PersonFacts(active=False)), ("moved", PersonFacts(areas=["west"])),
                        ("reader", PersonFacts(roles=["reader"]))):  # fmt: skip
        change_person(here.services, Caller.local(), people[name].id, facts)
    here.clock.forward(days=1)
    here.round()
    assert [one.path for one in hook.got] == ["/fine"]
    states = {one.person_id: one.state for one in deliveries(here)}
    assert {name: states[person.id] for name, person in people.items()} == {
        "gone": "withdrawn", "moved": "withdrawn", "reader": "withdrawn", "fine": "sent"}  # fmt: skip
    store_scan(here.services, "s2", [grave("f-2", 1)])
    change_person(here.services, Caller.local(), people["reader"].id, PersonFacts(active=False))
    here.round()
    change_person(here.services, Caller.local(), people["gone"].id, PersonFacts(active=True))
    here.clock.forward(days=1)
    here.round()
    assert [one.path for one in hook.got] == ["/fine", "/fine"], "nor later what came in the meantime"


def test_dismissed_findings_alarm_nobody(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook, timing={"at_once": "none"})
    store_scan(here.services, "s", [grave("f1"), grave("f2", 5)])
    here.round()
    judge(here.services, Judgement("f1", False, "wang", reason="tree"))
    store_scan(here.services, "s2", [grave("f3", 0)])  # repeats what was dismissed
    here.clock.forward(days=1)
    here.round()
    assert [one["finding_id"] for one in hook.events()[0]["data"]["alarms"]] == ["f2"] and len(hook.got) == 1
    assert [one.alarm.finding_id for one in list_alarms(here.services, 9, everybody=True).items] == ["f2"]


def test_what_nobody_acknowledges_is_handed_on_once(here: Bureau, hook: Receiver) -> None:
    chief = here.person("chief", "chief")
    here.webhook(chief, f"{hook.url}/chief")
    wang = here.person("wang")
    channel, _ = here.webhook(wang, f"{hook.url}/wang")
    here.rule(wang, channel, escalate_to="chief", escalate_after_s=3600)
    store_scan(here.services, "s", [grave("f1"), grave("f2", 5)])
    here.round()
    mine = {one.alarm.finding_id: one.alarm for one in list_alarms(here.as_(wang), 9).items}
    assert not list_alarms(here.as_(chief), 9).items
    with pytest.raises(NotFoundError):
        acknowledge(here.as_(chief), mine["f1"].id)
    assert acknowledge(here.as_(wang), mine["f1"].id).alarm.acknowledged_by == wang.id
    here.clock.forward(hours=1)
    here.round()
    here.clock.forward(hours=5)
    here.round()
    told = [one for one in hook.got if one.path == "/chief"]
    assert len(told) == 1 and told[0].json["type"] == "kancha.alarm.escalated"
    assert [one["finding_id"] for one in told[0].json["data"]["alarms"]] == ["f2"]
    assert "催办" in told[0].json["data"]["title_zh"]
    assert acknowledge(here.as_(chief), mine["f2"].id).alarm.acknowledged_by == chief.id


def test_a_dead_channel_holds_up_no_other(tmp_path: Path, hook: Receiver) -> None:
    with bureau(tmp_path, timeout_s=1.0) as here:
        lazy, quick = here.person("lazy"), here.person("quick")
        with receiving() as dead:
            dead.answers = [slow] * 50
            here.rule(lazy, here.webhook(lazy, f"{dead.url}/lazy")[0])
            here.rule(quick, here.webhook(quick, f"{hook.url}/quick")[0])
            for number in range(6):
                store_scan(here.services, f"s{number}", [grave(f"f{number}", number)])
                here.round()
            assert len(hook.got) == 6 and len(dead.got) == 1, "one try for all that waits"
            dead.answers.clear()
            here.clock.forward(seconds=61)
            here.round()
            assert len(dead.got) == 7 and len({one["id"] for one in dead.events()}) == 6


def test_what_is_secret_leaves_no_word_outside(here: Bureau, hook: Receiver) -> None:
    wang = here.person("wang", clearance="secret")
    here.rule(wang, here.webhook(wang, hook.url)[0])
    below = here.person("bao")
    here.rule(below, here.webhook(below, f"{hook.url}/below")[0])
    for name in ("c", "d"):
        here.services.store.scenes.add(a_scene(name, datetime(2025, 1, 1, tzinfo=UTC)))
    store_scan(here.services, "s", [grave("f-hush")], secrecy="secret")
    here.round()
    (got,) = hook.got
    assert b"114.00" not in got.body and b"No permit" not in got.body and "密级较高".encode() in got.body
    assert got.json["data"]["alarms"][0]["withheld"] is True
    assert len(list_alarms(here.as_(wang), 9).items) == 1 and not list_alarms(here.as_(below), 9).items


def test_apprise_brings_text_and_pictures_are_left_out_where_there_are_none(here: Bureau, hook: Receiver) -> None:
    wang = here.person("wang")
    url = f"{hook.url.replace('http', 'json')}/hook?+X-Token=abc"
    channel, secret = add_channel(here.as_(wang), ChannelFacts("n", "apprise", url, language="en"))
    assert secret is None and channel.hint == "json://…" and "abc" not in repr(channel)
    here.rule(wang, channel.id)
    hook.answers = [500]
    store_scan(here.services, "s", [grave("f1")])
    assert here.round().failed == 1
    assert "abc" not in str(deliveries(here)[0].last_error)
    here.clock.forward(seconds=31)
    assert here.round().sent == 1
    got = hook.got[-1]
    assert got.headers["x-token"] == "abc" and "possibly being built on protected land" in got.json["title"]
    assert "(may be a repetition)" in got.json["title"] and "No permit is on file." in got.json["message"]


def test_robots_and_gateways_get_what_they_read(here: Bureau, hook: Receiver) -> None:
    wang = here.person("wang")
    robot = add_channel(here.as_(wang), ChannelFacts("r", "webhook", f"{hook.url}/robot?access_token=t", style="robot",
                                                     secret="SEC1"))[0]  # fmt: skip
    template = {"mobile": "13800000000", "content": "{title} {link}"}
    sms = add_channel(here.as_(wang), ChannelFacts("s", "webhook", f"{hook.url}/sms", style="template",
                                                   template=template, headers={"X-App": "k"}))[0]  # fmt: skip
    here.rule(wang, robot.id, sms.id)
    store_scan(here.services, "s", [grave("f1")])
    assert here.round().sent == 2
    by_path = {one.path.partition("?")[0]: one for one in hook.got}
    assert by_path["/robot"].json["msgtype"] == "text" and "&timestamp=" in by_path["/robot"].path
    assert "紧急" in by_path["/robot"].json["text"]["content"]
    assert by_path["/sms"].headers["x-app"] == "k" and by_path["/sms"].json["mobile"] == "13800000000"
    assert by_path["/sms"].json["content"].endswith("/collections/findings/items/f1?f=html")
    hook.body = b'{"errcode": 310000, "errmsg": "sign not match"}'
    with pytest.raises(ChannelError, match="310000"):
        try_channel(here.as_(wang), robot.id)
    with pytest.raises(OptionError):
        add_channel(here.as_(wang), ChannelFacts("s", "webhook", hook.url, style="template",
                                                 template={"a": 1}, headers={"Host": "x"}))  # fmt: skip


def test_addresses_are_sealed_and_shown_to_nobody(here: Bureau, hook: Receiver, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    wang, secret = set_up(here, hook)
    store_scan(here.services, "s", [grave("f1")])
    hook.answers = [500]
    here.round()
    (channel,) = list_channels(here.as_(wang))
    assert channel.hint == "http://127.0.0.1/…" and channel.sealed is not None
    database = (here.services.settings.data / "kancha.sqlite").read_bytes()
    wal = here.services.settings.data / "kancha.sqlite-wal"
    database += wal.read_bytes() if wal.exists() else b""
    for word in ("s3cret", str(secret)):
        assert word.encode() not in database and word not in caplog.text and word not in str(channel)
    log = here.services.store.audit_log.page(99).items
    assert {"channel-made", "rule-made"} <= {one.entry.action for one in log}
    assert "s3cret" not in "".join(one.entry.details_text for one in log)
    # another address, another secret; the keys turned, it is still read
    _, other = change_channel(here.as_(wang), channel.id, ChannelFacts(url=f"{hook.url}/other"))
    assert other not in (None, secret)
    assert change_channel(here.as_(wang), channel.id, ChannelFacts(name="neu"))[1] is None
    name, count = rotate(here.services)
    assert count == 1 and list(read_keyring(here.services.settings.data / "personal-keys.json").keys) == [name]
    told = here.services.store.rules.channel(channel.id)
    assert config_of(here.services.settings, told)["url"] == f"{hook.url}/other"
    assert try_channel(here.as_(wang), channel.id) == hook.got[-1].headers["webhook-id"]
    remove_channel(here.as_(wang), channel.id)
    here.clock.forward(hours=1)
    assert here.round().sent == 0 and deliveries(here)[-1].state == "withdrawn"


def test_inner_networks_are_refused_when_a_channel_is_made_and_when_it_is_used(tmp_path: Path, hook: Receiver) -> None:
    with bureau(tmp_path) as here:
        set_up(here, hook)
        store_scan(here.services, "s", [grave("f1")])
    strict = open_services(settings_of(tmp_path, networks=()))
    try:
        there = Bureau(strict)
        assert there.round().failed == 1 and not hook.got
        assert "nothing may be sent" in str(deliveries(there)[0].last_error)
        wang = strict.store.people.named("wang")
        assert wang is not None
        for url in (hook.url, "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/"):
            with pytest.raises(TargetError):
                there.webhook(wang, url)
    finally:
        strict.close()


def test_whoever_may_not_take_findings_away_has_alarms_in_the_application(here: Bureau) -> None:
    reader = here.person("reader", "reader")
    here.rule(reader)
    store_scan(here.services, "s", [grave("f1")])
    here.round()
    (shown,) = list_alarms(here.as_(reader), 9).items
    assert shown.alarm.told_at == here.clock.now and not deliveries(here)
    add_channel(here.as_(reader), ChannelFacts("app", "in_app"))


def test_rules_are_ones_own_and_administrators_make_them_for_others(here: Bureau) -> None:
    wang, li, boss = here.person("wang"), here.person("li"), here.person("boss", "administrator")
    local = here.person("local.boss", "administrator", areas=("x",))
    mine = here.rule(wang)
    assert [one.id for one in list_rules(here.as_(wang))] == [mine] and not list_rules(here.as_(li))
    assert [one.id for one in list_rules(here.as_(boss))] == [mine] and not list_rules(here.as_(local))
    for who in (li, local):
        with pytest.raises(NotFoundError):
            remove_rule(here.as_(who), mine)
        with pytest.raises(ForbiddenError):
            add_rule(here.as_(who), RuleFacts("x", person="wang"))
    made = add_rule(here.as_(boss), RuleFacts("x", person="wang"))
    assert made.person_id == wang.id and made.created_by == boss.id
    secret, _ = add_channel(here.as_(li), ChannelFacts("li's", "in_app"))
    with pytest.raises(NotFoundError):
        change_rule(here.as_(wang), mine, RuleFacts(channels=[secret.id]))
    with pytest.raises(OptionError):
        change_rule(here.as_(boss), mine, RuleFacts(channels=[secret.id]))
    with pytest.raises(ForbiddenError):
        add_channel(here.as_(wang), ChannelFacts("ours", "in_app", bureau=True))
    shared, _ = add_channel(here.as_(boss), ChannelFacts("ours", "in_app", bureau=True))
    assert change_rule(here.as_(wang), mine, RuleFacts(channels=[shared.id])).channels == (shared.id,)
    with pytest.raises(NotFoundError):
        remove_channel(here.as_(wang), shared.id)
    for bad in (
        {"wanted": {"statuses": ["x"]}}, {"wanted": {"min_confidence": 2}}, {"timing": {"digest_at": ["8"]}},
        {"timing": {"quiet": ["22:00"]}}, {"timing": {"at_once": "x"}}, {"escalate_after_s": 1}, {"name": " "},
        {"escalate_to": "wang"}, {"timing": {"digest_at": []}},
    ):  # fmt: skip
        with pytest.raises(KanchaError):
            change_rule(here.as_(wang), mine, RuleFacts(**bad))  # type: ignore[arg-type]


NIGHT = Condition("night-overdue", "critical", "No night", "夜间任务未完成", {}, "Run it.")
DISK = Condition("disk-low", "critical", "Little space", "磁盘空间不足", {"free_gib": 1.5}, "Make space.")


def test_a_condition_is_told_to_administrators_until_it_is_over(here: Bureau, hook: Receiver) -> None:
    boss, wang = here.person("boss", "administrator"), here.person("wang")
    here.webhook(boss, f"{hook.url}/boss")
    here.webhook(wang, f"{hook.url}/wang")
    assert raise_system_alarm(here.services, DISK, here.clock.now)
    assert not raise_system_alarm(here.services, DISK, here.clock.now)
    here.round()
    here.round()
    assert [one.path for one in hook.got] == ["/boss"]
    data = hook.events()[0]["data"]
    assert (data["code"], data["over"], data["measured"]) == ("disk-low", False, {"free_gib": 1.5})
    assert tell_conditions(here.services, [DISK], here.clock.now) == 0
    assert tell_conditions(here.services, [], here.clock.now) == 1
    assert not end_system_alarm(here.services, "disk-low")
    here.round()
    assert [one["data"]["over"] for one in hook.events("kancha.system.condition")] == [False, True]
    assert tell_conditions(here.services, [DISK], here.clock.now) == 1, "it came back"


def test_what_one_machine_suffers_from_another_does_not_call_over(tmp_path: Path) -> None:
    """Two services with a data folder each and one database: one of them has a full disk."""
    data, store = [tmp_path / "one", tmp_path / "two"], tmp_path / "one" / "kancha.sqlite"
    one = open_with_runner(Settings(data=data[0]))
    # the second one's database is the first one's file
    make_folders(data[1])
    (data[1] / "kancha.sqlite").symlink_to(store)
    two = open_with_runner(Settings(data=data[1], jobs=Jobs(lease_s=0.5)))
    try:
        assert one.runner is not None and two.runner is not None and one.runner.place != two.runner.place
        assert tell_conditions(one, [DISK]) == 1
        assert tell_conditions(two, []) == 0, "its own disk is well, and of the other's it knows nothing"
        assert tell_conditions(two, [NIGHT]) == 1 and tell_conditions(one, [DISK]) == 1, "what all see, all call over"
        one.close()
        until(lambda: tell_conditions(two, []) == 1, 10)
        assert list(two.store.deliveries.system(lasting=True)) == [], "nobody lives there any more"
    finally:
        two.close()


def test_other_systems_get_every_event_once_and_only_what_they_may_see(here: Bureau, hook: Receiver) -> None:
    store_areas(here.services, east=(114.0, 36.0, 114.0014, 36.01), west=(114.0014, 36.0, 114.01, 36.01))
    store_scan(here.services, "old", [a_finding("f0", 20)])
    everywhere, east = here.person("all"), here.person("east", areas=("east",))
    here.webhook(everywhere, f"{hook.url}/all", events=["finding.appeared", "finding.judged", "scan.completed"])
    here.webhook(east, f"{hook.url}/east", events=["finding.appeared", "alarm.raised"])
    here.rule(east)
    hook.answers = [500]
    store_scan(here.services, "s", [a_finding("f1", 0), a_finding("f2", 5)])
    judge(here.services, Judgement("f2", True, "wang"))
    here.round()
    here.clock.forward(seconds=61)
    here.round()
    told: dict[str, list[tuple[str, str]]] = {}
    for one in {one.headers["webhook-id"]: one for one in hook.got}.values():
        told.setdefault(one.path, []).append((one.json["type"], one.json["subject"]))
    assert sorted(told["/all"]) == [("kancha.finding.appeared", "f1"), ("kancha.finding.appeared", "f2"),
                                    ("kancha.finding.judged", "f2"), ("kancha.scan.completed", "s")]  # fmt: skip
    assert sorted(told["/east"]) == [("kancha.alarm.raised", "f1"), ("kancha.finding.appeared", "f1")]
    data = next(one for one in hook.events("kancha.finding.appeared"))["data"]
    assert data["geometry"]["type"] == "Polygon" and data["scan_id"] is None
    assert here.round().published == 0


def test_the_clock_runs_from_the_upload_to_the_first_message(here: Bureau, hook: Receiver) -> None:
    set_up(here, hook, timing={})
    uploaded = here.clock.now - timedelta(minutes=10)
    here.services.store.scenes.add(a_scene("b", datetime(2025, 4, 12, tzinfo=UTC), created_at=uploaded))
    store_scan(here.services, "s", [grave("f1"), a_finding("f2", 3)])
    here.round()
    whole, week = read_clock(here.services, "week", 30, here.clock.now)
    assert (whole.raised.count, whole.raised.median_s, whole.raised.p95_s) == (2, 600.0, 600.0)
    assert (whole.told.count, whole.told.p95_s, whole.untold) == (1, 600.0, 1)
    assert week.period == "2026-09-14" and week.gravest.median_s == 600.0
    here.clock.forward(hours=20)
    here.round()
    (whole, *_) = read_clock(here.services, "day", 30, here.clock.now)
    assert (whole.told.count, whole.told.p95_s, whole.gravest.p95_s) == (2, 600.0 + 20 * 3600, 600.0)


def test_a_courier_does_rounds_and_comes_when_it_is_called(tmp_path: Path, hook: Receiver) -> None:
    with bureau(tmp_path, interval_s=600.0) as here:
        set_up(here, hook)
        courier = Courier(here.services)
        try:
            time.sleep(0.5)
            store_scan(here.services, "s", [grave("f1")])
            courier.wake()
            until(lambda: hook.got, 10)
        finally:
            courier.close()
        assert len(hook.got) == 1
