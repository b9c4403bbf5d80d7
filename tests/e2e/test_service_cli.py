"""The command line: what it prints, how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geodata.errors import KanchaError
from scripts.main import app
from service.version import code_version
from tests.integration.service_kit import draw_pair, draw_scene, kancha, write_parcels


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_pair(tmp_path_factory.mktemp("cli"))


def test_version_and_help(tmp_path: Path) -> None:
    assert kancha("--version", data=tmp_path).stdout == f"kancha {code_version()}\n"
    for command in (
        (),
        ("scan",),
        ("serve",),
        ("nightly",),
        ("layers",),
        ("layers", "add"),
        ("evaluate",),
        ("queue",),
        ("judge",),
    ):
        done = CliRunner().invoke(app, [*command, "--help"])
        assert done.exit_code == 0 and "Usage" in done.output
    assert list(tmp_path.iterdir()) == []


def test_json_on_standard_output_is_only_json(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = kancha("scan", *pair, "--json", "--min-area", "50", data=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["type"] == "FeatureCollection" and told["features"]
    assert told["provenance"]["parameters"]["min_area_m2"] == 50


def test_a_table_of_findings(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = kancha("scan", *pair, "-o", tmp_path / "out.geojson", data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "appeared" in done.stdout and "unassessed" in done.stdout
    assert "written:" in done.stderr
    assert json.loads((tmp_path / "out.geojson").read_text())["features"]


def test_refusals_are_named_and_leave_no_file(pair: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = pair
    bare = draw_scene(tmp_path / "bare_20240412.tif", crs=None)
    undated = draw_scene(tmp_path / "undated.tif")
    far = draw_scene(tmp_path / "far_20250412.tif", left=900_000.0)
    (tmp_path / "no.tif").write_text("hello")
    (tmp_path / "bad.geojson").write_text("{")
    parcels = write_parcels(tmp_path / "parcels.geojson")
    cases: list[tuple[list[str | Path], str]] = [
        ([after, before], "date-order"),
        ([before, tmp_path / "nothing.tif"], "file-not-found"),
        ([before, tmp_path / "no.tif"], "not-a-raster"),
        ([bare, after], "crs-missing"),
        ([undated, after], "date-missing"),
        ([before, far], "no-overlap"),
        ([before, after, "--min-area", "0"], "option-range"),
        ([before, after, "--after-date", "someday"], "option-range"),
        ([before, after, "--detector", "oracle"], "option-range"),
        ([before, after, "--parcels", tmp_path / "bad.geojson"], "layer-unusable"),
        ([before, after, "--parcels", parcels, "--map", "parcels.parcel_id=NONE"], "layer-columns"),
        ([before, after, "--map", "nonsense"], "option-range"),
        ([before, after, "-o", tmp_path / "no" / "such" / "folder.geojson"], "file-not-found"),
    ]
    target = tmp_path / "out.geojson"
    runner = CliRunner()
    for arguments, code in cases:
        output = [] if "-o" in arguments else ["-o", target]
        refused = runner.invoke(app, ["scan", *map(str, [*arguments, *output])]).exception
        assert isinstance(refused, KanchaError), (arguments, refused)
        assert refused.code == code and refused.remedy, (arguments, refused)
        assert not target.exists()
    assert not (tmp_path / "data").exists()


def test_the_terminal_shows_a_refusal_and_exits_with_2(pair: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = pair
    done = kancha("scan", after, before, "-o", tmp_path / "out.geojson", data=tmp_path / "data")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "date-order" in done.stderr and "earlier scene first" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert kancha("scan", before, data=tmp_path).returncode == 2, "an argument is missing"


def test_a_crs_that_is_missing_can_be_named(tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path, crs=None)
    done = kancha("scan", before, after, "--crs", "EPSG:4547", "--json", data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["features"]


def test_layers_are_added_once_and_listed(tmp_path: Path) -> None:
    path = write_parcels(tmp_path / "parcels.geojson")
    data = tmp_path / "data"
    assert kancha("layers", "add", "parcels", path, data=data).stdout.startswith("stored: parcels ")
    assert kancha("layers", "add", "parcels", path, data=data).stdout.startswith("already stored: parcels ")
    assert "1 layers" in kancha("layers", "list", data=data).stdout
    for arguments, code in [
        (("clouds", path), "not-found"),
        (("parcels", tmp_path / "nothing.shp"), "file-not-found"),
    ]:
        done = kancha("layers", "add", *arguments, data=data)
        assert done.returncode == 2 and code in done.stderr


def test_an_unusable_data_folder_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = kancha("layers", "list", data=tmp_path / "file" / "data")
    assert done.returncode == 2 and "option-range" in done.stderr
    done = kancha("layers", "list", data=tmp_path, KANCHA_PORT="many")
    assert done.returncode == 2 and "KANCHA_PORT" in done.stderr


def test_a_shapefile_goes_in_with_its_side_files(tmp_path: Path) -> None:
    import geopandas as gpd

    frame = gpd.read_file(write_parcels(tmp_path / "parcels.geojson")).to_crs("EPSG:4547")
    frame.to_file(tmp_path / "宗地.shp", encoding="GBK", engine="pyogrio")
    done = kancha("layers", "add", "parcels", tmp_path / "宗地.shp", data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 features" in done.stdout and "EPSG:4547" in done.stdout
    again = kancha("layers", "add", "parcels", tmp_path / "宗地.shp", data=tmp_path / "data")
    assert again.stdout.startswith("already stored")
