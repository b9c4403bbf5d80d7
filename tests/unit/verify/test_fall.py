"""What heights say of an outline, from figures and from two small surface models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.types import SurfaceFiles
from geodata.verify.comparison import open_comparison
from geodata.verify.fall import Fall, fall_of
from geodata.verify.look import look


def fall(top_m: float = 4.0, left_m: float = 0.1, share: float = 1.0, seen: float = 1.0) -> Fall:
    return Fall(seen, top_m, left_m, share, 0.06, 0.02)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (fall(), "gone"),
        (fall(left_m=0.5), "refilled"),
        (fall(left_m=3.0, top_m=6.5), "partly_gone"),
        (fall(share=0.5), "partly_gone"),
        (fall(share=0.05, left_m=4.0), "stands"),
        (fall(seen=0.4), None),
        (fall(top_m=1.0), None),
    ],
)
def test_what_heights_say(told: Fall, says: str | None) -> None:
    assert told.says == says
    assert (told.confidence == 0) is (says is None)


def test_near_a_limit_it_is_less_sure() -> None:
    assert fall(left_m=0.1).confidence > 0.95 > fall(left_m=0.27).confidence > 0.5
    assert fall(seen=0.6).confidence == pytest.approx(0.8 * fall().confidence, abs=0.01)


SIDE, GSD, EAST, NORTH = 300, 0.5, 468000.0, 4066000.0
HOUSES = [(40 + 60 * i, 60 + 80 * j) for i in range(4) for j in range(3)]


def write(path: Path, heights: np.ndarray) -> Path:
    move = Affine(GSD, 0, EAST, 0, -GSD, NORTH)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4547", "transform": move}
    with rasterio.open(path, "w", height=SIDE, width=SIDE, nodata=-9999.0, **profile) as target:
        target.write(heights.astype(np.float32), 1)
    return path


def surface(tops: dict[int, float], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    out = 50 + 0.01 * cols + 0.4 * np.sin(rows / 40) + rng.normal(0, 0.05, (SIDE, SIDE))
    for k, (row, col) in enumerate(HOUSES):
        out[row : row + 24, col : col + 20] += tops.get(k, 4.0)
    return out


def outline(k: int) -> shapely.Polygon:
    row, col = HOUSES[k]
    box = shapely.box(EAST + GSD * col, NORTH - GSD * (row + 24), EAST + GSD * (col + 20), NORTH - GSD * row)
    crs = parse_crs("EPSG:4547")
    return shapely.transform(box, lambda c: np.column_stack(transform_xy(crs, CRS84, *c.T)))


def test_a_house_gone_one_on_its_slab_and_one_that_stays(tmp_path: Path) -> None:
    before = write(tmp_path / "dsm_20250401.tif", surface({}, 1))
    after = write(tmp_path / "dsm_20260401.tif", surface({0: 0.0, 1: 0.6}, 2))
    opened = open_comparison(None, SurfaceFiles(before, after))
    gone, slab, stays = (look(opened, outline(k)) for k in range(3))
    assert (gone.seen, slab.seen, stays.seen) == ("gone", "refilled", "still_there")
    assert {one.proof for one in (gone, slab, stays)} == {"surface_model"}
    assert gone.confidence > 0.9 and gone.gone_m2 == pytest.approx(120, abs=3 * gone.gone_error_m2)
    assert pytest.approx(gone.area_m2, abs=1) == 120 and stays.gone_m2 == 0
    assert "0.6" in slab.reasons[1] and "覆土" in slab.reasons_zh[1]
    far = shapely.transform(outline(0), lambda c: c + 1)
    assert fall_of(opened.heights, far) is None  # type: ignore[arg-type]
    assert look(opened, far).seen == "unknown"
