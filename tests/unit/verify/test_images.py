"""What is said of an outline whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geodata.verify.images import LEAST_SEEN, SEEN, judged_images
from geodata.verify.judging import shipped_model
from geodata.verify.measures import Cell, Measures
from geodata.verify.wording import TITLES, reasons

STANDS = Measures(
    seen_share=1.0, change=-8.0, roof_earlier=3.0, roof_later=3.0, likeness=0.8, recoloured=5.0, outline_earlier=80.0,
    outline_later=80.0, shadow_earlier=40.0, shadow_later=40.0, green_later=0.0, soil_later=0.0, soil_around=0.0,
    vivid_later=0.0, texture_later=8.0,
)  # fmt: skip
GONE = replace(
    STANDS, change=5.0, roof_later=-7.0, likeness=0.05, recoloured=90.0, outline_later=10.0, shadow_later=0.0
)
MODEL = shipped_model()


def cells(of: Measures, count: int = 4) -> tuple[Cell, ...]:
    one = Cell(1 / count, (0, 0), of.change, of.roof_earlier, of.roof_later, of.likeness, of.recoloured)
    return (one,) * count


def test_a_roof_that_is_seen_again_stands() -> None:
    said = judged_images(STANDS, cells(STANDS), MODEL)
    assert said.seen == "still_there" and said.confidence > 0.9 and said.gone_share == 0


def test_a_place_without_roof_outline_shadow_and_likeness_is_gone() -> None:
    said = judged_images(GONE, cells(GONE), MODEL)
    assert said.seen == "gone" and said.confidence >= 0.8 and said.gone_share == 1


@pytest.mark.parametrize("share", [0.0, 0.3, LEAST_SEEN - 0.01])
def test_nothing_is_said_of_what_is_not_seen(share: float) -> None:
    said = judged_images(replace(GONE, seen_share=share), cells(GONE), MODEL)
    assert said.seen == "unknown" and said.confidence == 0


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"soil_later": 0.9, "soil_around": 0.1}, "refilled"),
        ({"soil_later": 0.9, "soil_around": 0.9}, "gone"),
        ({"vivid_later": 0.9}, "covered"),
        ({"green_later": 1.0, "texture_later": 14.0}, "unknown"),
        ({"green_later": 1.0, "texture_later": 14.0, "outline_later": 70.0}, "covered"),
    ],
)
def test_what_hides_the_ground_never_closes_a_case(change: dict[str, float], seen: str) -> None:
    """Soil, sheets and crowns: an image cannot tell what is beneath, so it stays below 0.8."""
    measures = replace(GONE, **change)
    said = judged_images(measures, cells(measures), MODEL)
    assert said.seen == seen and said.confidence < 0.8


def test_a_sheet_over_a_roof_that_keeps_its_likeness_is_no_demolition() -> None:
    sheet = replace(STANDS, recoloured=100.0, likeness=0.5, vivid_later=1.0)
    said = judged_images(sheet, cells(sheet), MODEL)
    assert said.seen == "covered" and said.gone_share == 0


def test_half_of_a_structure() -> None:
    half = replace(STANDS, change=-5.0, likeness=0.5, roof_later=0.5)
    parts = (*cells(STANDS)[:2], *cells(GONE)[:2])
    said = judged_images(half, parts, MODEL)
    assert said.seen == "partly_gone" and said.gone_share == pytest.approx(0.5) and said.share_error < 0.5


def test_every_outcome_has_its_words() -> None:
    assert set(TITLES) == set(SEEN)
    en, zh = reasons(("unseen",), {"seen_share": 0.25})
    assert en == ("Only 25% of the place is usably seen in both images.",) and "25%" in zh[0]
