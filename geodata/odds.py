"""Probabilities and their log-odds."""

from __future__ import annotations

import math


def probability(score: float) -> float:
    """Probability of a score in hundredths of a log-odds."""
    return 1 / (1 + math.exp(-score / 100))


def moved(confidence: float, log_odds: float) -> float:
    """A confidence with its log-odds moved by an amount; what is certain stays so."""
    if log_odds == 0 or not 0 < confidence < 1:
        return confidence
    return 1 / (1 + math.exp(-(math.log(confidence / (1 - confidence)) + log_odds)))
