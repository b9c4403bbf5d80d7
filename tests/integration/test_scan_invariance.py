"""The window size and the number of processes never change a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geodata.demo import DemoFiles, draw_district
from geodata.detect.objects import Component
from geodata.detect.pipeline import detect
from geodata.io.dates import parse_date
from geodata.io.rasters import inspect_raster
from geodata.io.vectors import read_layer
from geodata.pairing.plan import plan_pair
from geodata.scan import _prepare, scan
from geodata.types import Layers, ScanOptions


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), seed=3, size_px=1280)


def collection(files: DemoFiles, **choices: Any) -> dict[str, Any]:
    layers = Layers(**{kind: read_layer(getattr(files, kind), kind)[0] for kind in ("parcels", "permits", "zones")})
    return scan(files.before, files.after, layers=layers, options=ScanOptions(**choices)).feature_collection()


def test_windows_do_not_change_the_findings(district: DemoFiles) -> None:
    findings = {window: collection(district, window_px=window) for window in (512, 1024, 2048)}
    assert len(findings[512]["features"]) > 5
    assert findings[512] == findings[1024] == findings[2048]


def test_processes_do_not_change_the_findings(district: DemoFiles) -> None:
    assert collection(district, window_px=512, workers=2) == collection(district, window_px=2048, workers=1)


def test_objects_do_lie_across_the_seams(district: DemoFiles) -> None:
    """Otherwise the test above would prove little."""
    first, second = inspect_raster(district.before), inspect_raster(district.after)
    plan, _ = _prepare(first, second, plan_pair(first, second, min_area_m2=20), None)
    found = detect(plan, 256, 1).components["appeared"]
    whole = detect(plan, 4096, 1).components["appeared"]
    assert any(crosses(component, 256) for component in found)
    assert [(c.row, c.col, c.pixels, c.peak, c.sums.tolist()) for c in found] == [
        (c.row, c.col, c.pixels, c.peak, c.sums.tolist()) for c in whole
    ]


def crosses(component: Component, size: int) -> bool:
    height, width = component.mask.shape
    return (
        component.row // size != (component.row + height - 1) // size
        or component.col // size != (component.col + width - 1) // size
    )


def test_the_same_input_gives_the_same_scan(district: DemoFiles) -> None:
    first, second = (collection(district, min_area_m2=100) for _ in range(2))
    assert first == second
    other = collection(district, min_area_m2=101)
    assert other["provenance"]["scan_id"] != first["provenance"]["scan_id"]


def test_a_scene_against_itself_finds_nothing(district: DemoFiles, tmp_path: Path) -> None:
    copy = tmp_path / "after_20270101.tif"
    copy.write_bytes(district.before.read_bytes())
    options = ScanOptions(after_date=parse_date("2027-01-01"))
    assert len(scan(district.before, copy, options=options).findings) == 0
