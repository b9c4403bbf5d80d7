"""The first decode of a raster from outside: every block once, in a guarded process, before anything relies on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window as RioWindow

from geodata.errors import DamagedRasterError
from geodata.io.guard import GuardLimits, call_guarded, tell_progress
from geodata.io.probes import GDAL_ENV

_STRICT_ENV = {
    **GDAL_ENV,
    # libjpeg fills what is missing with grey and only warns
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
}
_PART_PX = 4 * 1024**2


@dataclass(frozen=True)
class Decoded:
    """What was read of a raster.

    Args:
        pictures: The stored pictures: the full one and its overviews.
        blocks: Blocks of all of them.
        pixels: Pixels of all of them.
    """

    pictures: int
    blocks: int
    pixels: int


def decode_throughout(path: Path, limits: GuardLimits, progress: Callable[[float], None] | None = None) -> Decoded:
    """Read every block of a GeoTIFF, its overviews and masks once, in a guarded process.

    Args:
        path: The file.
        limits: What the process may use.
        progress: Hears the share that is read.

    Raises:
        DamagedRasterError: If a block cannot be decoded: which one, and how much was read before.
        RasterError: If the file cannot be opened, or the process died.
    """
    told = call_guarded("decode", {"path": str(path.resolve())}, limits=limits, progress=progress)
    return Decoded(**told)


def decode_raster(path: str) -> dict[str, Any]:
    """Read all of a file; runs in the guarded process."""
    name = Path(path).name
    with rasterio.Env(**_STRICT_ENV):
        try:
            with rasterio.open(path, driver="GTiff") as dataset:
                levels = [None, *range(len(dataset.overviews(1)))]
                full = dataset.width * dataset.height
        except RasterioError as error:
            raise _damaged(name, "its header", error) from error
        done = blocks = 0
        # overviews add a third to the work, which is near enough for a bar
        expected = full * 4 / 3 if len(levels) > 1 else full
        for level in levels:
            for pixels, count in _read_picture(path, name, level):
                done, blocks = done + pixels, blocks + count
                tell_progress(min(1.0, done / max(1.0, expected)))
    return {"pictures": len(levels), "blocks": blocks, "pixels": done}


def _read_picture(path: str, name: str, level: int | None) -> Iterator[tuple[int, int]]:
    """Read one stored picture; yields (pixels, blocks) of each part that was read."""
    options: dict[str, Any] = {} if level is None else {"overview_level": level}
    where = "the picture" if level is None else f"overview {level + 1}"
    try:
        with rasterio.open(path, driver="GTiff", **options) as dataset:
            masked = any(MaskFlags.per_dataset in f and MaskFlags.alpha not in f for f in dataset.mask_flag_enums)
            for window, blocks in _parts(dataset):
                where_now = f"{where}, rows {window.row_off} to {window.row_off + window.height}"
                dataset.read(window=window)
                if masked:
                    dataset.dataset_mask(window=window)
                yield window.width * window.height, blocks
    except RasterioError as error:
        raise _damaged(name, locals().get("where_now", where), error) from error


def _parts(dataset: Any) -> Iterator[tuple[RioWindow, int]]:
    """Windows of whole blocks, side by side, so that each block is decoded once and memory stays bounded."""
    height, width = dataset.block_shapes[0]
    across = max(1, min(-(-dataset.width // width), _PART_PX // max(1, height * width)))
    for row in range(0, dataset.height, height):
        for col in range(0, dataset.width, width * across):
            tall, wide = min(height, dataset.height - row), min(width * across, dataset.width - col)
            yield from _split(RioWindow(col, row, wide, tall), -(-wide // width))


def _split(window: RioWindow, blocks: int) -> Iterator[tuple[RioWindow, int]]:
    """A block that is itself too large (a file of one strip) is read in rows; the library keeps it decoded."""
    rows = max(1, _PART_PX // window.width)
    for row in range(0, window.height, rows):
        part = RioWindow(window.col_off, window.row_off + row, window.width, min(rows, window.height - row))
        yield part, blocks if row == 0 else 0


def _damaged(name: str, where: str, error: Exception) -> DamagedRasterError:
    cause = str(error.__cause__ or error)
    return DamagedRasterError(
        f"{name} is damaged: {where} cannot be decoded ({cause[:160]}).",
        remedy="Copy or export the file again and compare its checksum with the original.",
        where=where,
    )


PROBES: dict[str, Callable[..., dict[str, Any]]] = {"decode": decode_raster}
