"""The survey on the command line, over the layers of a drawn district."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import pytest

from geodata.demo import DemoFiles, draw_district
from tests.integration.service_kit import kancha


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return draw_district(tmp_path_factory.mktemp("district"), seed=7, size_px=768)


def survey(district: DemoFiles, data: Path, *more: str | Path) -> object:
    """The command over the district's layers."""
    kinds = ("buildings", "parcels", "permits", "zones")
    layers = [part for kind in kinds for part in (f"--{kind}", getattr(district, kind))]
    return kancha("survey", *layers, "--as-of", "2026-09-18", *more, data=data)


def test_the_baseline_is_written_and_adds_up(district: DemoFiles, tmp_path: Path) -> None:
    out, table = tmp_path / "baseline.geojson", tmp_path / "baseline.csv"
    done = survey(district, tmp_path / "data", "-o", out, "--table", table)
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text(encoding="utf-8"))
    known = gpd.read_file(district.buildings)
    assert len(told["features"]) == len(known)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert sum(int(row["buildings"]) for row in rows) == len(known)
    total = sum(f["properties"]["area_m2"] for f in told["features"])
    assert sum(float(row["area_m2"]) for row in rows) == pytest.approx(total, abs=0.1 * len(rows))
    assert {"suspected", "conforming"} <= {row["standing"] for row in rows}
    assert told["survey"]["rulebook"]["id"] == "cn"


def test_progress_since_the_baseline(district: DemoFiles, tmp_path: Path) -> None:
    out = tmp_path / "baseline.geojson"
    assert survey(district, tmp_path / "data", "-o", out).returncode == 0
    again = survey(district, tmp_path / "data", "--since", out)
    assert "progress to zero" in again.stdout and "100%" not in again.stdout
    told = json.loads(out.read_text(encoding="utf-8"))
    told["features"] = told["features"][:0]
    out.write_text(json.dumps(told), encoding="utf-8")
    refused = survey(district, tmp_path / "data", "--since", district.truth)
    assert refused.returncode == 2 and "is no survey" in refused.stderr


def test_a_missing_layer_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out.geojson"
    refused = kancha("survey", "--buildings", tmp_path / "none.gpkg", "-o", out, data=tmp_path / "data")
    assert refused.returncode == 2 and "none.gpkg" in refused.stderr
    assert not out.exists()
