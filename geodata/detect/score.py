"""One score per pixel: an additive model of the evidence, in hundredths of a log-odds.

Each channel adds its own amount, read from a table of 256 entries, so the score is a sum of whole numbers: it
costs one look-up a channel and is the same in every window. There is no network and nothing is fitted to a
scene. The amounts were set by hand from logistic fits on four kinds of real pairs and the procedural district
and rounded; `docs/decisions/0003-training-free-detector.md` has the figures, by cross-validation.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from geodata.detect.evidence import CHANNELS, U8

I16 = npt.NDArray[np.int16]
Term = tuple[str, str, float, float]

INTERCEPT = -3.8
RAMP_WIDTH = 30.0

TERMS: tuple[Term, ...] = (
    # What came: edges in two perpendicular directions, profiles of roof size, brightness.
    ("structure_gain", "saturating", 40, 3.0),
    ("profile_gain", "saturating", 40, 1.8),
    ("bright_gain", "saturating", 40, 0.4),
    ("brighter", "saturating", 8, 0.9),
    ("brighter", "saturating", 40, 0.5),
    ("darker", "saturating", 40, 1.1),
    ("green_loss", "saturating", 8, 0.5),
    # What a roof looks like: not green, in a bright profile, plain inside, unlike neither night nor day.
    ("green", "ramp", 112, -0.8),
    ("green", "ramp", 128, -0.3),
    ("green", "ramp", 144, -0.9),
    ("bright", "ramp", 30, 1.0),
    ("bright", "ramp", 60, 0.6),
    ("dark", "ramp", 30, 0.4),
    ("dark", "ramp", 100, -0.7),
    ("texture", "ramp", 30, -0.4),
    ("texture", "ramp", 100, -0.3),
    ("texture", "ramp", 150, -0.6),
    ("contrast", "ramp", 30, -0.6),
    ("contrast", "ramp", 60, -0.3),
    ("contrast", "ramp", 100, -0.4),
    ("saturation", "ramp", 30, -0.4),
)
"""(channel, shape, knot, amount): `saturating` is x / (x + knot), `ramp` rises from 0 to 1 over 30 above the knot."""


@cache
def tables() -> dict[str, I16]:
    """The amount of each channel by value, hundredths of a log-odds, shape (256,)."""
    x = np.arange(256, dtype=np.float64)
    out = {name: np.zeros(256) for name in CHANNELS}
    for name, shape, knot, amount in TERMS:
        rise = x / (x + knot) if shape == "saturating" else np.clip((x - knot) / RAMP_WIDTH, 0, 1)
        out[name] += amount * rise
    return {name: np.rint(table * 100).astype(np.int16) for name, table in out.items() if table.any()}


def score(evidence: dict[str, U8]) -> I16:
    """Log-odds that a pixel belongs to a structure that appeared, hundredths, shape (y, x)."""
    total = np.full(evidence[CHANNELS[0]].shape, round(INTERCEPT * 100), np.int16)
    for name, table in tables().items():
        total += table[evidence[name]]
    return total
