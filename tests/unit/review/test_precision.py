"""How right the findings are, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.shares import Rate, rate
from service.review.precision import measure, season_of
from service.store.records import JudgedRow, ReviewRow, Verdict

SPRING = datetime(2025, 4, 12, 4, tzinfo=UTC)
ROW = ReviewRow(0, "f", "s", "suspected", "appeared", "unknown", 0.9, 0.9, 100.0, (), (), "r", (114.0, 36.0), SPRING)


def judged(right: bool, purpose: Any = "enforce", **values: Any) -> JudgedRow:
    reason = None if right else "shadow"
    verdict = Verdict("v", "f", right, reason, None, "王", SPRING, None, purpose, SPRING)
    return JudgedRow(replace(ROW, **values), verdict, "{}")


def test_the_interval_is_wilsons() -> None:
    # from the literature: 1 of 10 has 0.018 to 0.404, 0 of 10 has 0 to 0.278
    assert rate([True] + [False] * 9) == Rate(10, 1, 0.1, 0.0179, 0.4042)
    assert rate([False] * 10) == Rate(10, 0, 0.0, 0.0, 0.2775)
    assert rate([True] * 10) == Rate(10, 10, 1.0, 0.7225, 1.0)


@given(st.lists(st.booleans(), min_size=1, max_size=500))
def test_the_interval_holds_the_share(told: list[bool]) -> None:
    found = rate(told)
    assert found.precision is not None
    assert 0 <= found.low <= found.precision <= found.high <= 1


def test_what_was_drawn_for_learning_does_not_move_the_precision_at_k() -> None:
    rows = [judged(True)] * 9 + [judged(False, "learn")] * 5 + [judged(False)] * 6
    told = measure(rows, {}, capacity=12)
    at = {one.k: (one.rate.judged, one.rate.right) for one in told.at_k}
    assert at == {10: (10, 9), 12: (12, 9), 20: (15, 9), 50: (15, 9), 100: (15, 9)}
    assert (told.overall["enforce"].judged, told.overall["learn"].judged) == (15, 5)
    assert told.reasons == {"shadow": 11}
    assert [one.k for one in measure(rows, {}, capacity=20).at_k] == [10, 20, 50, 100]


def test_groups_are_counted_apart() -> None:
    rows = [
        judged(True, scan_id="s1"),
        judged(False, change="altered", stage="finished", scan_id="s2"),
        judged(False, "learn", after_at=datetime(2025, 12, 31, 17, tzinfo=UTC), scan_id="s1"),
    ]
    groups = {
        kind: [(g.name, g.purpose, g.rate.judged, g.rate.right) for g in found]
        for kind, found in measure(rows, {"s1": "GF-2"}).groups.items()
    }
    assert groups == {
        "change": [("altered", "enforce", 1, 0), ("appeared", "enforce", 1, 1), ("appeared", "learn", 1, 0)],
        "stage": [("finished", "enforce", 1, 0), ("unknown", "enforce", 1, 1), ("unknown", "learn", 1, 0)],
        "sensor": [("GF-2", "enforce", 1, 1), ("GF-2", "learn", 1, 0), ("unknown", "enforce", 1, 0)],
        "season": [("spring", "enforce", 2, 1), ("winter", "learn", 1, 0)],
        # 17:00 UTC is the next day in Beijing
        "month": [("2025-04", "enforce", 2, 1), ("2026-01", "learn", 1, 0)],
    }


@pytest.mark.parametrize(
    ("month", "season"), [(12, "winter"), (2, "winter"), (3, "spring"), (6, "summer"), (8, "summer"), (11, "autumn")]
)
def test_seasons(month: int, season: str) -> None:
    assert season_of(datetime(2025, month, 15, tzinfo=UTC)) == season


def test_nothing_judged_is_no_precision() -> None:
    told = measure([], {})
    assert told.at_k[0].rate == Rate(0, 0, None, 0.0, 1.0)
    assert all(not groups for groups in told.groups.values()) and told.reasons == {}
