"""Pieces of one colour and what is measured of them, on rectangles that can be counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from geodata.detect.segments import (
    ATTRIBUTES,
    CONTEXT_PX,
    MIN_PIECE_PX,
    NEAR_CHANNELS,
    Pieces,
    cut_in_pieces,
    segment,
    shadow_sides,
)

U8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]
SHAPE = (140, 160)


def grey(level: int = 60, shape: tuple[int, int] = SHAPE) -> U8:
    return np.full((3, *shape), level, np.uint8)


def everywhere(shape: tuple[int, int] = SHAPE) -> Bool:
    return np.ones(shape, bool)


def test_two_flat_areas_are_two_pieces() -> None:
    picture = grey()
    picture[:, :, 70:] = 200
    labels, count = segment(picture, everywhere())
    assert count == 2
    assert (labels[:, :70] == 0).all() and (labels[:, 70:] == 1).all()


def test_a_difference_in_one_band_is_enough() -> None:
    picture = grey()
    picture[2, :, 70:] = 200
    assert segment(picture, everywhere())[1] == 2


def test_what_is_not_wanted_is_no_piece_and_keeps_pieces_apart() -> None:
    wanted = everywhere()
    wanted[:, 60:62] = False
    labels, count = segment(grey(), wanted)
    assert count == 2
    assert (labels[~wanted] == -1).all() and (labels[:, :60] == 0).all() and (labels[:, 62:] == 1).all()
    labels, count = segment(grey(), np.zeros(SHAPE, bool))
    assert count == 0 and (labels == -1).all()


@pytest.mark.parametrize(("side", "pieces"), [(4, 1), (5, 2)])
def test_a_piece_below_the_smallest_joins_its_neighbour(side: int, pieces: int) -> None:
    assert 4 * 4 < MIN_PIECE_PX <= 5 * 5
    picture = grey()
    picture[:, 50 : 50 + side, 50 : 50 + side] = 200
    assert segment(picture, everywhere())[1] == pieces


def test_pixels_that_touch_by_a_corner_are_one_piece() -> None:
    wanted = np.zeros(SHAPE, bool)
    wanted[10:20, 10:20] = wanted[20:30, 20:30] = True
    assert segment(grey(), wanted)[1] == 1
    wanted[20:30, 20:30] = False
    wanted[20:30, 21:31] = True
    assert segment(grey(), wanted)[1] == 2


def test_noise_does_not_break_a_roof() -> None:
    noisy = grey(150) + np.random.default_rng(1).integers(0, 5, (3, *SHAPE), dtype=np.uint8)
    labels, _ = segment(noisy, everywhere())
    assert np.bincount(labels.ravel()).max() > 0.9 * labels.size


ROWS, COLS = slice(60, 80), slice(60, 100)
"""A roof of 20 by 40 px."""


def roofed(level: int = 200) -> U8:
    picture = grey()
    picture[:, ROWS, COLS] = level
    return picture


def on_roof() -> Bool:
    wanted = np.zeros(SHAPE, bool)
    wanted[ROWS, COLS] = True
    return wanted


def looked(score: int = 40, **means: int) -> npt.NDArray[np.int16]:
    """First look of even ground: a score and the values of some channels."""
    values = [score, *(means.get(name, 0) for name in NEAR_CHANNELS)]
    return np.broadcast_to(np.array(values, np.int16)[:, None, None], (len(values), SHAPE[0] // 2, SHAPE[1] // 2))


def told(pieces: Pieces, piece: int = 0) -> dict[str, int]:
    names = (*ATTRIBUTES, *NEAR_CHANNELS)
    return {name: int(value) for name, value in zip(names, pieces.attributes[piece], strict=True)}


def test_the_form_of_a_rectangle() -> None:
    pieces = cut_in_pieces(grey(), roofed(), on_roof(), looked())
    assert pieces.pixels.tolist() == [800]
    assert (pieces.labels[ROWS, COLS] == 0).all() and (pieces.labels == 0).sum() == 800
    form = told(pieces)
    assert form["rectangularity"] == 200
    assert form["elongation"] == 64  # one doubling: 40 to 20
    assert form["width"] == 4 * 20
    assert form["size"] == round(32 * np.log2(800 / 8))
    border = 2 * (20 + 40) - 4
    assert form["compactness"] == round(128 * 4 * np.pi * 800 / border**2)


def test_a_square_is_not_elongated_and_an_ell_fills_less() -> None:
    wanted = np.zeros(SHAPE, bool)
    wanted[60:90, 60:90] = True
    square = told(cut_in_pieces(grey(), grey(200), wanted, looked()))
    assert (square["elongation"], square["rectangularity"]) == (0, 200)
    wanted[60:80, 70:90] = False
    ell = told(cut_in_pieces(grey(), grey(200), wanted, looked()))
    assert ell["rectangularity"] < 160


def test_a_turned_rectangle_has_the_same_form() -> None:
    rows, cols = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    along, across = (rows - 70) + (cols - 80), (rows - 70) - (cols - 80)
    wanted = (abs(along) <= 56) & (abs(across) <= 28)  # sides of 112 and 56 over the square root of 2: 80 by 40
    form = told(cut_in_pieces(grey(), grey(200), wanted, looked()))
    assert form["elongation"] == pytest.approx(64, abs=2) and form["rectangularity"] == pytest.approx(200, abs=3)


def test_the_colours_of_a_piece_and_of_the_ground_before() -> None:
    after = roofed()
    after[:, ROWS, COLS] = np.array([180, 150, 120])[:, None, None]
    colour = told(cut_in_pieces(grey(60), after, on_roof(), looked()))
    assert colour["luminance"] == (180 * 77 + 150 * 150 + 120 * 29) >> 8
    assert (colour["luminance_before"], colour["spread"], colour["spread_before"]) == (60, 0, 0)
    assert colour["saturation"] == 60 * 255 // 188
    assert colour["warmth"] == 128 + 60
    assert colour["green"] == colour["green_before"] == 128
    assert colour["dark"] == 0


def test_the_spread_is_four_standard_deviations() -> None:
    before = grey(60)
    before[:, :, ::2] = 80  # half 60, half 80: deviation 10
    assert told(cut_in_pieces(before, roofed(), on_roof(), looked()))["spread_before"] == 40


def test_an_edge_is_gained_where_there_was_none() -> None:
    new = told(cut_in_pieces(grey(), roofed(), on_roof(), looked()))
    assert new["edge"] > 150 and new["edge_gain"] == new["edge"]
    stood = told(cut_in_pieces(roofed(150), roofed(), on_roof(), looked()))
    assert stood["edge"] == new["edge"] and 0 < stood["edge_gain"] < new["edge_gain"] // 2
    same = told(cut_in_pieces(roofed(), roofed(), on_roof(), looked()))
    assert same["edge_gain"] == 0


@pytest.mark.parametrize(("shift", "gains"), [(3, False), (12, True)])
def test_an_edge_that_lies_within_three_pixels_is_no_new_one(shift: int, gains: bool) -> None:
    before = np.roll(roofed(), (shift, shift), axis=(1, 2))
    assert (told(cut_in_pieces(before, roofed(), on_roof(), looked()))["edge_gain"] > 20) is gains


def test_edges_of_a_rectangle_agree_in_direction() -> None:
    rows, cols = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    disc = (rows - 70) ** 2 + (cols - 80) ** 2 < 16**2  # as large as the roof, about
    after = grey()
    after[:, disc] = 200
    roof = told(cut_in_pieces(grey(), roofed(), on_roof(), looked()))["right_angles"]
    assert roof > 200
    assert told(cut_in_pieces(grey(), after, disc, looked()))["right_angles"] < roof // 4


def shaded(rows: slice, cols: slice, picture: U8) -> U8:
    picture = picture.copy()
    picture[:, rows, cols] = 30
    return picture


def test_a_new_shadow_on_one_side() -> None:
    after = shaded(slice(80, 86), COLS, roofed())
    shadow = told(cut_in_pieces(grey(), after, on_roof(), looked()))
    # Six px further down lie shadow pixels for 6 of the 20 rows; diagonally, four px each way, for 4 rows, 36 columns.
    assert shadow["shadow_side"] == int(np.rint(255 * 6 * 40 / 800))
    assert shadow["shadow_around"] == int(np.rint(255 * (6 * 40 + 2 * 4 * 36) / 8 / 800))
    assert shadow["dark"] == 0


@pytest.mark.parametrize("side", [(slice(54, 60), COLS), (ROWS, slice(100, 106)), (ROWS, slice(54, 60))])
def test_the_side_of_the_shadow_does_not_matter(side: tuple[slice, slice]) -> None:
    assert told(cut_in_pieces(grey(), shaded(*side, roofed()), on_roof(), looked()))["shadow_side"] > 30


@pytest.mark.parametrize(("azimuth", "sides"), [(0, [1, 2, 3]), (90, [3, 4, 5]), (180, [5, 6, 7]), (315, [0, 1, 2])])
def test_a_shadow_falls_away_from_the_sun(azimuth: float, sides: list[int]) -> None:
    # Directions are eighths of a turn from right, clockwise: 2 is down, 4 is left.
    assert np.flatnonzero(shadow_sides(azimuth)).tolist() == sides


def test_a_shadow_on_the_sunny_side_is_none_of_the_roof() -> None:
    after = shaded(slice(80, 86), COLS, roofed())  # below it
    north, south = (told(cut_in_pieces(grey(), after, on_roof(), looked(), sun)) for sun in (10.0, 170.0))
    assert north["shadow_side"] == int(np.rint(255 * 6 * 40 / 800)) and south["shadow_side"] == 0


def test_no_shadow_is_none_and_an_old_one_is_not_new() -> None:
    assert told(cut_in_pieces(grey(), roofed(), on_roof(), looked()))["shadow_side"] == 0
    after = shaded(slice(80, 86), COLS, roofed())
    before = shaded(slice(80, 86), COLS, grey())
    assert told(cut_in_pieces(before, after, on_roof(), looked()))["shadow_side"] == 0


def test_a_shadow_itself_is_dark() -> None:
    assert told(cut_in_pieces(grey(), roofed(30), on_roof(), looked()))["dark"] == 255


def test_contrast_is_against_the_ground_around() -> None:
    wanted = np.zeros(SHAPE, bool)
    wanted[70, 80] = True  # one pixel: the box around it is the whole of what is compared
    after = grey(60)
    after[:, 60:80, 70:90] = 200
    inside = 20 * 20 / CONTEXT_PX**2
    assert told(cut_in_pieces(grey(), after, wanted, looked()))["contrast"] == pytest.approx(
        200 - (60 + 140 * inside) + 128, abs=1
    )


def test_the_first_look_at_a_piece() -> None:
    first = told(cut_in_pieces(grey(), roofed(), on_roof(), looked(-200, structure_gain=90, coherence_before=7)))
    assert first["score"] == -200 // 4 + 160
    assert (first["structure_gain"], first["coherence_before"], first["darker"]) == (90, 7, 0)


def test_each_pixel_has_the_first_look_pixel_that_covers_it() -> None:
    coarse = looked().copy()
    coarse[1 + NEAR_CHANNELS.index("brighter"), 30:40, 30:40] = 100  # px 60 to 80: the left half of the roof
    assert told(cut_in_pieces(grey(), roofed(), on_roof(), coarse))["brighter"] == 50


def test_nothing_wanted_gives_no_piece() -> None:
    pieces = cut_in_pieces(grey(), roofed(), np.zeros(SHAPE, bool), looked())
    assert pieces.attributes.shape == (0, len(ATTRIBUTES) + len(NEAR_CHANNELS))
    assert pieces.pixels.size == 0 and (pieces.labels == -1).all()


def test_a_piece_does_not_depend_on_what_lies_far_away() -> None:
    rng = np.random.default_rng(5)
    before, after = (np.kron(rng.integers(20, 250, (3, 14, 16)), np.ones((10, 10))).astype(np.uint8) for _ in range(2))
    coarse = rng.integers(0, 255, (1 + len(NEAR_CHANNELS), SHAPE[0] // 2, SHAPE[1] // 2)).astype(np.int16)
    whole = cut_in_pieces(before, after, on_roof(), coarse)
    assert len(whole.pixels) > 4
    part, near = (slice(38, 102), slice(36, 122)), (slice(19, 51), slice(18, 61))
    cut = cut_in_pieces(before[:, *part], after[:, *part], on_roof()[part], coarse[:, *near])
    assert np.array_equal(cut.attributes, whole.attributes)
    assert np.array_equal(cut.labels, whole.labels[part])
