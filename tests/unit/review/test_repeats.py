"""Whether a finding is a dismissed one seen again: boxes of whole units that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from service.review.repeats import Observation, Settlement, settle

D1, D2, D3, D4 = (datetime(2024, 4, 1, tzinfo=UTC) + timedelta(days=180 * i) for i in range(4))
SHED = Observation("a", "appeared", 0.6, 100.0, D1, D2, box(0, 0, 10, 10))
AGAIN = replace(SHED, fid="b", after_at=D3)
STANDS, SUPPRESSED, RETURNED = Settlement(), Settlement("a"), Settlement(None, True)


def test_the_same_change_seen_again_is_suppressed() -> None:
    assert settle(AGAIN, [SHED]) == SUPPRESSED
    assert settle(AGAIN, []) == STANDS
    assert settle(SHED, [SHED]) == STANDS, "itself"
    assert settle(replace(AGAIN, change="disappeared"), [SHED]) == STANDS


@pytest.mark.parametrize(
    ("outline", "want"),
    [
        (box(0, 0, 10, 5), SUPPRESSED),  # half of it, all covered
        (box(0, 0, 10, 20), SUPPRESSED),  # IoU 100 / 200, just half
        (box(0, 0, 10, 21), STANDS),  # IoU 100 / 210
        (box(9, 0, 14, 2), STANDS),  # 2 of 10 covered
        (box(6, 0, 11, 1), SUPPRESSED),  # 4 of 5 covered: just 80 %
        (box(6, 0, 11.1, 1), STANDS),  # 4 of 5.1
        (box(10, 0, 20, 10), STANDS),  # they touch
        (box(50, 50, 60, 60), STANDS),
    ],
)
def test_how_much_must_be_shared(outline: object, want: Settlement) -> None:
    assert settle(replace(AGAIN, outline=outline), [SHED]) == want


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        (D1, D2, SUPPRESSED),
        (D1, D4, SUPPRESSED),
        (D2 - timedelta(seconds=1), D3, SUPPRESSED),
        (D2, D3, RETURNED),  # on the second date of the dismissed one: it changed again
        (D3, D4, RETURNED),
        (D1 - timedelta(days=90), D1, STANDS),  # over before the dismissed change began: another one
    ],
)
def test_when_it_must_have_changed(before: datetime, after: datetime, want: Settlement) -> None:
    assert settle(replace(AGAIN, before_at=before, after_at=after), [SHED]) == want


@pytest.mark.parametrize(
    ("confidence", "area", "want"),
    [(0.79, 149.0, SUPPRESSED), (0.8, 100.0, RETURNED), (0.1, 150.0, RETURNED), (0.1, 10.0, SUPPRESSED)],
)
def test_what_shows_clearly_more_comes_back(confidence: float, area: float, want: Settlement) -> None:
    assert settle(replace(AGAIN, confidence=confidence, area_m2=area), [SHED]) == want


def test_one_repeated_dismissal_is_enough() -> None:
    surer = replace(SHED, fid="s", confidence=0.85, after_at=D3)
    found = replace(AGAIN, fid="f", confidence=0.9, after_at=D4)
    assert settle(found, [SHED]) == RETURNED
    assert settle(found, [SHED, surer]) == Settlement("s")
    later = replace(surer, fid="l", before_at=D2, after_at=D3)
    assert settle(replace(found, before_at=D2), [SHED, later]) == Settlement("l"), "returned, dismissed, seen again"


@given(st.tuples(*[st.integers(0, 12)] * 4), st.permutations([0, 1, 2]))
def test_the_order_and_the_place_change_nothing(corners: tuple[int, int, int, int], order: list[int]) -> None:
    outline = box(corners[0], corners[1], corners[0] + 1 + corners[2], corners[1] + 1 + corners[3])
    dismissed = [SHED, replace(SHED, fid="c", outline=box(2, 2, 9, 9)), replace(SHED, fid="d", after_at=D3)]
    found = replace(AGAIN, outline=outline)
    want = settle(found, dismissed)
    assert settle(found, [dismissed[i] for i in order]) == want
    moved = [replace(d, outline=box(*(v + 100 for v in d.outline.bounds))) for d in dismissed]
    assert settle(replace(found, outline=box(*(v + 100 for v in outline.bounds))), moved) == want
    assert not (want.suppressed_by and want.returned)
