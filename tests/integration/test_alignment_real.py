"""Real pairs of other seasons are brought together."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.io.rasters import inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.coregister import Alignment, align
from geodata.pairing.plan import plan_pair

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "levir_dev"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")


def aligned(tile: int) -> Alignment:
    first, second = (inspect_raster(DATA / part / f"tile_{tile:02}.tif") for part in ("before", "after"))
    pair = plan_pair(first, second, min_area_m2=20.0)
    return align(GridReader(first, pair.bands, pair.grid), GridReader(second, pair.bands, pair.grid))


@pytest.mark.parametrize(("tile", "residual_px"), [(11, 0.7), (28, 0.6), (21, 4.0)])
def test_hard_and_easy_pairs_are_aligned(tile: int, residual_px: float) -> None:
    found = aligned(tile)
    assert found.reliable and found.points >= 15
    assert found.residual_median_px < residual_px
    assert found.residual_median_m == pytest.approx(found.residual_median_px * 0.554, rel=0.01)
    assert 100 <= len(found.tie_rows()) <= 400


def test_the_same_pair_gives_the_same_field_to_the_last_bit() -> None:
    fields = set()
    held = []
    for size in range(10):
        # Whatever else lies in memory must not matter: it shifts where the next arrays are put.
        held.append(bytearray(1000 + 77_777 * size))
        field = aligned(7).field
        fields.add(field.dx.tobytes() + field.dy.tobytes())
    assert len(fields) == 1
