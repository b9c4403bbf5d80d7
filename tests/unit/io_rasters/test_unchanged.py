"""A file that changes under a scan is told, for its checksum was taken before."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.errors import RasterError
from geodata.io.rasters import inspect_raster, require_unchanged
from geodata.scan import scan
from tests.unit.detect.district_kit import fields, roofed
from tests.unit.io_rasters.raster_kit import noise, write


def test_what_stays_or_goes_is_no_matter(tmp_path: Path) -> None:
    info = inspect_raster(write(tmp_path / "a.tif", noise((3, 64, 64))))
    require_unchanged(info)
    info.path.unlink()
    require_unchanged(info)


def test_what_was_written_to_or_replaced_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise((3, 64, 64)))
    info = inspect_raster(path)
    other = write(tmp_path / "b.tif", noise((3, 64, 64), seed=2))
    other.replace(path)
    with pytest.raises(RasterError, match="a.tif changed while it was read"):
        require_unchanged(info)


def test_a_scan_of_a_changing_file_has_no_result(tmp_path: Path) -> None:
    before = write(tmp_path / "a_20240412.tif", fields())
    after = write(tmp_path / "b_20250412.tif", roofed())

    def meddle(share: float, what: str) -> None:
        if what == "outlining":
            after.write_bytes(before.read_bytes())

    with pytest.raises(RasterError, match="b_20250412.tif changed"):
        scan(before, after, progress=meddle)
