"""Samples: the same generator gives the same one, labels say what the pictures show, and what is unknown stays so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from geodata.learn.augment import Light
from geodata.learn.samples import (
    LABELS,
    UNKNOWN,
    LabelledPair,
    PairSource,
    Place,
    PlaceSource,
    Shares,
    Source,
    Views,
    finished,
)

SIDE = 96
VIEWS = Views(size_px=64, light=Light(0.5))
STILL = Views(size_px=64, scale=(1.0, 1.0), shift_px=0.0, any_angle=0.0, light=Light(0.0))
"""No light of its own strength, no shift: what differs between the dates of a sample was laid in."""
SEEDS = range(30)


def ground(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(90, 6, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)


def pair() -> LabelledPair:
    """Four new squares; a strip that nobody judged."""
    before = ground()
    after, labels = before.copy(), np.zeros((2, SIDE, SIDE), np.uint8)
    for row in (10, 60):
        for col in (10, 60):
            after[row : row + 20, col : col + 20] = (220, 200, 180)
            labels[0, row : row + 20, col : col + 20] = 1
    labels[:, :, 45:50] = UNKNOWN
    return LabelledPair("north", before, after, labels, 0.55)


def place(name: str, *, years: int = 1, unknown: slice | None = None) -> Place:
    """A place of two houses; of the columns in `unknown` nobody outlined the roofs."""
    seen = []
    for year in range(years):
        picture, roofs = ground(year), np.zeros((SIDE, SIDE), np.uint8)
        for row, col in ((15, 20), (60, 55)):
            picture[row : row + 24, col : col + 24] = (200, 80, 60)
            roofs[row : row + 24, col : col + 24] = 1
        if unknown is not None:
            roofs[:, unknown] = UNKNOWN
        seen.append((picture, roofs))
    return Place(name, tuple(seen), 0.55)


def bare() -> Place:
    return Place("field", ((ground(7), np.zeros((SIDE, SIDE), np.uint8)),), 0.55)


SOURCES: dict[str, Callable[[], Source]] = {
    "pairs": lambda: PairSource([pair()], VIEWS),
    "places": lambda: PlaceSource([place("a"), place("b", years=2)], VIEWS, [bare()]),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_the_same_generator_gives_the_same_sample(kind: str) -> None:
    source, again = SOURCES[kind](), SOURCES[kind]()
    different = set()
    for seed in SEEDS:
        one, two = (s.draw(np.random.default_rng((seed, 1))) for s in (source, again))
        np.testing.assert_array_equal(one.pictures, two.pictures)
        np.testing.assert_array_equal(one.labels, two.labels)
        different.add(one.pictures.tobytes())
    assert len(different) == len(SEEDS)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_sample_has_its_shape_and_its_values(kind: str) -> None:
    for seed in SEEDS:
        sample = SOURCES[kind]().draw(np.random.default_rng(seed))
        assert sample.pictures.shape == (6, 64, 64) and sample.pictures.dtype == np.uint8
        assert sample.labels.shape == (len(LABELS), 64, 64) and sample.labels.dtype == np.uint8
        assert set(np.unique(sample.labels)) <= {0, 1, UNKNOWN}


def test_an_unchanged_place_has_no_change() -> None:
    source = PlaceSource([place("a")], VIEWS, shares=Shares(composed=0.0, cluttered=0.0, reroofed=0.5))
    for seed in SEEDS:
        labels = source.draw(np.random.default_rng(seed)).labels
        assert not labels[:2].any()
        assert (labels[2:] == 1).any()


def test_clutter_is_no_change() -> None:
    source = PlaceSource([place("a")], VIEWS, shares=Shares(composed=0.0, cluttered=1.0))
    assert not any(source.draw(np.random.default_rng(seed)).labels[:2].any() for seed in SEEDS)


def test_sheds_are_houses_at_a_fraction_of_their_size() -> None:
    areas = {}
    for small in (0.0, 1.0):
        shares = Shares(composed=1.0, roofs_only=1.0, bare_ground=0.0, onto_bare=1.0, small=small, cluttered=0.0)
        source = PlaceSource([place("a")], replace(STILL, size_px=96), [bare()], shares)
        drawn = [source.draw(np.random.default_rng(seed)).labels for seed in SEEDS]
        counts = [cv2.connectedComponents((one[0] == 1).astype(np.uint8))[0] - 1 for one in drawn]
        areas[small] = sum(int((one[0] == 1).sum()) for one in drawn) / max(1, sum(counts))
    assert 24 * 24 * 0.9 < areas[0.0] <= 24 * 24 * 1.1
    assert areas[1.0] < 0.5 * areas[0.0]


def test_an_unchanged_pair_has_no_change() -> None:
    same = LabelledPair("north", ground(), ground(), np.zeros((2, SIDE, SIDE), np.uint8), 0.55)
    for seed in SEEDS:
        labels = PairSource([same], VIEWS).draw(np.random.default_rng(seed)).labels
        assert not (labels[:2] == 1).any()
        assert (labels[2:] == UNKNOWN).all()


def test_time_is_swapped_with_all_its_labels() -> None:
    """A dark date and a bright one; something appeared, something went, one roof and three."""
    dates = np.full((32, 32, 3), 40, np.uint8), np.full((32, 32, 3), 200, np.uint8)
    labels = tuple(np.full((32, 32), 0, np.uint8) for _ in LABELS)
    for k, label in enumerate(labels):
        label.flat[: k + 1] = 1
    ways = set()
    for seed in SEEDS:
        sample = finished(dates, labels, Light(0.0), np.random.default_rng(seed))
        swapped = bool(sample.pictures[:3].mean() > sample.pictures[3:].mean())
        ways.add(swapped)
        assert sample.labels.sum(axis=(1, 2)).tolist() == ([2, 1, 4, 3] if swapped else [1, 2, 3, 4])
    assert ways == {True, False}


def test_new_squares_are_where_the_later_date_is_bright() -> None:
    """`appeared` marks what only the second date shows, `disappeared` what only the first does (bar a shadow)."""
    gains: dict[str, list[float]] = {"appeared": [], "disappeared": []}
    for seed in SEEDS:
        sample = PairSource([pair()], STILL, change_share=1.0).draw(np.random.default_rng(seed))
        first, second = (sample.pictures[k : k + 3].astype(int).mean(axis=0) for k in (0, 3))
        appeared, gone, old, new = sample.labels
        for name, change, gain in (("appeared", appeared, second - first), ("disappeared", gone, first - second)):
            if (change == 1).any():
                gains[name].append(float(gain[change == 1].mean()))
        assert (old[appeared == 1] == 0).all() and (new[appeared == 1] == 1).all()
        assert (old[gone == 1] == 1).all() and (new[gone == 1] == 0).all()
    assert all(len(told) > 5 and np.median(told) > 80 for told in gains.values())


def test_what_nobody_judged_stays_unknown() -> None:
    """The strip of the pair is unknown in both directions, whatever way time runs."""
    source = PairSource([pair()], STILL)
    seen = 0
    for seed in SEEDS:
        appeared, gone = source.draw(np.random.default_rng(seed)).labels[:2]
        np.testing.assert_array_equal(appeared == UNKNOWN, gone == UNKNOWN)
        seen += bool((appeared == UNKNOWN).any())
    assert seen > len(SEEDS) / 2


def test_unknown_roofs_are_unknown_changes() -> None:
    """Nobody outlined any roof of the laid-in half: what is laid in from there is neither new nor old.

    Both dates' roofs tell it: where a composed change was made and the roof there is unknown, so is the change.
    """
    source = PlaceSource([place("a", unknown=slice(48, SIDE))], VIEWS, shares=Shares(composed=1.0, cluttered=0.0))
    met = 0
    for seed in range(80):
        appeared, gone, old, new = source.draw(np.random.default_rng(seed)).labels
        # A change that is told rests on known roofs of both dates, or on one of another place.
        assert not ((appeared == 1) & (new != 1)).any()
        assert not ((gone == 1) & (old != 1)).any()
        # What is said to have appeared nowhere, where its own roofs are unknown, lies outside the laid-in part.
        unknown = (appeared == UNKNOWN) & (gone == 0)
        assert (new[unknown] == UNKNOWN).all()
        assert (old[(gone == UNKNOWN) & (appeared == 0)] == UNKNOWN).all()
        met += bool(unknown.any())
    assert met > 5


def test_everything_laid_in_of_unknown_roofs_is_unknown() -> None:
    """A whole picture whose roofs nobody knows, laid onto a bare field: no pixel of its change is known."""
    nobody = Place("b", ((ground(3), np.full((SIDE, SIDE), UNKNOWN, np.uint8)),), 0.55)
    source = PlaceSource(
        [nobody], STILL, [bare()], Shares(1.0, roofs_only=0.0, bare_ground=0.0, onto_bare=1.0, cluttered=0.0)
    )
    for seed in SEEDS:
        appeared, gone, old, new = source.draw(np.random.default_rng(seed)).labels
        field_first = (old == 0).sum() > (new == 0).sum()
        change, was, now = (appeared, old, new) if field_first else (gone, new, old)
        assert not (appeared == 1).any() and not (gone == 1).any()
        # Beyond the edge of the field nothing is known of it either.
        inside = was == 0
        np.testing.assert_array_equal(change[inside] == UNKNOWN, now[inside] == UNKNOWN)
        assert (change[inside] == UNKNOWN).any()


def test_views_stay_within_a_large_picture() -> None:
    views = Views(size_px=32, scale=(1.0, 1.0), any_angle=0.0)
    corners = np.array([[0, 0, 1], [31, 0, 1], [0, 31, 1], [31, 31, 1]], float).T
    for seed in SEEDS:
        x, y = views.drawn((SIDE, 2 * SIDE), 0.55, np.random.default_rng(seed)) @ corners
        assert x.min() >= -1 and x.max() <= 2 * SIDE and y.min() >= -1 and y.max() <= SIDE
