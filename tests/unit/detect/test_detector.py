"""The detector as a value: told apart by what decides, the same where it is the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from geodata.detect.detector import MODEL_FILE, Detector, Operating, shipped


def test_the_shipped_detector_is_the_file_s() -> None:
    again = Detector.from_dict(json.loads(MODEL_FILE.read_text(encoding="utf-8")))
    assert again.checksum == shipped().checksum and len(again.checksum) == 8
    assert len(again.context) == 2


def test_whatever_decides_changes_the_checksum() -> None:
    one = shipped()
    tables = one.whole.tables.copy()
    tables[0, 100] += 1
    others = [
        replace(one, whole=replace(one.whole, tables=tables)),
        replace(one, screen=replace(one.screen, intercept=one.screen.intercept + 1)),
        replace(one, context=one.context[:1]),
        replace(one, operating=replace(one.operating, apron=251)),
        replace(one, background=replace(one.background, per_km2=one.background.per_km2[::-1])),
    ]
    assert len({one.checksum, *(other.checksum for other in others)}) == 6


def test_a_detector_grows_model_by_model() -> None:
    told = json.loads(MODEL_FILE.read_text(encoding="utf-8"))
    young = Detector.from_dict({"screen": told["screen"]})
    assert young.screen.names == shipped().screen.names
    assert (young.piece.names, young.context, young.whole.names) == ((), (), ())


@pytest.mark.parametrize(("change", "point"), [("appeared", -7), ("altered", -9), ("disappeared", -9)])
def test_each_direction_has_its_point(change: str, point: int) -> None:
    assert Operating(suspect=-7, suspect_gone=-9).suspicion(change) == point  # type: ignore[arg-type]
