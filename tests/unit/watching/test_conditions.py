"""Conditions from plain figures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from service.usecases.health import readiness
from service.watching import conditions as told
from service.watching.conditions import BLOCKING, SEVERITIES, Condition

NOW = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
GIB = 1024**3
EVERY = [
    told.store_unavailable(),
    told.store_unavailable(3.0),
    told.disk_space(0, GIB),
    told.disk_space(GIB, GIB),
    told.runner_stopped(),
    told.jobs_waiting(3, NOW - timedelta(hours=7), NOW, 21_600),
    told.jobs_crashed(2, NOW),
    told.night_overdue(NOW - timedelta(hours=30), NOW, 26),
    told.night_overdue(None, NOW, 26, scheduled=True),
    told.channel_failing("wecom", 4, NOW),
]


@pytest.mark.parametrize("one", EVERY)
def test_each_says_what_is_wrong_in_both_languages_and_what_to_do(one: Condition | None) -> None:
    assert one is not None and one.severity == SEVERITIES[one.code]
    assert one.remedy and one.title.endswith(".") and re.search(r"[一-鿿].*。$", one.title_zh)
    assert one.blocking is (one.code in BLOCKING)
    assert not one.blocking or one.severity == "critical"


@pytest.mark.parametrize(
    ("free", "code"),
    [(0, "disk-full"), (GIB - 1, "disk-full"), (GIB, "disk-low"), (2 * GIB - 1, "disk-low"), (2 * GIB, None)],
)
def test_the_disk(free: int, code: str | None) -> None:
    found = told.disk_space(free, GIB)
    assert (found.code if found else None) == code
    assert found is None or found.measured == {"free_bytes": free, "min_free_bytes": GIB}


def test_a_job_may_wait_so_long_and_no_longer() -> None:
    assert told.jobs_waiting(1, NOW - timedelta(seconds=100), NOW, 100) is None
    assert told.jobs_waiting(0, None, NOW, 100) is None
    late = told.jobs_waiting(2, NOW - timedelta(hours=2), NOW, 3600)
    assert late is not None and late.since == NOW - timedelta(hours=1)
    assert late.title == "2 jobs wait, the oldest for 2.0 h." and late.measured["oldest_s"] == 7200


def test_a_night_is_missed_only_where_one_is_expected() -> None:
    assert told.night_overdue(None, NOW, 26) is None
    assert told.night_overdue(NOW - timedelta(hours=26), NOW, 26) is None
    late = told.night_overdue(NOW - timedelta(hours=27), NOW, 26)
    assert late is not None and late.since == NOW - timedelta(hours=1) and "27 h" in late.title
    assert not late.blocking and late.severity == "critical"


def test_readiness_fails_for_what_blocks_alone() -> None:
    found = readiness([one for one in EVERY if one is not None and not one.blocking])
    assert found.ready and {one.code for one in found.warnings} == {
        "disk-low", "jobs-waiting", "jobs-crashed", "night-overdue", "channel-failing",
    }  # fmt: skip
    for one in EVERY:
        assert one is not None
        checks = {check.name: check.good for check in readiness([one]).checks}
        assert list(checks.values()).count(False) == (1 if one.blocking else 0)


def test_two_channels_are_two_conditions() -> None:
    assert told.channel_failing("a", 1, None).key != told.channel_failing("b", 1, None).key
    assert told.store_unavailable().key == told.store_unavailable(3).key
