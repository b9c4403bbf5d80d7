"""Evidence on squares and lines that can be counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from geodata.detect.evidence import (
    CHANNELS,
    DESCRIBED,
    HALO_PX,
    Description,
    box_mean,
    box_sum,
    channels,
    colours,
    describe,
    edges,
    gradients,
    long_run_residue,
    morphological_profile,
)

U8 = npt.NDArray[np.uint8]
GAINS = CHANNELS.index("green")
"""The first of `CHANNELS` compare the dates."""


def black(side: int = 101) -> U8:
    return np.zeros((side, side), np.uint8)


def test_a_bright_square_has_its_full_height_in_the_profile() -> None:
    picture = black()
    picture[46:55, 46:55] = 200
    profile = morphological_profile(picture)
    # Each of the four openings by 3 px keeps the inside, each by 17 px removes it: the mean is 200.
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
    gains = CHANNELS[:GAINS]
    assert [name for name in gains if evidence[name].any()] == []


def test_a_new_roof_gains_and_a_lost_one_does_not() -> None:
    before, after = describe(ground()), describe(built())
    came, went = channels(before, after), channels(after, before)
    assert came["brighter"][75, 75] > 90 and not went["brighter"][75, 75]
    assert went["darker"][75, 75] > 80 and not came["darker"][75, 75]
    assert came["darker"][93, 75] > 30 and not went["darker"][93, 75]  # the shadow
    for name in ("structure_gain", "right_angle_gain", "texture_gain"):
        assert came[name][62, 52] > 20, name  # a corner
        assert went[name][62, 52] < came[name][62, 52] // 4, name
    far = {name: int(came[name][10:20, 130:150].max()) for name in CHANNELS[:GAINS]}
    assert not any(far.values()), far


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, -1), (2, 1), (-2, -2)])
def test_two_pixels_of_lean_do_not_alarm(dx: int, dy: int) -> None:
    flat = np.full((3, 160, 160), 90, np.uint8)
    one, two = flat.copy(), flat.copy()
    one[:, 60:90, 50:66] = 220
    two[:, 60 + dy : 90 + dy, 50 + dx : 66 + dx] = 220
    evidence = channels(describe(one), describe(two))
    assert {name: int(evidence[name].max()) for name in CHANNELS[:GAINS] if evidence[name].any()} == {}
    # Where nothing stood before the same roof raises every alarm that it can.
    new = channels(describe(flat), describe(two))
    for name in ("structure_gain", "right_angle_gain", "profile_gain", "bright_gain", "run_bright_gain", "brighter"):
        assert new[name].max() > 60, name


def test_three_pixels_are_more_than_the_tolerance() -> None:
    one, two = (np.full((3, 160, 160), 90, np.uint8) for _ in range(2))
    one[:, 60:90, 50:66] = 220
    two[:, 60:90, 53:69] = 220
    evidence = channels(describe(one), describe(two))
    # One column of gain 130 is left, a third of the box of 3.
    assert evidence["brighter"].max() == round(130 / 3)


def known(**values: U8) -> Description:
    """A description that is zero but for what is given."""
    return Description(**{name: values.get(name, np.zeros((41, 41), np.uint8)) for name in DESCRIBED})


def dot(level: int, row: int = 20, col: int = 20, around: int = 0) -> U8:
    picture = np.full((41, 41), around, np.uint8)
    picture[row, col] = level
    return picture


@pytest.mark.parametrize(("away", "gained"), [(0, 30), (2, 30), (3, 130)])
def test_a_gain_is_above_the_most_of_the_earlier_date_within_two_pixels(away: int, gained: int) -> None:
    evidence = channels(known(luminance=dot(100, col=20 + away)), known(luminance=dot(130)))
    assert evidence["brighter"][20, 20] == round(gained / 9)
    assert not evidence["brighter"][20, 25] and not evidence["darker"].any()


@pytest.mark.parametrize(("away", "lost"), [(0, 30), (2, 30), (3, 130)])
def test_a_loss_is_below_the_least_of_the_earlier_date_within_two_pixels(away: int, lost: int) -> None:
    before = known(luminance=dot(100, row=20 - away, around=200), green=dot(100, row=20 - away, around=200))
    after = known(luminance=dot(70, around=200), green=dot(70, around=200))
    evidence = channels(before, after)
    assert evidence["darker"][20, 20] == round(lost / 9)
    assert evidence["green_loss"][20, 20] == round(2 * lost / 9)
    assert not evidence["brighter"].any()


def test_the_profile_gain_takes_the_stronger_of_bright_and_dark() -> None:
    # 4 times 85 over a box of 17 by 17: a dark roof where a bright one stood gains nothing.
    bright, dark = np.full((41, 41), 85, np.uint8), np.full((41, 41), 60, np.uint8)
    assert channels(known(), known(dark=dark))["profile_gain"][20, 20] == 4 * 60
    assert not channels(known(bright=bright), known(dark=dark))["profile_gain"].any()
    told = channels(known(bright=bright), known(dark=dark))
    assert told["dark_gain"][20, 20] == 2 * 60 and told["bright_before"][20, 20] == 85
    assert told["dark"][20, 20] == 60 and told["bright"][20, 20] == 0


def test_what_is_told_of_one_date_is_handed_on() -> None:
    rng = np.random.default_rng(2)
    one, two = (known(**{n: rng.integers(0, 255, (41, 41), dtype=np.uint8) for n in DESCRIBED}) for _ in range(2))
    evidence = channels(one, two)
    for name in ("green", "coherence", "texture", "contrast", "saturation", "warmth", "luminance"):
        assert np.array_equal(evidence[name], getattr(two, name)), name
    for name in ("green", "texture", "coherence"):
        assert np.array_equal(evidence[f"{name}_before"], getattr(one, name)), name


def test_a_road_runs_on_and_a_roof_does_not() -> None:
    picture = black()
    picture[20:26, :] = 200  # a road, 6 px wide
    picture[50:70, 30:54] = 180  # a roof of 20 by 24 px: no line of 31 px fits
    picture[80, 80] = 255  # a speck
    residue = long_run_residue(picture)
    assert not residue[20:26].any() and not residue[80, 80]
    assert (residue[51:69, 31:53] == 180).all() and not residue[45:49].any()


def test_a_diagonal_road_runs_on_too() -> None:
    rows, cols = np.mgrid[0:101, 0:101]
    for across in (rows - cols, rows + cols - 100):
        picture = np.where(abs(across) <= 4, 200, 0).astype(np.uint8)
        assert not long_run_residue(picture)[40:60, 40:60].any()


@pytest.mark.parametrize(("length", "left"), [(29, 120), (31, 0)])
def test_what_is_as_long_as_the_line_vanishes(length: int, left: int) -> None:
    picture = black()
    picture[40:60, 30 : 30 + length] = 120
    assert long_run_residue(picture)[50, 30 + length // 2] == left


def test_colours_by_hand() -> None:
    picture = np.zeros((3, 30, 30), np.uint8)
    picture[:] = np.array([100, 120, 90])[:, None, None]
    described = describe(picture)
    assert described.luminance[15, 15] == (100 * 77 + 120 * 150 + 90 * 29) >> 8
    assert described.green[15, 15] == 128 + (2 * 120 - 100 - 90) * 256 // 311
    assert described.saturation[15, 15] == 30 * 255 // 128
    assert described.warmth[15, 15] == 128 + 10
    assert not described.texture.any() and not described.coherence.any() and not described.contrast.any()


def test_near_infrared_tells_green_where_there_is_one() -> None:
    # A green roof in colours, no vegetation in near infrared: an index of 19 % less the 15 at which both scales meet.
    picture = np.broadcast_to(np.array([100, 120, 90, 150], np.uint8)[:, None, None], (4, 5, 5)).copy()
    assert colours(picture[:3].copy()).green[2, 2] == 41
    assert colours(picture).green[2, 2] == 50 * 100 // 251 - 15
    assert describe(picture).green[2, 2] == 128 + 4
    picture[3] = 50  # below red
    assert colours(picture).green[2, 2] == -50 * 100 // 151 - 15
    assert not colours(np.zeros((4, 5, 5), np.uint8)).saturation.any()


def test_edges_turn_four_times_as_fast_as_their_direction() -> None:
    gx = np.array([[100, 0, -100, 100, 5, 924, 2000]], np.int16)
    gy = np.array([[0, 100, 0, 100, 5, 383, 0]], np.int16)
    strength, c4, s4 = (np.empty((1, 7), np.int16) for _ in range(3))
    edges(gx, gy, strength, c4, s4)
    # Along and across, either way: the same. Diagonally: the opposite. Below 8: nothing. Limited at 510.
    assert strength.tolist() == [[100, 100, 100, 141, 0, 510, 510]]
    assert c4[0, [0, 1, 2, 3, 4, 6]].tolist() == [100, 100, 100, -141, 0, 510]
    assert abs(int(c4[0, 5])) <= 1 and s4[0, 5] == 510  # 22.5 degrees: a quarter of the turn
    assert s4[0, [0, 1, 2, 4, 6]].tolist() == [0, 0, 0, 0, 0]


def test_a_straight_edge_by_hand() -> None:
    picture = np.full((3, 61, 61), 60, np.uint8)
    picture[:, :, 30:] = 200
    strength, c4, s4 = gradients(picture[0])
    # Smoothed to 60, 95, 165, 200: differences of 35, 105, 105, 35 over two px, four rows' weights.
    assert strength[30, 27:33].tolist() == c4[30, 27:33].tolist() == [0, 140, 420, 420, 140, 0]
    assert not s4.any()
    described = describe(picture)
    total, area = 17 * (140 + 420 + 420 + 140), 17 * 17
    assert described.right_angles[30, 30] == total * 2 // area
    assert described.coherence[30, 30] == total * 255 // (total + 6 * area)
    assert described.texture[30, 30] == 5 * (140 + 420 + 420 + 140) // 25
    assert described.contrast[30, 10] == 0


def test_edges_in_two_perpendicular_directions_add_up_and_others_cancel() -> None:
    square = np.full((3, 121, 121), 60, np.uint8)
    square[:, 54:67, 54:67] = 200
    rows, cols = np.mgrid[0:121, 0:121]
    disc = np.full((3, 121, 121), 60, np.uint8)
    disc[:, (rows - 60) ** 2 + (cols - 60) ** 2 <= 53] = 200  # about as large: 177 and 169 px
    assert describe(square).coherence[60, 60] > 2 * describe(disc).coherence[60, 60]
    assert describe(square).right_angles[60, 60] > 2 * describe(disc).right_angles[60, 60]


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("block", [1, 9])
def test_a_window_with_its_halo_gives_what_the_whole_gives(bands: int, block: int) -> None:
    rng = np.random.default_rng(4)
    side = 2 * HALO_PX + 120
    shape = (bands, -(-side // block), -(-side // block))
    one, two = (np.kron(rng.integers(0, 255, shape), np.ones((block, block))).astype(np.uint8) for _ in range(2))
    whole = channels(describe(one), describe(two))
    core = slice(HALO_PX, HALO_PX + 60)
    part = slice(0, 2 * HALO_PX + 60)
    cut = channels(describe(one[:, part, part].copy()), describe(two[:, part, part].copy()))
    for name in CHANNELS:
        assert np.array_equal(whole[name][core, core], cut[name][core, core]), name
