"""Probabilities and their log-odds."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.odds import moved, probability


def test_a_probability_of_hundredths_of_a_log_odds() -> None:
    assert probability(0) == 0.5
    assert probability(100 * np.log(3)) == pytest.approx(0.75)
    assert probability(-100 * np.log(3)) == pytest.approx(0.25)


def test_a_confidence_moves_on_the_scale_of_log_odds() -> None:
    assert moved(0.5, np.log(3)) == pytest.approx(0.75)
    assert moved(0.75, -np.log(3)) == pytest.approx(0.5)
    assert moved(0.3, 0.0) == 0.3
    # What is certain stays so.
    assert (moved(0.0, 5.0), moved(1.0, -5.0)) == (0.0, 1.0)
