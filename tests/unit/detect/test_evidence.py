"""Evidence and score on squares and lines that can be counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from geodata.detect.evidence import CHANNELS, HALO_PX, box_mean, box_sum, channels, describe, morphological_profile
from geodata.detect.pipeline import clean

U8 = npt.NDArray[np.uint8]


def black(side: int = 101) -> U8:
    return np.zeros((side, side), np.uint8)


def test_a_bright_square_has_its_full_height_in_the_profile() -> None:
    picture = black()
    picture[46:55, 46:55] = 200
    profile = morphological_profile(picture)
    # Each of the four openings by 3 px keeps the inside, each by 33 px removes it: the mean is 200.
    assert (profile[47:54, 47:54] == 200).all()
    assert profile[50, 44] == profile[0, 0] == 0


def test_only_the_directions_that_do_not_fit_a_long_line_count() -> None:
    picture = black()
    picture[46:55, :] = 200
    profile = morphological_profile(picture)
    # Along the band the long line fits too: three directions of four remain, 150.
    assert (profile[50, 20:80] == 150).all()


def test_a_wide_field_has_no_profile() -> None:
    picture = black()
    picture[20:90, 20:90] = 200
    assert morphological_profile(picture)[55, 55] == 0


def test_a_thin_line_is_removed_across_and_kept_along() -> None:
    picture = black()
    picture[50, :] = 200
    # Across and on both diagonals the opening by 3 px removes it, along it both openings keep it.
    assert not morphological_profile(picture).any()
    assert not morphological_profile(np.full((50, 50), 77, np.uint8)).any()


def test_a_faint_square_on_bright_ground() -> None:
    picture = np.full((101, 101), 90, np.uint8)
    picture[46:55, 46:55] = 130
    profile = morphological_profile(picture)
    assert profile[50, 50] == 40
    assert morphological_profile(np.asarray(255 - picture, np.uint8))[50, 50] == 0


def test_box_sums_are_exact() -> None:
    picture = np.arange(49, dtype=np.int16).reshape(7, 7) - 20
    assert box_sum(picture, 3)[3, 3] == 9 * (24 - 20)
    # At the corner the picture is mirrored about its first pixel: rows and columns 1, 0, 1.
    corner = sum(int(picture[r, c]) for r in (1, 0, 1) for c in (1, 0, 1))
    assert box_sum(picture, 3)[0, 0] == corner
    large = np.full((99, 99), 32_000, np.int16)
    assert box_sum(large, 49)[50, 50] == 32_000 * 49 * 49


def test_box_means_are_cut_at_255() -> None:
    picture = np.full((20, 20), 100, np.uint8)
    assert box_mean(picture, 5)[10, 10] == 100
    assert box_mean(picture, 5, 2)[10, 10] == 200
    assert box_mean(picture, 5, 4)[10, 10] == 255


def ground(seed: int = 1, side: int = 160) -> U8:
    return np.random.default_rng(seed).integers(80, 120, (3, side, side), dtype=np.uint8)


def built() -> U8:
    picture = ground()
    picture[:, 60:90, 50:100] = 220
    picture[:, 90:96, 52:102] = 30
    return picture


def test_equal_dates_gain_nothing() -> None:
    described = describe(built())
    evidence = channels(described, described)
    assert tuple(evidence) == CHANNELS
    gains = CHANNELS[:9]
    assert [name for name in gains if evidence[name].any()] == []


def test_a_new_roof_gains_and_a_lost_one_does_not() -> None:
    before, after = describe(ground()), describe(built())
    came, went = channels(before, after), channels(after, before)
    for name in ("structure_gain", "profile_gain", "brighter"):
        assert came[name][75, 75] > 20, name
        assert went[name][75, 75] < came[name][75, 75] // 4, name
    assert went["darker"][75, 75] > 80 and not went["brighter"][75, 75]
    assert came["darker"][93, 75] > 30
    far = {name: int(came[name][10:20, 130:150].max()) for name in CHANNELS[:9]}
    assert not any(far.values()), far
    assert score(came)[75, 75] > score(came)[15, 140]


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (2, 3), (-3, -3)])
def test_three_pixels_of_lean_do_not_alarm(dx: int, dy: int) -> None:
    flat = np.full((3, 160, 160), 90, np.uint8)
    one, two = flat.copy(), flat.copy()
    one[:, 60:90, 50:100] = 220
    two[:, 60 + dy : 90 + dy, 50 + dx : 100 + dx] = 220
    evidence = channels(describe(one), describe(two))
    for name in ("structure_gain", "profile_gain", "bright_gain", "brighter"):
        assert evidence[name].max() <= 4, name


def test_colours_by_hand() -> None:
    picture = np.zeros((3, 30, 30), np.uint8)
    picture[:] = np.array([50, 150, 100])[:, None, None]
    described = describe(picture)
    assert described.luminance[15, 15] == (50 * 77 + 150 * 150 + 100 * 29) >> 8
    assert described.green[15, 15] == (2 * 150 - 50 - 100) * 256 // 301
    assert described.saturation[15, 15] == 100 * 255 // 158
    assert not described.texture.any() and not described.coherence.any() and not described.contrast.any()


def test_edges_in_two_perpendicular_directions_add_up_and_others_cancel() -> None:
    square = np.full((3, 121, 121), 60, np.uint8)
    square[:, 50:70, 50:70] = 200
    rows, cols = np.mgrid[0:121, 0:121]
    disc = np.full((3, 121, 121), 60, np.uint8)
    disc[:, (rows - 60) ** 2 + (cols - 60) ** 2 < 127] = 200  # the same area: 400 px
    assert describe(square).coherence[60, 60] > 2 * describe(disc).coherence[60, 60]


def test_a_window_with_its_halo_gives_what_the_whole_gives() -> None:
    rng = np.random.default_rng(4)
    side = 2 * HALO_PX + 120
    one, two = (rng.integers(0, 255, (3, side, side), dtype=np.uint8) for _ in range(2))
    whole = channels(describe(one), describe(two))
    core = slice(HALO_PX, HALO_PX + 60)
    part = slice(0, 2 * HALO_PX + 60)
    cut = channels(describe(one[:, part, part]), describe(two[:, part, part]))
    for name in CHANNELS:
        assert np.array_equal(whole[name][core, core], cut[name][core, core]), name


def test_the_score_is_the_sum_of_its_terms() -> None:
    zero = {name: np.zeros((1, 1), np.uint8) for name in CHANNELS}
    assert score(zero)[0, 0] == round(INTERCEPT * 100)
    for name, shape, knot, _ in TERMS:
        if shape == "saturating":
            amounts = [(k, a) for n, s, k, a in TERMS if n == name and s == "saturating"]
            wanted = sum(100 * a * knot / (knot + k) for k, a in amounts)
            assert tables()[name][int(knot)] == pytest.approx(wanted, abs=0.5)
    # Half way up a ramp lies half of its amount; the next ramp of `bright` starts where the first ends.
    assert tables()["bright"][30] == 0 and tables()["bright"][45] == 50 and tables()["bright"][60] == 100
    assert set(tables()) == {name for name, *_ in TERMS}
    one = {**zero, "bright": np.full((1, 1), 45, np.uint8)}
    assert score(one)[0, 0] == round(INTERCEPT * 100) + 50


def test_cleaning_fills_a_gap_and_drops_what_is_thin() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:15, 5:15] = True
    mask[9, 9] = False
    mask[25:29, 5:35] = True  # four pixels wide
    mask[30:35, 30:35] = False
    cleaned = clean(mask)
    wanted = np.zeros((40, 40), bool)
    wanted[5:15, 5:15] = True
    assert np.array_equal(cleaned, wanted)
