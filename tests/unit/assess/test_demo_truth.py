"""The demonstration's district knows what an assessment should say of each of its true changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from geodata.assess import assess
from geodata.crs import CRS84
from geodata.demo.district import plan_district
from geodata.demo.layers import make_layers
from geodata.features import conform
from geodata.types import SCAN_KINDS, Layers


@pytest.mark.parametrize("error_m", [0.3, 1.0])
@pytest.mark.parametrize("seed", [7, 11])
def test_every_true_change_is_assessed_as_the_plan_says(seed: int, error_m: float) -> None:
    drawn = make_layers(plan_district(seed, 1024)[0])
    layers = Layers(**{kind: conform(getattr(drawn, kind), kind).frame for kind in SCAN_KINDS})
    truth = drawn.truth.to_crs(CRS84).assign(outline_error_m=error_m)
    found = assess(truth, layers, as_of=datetime(2026, 9, 18, 4, tzinfo=UTC))
    said = [
        (row.truth_id, row.status, ",".join(dict.fromkeys(reason["code"] for reason in row.reasons)))
        for row in found.itertuples()
    ]
    assert said == list(zip(truth["truth_id"], truth["expected_status"], truth["expected_reasons"], strict=True))
    assert len(set(truth["expected_status"])) >= 3
