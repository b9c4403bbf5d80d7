"""The line of jobs: whose turn it is, setbacks and pauses, steps that are kept, who lives. On every store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import IllegalMoveError, LostClaimError, NotFoundError
from service.jobs.states import JobState
from service.store.base import Store
from service.store.job_records import Claim, Job, Runner, Setback, Urgency, Wanted, new_job
from tests.contract.conftest import Opener

ERROR = {"title": "t", "code": "job-crashed"}
NOW = datetime.now(UTC)


def job(key: str, **told: object) -> Job:
    made = new_job("scan", {"before_scene": "a", "after_scene": "b"}, key)
    return replace(made, **told)  # type: ignore[arg-type]


def submit(store: Store, *wanted: Job) -> list[str]:
    return [store.jobs.submit(one)[0].id for one in wanted]


def start(store: Store, runner: str = "r1", wanted: Wanted | None = None) -> tuple[Job, Claim]:
    claimed = store.jobs.claim(runner, wanted)
    assert claimed is not None
    return claimed


def setback(what: str = "crashed", most: int = 3, wait_s: float = 0.0) -> Setback:
    return Setback(what, f"it {what}", ERROR, most, wait_s)


def what_happened(store: Store, job_id: str) -> list[tuple[str, int]]:
    return [(event.what, event.attempt) for event in store.jobs.history(job_id)]


def keys(store: Store, wanted: Wanted | None = None) -> list[str]:
    found = []
    while (claimed := store.jobs.claim("r1", wanted)) is not None:
        found.append(claimed[0].inputs_key)
    return found


# --- whose turn it is ------------------------------------------------------------------------------


def test_the_urgent_go_first_and_of_equals_the_older(store: Store) -> None:
    submit(
        store,
        job("night", urgency=Urgency.NIGHT),
        job("first"),
        job("second"),
        job("officer", urgency=Urgency.OFFICER),
    )
    assert keys(store) == ["officer", "first", "second", "night"]


def test_what_has_waited_for_too_long_goes_before_the_urgent(store: Store) -> None:
    old = NOW - timedelta(hours=7)
    submit(store, job("officer", urgency=Urgency.OFFICER), job("night", urgency=Urgency.NIGHT, created_at=old))
    assert keys(store, Wanted(patience_s=6 * 3600)) == ["night", "officer"]


def test_who_asks_again_more_urgently_moves_the_job_forward(store: Store) -> None:
    submit(store, job("a", urgency=Urgency.NIGHT), job("b"))
    same, new = store.jobs.submit(job("a", urgency=Urgency.OFFICER))
    assert not new and same.urgency == Urgency.OFFICER
    assert store.jobs.submit(job("b", urgency=Urgency.NIGHT))[0].urgency == Urgency.NORMAL, "and never back"
    assert keys(store) == ["a", "b"]


def test_an_area_takes_no_more_than_its_share(store: Store) -> None:
    submit(store, job("a1", area="东城"), job("a2", area="东城"), job("b1", area="西城"), job("none"), job("none2"))
    two = Wanted(per_area=1)
    assert keys(store, two) == ["a1", "b1", "none", "none2"], "who belongs to no area is not held back"
    assert keys(store, Wanted(per_area=2)) == ["a2"]


def test_an_area_has_its_share_again_once_a_job_ends(store: Store) -> None:
    submit(store, job("a1", area="东城"), job("a2", area="东城"))
    one = Wanted(per_area=1)
    _, claim = start(store, wanted=one)
    assert store.jobs.claim("r2", one) is None
    store.jobs.succeed(claim, "done")
    assert start(store, "r2", one)[0].inputs_key == "a2"


def test_jobs_that_need_a_data_folder_are_done_by_who_has_it(store: Store) -> None:
    submit(store, job("here", place="p1"), job("anywhere"))
    assert keys(store, Wanted(place="p2")) == ["anywhere"]
    assert keys(store, Wanted(place="p1")) == ["here"]


def test_a_job_is_taken_once_however_many_reach_for_it(store: Store) -> None:
    submit(store, *[job(f"k{i}") for i in range(12)])
    got: list[str] = []

    def take(runner: str) -> None:
        while (claimed := store.jobs.claim(runner)) is not None:
            got.append(claimed[0].id)

    threads = [threading.Thread(target=take, args=(f"r{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 12


# --- starts that end badly ---------------------------------------------------------------------------


def test_a_job_waits_after_a_setback_and_is_told_why(store: Store) -> None:
    (name,) = submit(store, job("k"))
    _, claim = start(store)
    assert store.jobs.set_back(claim, setback(wait_s=60))
    waiting = store.jobs.get(name)
    assert (waiting.state, waiting.runner, waiting.strikes) == (JobState.ACCEPTED, "", 1)
    assert waiting.not_before is not None
    assert 50 < (waiting.not_before - datetime.now(UTC)).total_seconds() <= 60
    assert waiting.message == "waiting 60 s for another start: it crashed"
    assert store.jobs.claim("r1") is None, "not yet"
    assert what_happened(store, name) == [("accepted", 0), ("started", 1), ("crashed", 1)]


def test_pauses_grow_fourfold_to_ten_minutes() -> None:
    told = setback(wait_s=2)
    assert [told.pause_s(n) for n in (1, 2, 3, 4, 5, 6)] == [2, 8, 32, 128, 512, 600]
    assert told.pause_s(5000) == 600


def test_a_poisonous_job_is_set_aside_with_its_reason_and_the_next_goes_on(store: Store) -> None:
    poison, _ = submit(store, job("poison"), job("good"))
    for i in range(3):
        claimed, claim = start(store, f"r{i}")
        assert claimed.id == poison
        assert store.jobs.set_back(claim, setback("lost")) == (i < 2)
    ended = store.jobs.get(poison)
    assert (ended.state, ended.error, ended.strikes) == (JobState.FAILED, ERROR, 3)
    assert ended.finished_at is not None
    assert [what for what, _ in what_happened(store, poison)][-2:] == ["lost", "failed"]
    assert start(store)[0].inputs_key == "good"


def test_what_was_away_is_not_counted_against_a_job_and_is_asked_ever_less_often(store: Store) -> None:
    (name,) = submit(store, job("k"))
    waits = []
    for _ in range(5):
        assert store.jobs.set_back(start(store)[1], setback("retried", wait_s=0.0)), "three would end it"
        waits.append(store.jobs.get(name).strikes)
    assert waits == [0] * 5
    assert store.jobs.set_back(start(store)[1], setback("retried", wait_s=0.001))
    told = store.jobs.get(name)
    assert told.not_before is not None and told.message == "waiting 1 s for another start: it retried"
    time.sleep(1.1)
    assert store.jobs.set_back(start(store)[1], setback(wait_s=0.0)), "the first that counts"
    assert store.jobs.get(name).strikes == 1


def test_a_step_done_forgives_the_setbacks_before_it(store: Store) -> None:
    (name,) = submit(store, job("k"))
    for _ in range(2):
        assert store.jobs.set_back(start(store)[1], setback())
    _, claim = start(store)
    store.steps.keep(claim, "windows-0", b"x")
    assert store.jobs.get(name).strikes == 0
    assert store.jobs.set_back(claim, setback()), "it gets on, slowly: that is no poison"


def test_a_void_claim_moves_nothing(store: Store) -> None:
    (name,) = submit(store, job("k"))
    _, ghost = start(store, "dead")
    store.jobs.set_back(ghost, setback("lost"))
    _, claim = start(store, "heir")
    assert not store.jobs.set_back(ghost, setback())
    store.jobs.give_back(ghost, "a ghost")
    for speak in (
        lambda: store.jobs.progress(ghost, 50, "a ghost speaks"),
        lambda: store.steps.keep(ghost, "s", b""),
        lambda: store.jobs.succeed(ghost, "a ghost"),
        lambda: store.jobs.fail(ghost, ERROR),
    ):
        with pytest.raises(LostClaimError):
            speak()
    found = store.jobs.get(name)
    assert (found.state, found.runner, found.attempts) == (JobState.RUNNING, "heir", 2)
    store.jobs.succeed(claim, "done")


def test_what_is_given_back_counts_as_no_setback(store: Store) -> None:
    (name,) = submit(store, job("k"))
    _, claim = start(store)
    store.jobs.give_back(claim, "the runner was stopped")
    store.jobs.give_back(claim, "twice")
    found = store.jobs.get(name)
    assert (found.state, found.runner, found.strikes) == (JobState.ACCEPTED, "", 0)
    again, second = start(store)
    assert (again.attempts, second.attempt) == (2, 2), "the number of a start is never used twice"
    assert what_happened(store, name) == [("accepted", 0), ("started", 1), ("given-back", 1), ("started", 2)]


# --- steps, logs, history ----------------------------------------------------------------------------


def test_steps_outlive_a_start_and_go_with_the_success(store: Store) -> None:
    submit(store, job("k"))
    _, claim = start(store)
    store.steps.keep(claim, "b", b"\x00\x01")
    store.steps.keep(claim, "a", b"first")
    store.steps.keep(claim, "a", b"second")
    store.jobs.set_back(claim, setback())
    assert list(store.steps.names("k")) == ["a", "b"]
    assert (store.steps.kept("k", "a"), store.steps.kept("k", "b")) == (b"second", b"\x00\x01")
    assert store.steps.kept("k", "c") is None and store.steps.kept("other", "a") is None
    store.jobs.succeed(start(store)[1], "done", {"file": "x"})
    assert list(store.steps.names("k")) == []


def test_the_same_order_given_again_goes_on_where_the_failed_one_ended(store: Store) -> None:
    submit(store, job("k"))
    _, claim = start(store)
    store.steps.keep(claim, "a", b"kept")
    store.jobs.fail(claim, ERROR)
    again, new = store.jobs.submit(job("k"))
    assert new and store.steps.kept(again.inputs_key, "a") == b"kept"
    assert store.steps.sweep(3600) == 0
    assert store.steps.sweep(0) == 1
    assert store.steps.kept("k", "a") is None


def test_logs_are_kept_by_start(store: Store) -> None:
    (name,) = submit(store, job("k"))
    _, claim = start(store)
    store.jobs.set_back(claim, setback())
    store.jobs.keep_log(claim, "错误 one")
    store.jobs.keep_log(claim, "one, whole")
    _, second = start(store)
    store.jobs.keep_log(second, "two")
    assert list(store.jobs.logs(name)) == [(1, "one, whole"), (2, "two")]
    for ask in (store.jobs.logs, store.jobs.history):
        with pytest.raises(NotFoundError):
            ask("nothing")


def test_a_result_is_given_back_as_it_was(store: Store) -> None:
    (name,) = submit(store, job("k"))
    store.jobs.succeed(start(store)[1], "written", {"name": "导出.gpkg", "bytes": 12})
    assert store.jobs.get(name).result == {"name": "导出.gpkg", "bytes": 12}


# --- who lives ---------------------------------------------------------------------------------------


def runner(name: str) -> Runner:
    return Runner(name, "host", "boot/place", 7, 2, "1", NOW, NOW)


def test_runners_enter_speak_and_leave(store: Store) -> None:
    store.runners.enrol(runner("r1"))
    store.runners.enrol(runner("r2"))
    assert store.runners.beat("r1")
    known = store.runners.all()
    assert [one.id for one, _ in known] == ["r1", "r2"]
    assert all(0 <= silent < 30 for _, silent in known)
    assert known[0][0].beat_at > known[0][0].started_at
    store.runners.retire("r1")
    assert not store.runners.beat("r1"), "it was given up: it must hear of it"
    assert [one.id for one, _ in store.runners.all()] == ["r2"]


def test_who_holds_what_is_known(store: Store) -> None:
    submit(store, job("a"), job("b"), job("c"))
    first, second = start(store, "r1")[1], start(store, "r2")[1]
    assert (list(store.jobs.running("r1")), list(store.jobs.running("r2"))) == ([first], [second])
    assert list(store.jobs.runners()) == ["r1", "r2"]
    store.jobs.succeed(first, "done")
    assert list(store.jobs.runners()) == ["r2"]


MOVES = st.sampled_from(["submit", "claim", "crash", "give back", "step", "succeed", "fail", "dismiss"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(MOVES, st.integers(0, 3)), max_size=30))
def test_whatever_happens_a_job_is_held_by_one_at_most_and_its_history_tells_all(
    opener: Opener, moves: list[tuple[str, int]]
) -> None:
    store = opener(f"h{abs(hash(str(moves)))}")
    claims: list[Claim] = []

    def take(which: int) -> None:
        taken = store.jobs.claim(f"r{which}")
        if taken is not None:
            assert taken[1] not in claims
            claims.append(taken[1])

    for move, which in moves:
        claim = claims[which % len(claims)] if claims else Claim("none", "r", 1)
        does: dict[str, Callable[[], object]] = {
            "submit": partial(store.jobs.submit, job(f"k{which}")),
            "claim": partial(take, which),
            "crash": partial(store.jobs.set_back, claim, setback()),
            "give back": partial(store.jobs.give_back, claim, ""),
            "step": partial(store.steps.keep, claim, f"s{which}", b""),
            "succeed": partial(store.jobs.succeed, claim, ""),
            "fail": partial(store.jobs.fail, claim, ERROR),
            "dismiss": partial(store.jobs.dismiss, claim.job_id),
        }
        with suppress(LostClaimError, NotFoundError, IllegalMoveError):
            does[move]()
    for found in store.jobs.page(100).items:
        events = store.jobs.history(found.id)
        assert events[0].what == "accepted"
        assert sum(event.what == "started" for event in events) == found.attempts
        assert (found.state is JobState.RUNNING) == (found.runner != "" and found.finished_at is None)
        ends = [event.what for event in events if event.what in ("successful", "failed", "dismissed")]
        assert ends == ([] if found.finished_at is None else [found.state.value])
    store.close()
