"""What the queue holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.review.draw import Drawn, draw, farthest, standardised
from service.store.records import ReviewRow

NOON = datetime(2025, 4, 12, 4, tzinfo=UTC)
ROW = ReviewRow(0, "f0", "s", "suspected", "appeared", "unknown", 0.9, 0.9, 100.0, (), (), "r", (114.0, 36.0), NOON)


def rows(n: int, **values: object) -> list[ReviewRow]:
    """Rows of falling priority and confidence."""
    made = [replace(ROW, key=n - i, fid=f"f{i}", priority=1 - i / n, confidence=1 - i / n) for i in range(n)]
    return [replace(row, **values) for row in made]  # type: ignore[arg-type]


def ids(queue: Sequence[Drawn], purpose: str) -> list[str]:
    return [drawn.row.fid for drawn in queue if drawn.purpose == purpose]


def test_the_first_by_priority_and_a_share_to_learn_from() -> None:
    queue = draw(rows(100), [], 20, 0.15)
    assert ids(queue, "enforce") == [f"f{i}" for i in range(17)]
    # the two of confidence nearest to a half, then one more
    assert ids(queue, "learn")[:2] == ["f50", "f49"] and len(queue) == 20
    assert [drawn.rank for drawn in queue] == list(range(1, 21))
    assert "confidence 0.50" in queue[17].why and "new kind of place" in queue[19].why


@pytest.mark.parametrize(
    ("capacity", "share", "learning"),
    [(10, 0.15, 1), (100, 0.15, 15), (100, 0.29, 29), (5, 0.15, 0), (4, 1.0, 4), (4, 0.0, 0)],
)
def test_how_many_are_drawn_for_learning(capacity: int, share: float, learning: int) -> None:
    queue = draw(rows(200), [], capacity, share)
    assert (len(queue), len(ids(queue, "learn"))) == (capacity, learning)


def test_a_short_list_is_shown_whole() -> None:
    assert draw([], [], 10, 0.15) == []
    assert ids(draw(rows(3), [], 10, 0.15), "enforce") == ["f0", "f1", "f2"]
    queue = draw(rows(5), [], 5, 0.4)
    assert sorted(drawn.row.fid for drawn in queue) == [f"f{i}" for i in range(5)]


def test_a_new_kind_of_place_is_the_one_unlike_all_that_is_judged() -> None:
    shed = replace(ROW, stage="finished", cues=("greenhouse",))
    judged = [replace(shed, key=100 + i, fid=f"j{i}", area_m2=100.0 + i) for i in range(10)]
    same = [replace(shed, key=i, fid=f"s{i}", area_m2=101.5 + i) for i in range(5)]
    pit = replace(shed, key=50, fid="pit", stage="earthworks", cues=("bare_soil",))
    twin = replace(pit, key=51, fid="twin", area_m2=101.0)
    yard = replace(shed, key=52, fid="yard", change="altered")
    found = farthest([*same, pit, twin, yard], judged, 2)
    assert [row.fid for row, _ in found] == ["pit", "yard"], "the twin is known once the pit is chosen"
    assert found[0][1] == pytest.approx(2.0, abs=0.1), "stage and cue: four words differ"
    assert found[1][1] == pytest.approx(np.sqrt(2), abs=0.1)


def test_a_far_place_is_new_in_any_direction() -> None:
    judged = [replace(ROW, key=100 + i, fid=f"j{i}", place=(114.0 + i / 1000, 36.0)) for i in range(50)]
    north = replace(ROW, key=1, fid="north", place=(114.02, 36.03))
    within = replace(ROW, key=2, fid="within", place=(114.0205, 36.0))
    assert farthest([within, north], judged, 1)[0][0].fid == "north"


def test_numbers_have_one_spread_and_nothing_divides_by_none() -> None:
    told = standardised([replace(row, area_m2=float(i)) for i, row in enumerate(rows(20))])
    assert np.isfinite(told).all()
    assert told[:, :2].std(axis=0) == pytest.approx([1.0, 1.0]) and told.mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert not standardised([ROW, ROW]).any()


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e4), st.sampled_from(["finished", "unknown"])), max_size=30),
    st.integers(1, 40),
    st.floats(0, 1),
    st.integers(0, 30),
)
def test_every_queue_is_whole_and_the_same_again(
    told: list[tuple[float, float, str]], capacity: int, share: float, known: int
) -> None:
    made = [
        replace(ROW, key=i + 1, fid=f"f{i}", confidence=c, priority=c, area_m2=a, stage=s)
        for i, (c, a, s) in enumerate(told)
    ]
    made.sort(key=lambda row: (-row.priority, -row.key))
    judged, rest = made[:known], made[known:]
    queue = draw(rest, judged, capacity, share)
    assert queue == draw(rest, judged, capacity, share)
    chosen = [drawn.row.key for drawn in queue]
    assert len(set(chosen)) == len(chosen) <= capacity and set(chosen) <= {row.key for row in rest}
    first = ids(queue, "enforce")
    assert first == [row.fid for row in rest[: len(first)]]
    assert [drawn.purpose for drawn in queue] == sorted(drawn.purpose for drawn in queue)
