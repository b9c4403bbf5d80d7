"""Other light and clutter: always 8-bit RGB of the same shape, always a function of the generator."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.learn.augment import Light, cluttered, matched, polygon, rectangle, reroofed

SEEDS = range(120)


def picture(kind: str, shape: tuple[int, int] = (48, 70)) -> np.ndarray:
    if kind == "noise":
        return np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    return np.full((*shape, 3), {"black": 0, "white": 255, "green": (40, 200, 30)}[kind], np.uint8)


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("kind", ["noise", "black", "white", "green"])
def test_a_relit_picture_is_a_picture(kind: str, strength: float) -> None:
    given = picture(kind)
    kept = given.copy()
    for seed in SEEDS:
        out = Light(strength).relit(given, np.random.default_rng(seed))
        assert out.dtype == np.uint8 and out.shape == given.shape
        np.testing.assert_array_equal(given, kept)


def test_the_same_generator_gives_the_same_light() -> None:
    given = picture("noise")
    for seed in SEEDS:
        one, two = (Light().relit(given, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(one, two)


def test_a_stronger_light_differs_more() -> None:
    given = picture("green")

    def far(strength: float) -> float:
        relit = [Light(strength).relit(given, np.random.default_rng(seed)) for seed in SEEDS]
        return float(np.mean([np.abs(r.astype(int) - given).mean() for r in relit]))

    assert far(0.0) < 0.5 * far(0.4) < 0.5 * far(1.0)


@pytest.mark.parametrize("kind", ["noise", "green"])
def test_clutter_changes_a_copy(kind: str) -> None:
    given = picture(kind, (64, 64))
    kept = given.copy()
    changed = 0
    for seed in SEEDS:
        out = cluttered(given, np.random.default_rng(seed))
        assert out.dtype == np.uint8 and out.shape == given.shape
        changed += bool((out != given).any())
        np.testing.assert_array_equal(given, kept)
    assert changed > 0.7 * len(SEEDS)


def test_a_new_roof_stays_within_the_old_one() -> None:
    given = np.full((64, 64, 3), 120, np.uint8)
    roofs = np.zeros((64, 64), np.uint8)
    roofs[8:24, 8:30] = roofs[40:60, 30:50] = 1
    roofs[:, 60:] = 255  # unknown is no roof
    changed = np.zeros((64, 64), int)
    for seed in SEEDS:
        out = reroofed(given, roofs, np.random.default_rng(seed))
        changed += (out != given).any(2)
    assert not changed[roofs != 1].any() and (changed[roofs == 1] > 0).mean() > 0.8


def test_a_matched_picture_has_the_other_one_s_mean() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(80, 10, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    like = rng.normal((120, 130, 140), 15, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    out = matched(own, like)
    assert out.dtype == np.uint8 and out.shape == own.shape
    assert out.mean((0, 1)) == pytest.approx(like.mean((0, 1)), abs=2)
    assert out.std((0, 1)) == pytest.approx(like.std((0, 1)), rel=0.2)


def test_shapes_have_their_corners() -> None:
    rng = np.random.default_rng(0)
    assert all(4 <= len(polygon(rng, (64, 64))) <= 8 for _ in SEEDS)
    box = rectangle(rng, np.array([100.0, 50.0]), 30.0, 10.0).astype(float)
    sides = np.hypot(*(np.roll(box, -1, axis=0) - box).T)
    assert sides == pytest.approx([10, 30, 10, 30], abs=2)
    assert box.mean(axis=0) == pytest.approx([100, 50], abs=1)
