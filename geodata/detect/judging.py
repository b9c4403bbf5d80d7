"""Pieces judged: by themselves, among their neighbours, and what is kept of them for the objects they make."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from geodata.detect.detector import Detector
from geodata.detect.evidence import U8
from geodata.detect.neighbours import BESIDE, Borders, aprons, beside, borders_of, bridges, shadows
from geodata.detect.segments import ATTRIBUTES, NEAR_CHANNELS, Pieces

BoolArray = npt.NDArray[np.bool_]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]

OPEN_PX = 5
CLOSE_PX = 3

MEASURED = (
    "score", "edge", "edge_gain", "right_angles", "inner_edge", "spread", "green", "green_before", "warmth",
    "luminance", "saturation", "spread_before", "shadow_side", "dark", "first_structure_gain", "first_profile_gain",
    "first_darker", "first_brighter", "first_green_loss", "first_coherence_before", "first_texture_before",
    "first_bright_before", "plain",
)  # fmt: skip
"""What is summed over the pixels of an object, from the pieces it is made of: the score that decided, attributes of
the piece, and the score of the training-free detector whoever decided."""

PIECE_NAMES = (*ATTRIBUTES, *(f"first_{name}" for name in NEAR_CHANNELS))
CONTEXT_NAMES = (*PIECE_NAMES, *BESIDE)
_MEASURED_COLUMNS = [PIECE_NAMES.index(name) for name in MEASURED[1:-1]]


def judged(pieces: Pieces, marked: BoolArray, detector: Detector) -> tuple[I16, BoolArray]:
    """`MEASURED` of each piece, (piece + 1, measure), and which belong to an object; the last row is no piece.

    Args:
        pieces: The pieces of a cell.
        marked: What the first look suspects, shape (y, x).
        detector: What judges them.
    """
    points, borders = scores(pieces, marked, detector)
    operating = detector.operating
    accepted = (points >= operating.piece) & ~aprons(borders, points, operating.apron)
    accepted &= ~shadows(borders, pieces, points, operating.shadow)
    accepted &= ~bridges(borders, points, accepted, operating.bridge)
    return measures_of(pieces, points, points), np.append(accepted, False)


def measures_of(pieces: Pieces, points: I32, plain: I32) -> I16:
    """`MEASURED` of each piece, (piece + 1, measure); the last row is no piece.

    Args:
        pieces: The pieces of a cell.
        points: The score that decided, hundredths of a log-odds.
        plain: The score of the training-free detector.
    """
    table = np.zeros((points.size + 1, len(MEASURED)), np.int16)
    table[:-1, 0], table[:-1, -1] = points, plain
    table[:-1, 1:-1] = pieces.attributes[:, _MEASURED_COLUMNS]
    return table


def scores(pieces: Pieces, marked: BoolArray, detector: Detector) -> tuple[I32, Borders]:
    """Score of each piece, hundredths of a log-odds: by itself, then again and again among its neighbours."""
    points = detector.piece.of_rows(pieces.attributes, PIECE_NAMES)
    borders = borders_of(pieces, marked)
    for model in detector.context:
        points = model.of_rows(in_context(pieces, borders, points), CONTEXT_NAMES)
    return points, borders


def in_context(pieces: Pieces, borders: Borders, points: I32) -> U8:
    """`CONTEXT_NAMES` of each piece."""
    return np.hstack([pieces.attributes, beside(borders, pieces, points)])


def clean(mask: BoolArray) -> BoolArray:
    """Close gaps of a pixel or two, then drop what is narrower than half the smallest structure."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((CLOSE_PX, CLOSE_PX), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((OPEN_PX, OPEN_PX), np.uint8)), bool)
