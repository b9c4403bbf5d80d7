"""Rasters from files: checked before they are read, read in windows, brought to a common grid.

The only door for GeoTIFF and COG. `inspect_raster` refuses what must be refused without decoding a pixel in
the calling process; `SceneReader` reads windows of an accepted file at a whole-number decimation, from the
overviews where they exist.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import shapely
from affine import Affine
from rasterio.enums import MaskFlags
from rasterio.windows import Window as RioWindow

from geodata.crs import CRS84, check_bounds, parse_crs, refuse_undeclared_datum
from geodata.errors import MissingCRSError, RasterBombError, RasterError
from geodata.grid import Grid
from geodata.io.dates import date_from_name, date_from_tag
from geodata.io.guard import call_guarded
from geodata.io.probes import GDAL_ENV
from geodata.io.sidecars import UNKNOWN, Acquisition, read_acquisition
from geodata.io.tiff import TiffDirectory, inspect_tiff

LEAST_PIXEL_M, MOST_PIXEL_M = 1e-3, 1e5
"""No sensor has smaller or larger pixels; a damaged geotransform has."""
MAX_PIXELS = 40_000_000_000
MAX_BLOCK_BYTES = 512 * 1024**2
MAX_EXPANSION = 400
_EXPANSION_FREE_BYTES = 1024**3
_LOWEST_VALUE = -9000.0


@dataclass(frozen=True)
class RasterInfo:
    """An accepted raster file.

    Args:
        path: The file.
        sha256: Checksum of its bytes.
        size_bytes: Its size.
        grid: Its pixels on the ground.
        bands: Name of each band; `alpha` is a mask, not a band.
        dtype: Type of the values.
        nodata: Declared nodata value, None where there is none.
        overviews: Decimation factors stored in the file.
        acquired_at: Aware time from the TIFF tag, else from the file's name, else from a side file, else None.
        acquisition: Sun and view angles, sensor and cloud, as tags and side files tell them.
        stamp: Inode, size and time of change when it was inspected.
    """

    path: Path
    sha256: str
    size_bytes: int
    grid: Grid
    bands: tuple[str, ...]
    dtype: str
    nodata: float | None
    overviews: tuple[int, ...]
    acquired_at: datetime | None
    acquisition: Acquisition = UNKNOWN
    stamp: tuple[int, int, int] | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def width(self) -> int:
        """Columns."""
        return self.grid.width

    @property
    def height(self) -> int:
        """Rows."""
        return self.grid.height

    @cached_property
    def footprint(self) -> shapely.Polygon:
        """Outline of the raster in CRS84."""
        x, y = self.grid.outline(CRS84)
        return shapely.Polygon(np.column_stack([x, y]))

    @property
    def gsd_m(self) -> float:
        """Ground sampling distance: geometric mean of the two pixel sides, m."""
        dx, dy = self.grid.gsd_m()
        return float(np.sqrt(dx * dy))


def sha256_of(path: Path) -> str:
    """Checksum of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inspect_raster(path: Path, *, crs: str | None = None, sha256: str | None = None) -> RasterInfo:
    """Check a raster file and tell what it is, without decoding a pixel in this process.

    Args:
        path: A GeoTIFF or COG.
        crs: System to use where the file declares none.
        sha256: Checksum of its bytes where it was just taken; None: it is taken here.

    Raises:
        MissingFileError, NotARasterError, RasterFormatError, TruncatedRasterError: See `inspect_tiff`.
        RasterBombError: If it would unpack to an implausible size.
        BandsError, EmptyRasterError, MissingCRSError, CRSMismatchError: As their names say.
    """
    path = Path(path)
    images = inspect_tiff(path)
    stamp = _stamp(path)
    _refuse_bomb(images, path)
    told = call_guarded("raster", {"path": str(path.resolve())})
    if not told["crs_wkt"] and crs is None:
        raise MissingCRSError(
            f"{path.name} declares no coordinate reference system.",
            remedy="Name it, for example --crs EPSG:4547.",
        )
    system = parse_crs(told["crs_wkt"] or crs)
    refuse_undeclared_datum(system)
    grid = _grid(system, Affine(*told["transform"]), (told["height"], told["width"]), path.name)
    acquisition = read_acquisition(path, told["tags"])
    dated = date_from_tag(told["datetime_tag"]) or date_from_name(path.name) or acquisition.acquired_at
    return RasterInfo(
        path=path,
        sha256=sha256 or sha256_of(path),
        size_bytes=path.stat().st_size,
        grid=grid,
        bands=tuple(told["bands"]),
        dtype=told["dtype"],
        nodata=told["nodata"],
        overviews=tuple(told["overviews"]),
        acquired_at=dated,
        acquisition=acquisition,
        stamp=stamp,
    )


def _grid(system: pyproj.CRS, transform: Affine, shape: tuple[int, int], name: str) -> Grid:
    """The grid that a file declares, where it can be one.

    Raises:
        RasterError: If its pixels have no area, or a size that no sensor has.
        CRSMismatchError: If its bounds do not lie in its system.
    """
    remedy = "Export the file again with its geotransform, or mend it: gdal_edit.py -a_ullr LEFT TOP RIGHT BOTTOM."
    if transform.is_degenerate:
        raise RasterError(
            f"The pixels of {name} have no area.", remedy=remedy, transform=[float(v) for v in tuple(transform)[:6]]
        )
    grid = Grid(system, transform, shape)
    check_bounds(system, grid.bounds, name)
    sides = grid.gsd_m()
    if not LEAST_PIXEL_M <= min(sides) <= max(sides) <= MOST_PIXEL_M:
        raise RasterError(
            f"A pixel of {name} is {sides[0]:.3g} x {sides[1]:.3g} m on the ground; {LEAST_PIXEL_M:g} to "
            f"{MOST_PIXEL_M:g} m are read.",
            remedy=remedy,
            pixel_m=list(sides),
        )
    return grid


def _stamp(path: Path) -> tuple[int, int, int]:
    told = path.stat()
    return told.st_ino, told.st_size, told.st_mtime_ns


def require_unchanged(info: RasterInfo) -> None:
    """See that a file is still the one whose checksum was taken, so that a result is of the pixels that it names.

    A file that was removed meanwhile was read to the end and is no matter.

    Raises:
        RasterError: If it was written to or replaced.
    """
    if info.stamp is not None and info.path.exists() and _stamp(info.path) != info.stamp:
        before, now = info.stamp[1], info.path.stat().st_size
        raise RasterError(
            f"{info.name} changed while it was read ({before:,} bytes before, {now:,} now).",
            remedy="Scan again when nothing writes to it.",
        )


def _refuse_bomb(images: list[TiffDirectory], path: Path) -> None:
    size = path.stat().st_size
    first = images[0]
    if first.width * first.height > MAX_PIXELS:
        raise RasterBombError(
            f"{path.name} declares {first.width:,} x {first.height:,} pixels; at most {MAX_PIXELS:,} are read.",
            remedy="Split the scene.",
            pixels=first.width * first.height,
        )
    worst = max(images, key=lambda image: image.block_bytes)
    if worst.block_bytes > MAX_BLOCK_BYTES:
        raise RasterBombError(
            f"{path.name} has a block of {worst.block_width:,} x {worst.block_height:,} pixels that unpacks to "
            f"{worst.block_bytes / 1024**2:,.0f} MiB; at most {MAX_BLOCK_BYTES // 1024**2} MiB are read at once.",
            remedy="Re-write it tiled: gdal_translate -of COG INPUT output.tif",
            block_bytes=worst.block_bytes,
        )
    decoded = first.decoded_bytes
    # Blocks that are absent (sparse files) store nothing and unpack to nodata without work.
    if decoded > _EXPANSION_FREE_BYTES and 0 < first.stored_bytes * MAX_EXPANSION < decoded:
        raise RasterBombError(
            f"{path.name} has {size:,} bytes but unpacks to {decoded:,} ({decoded / first.stored_bytes:,.0f} times).",
            remedy="No real picture compresses so far; export the scene again.",
            expansion=decoded / first.stored_bytes,
        )


_MOST_PX = 32_000_000
"""Pixels of a file that are decoded at once: a mosaic without overviews may hold ten thousand times as many."""


class OpenFiles:
    """Files held open, one a thread and stored picture, so that what was decoded for one read serves the next.

    They close with the thread, or when nothing holds this any more. A copy in another process opens its own.

    Args:
        most: How many are held in each thread; of more, the one that was not used for the longest time is closed. None:
            all of them.
    """

    def __init__(self, most: int | None = None) -> None:
        self._held = threading.local()
        self._most = most

    def dataset(self, path: Path, overview_level: int | None) -> Any:
        """The file at full resolution (None) or at one of its overviews, open in the calling thread."""
        held: dict[Any, Any] = self._held.__dict__
        found = held.pop((path, overview_level), None)
        if found is None:
            options: dict[str, Any] = {} if overview_level is None else {"overview_level": overview_level}
            found = rasterio.open(path, driver="GTiff", **options)
            while self._most is not None and len(held) >= self._most:
                held.pop(next(iter(held))).close()
        held[path, overview_level] = found
        return found

    def __reduce__(self) -> tuple[type[OpenFiles], tuple[int | None]]:
        return OpenFiles, (self._most,)


@dataclass(frozen=True)
class SceneReader:
    """Windowed reads of an accepted raster at a whole-number decimation.

    Level pixels are the raster's pixels averaged over `factor` × `factor`; their lattice is anchored at the
    raster's upper left corner, so a level pixel has one value, whatever window it is read through.

    Args:
        info: The raster.
        bands: Names of the bands to read.
        factor: Decimation, 1 for full resolution.
        files: Where the file is held open.
    """

    info: RasterInfo
    bands: tuple[str, ...]
    factor: int = 1
    files: OpenFiles = field(default_factory=OpenFiles, repr=False, compare=False)

    @property
    def level(self) -> Grid:
        """The grid of the level pixels."""
        return self.info.grid.coarsened(self.factor)

    @property
    def stored_factor(self) -> int:
        """Decimation of the coarsest stored picture that serves this reader: 1, or that of an overview."""
        return max((f for f in self.info.overviews if f > 1 and self.factor % f == 0), default=1)

    def read(
        self, row: int, col: int, height: int, width: int
    ) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]:
        """Level pixels of a window that lies within the level grid.

        Returns:
            Values (band, y, x) in the file's type, and a mask (y, x) of 255 where every band is valid.

        Raises:
            RasterError: If a block cannot be decoded.
        """
        try:
            with rasterio.Env(**GDAL_ENV):
                return self._read(row, col, height, width)
        except rasterio.errors.RasterioError as error:
            require_unchanged(self.info)
            raise RasterError(
                f"{self.info.name} is damaged: rows {row * self.factor} to {(row + height) * self.factor} cannot be "
                f"decoded.",
                remedy="Copy or export the file again.",
            ) from error

    def _read(self, row: int, col: int, height: int, width: int) -> tuple[Any, Any]:
        index = [self.info.bands.index(name) + 1 for name in self.bands]
        best = self.stored_factor
        step = self.factor // best
        rows = max(2, _MOST_PX // (width * step * step))
        if rows < height:
            # a level pixel has one value whatever window it is read through
            starts = [at for at in range(0, height, rows) if at == 0 or height - at > 1]
            parts = [self._read(row + at, col, end - at, width) for at, end in pairwise([*starts, height])]
            return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts])
        dataset = self.files.dataset(self.info.path, self.info.overviews.index(best) if best > 1 else None)
        window = RioWindow(
            col * step,
            row * step,
            min(width * step, dataset.width - col * step),
            min(height * step, dataset.height - row * step),
        )
        values = dataset.read(index, window=window)
        mask = _valid_mask(dataset, values, window)
        if step > 1:
            values, mask = _averaged(values, mask, step)
        return _fitted(values, mask, height, width)


def _valid_mask(dataset: Any, values: npt.NDArray[np.generic], window: RioWindow) -> npt.NDArray[np.uint8]:
    """255 where valid: by alpha, mask or nodata; without any of them, black all over counts as no data."""
    whole_numbers = np.issubdtype(values.dtype, np.integer)
    if whole_numbers and all(MaskFlags.all_valid in flags for flags in dataset.mask_flag_enums):
        return np.where(np.bitwise_or.reduce(values, axis=0), np.uint8(255), np.uint8(0))
    mask: npt.NDArray[np.uint8] = dataset.dataset_mask(window=window)
    if not whole_numbers:
        # -9999, -32767 and the like are no measurement, declared or not; heights would be interpolated with them.
        measured = np.isfinite(values) & np.greater(values, _LOWEST_VALUE)
        mask = np.where(measured.all(axis=0), mask, 0).astype(np.uint8)
    return mask


def _averaged(
    values: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], step: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]:
    """Block means over `step` × `step`; a block with any invalid pixel is invalid."""
    height, width = -(-mask.shape[0] // step), -(-mask.shape[1] // step)
    pad = ((0, height * step - mask.shape[0]), (0, width * step - mask.shape[1]))
    if any(after for _, after in pad):
        values, mask = np.pad(values, ((0, 0), *pad), mode="edge"), np.pad(mask, pad, mode="edge")
    means = [_block_means(band, (width, height)) for band in values]
    if mask.all():
        return np.stack(means), np.full((height, width), 255, np.uint8)
    return np.stack(means), mask.reshape(height, step, width, step).min(axis=(1, 3))


def _block_means(band: npt.NDArray[np.generic], size: tuple[int, int]) -> npt.NDArray[np.generic]:
    """Means of equal blocks, `size` (columns, rows) of them; whole numbers are rounded."""
    if band.dtype in (np.uint8, np.uint16):
        return np.asarray(cv2.resize(band, size, interpolation=cv2.INTER_AREA))
    mean = cv2.resize(np.nan_to_num(band).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(mean) if np.issubdtype(band.dtype, np.integer) else mean).astype(band.dtype)


def _fitted(
    values: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], height: int, width: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]:
    """Cut or fill (invalid) to the wanted shape: overviews may be a pixel short at the far edges."""
    missing = (max(0, height - mask.shape[0]), max(0, width - mask.shape[1]))
    if any(missing):
        pad = ((0, missing[0]), (0, missing[1]))
        values = np.pad(values, ((0, 0), *pad))
        mask = np.pad(mask, pad)
    return values[:, :height, :width], mask[:height, :width]


def decimation_for(info: RasterInfo, gsd_m: float) -> int:
    """The largest power of two by which a raster can be decimated without being coarser than wanted.

    A tolerance of 5 % keeps a 0.24 m scene at 2 for a working size of 0.5 m. It is never decimated to less than a
    pixel, however coarse the picture: a block as large as the world would have to be filled.
    """
    factor, side = 1, min(info.width, info.height)
    while info.gsd_m * factor * 2 <= gsd_m * 1.05 and factor * 2 <= side:
        factor *= 2
    return factor
