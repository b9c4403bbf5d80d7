"""Surface models together with imagery: what one says of the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import shapely

from geodata.detect.candidates import Candidate
from geodata.io.rasters import inspect_raster
from geodata.scan import ScanResult, scan
from geodata.scan_height import joined, open_surfaces, pictures_on, with_heights
from geodata.types import ScanOptions, SurfaceFiles
from tests.unit.detect.surface_kit import DATES, block, ground, model
from tests.unit.detect.test_pipeline import ROOF, SIDE, fields, outline, roofed
from tests.unit.io_rasters.raster_kit import write

Picture = npt.NDArray[np.uint8]
ELSEWHERE = (330, 300, 40, 60)


def surfaces(folder: Path, *places: tuple[int, int, int, int], gain_m: float = 6.0) -> SurfaceFiles:
    """Two surface models of the ground of the pictures; houses appear at the places."""
    before, after = ground(1, SIDE), ground(2, SIDE)
    for row, col in ((40, 60), (100, 380), (400, 90), (420, 400)):
        before, after = (block(s, row, col, 36, 50, 5.0) for s in (before, after))
    for place in places:
        after = block(after, *place, gain_m)
    return SurfaceFiles(model(folder / "dsm1.tif", before), model(folder / "dsm2.tif", after))


def both(folder: Path, before: Picture, after: Picture, models: SurfaceFiles | None) -> ScanResult:
    files = write(folder / "a_20240412.tif", before), write(folder / "b_20250412.tif", after)
    return scan(*files, surfaces=models)


def at(result: ScanResult, place: tuple[int, int, int, int]) -> Any:
    (row,) = [r for _, r in result.findings.iterrows() if r.geometry.intersects(outline(*place))]
    return row


def test_a_roof_that_rose_is_surer_than_its_picture_alone(tmp_path: Path) -> None:
    alone = at(both(tmp_path, fields(), roofed(), None), ROOF)
    result = both(tmp_path, fields(), roofed(), surfaces(tmp_path, ROOF))
    row = at(result, ROOF)
    assert len(result.findings) == 1 and row["change"] == "appeared"
    assert row["height_gain_m"] == pytest.approx(6.0, abs=0.15) and row["storeys"] == 2
    assert row["confidence"] > alone["confidence"] and alone["height_gain_m"] is None
    assert row["flags"] == [] and "no_height_gain" not in row["cues"]
    roles = [i["role"] for i in result.provenance["inputs"]]
    assert roles == ["before", "after", "before_dsm", "after_dsm"] and result.provenance["heights"]["nmad_m"] < 0.1
    assert result.provenance["model"].startswith("training-free/")


def test_what_only_the_picture_shows_is_doubted(tmp_path: Path) -> None:
    alone = at(both(tmp_path, fields(), roofed(), None), ROOF)
    options = ScanOptions(**DATES)
    candidate = Candidate("appeared", alone.geometry, 600.0, 20.0, 0.5, 0.9, (), 0, 0)
    opened = open_surfaces(surfaces(tmp_path), options)
    (doubted,) = with_heights([candidate], opened)
    # 9 to 1 moved by two in log-odds: 9 / e^2 = 1.22 to 1
    assert doubted.confidence == pytest.approx(0.549, abs=1e-3) and doubted.cues == ("no_height_gain",)
    assert doubted.height_gain_m == pytest.approx(0.0, abs=0.2) and doubted.storeys is None
    gone = replace(candidate, change="disappeared")
    swapped = surfaces(tmp_path, ROOF)
    (supported,) = with_heights([gone], open_surfaces(SurfaceFiles(swapped.after, swapped.before), options))
    assert supported.confidence > 0.9 and supported.height_gain_m == pytest.approx(-6.0, abs=0.2)
    far = replace(candidate, polygon=shapely.affinity.translate(candidate.polygon, 1.0))
    assert with_heights([far], opened) == [far]


def test_a_rise_under_an_unchanged_picture_calls_for_a_look_in_3d(tmp_path: Path) -> None:
    # the same picture at both dates: what rose there is hidden from it
    result = both(tmp_path, fields(1), fields(1), surfaces(tmp_path, ELSEWHERE))
    row = at(result, ELSEWHERE)
    assert row["change"] == "appeared" and row["flags"] == ["concealment"]
    (reason,) = [r for r in row["reasons"] if r["code"] == "concealment"]
    assert "look in 3-D" in reason["message"] and "三维" in reason["message_zh"]


def test_green_and_as_plane_as_a_roof_is_a_net(tmp_path: Path) -> None:
    before, after = fields(1), fields(2)
    rng = np.random.default_rng(8)
    row, col, height, width = ELSEWHERE
    part = np.array([60, 130, 70])[:, None, None] + rng.normal(0, 4, (3, height, width))
    after[:, row : row + height, col : col + width] = part
    found = at(both(tmp_path, before, np.asarray(after, np.uint8), surfaces(tmp_path, ELSEWHERE)), ELSEWHERE)
    assert "concealment" in found["flags"] and "tarpaulin" in found["cues"] and "tree" not in found["cues"]


@pytest.mark.parametrize(("rough_m", "net"), [(0.8, False), (0.0, True)])
def test_near_infrared_and_roughness_tell_a_tree_from_a_net(tmp_path: Path, rough_m: float, net: bool) -> None:
    models = surfaces(tmp_path)
    row, col, height, width = ELSEWHERE
    crown = ground(2, SIDE)
    crown[row : row + height, col : col + width] += 6 + np.random.default_rng(3).normal(0, rough_m, (height, width))
    model(models.after, crown)
    opened = open_surfaces(models, ScanOptions(**DATES))
    picture = np.full((4, SIDE, SIDE), 90, np.uint8)
    picture[3] = 220  # (220 - 90) / 310 = 0.42
    images = [inspect_raster(write(tmp_path / f"{name}.tif", picture, photometric="RGB")) for name in "ab"]
    assert images[0].bands == ("red", "green", "blue", "nir")
    candidate = Candidate("appeared", outline(*ELSEWHERE), 600.0, 20.0, 0.5, 0.9, (), 0, 0)
    (told,) = with_heights([candidate], opened, pictures_on(opened, *images))
    assert ("concealment" in told.flags) == ("tarpaulin" in told.cues) == net


def square(
    left: float, side: float, confidence: float, gain: float | None = 5.0, change: Any = "appeared"
) -> Candidate:
    box = shapely.box(left, 0, left + side, side)
    return Candidate(change, box, side * side, 1.0, 0.5, confidence, (), 0, round(left), height_gain_m=gain)


def test_one_list_of_both() -> None:
    picture, fragment = square(0, 10, 0.9), square(30, 3, 0.4)
    same, whole, new = square(1, 10, 0.8), square(29, 12, 0.8), square(100, 10, 0.7)
    assert joined([picture, fragment], [same, whole, new]) == [picture, whole, new]
    fallen = square(1, 10, 0.8, -5.0, "disappeared")
    assert joined([picture], [fallen]) == [picture, fallen]
    assert joined([], [same]) == [same] and joined([picture], []) == [picture]


def test_the_shift_of_the_imagery_is_taken_along(tmp_path: Path) -> None:
    opened = open_surfaces(surfaces(tmp_path), ScanOptions(**DATES))
    picture = cv2.GaussianBlur(np.random.default_rng(1).normal(120, 60, (SIDE, SIDE)), (0, 0), 1.5)
    first = np.repeat(picture[None], 3, axis=0).clip(1, 255).astype(np.uint8)
    images = [
        inspect_raster(write(tmp_path / f"{name}.tif", values))
        for name, values in (("a", first), ("b", np.roll(first, 4, axis=2)))
    ]
    pictures = pictures_on(opened, *images, (2.0, 0.0))
    whole = opened.plan.grid.full_window
    (a, known_a), (b, known_b) = pictures.before.read(whole), pictures.after.read(whole)
    inner = np.s_[:, 20:-20, 20:-20]
    assert known_a[inner[1:]].all() and known_b[inner[1:]].all() and (a[inner] == b[inner]).all()
