"""The additive model: tables from knots, scores as sums of their entries."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.detect.additive import AdditiveModel
from geodata.detect.candidates import OBJECT_ATTRIBUTES
from geodata.detect.detector import shipped
from geodata.detect.evidence import CHANNELS
from geodata.detect.judging import CONTEXT_NAMES, PIECE_NAMES

TERMS = {
    "size": {"knots": [0, 100, 200], "amounts": [0.0, 1.0, 0.5]},
    "green": {"knots": [120, 140], "amounts": [0.25, -2.0]},
}


def test_a_table_is_linear_between_its_knots_and_flat_beyond_them() -> None:
    model = AdditiveModel.from_dict({"intercept": -1.5, "terms": TERMS})
    assert (model.intercept, model.names) == (-150, ("size", "green"))
    size, green = model.tables
    assert size[[0, 50, 100, 150, 200, 255]].tolist() == [0, 50, 100, 75, 50, 50]
    # Half way from 0.25 down to -2 lies -0.875: a whole number of hundredths, ties to the even one.
    assert green[[0, 120, 130, 140, 255]].tolist() == [25, 25, -88, -200, -200]


def test_a_score_is_the_intercept_and_one_entry_of_each_table() -> None:
    model = AdditiveModel.from_dict({"intercept": -1.5, "terms": TERMS})
    rows = np.array([[7, 0, 50], [7, 130, 200]], np.uint8)
    assert model.of_rows(rows, ("colour", "green", "size")).tolist() == [-150 + 50 + 25, -150 + 50 - 88]
    picture = {"green": rows[:, 1:2], "size": rows[:, 2:3], "colour": rows[:, :1]}
    assert model.of_images(picture).tolist() == [[-75], [-188]]


def test_a_model_without_terms_says_its_intercept() -> None:
    model = AdditiveModel.from_dict({"intercept": 0.5, "terms": {}})
    assert model.of_rows(np.zeros((2, 1), np.uint8), ("size",)).tolist() == [50, 50]
    assert model.of_images({"size": np.zeros((1, 3), np.uint8)}).tolist() == [[50, 50, 50]]


SHIPPED = {
    "screen": (shipped().screen, CHANNELS),
    "piece": (shipped().piece, PIECE_NAMES),
    **{f"context {k}": (model, CONTEXT_NAMES) for k, model in enumerate(shipped().context)},
    "object": (shipped().whole, OBJECT_ATTRIBUTES),
}


@pytest.mark.parametrize("part", SHIPPED)
def test_the_shipped_models_use_attributes_that_are_known(part: str) -> None:
    model, names = SHIPPED[part]
    assert model.names and set(model.names) <= set(names)
    assert len(set(model.names)) == len(model.names)


@pytest.mark.parametrize("part", SHIPPED)
def test_pictures_and_rows_are_scored_alike_and_no_score_overflows(part: str) -> None:
    model, names = SHIPPED[part]
    rows = np.random.default_rng(3).integers(0, 256, (400, len(names)), dtype=np.uint8)
    picture = {name: rows[:, i].reshape(20, 20) for i, name in enumerate(names)}
    assert np.array_equal(model.of_images(picture).ravel(), model.of_rows(rows, names))
    for most in (model.tables.max(axis=1), model.tables.min(axis=1)):
        assert abs(model.intercept + int(most.sum(dtype=int))) < 32_767
