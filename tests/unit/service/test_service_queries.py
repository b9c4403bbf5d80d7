"""What query parameters mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dependencies import parse_bbox, parse_interval
from service.errors import BadQueryError


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        (None, ()),
        ("1,2,3,4", ((1.0, 2.0, 3.0, 4.0),)),
        ("1,2,-50,3,4,50", ((1.0, 2.0, 3.0, 4.0),)),
        ("170,-10,-170,10", ((170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0))),
        ("-180,-90,180,90", ((-180.0, -90.0, 180.0, 90.0),)),
    ],
)
def test_boxes(text: str | None, boxes: tuple[object, ...]) -> None:
    assert parse_bbox(text) == boxes


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "a,b,c,d", "1,5,2,4", "nan,1,2,3", "1,2,3,inf", "-181,0,0,1", "0,0,1,91"]
)
def test_what_is_no_box(text: str) -> None:
    with pytest.raises(BadQueryError):
        parse_bbox(text)


@given(st.text(max_size=60))
def test_any_text_is_a_box_or_refused(text: str) -> None:
    try:
        boxes = parse_bbox(text)
    except BadQueryError:
        return
    assert 1 <= len(boxes) <= 2
    assert all(w <= e and s <= n for w, s, e, n in boxes)


def test_time_spans() -> None:
    day = datetime(2025, 4, 12, tzinfo=UTC)
    assert parse_interval(None) is None
    assert parse_interval("2025-04-12T00:00:00Z") == (day, day)
    assert parse_interval("2025-04-12T00:00:00Z/..") == (day, None)
    assert parse_interval("/2025-04-12T00:00:00Z") == (None, day)
    assert parse_interval("../..") == (None, None)
    # an unescaped plus sign arrives as a space
    assert parse_interval("2025-04-12T08:00:00 08:00") == (day, day)


@pytest.mark.parametrize("text", ["", "..", "soon", "2025-04-13/2025-04-12", "a/b/c", "2025-04-12/soon"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(BadQueryError):
        parse_interval(text)
