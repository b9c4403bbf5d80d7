"""Values that everything speaks in."""

from __future__ import annotations

import json

from geodata.types import ScanOptions


def test_a_whole_number_and_the_same_with_a_point_are_one_parameter() -> None:
    one = ScanOptions(min_area_m2=20, min_confidence=0, gsd_m=1, false_alarms_per_km2=5)
    other = ScanOptions(min_area_m2=20.0, min_confidence=0.0, gsd_m=1.0, false_alarms_per_km2=5.0)
    assert json.dumps(one.result_parameters()) == json.dumps(other.result_parameters())
    assert json.dumps(ScanOptions().result_parameters()["gsd_m"]) == "null"
    assert isinstance(one.result_parameters()["strict"], bool)
