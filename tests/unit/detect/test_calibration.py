"""Confidence as a probability: fitted, and measured by how well it holds."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.detect.calibration import MEASURES, Calibration, Reliability, expected_error, fit, reliability

TRUE = Calibration(-1.0, (0.8, 0.3, -0.5, 1.2, 0.0), 0)


def objects(count: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Measures of different scale and spread, and what the true function makes of them."""
    rng = np.random.default_rng(seed)
    measures = rng.normal([0, 3, 2, 0.8, -1], [2, 2, 1.5, 0.6, 1], (count, len(MEASURES)))
    chance = np.array([TRUE.probability(row) for row in measures])
    return measures, rng.random(count) < chance


def test_a_known_function_is_recovered() -> None:
    measures, real = objects(30_000)
    fitted = fit(measures, real)
    assert fitted.objects == 30_000
    assert np.abs(np.array(fitted.weights) - TRUE.weights).max() < 0.08
    assert fitted.intercept == pytest.approx(TRUE.intercept, abs=0.12)
    unseen, truth = objects(20_000, seed=6)
    confidence = np.array([fitted.probability(row) for row in unseen])
    assert expected_error(reliability(confidence, truth)) < 0.015


def test_few_objects_are_held_back_by_the_ridge() -> None:
    """Eight objects that one measure parts cleanly would have infinite weights without it."""
    measures = np.zeros((8, len(MEASURES)))
    measures[:, 0] = [-2, -1, -1, -1, 1, 1, 1, 2]
    fitted = fit(measures, measures[:, 0] > 0)
    assert 0.5 < fitted.weights[0] < 5
    assert fitted.weights[1:] == (0.0, 0.0, 0.0, 0.0), "what never varies tells nothing"
    assert fitted.probability(measures[0]) == pytest.approx(1 - fitted.probability(measures[-1]))


def test_the_weights_of_objects_count() -> None:
    measures = np.zeros((4, len(MEASURES)))
    real = np.array([True, False, False, False])
    assert fit(measures, real).probability(measures[0]) == pytest.approx(1 / 4)
    assert fit(measures, real, np.array([3.0, 1, 1, 1])).probability(measures[0]) == pytest.approx(1 / 2)


@pytest.mark.parametrize("real", [[True, True], [False, False]])
def test_objects_of_one_kind_tell_nothing(real: list[bool]) -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit(np.zeros((2, len(MEASURES))), np.array(real))


def test_a_calibration_survives_its_manifest() -> None:
    assert Calibration.from_dict(TRUE.as_dict()) == TRUE
    assert Calibration.from_dict({"intercept": 1, "weights": {"peak": 2}}) == Calibration(1.0, (0, 2, 0, 0, 0), 0)


def test_a_diagram_by_hand() -> None:
    confidence = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    real = np.array([False, False, True, True, True])
    rows = reliability(confidence, real)
    assert [(r.low, r.high, r.objects) for r in rows] == [(0.0, 0.1, 1), (0.1, 0.2, 2), (0.9, 1.0, 2)]
    assert [r.confidence for r in rows] == pytest.approx([0.05, 0.15, 0.975])
    assert [r.share for r in rows] == [0.0, 0.5, 1.0]
    # (1 x 0.05 + 2 x 0.35 + 2 x 0.025) / 5
    assert expected_error(rows) == pytest.approx(0.16)


def test_expected_error_by_hand() -> None:
    rows = [Reliability(0.0, 0.5, 0.2, 0.3, 30), Reliability(0.5, 1.0, 0.8, 0.6, 10)]
    assert expected_error(rows) == pytest.approx((30 * 0.1 + 10 * 0.2) / 40)
    assert expected_error([]) == 0.0
