"""What every store must keep of alarms: raised once, put into messages once, sent by one sender at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import shapely

from service.alarms.values import Alarm, Channel, Delivery, Outcome, Rule, SystemAlarm, Timing, Wanted
from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.errors import NotFoundError
from service.store.alarm_base import Again
from service.store.base import Store
from service.store.records import FindingRow, Verdict
from tests.contract.test_store_contract import NOW, job, scan, scene, square
from tests.contract.test_store_people import LI, WANG, did

MINUTE = timedelta(minutes=1)
CHANNEL = Channel("c", "微信", "w", "webhook", "https://x/…", "k1:sealed", NOW, chips=True)
TIMING = Timing(quiet=None, digest_at=("08:00", "16:00"))
RULE = Rule("r", "规则", "w", Wanted(areas=("一",), flags=("rebuilt",)), TIMING,
            ("c",), "l", 3600.0, NOW, "w")  # fmt: skip
ALARM = Alarm("a1", "r", "w", "S", "f1", "first", "gravest", {"stage": "unknown", "protected": False, "rebuilt": True},
              NOW, NOW + MINUTE, NOW + MINUTE, escalate_to="l", escalate_at=NOW + 60 * MINUTE)  # fmt: skip


def again(now: datetime = NOW, most: int = 3) -> Again:
    return Again(now + MINUTE, most, now - timedelta(hours=48))


def row(fid: str, west: float) -> FindingRow:
    told = {"status": "suspected", "change": "appeared", "confidence": 0.9, "flags": [], "structure_id": None,
            "area_m2": 900.0, "scan_id": "s", "before_acquired_at": NOW.isoformat(),
            "after_acquired_at": NOW.isoformat()}  # fmt: skip
    box = (west, 36.005, west + 0.001, 36.006)
    return FindingRow(fid, box, square(fid, west, 36.005, **told), "suspected", "appeared", 0.9, NOW, NOW)


def scanned(store: Store, name: str, rows: list[FindingRow], secrecy: str = "internal") -> None:
    for one in ("a", "b"):
        store.scenes.add(scene(one, box=(114.0, 36.0, 114.1, 36.1)))
    store.jobs.submit(job(key=name))
    claimed = store.jobs.claim("r1")
    assert claimed is not None
    store.scans.complete(claimed[1], replace(scan(name), secrecy=secrecy), rows)


@pytest.fixture
def filled(store: Store) -> Store:
    """Two people, a channel, a rule, three findings that came after it."""
    store.people.add(WANG, None, did())
    store.people.add(LI, None, did())
    store.rules.add_channel(CHANNEL, did())
    scanned(store, "old", [row("f0", 114.05)])
    store.rules.add_rule(RULE, did())
    scanned(store, "s", [row("f1", 114.0), row("f2", 114.01), row("f3", 114.02)])
    return store


def some(number: int, **more: Any) -> Alarm:
    return replace(ALARM, **{"id": f"a{number}", "structure_id": f"S{number}", "finding_id": f"f{number}", **more})


def raised(store: Store, *alarms: Alarm) -> None:
    rule = store.rules.rule("r")
    assert store.alarms.advance(rule, rule.cursor + 1, alarms)


def message(name: str, *alarms: str, channel: str = "c", **more: Any) -> Delivery:
    return replace(Delivery(name, channel, "w", "alarm", NOW, NOW, alarms=alarms), **more)


def test_rules_and_channels_come_back_as_they_were(filled: Store) -> None:
    rule = filled.rules.rule("r")
    assert replace(rule, cursor=0) == RULE and rule.cursor == 1, "it begins behind the findings that there are"
    channel = filled.rules.channel("c")
    assert replace(channel, cursors={}) == CHANNEL and channel.cursors["finding.appeared"] == 0
    bureau = replace(CHANNEL, id="b", owner_id=None, active=False)
    filled.rules.add_channel(bureau, did())
    assert [one.id for one in filled.rules.channels("w")] == ["c", "b"]
    assert [one.id for one in filled.rules.channels("l")] == ["b"]
    assert [one.id for one in filled.rules.channels(active=True)] == ["c"]
    assert [one.id for one in filled.rules.rules("l")] == []
    filled.rules.remove_channel("c", did())
    filled.rules.remove_rule("r", did())
    for look in (lambda: filled.rules.rule("r"), lambda: filled.rules.channel("c")):
        with pytest.raises(NotFoundError):
            look()
    assert not filled.rules.rules() and [one.id for one in filled.rules.channels()] == ["b"]
    filled.rules.reseal("b", "other", "new")
    assert filled.rules.channel("b").sealed == "k1:sealed"
    filled.rules.reseal("b", "k1:sealed", "new")
    assert filled.rules.channel("b").sealed == "new"


def test_a_rule_that_looks_again_does_not_look_back(filled: Store) -> None:
    rule = filled.rules.rule("r")
    changed = filled.rules.change_rule(replace(rule, name="neu", cursor=99), did())
    assert (changed.name, changed.cursor) == ("neu", rule.cursor), "a change never moves the cursor"
    off = filled.rules.change_rule(replace(rule, active=False), did())
    assert off.cursor == 1 and not filled.alarms.advance(off, 2, []), "who is switched off raises nothing"
    assert filled.rules.change_rule(replace(off, active=True), did()).cursor == 4


def test_a_finding_is_fresh_once(filled: Store) -> None:
    fresh, last, whole = filled.alarms.fresh(1, 2)
    assert ([one.finding_id for one in fresh], last, whole) == (["f1", "f2"], 3, False)
    assert fresh[0].structure_ids and fresh[0].after_scene == "b" and fresh[0].secrecy == "internal"
    fresh, last, whole = filled.alarms.fresh(last, 2)
    assert ([one.finding_id for one in fresh], last, whole) == (["f3"], 4, True)
    assert filled.alarms.fresh(4, 2) == ([], 4, True)


def test_dismissed_findings_and_those_beyond_the_sight_are_not_fresh(filled: Store) -> None:
    scanned(filled, "secret", [row("f9", 114.07)], "secret")
    filled.verdicts.add(Verdict("v", "f1", False, "tree", None, "w", NOW, None, None, NOW), timed=True)
    west = Sight.of([shapely.box(114.0, 36.0, 114.015, 36.01)], Clearance.INTERNAL)
    seen, last, _ = filled.seen_by(west).alarms.fresh(1, 100)
    assert ([one.finding_id for one in seen], last) == (["f2"], 5)
    assert [one.finding_id for one in filled.alarms.fresh(1, 100)[0]] == ["f2", "f3", "f9"]


def test_cursor_and_alarms_move_together_or_not_at_all(filled: Store) -> None:
    rule = filled.rules.rule("r")
    assert filled.alarms.advance(rule, 3, [some(1), some(2)])
    assert not filled.alarms.advance(rule, 4, [some(3)]), "another has moved it"
    assert [one.id for one in filled.alarms.of_structures("r", ["S1", "S2", "S3"])] == ["a1", "a2"]
    assert filled.rules.rule("r").cursor == 3
    known = filled.alarms.get("a1")
    assert replace(known, key=0) == some(1)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        filled.alarms.advance(filled.rules.rule("r"), 4, [some(3), some(9, structure_id="S1", finding_id="f1")])
    assert filled.rules.rule("r").cursor == 3 and not filled.alarms.of_structures("r", ["S3"])


def test_of_many_that_look_at_once_one_raises(filled: Store) -> None:
    rule, gate = filled.rules.rule("r"), threading.Barrier(6)

    def look(number: int) -> bool:
        gate.wait(10)
        return filled.alarms.advance(rule, 4, [some(1, id=f"x{number}")])

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(look, range(6))) == [False] * 5 + [True]
    assert len(filled.alarms.of_structures("r", ["S1"])) == 1


def test_alarms_go_into_messages_once_whoever_does_it(filled: Store) -> None:
    raised(filled, some(1), some(2, due_at=NOW + 5 * MINUTE))
    assert [one.id for one in filled.alarms.due(NOW)] == []
    assert [one.id for one in filled.alarms.due(NOW + MINUTE)] == ["a1"]
    gate = threading.Barrier(4)

    def gather(number: int) -> int:
        gate.wait(10)
        return filled.deliveries.gather(["a1"], [message(f"m{number}", "a1")], NOW + MINUTE)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(gather, range(4))) == 1
    assert not filled.alarms.due(NOW + 2 * MINUTE)
    assert filled.deliveries.page(10, 0, person_id=None, state=None).matched == 1


def test_a_structure_is_told_once_by_a_channel_whatever_rules_mean_it(filled: Store) -> None:
    filled.rules.add_rule(replace(RULE, id="q"), did())
    raised(filled, some(1))
    filled.deliveries.gather(["a1"], [message("m1", "a1")], NOW)
    other = filled.rules.rule("q")
    filled.alarms.advance(other, other.cursor + 1, [some(7, rule_id="q", structure_id="S1", finding_id="f1")])
    assert filled.deliveries.gather(["a7"], [message("m2", "a7")], NOW) == 0
    assert filled.alarms.get("a7").told_at is None, "the message about it has not arrived"
    taken = filled.deliveries.claim(NOW, NOW + MINUTE, again())
    assert taken is not None and taken.alarms == ("a1",)
    filled.deliveries.finish(taken, Outcome(True), NOW + MINUTE, again())
    assert filled.alarms.get("a7").told_at == filled.alarms.get("a1").told_at == NOW + MINUTE
    # a graver step is told again; without a channel an alarm is told where it stands
    raised(filled, some(3, structure_id="S1", step="rebuilt"), some(2))
    assert filled.deliveries.gather(["a3", "a2"], [message("m3", "a3")], NOW + 2 * MINUTE) == 1
    assert filled.alarms.get("a3").told_at is None and filled.alarms.get("a2").told_at == NOW + 2 * MINUTE


def waiting(store: Store, *names: str, channels: tuple[str, ...] = ("c",), purpose: str = "test") -> None:
    for number, name in enumerate(names):
        channel = channels[number % len(channels)]
        made = Delivery(name, channel, "w", purpose, NOW, NOW, payload={"n": number})  # type: ignore[arg-type]
        assert store.deliveries.put([made]) == 1
        assert store.deliveries.put([made]) == 0


def claim(store: Store, now: datetime = NOW, most: int = 3) -> Delivery | None:
    return store.deliveries.claim(now, now + 3 * MINUTE, again(now, most))


def state(store: Store, name: str) -> Delivery:
    return next(one for one in store.deliveries.page(99, 0, person_id=None, state=None).items if one.id == name)


def test_a_message_is_taken_by_one_sender(filled: Store) -> None:
    for number in range(8):
        filled.rules.add_channel(replace(CHANNEL, id=f"c{number}"), did())
    waiting(filled, *(f"m{k}" for k in range(8)), channels=tuple(f"c{k}" for k in range(8)))
    gate = threading.Barrier(8)

    def take(_: int) -> list[str]:
        gate.wait(10)
        found = []
        while (one := claim(filled)) is not None:
            found.append(one.id)
        return found

    with ThreadPoolExecutor(8) as pool:
        taken = [name for part in pool.map(take, range(8)) for name in part]
    assert sorted(taken) == [f"m{k}" for k in range(8)]


def test_by_a_channel_one_message_goes_after_the_other(filled: Store) -> None:
    waiting(filled, "m1", "m2")
    first = claim(filled)
    assert first is not None and first.id == "m1" and claim(filled) is None
    filled.deliveries.finish(first, Outcome(True), NOW, again())
    second = claim(filled)
    assert second is not None and second.id == "m2" and second.payload == {"n": 1}


def test_alarms_go_before_events(filled: Store) -> None:
    waiting(filled, "e1", purpose="event")
    waiting(filled, "m1")
    assert claim(filled).id == "m1"  # type: ignore[union-attr]


def test_what_failed_is_tried_again_and_given_up_at_last(filled: Store) -> None:
    waiting(filled, "m1")
    now = NOW
    for attempt in (1, 2, 3):
        one = claim(filled, now)
        assert one is not None and (one.attempts, one.repeated) == (attempt, attempt > 2)
        filled.deliveries.finish(one, Outcome(False, f"no {attempt}", unsure=attempt == 2), now, again(now))
        assert claim(filled, now) is None
        now += MINUTE
    told = state(filled, "m1")
    assert (told.state, told.attempts, told.last_error) == ("failed", 3, "no 3")
    assert claim(filled, now) is None


def test_a_channel_that_keeps_failing_is_known_until_a_message_arrives(filled: Store) -> None:
    waiting(filled, "m1")
    now = NOW
    for attempt in (1, 2, 3):
        one = claim(filled, now, most=9)
        assert one is not None
        filled.deliveries.finish(one, Outcome(False, "no"), now, again(now, most=9))
        told = [(one.failures, one.since) for one in filled.watching.failing_channels(3)]
        assert told == ([(3, NOW)] if attempt == 3 else [])
        now += MINUTE
    assert filled.watching.failing_channels(4) == []
    one = claim(filled, now, most=9)
    assert one is not None
    filled.deliveries.finish(one, Outcome(True), now, again(now, most=9))
    assert filled.watching.failing_channels(1) == []


def test_a_message_whose_sender_died_goes_out_again_with_its_id(filled: Store) -> None:
    waiting(filled, "m1")
    first = claim(filled)
    assert first is not None and claim(filled, NOW + 3 * MINUTE) is None, "the lease still holds"
    second = claim(filled, NOW + 4 * MINUTE)
    assert second is not None and (second.id, second.attempts, second.repeated) == ("m1", 2, True)
    # the first was not dead but slow: what it says now counts no more
    filled.deliveries.finish(first, Outcome(False, "late"), NOW, again())
    filled.deliveries.withdraw(first, "late")
    assert state(filled, "m1").state == "sending"
    filled.deliveries.finish(second, Outcome(True), NOW + 4 * MINUTE, again())
    assert (state(filled, "m1").state, state(filled, "m1").sent_at) == ("sent", NOW + 4 * MINUTE)


def test_a_message_that_kills_its_senders_is_given_up(filled: Store) -> None:
    waiting(filled, "m1")
    for k in range(3):
        assert claim(filled, NOW + 4 * k * MINUTE) is not None
    assert claim(filled, NOW + 20 * MINUTE) is None
    assert state(filled, "m1").state == "failed" and "died" in str(state(filled, "m1").last_error)


def test_what_is_old_is_given_up(filled: Store) -> None:
    waiting(filled, "m1")
    late = NOW + timedelta(hours=49)
    one = claim(filled, late, 99)
    assert one is not None, "it was never tried"
    filled.deliveries.finish(one, Outcome(False, "no"), late, again(late, 99))
    assert claim(filled, late + 2 * MINUTE, 99) is None and state(filled, "m1").state == "failed"


def test_on_a_dead_line_the_others_wait_too(filled: Store) -> None:
    waiting(filled, "m1", "m2")
    one = claim(filled)
    assert one is not None
    filled.deliveries.finish(one, Outcome(False, "no", busy=True), NOW, again())
    assert claim(filled) is None and state(filled, "m2").attempts == 0
    assert claim(filled, NOW + MINUTE).id == "m1"  # type: ignore[union-attr]


def test_who_does_not_acknowledge_is_handed_on_once(filled: Store) -> None:
    raised(filled, some(1), some(2), some(3))
    late = NOW + 60 * MINUTE
    assert not filled.alarms.to_escalate(late), "what was not told is not handed on"
    filled.deliveries.gather(["a1", "a2", "a3"], [message("m", "a1", "a2", "a3")], NOW)
    filled.alarms.acknowledge(filled.alarms.get("a2"), "w", NOW + 2 * MINUTE)
    filled.verdicts.add(Verdict("v", "f3", True, None, None, "w", NOW, None, None, NOW), timed=True)
    assert not filled.alarms.to_escalate(late - MINUTE)
    assert [one.id for one in filled.alarms.to_escalate(late)] == ["a1"], "a verdict is an answer"
    made = replace(message("e", "a1"), person_id="l", purpose="escalation")
    assert filled.deliveries.escalate(["a1"], [made], late) == 1
    assert filled.deliveries.escalate(["a1"], [replace(made, id="e2")], late) == 0
    assert not filled.alarms.to_escalate(late)
    mine = filled.alarms.page(10, 0, person_id="l", open_only=True)
    assert ([one.id for one in mine.items], mine.matched) == (["a1"], 1)
    told = filled.alarms.get("a2")
    assert (told.acknowledged_at, told.acknowledged_by) == (NOW + 2 * MINUTE, "w")


def test_pages_of_alarms_show_what_is_seen(filled: Store) -> None:
    raised(filled, some(1), some(2), some(3))
    filled.deliveries.gather(["a1", "a2", "a3"], [], NOW)
    filled.alarms.withdraw(["a2"], NOW)
    first = filled.alarms.page(1, 0, person_id="w", open_only=True)
    assert ([one.id for one in first.items], first.matched) == (["a3"], 2)
    assert [one.id for one in filled.alarms.page(1, first.next_key or 0, person_id="w", open_only=True).items] == ["a1"]
    assert filled.alarms.page(9, 0, person_id="l", open_only=False).matched == 0
    west = filled.seen_by(Sight.of([shapely.box(114.0, 36.0, 114.005, 36.01)], Clearance.INTERNAL))
    page = west.alarms.page(9, 0, person_id="w", open_only=False)
    assert ([one.id for one in page.items], page.matched) == (["a1"], 1)
    assert [one.id for one in west.alarms.some(["a1", "a3"])] == ["a1"]
    with pytest.raises(NotFoundError):
        west.alarms.get("a3")


def test_the_clock_counts_each_finding_once(filled: Store) -> None:
    filled.rules.add_rule(replace(RULE, id="q"), did())
    raised(filled, some(1), some(2))
    other = filled.rules.rule("q")
    later = some(7, rule_id="q", finding_id="f1", raised_at=NOW + 9 * MINUTE)
    filled.alarms.advance(other, other.cursor + 1, [later])
    filled.deliveries.gather(["a1"], [], NOW + 2 * MINUTE)
    told = {one.finding_id: one for one in filled.alarms.ticking(NOW, None)}
    assert set(told) == {"f1", "f2"}
    assert (told["f1"].uploaded_at, told["f1"].raised_at, told["f1"].told_at) == (NOW, NOW + MINUTE, NOW + 2 * MINUTE)
    assert told["f2"].told_at is None
    assert not filled.alarms.ticking(NOW, "l") and not filled.alarms.ticking(NOW + 10 * MINUTE, None)


def test_a_condition_is_told_once_as_long_as_it_lasts(filled: Store) -> None:
    one = SystemAlarm("x", "disk-low", "critical", {"title": "磁盘"}, NOW)
    made = Delivery("d", "c", "l", "system", NOW, NOW, {"x": 1})
    assert filled.deliveries.raise_system(one, [made])
    assert not filled.deliveries.raise_system(replace(one, id="y"), [replace(made, id="d2")])
    assert filled.deliveries.system(lasting=True) == [one]
    assert filled.deliveries.end_system("disk-low", NOW + MINUTE, [replace(made, id="d3")])
    assert not filled.deliveries.end_system("disk-low", NOW + MINUTE, [])
    assert filled.deliveries.raise_system(replace(one, id="z"), [])
    assert [(a.id, a.ended_at) for a in filled.deliveries.system()] == [("z", None), ("x", NOW + MINUTE)]
    assert filled.deliveries.page(9, 0, person_id="l", state="waiting").matched == 2


def test_events_are_what_the_tables_hold_type_by_type(filled: Store) -> None:
    filled.verdicts.add(Verdict("v", "f1", True, None, None, "w", NOW, None, None, NOW), timed=True)
    raised(filled, some(1))
    scanned(filled, "secret", [row("f9", 114.07)], "secret")
    events = filled.events

    def ids(name: str, store: Store = filled, **how: Any) -> list[str]:
        return [one.subject for one in store.events.of_type(name, how.pop("after", None), 99, **how)[0]]

    assert ids("finding.appeared") == ["f0", "f1", "f2", "f3", "f9"]
    assert ids("finding.appeared", after=3, falling=True) == ["f1", "f0"]
    assert ids("finding.appeared", after=3) == ["f3", "f9"]
    assert (ids("finding.judged"), ids("alarm.raised"), ids("scan.completed")) == (
        ["f1"],
        ["f1"],
        ["old", "s", "secret"],
    )
    assert ids("alarm.raised", person_id="l") == [] and ids("scene.stored") == ["a", "b"]
    first, last = events.of_type("finding.appeared", None, 2)
    assert [one.key for one in first] == [1, 2] and last == 2
    assert events.newest() == {"finding.appeared": 5, "finding.judged": 1, "alarm.raised": 1, "scan.completed": 3,
                               "scene.stored": 2}  # fmt: skip
    internal = filled.seen_by(Sight.of(None, Clearance.INTERNAL))
    assert ids("finding.appeared", internal) == ["f0", "f1", "f2", "f3"] and "secret" not in ids(
        "scan.completed", internal
    )
    west = filled.seen_by(Sight.of([shapely.box(114.0, 36.0, 114.005, 36.01)], Clearance.INTERNAL))
    assert ids("finding.appeared", west) == ["f1"] == ids("finding.judged", west) == ids("alarm.raised", west)
    far = filled.seen_by(Sight.of([shapely.box(10, 10, 11, 11)], Clearance.INTERNAL))
    assert not [one for name in events.newest() for one in ids(name, far)]


def test_a_subscription_and_its_messages_move_together(filled: Store) -> None:
    channel = filled.rules.add_channel(replace(CHANNEL, id="e", events=("finding.appeared",)), did())
    assert channel.cursors["finding.appeared"] == 4, "it begins behind the events that there are"
    made = Delivery("d", "e", "w", "event", NOW, NOW, {"x": 1})
    assert filled.deliveries.publish(channel, {"finding.appeared": 5}, [made])
    assert not filled.deliveries.publish(channel, {"finding.appeared": 6}, [replace(made, id="d2")])
    assert filled.rules.channel("e").cursors["finding.appeared"] == 5
    assert filled.deliveries.page(9, 0, person_id=None, state=None).matched == 1
    more = replace(filled.rules.channel("e"), events=("finding.appeared", "scan.completed"))
    changed = filled.rules.change_channel(more, did())
    assert (changed.cursors["finding.appeared"], changed.cursors["scan.completed"]) == (5, 2)
