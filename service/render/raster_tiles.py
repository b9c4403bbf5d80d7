"""Pictures of scenes as tiles: read at the overview that suits, warped once, encoded for the eye."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine

from geodata.errors import OptionError
from geodata.grid import Grid, Window
from geodata.io.preview import preview_bands
from geodata.io.rasters import OpenFiles, RasterInfo, SceneReader
from geodata.io.warp import GridReader, ShiftField
from service.errors import InternalError
from service.render.vector_tiles import Place

Form = Literal["png", "jpg", "webp"]
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
VERSION = "2"
"""Part of every tag: another number once the same tile would look otherwise."""
SIZE = 256
_WORLD_M = 2 * np.pi * 6_378_137.0
_SAMPLE_PX = 512
_KEPT_FILES, _KEPT_STRETCHES = 24, 512
_QUALITY = {
    "jpg": [cv2.IMWRITE_JPEG_QUALITY, 85],
    "webp": [cv2.IMWRITE_WEBP_QUALITY, 80],
    # the default level of zlib takes five times as long for a tenth of the size
    "png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
}
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """How a scene is shown.

    Args:
        bands: One or three bands by name; empty: natural colours, else the first band.
        stretch: `none` (8 bit as it is), `auto` (2 to 98 % of the values) or two numbers; None: what suits the data.
        scale: 1 for tiles of 256 px, 2 for 512.
    """

    bands: tuple[str, ...] = ()
    stretch: tuple[float, float] | Literal["none", "auto"] | None = None
    scale: int = 1


def parse_look(info: RasterInfo, bands: str | None, stretch: str | None, scale: int) -> Look:
    """How a request wants a scene shown.

    Args:
        info: The scene.
        bands: Names or numbers from 1, commas between.
        stretch: `none`, `auto`, or `low,high`.
        scale: 1 or 2.

    Raises:
        OptionError: If the scene has no such bands, or the stretch is none.
    """
    names = tuple(_band(info, word.strip()) for word in bands.split(",")) if bands else ()
    if len(names) not in (0, 1, 3):
        raise OptionError(f"A picture has one or three bands, not {len(names)}.", remedy=f"{', '.join(info.bands)}")
    if stretch in (None, "none", "auto"):
        return Look(names, stretch, scale)  # type: ignore[arg-type]
    try:
        low, high = (float(word) for word in stretch.split(","))
        if not (np.isfinite([low, high]).all() and low < high):
            raise ValueError
    except ValueError as error:
        raise OptionError(f"stretch={str(stretch)[:60]} is none.", remedy="none, auto, or low,high") from error
    return Look(names, (low, high), scale)


def _band(info: RasterInfo, word: str) -> str:
    if word.isdigit() and 1 <= int(word) <= len(info.bands):
        return info.bands[int(word) - 1]
    if word in info.bands:
        return word
    raise OptionError(f"{info.name} has no band {word[:40]!r}.", remedy=f"Its bands: {', '.join(info.bands)}.")


def grid_of(place: Place, scale: int = 1) -> Grid:
    """The pixels of a tile."""
    size = SIZE * scale
    if place.scheme.epsg == 3857:
        side = _WORLD_M / (1 << place.z)
        west, north = place.x * side - _WORLD_M / 2, _WORLD_M / 2 - place.y * side
        step = side / size
    else:
        west, south, east, north = place.scheme.bounds(place.z, place.x, place.y)
        step = (east - west) / size
    crs = _crs(place.scheme.epsg)
    return Grid(crs, Affine(step, 0.0, west, 0.0, -step, north), (size, size))


@lru_cache(maxsize=8)
def _crs(epsg: int) -> pyproj.CRS:
    return pyproj.CRS.from_epsg(epsg)


class Renderer:
    """Draws tiles; files stay open, a bounded number in each thread that draws."""

    def __init__(self) -> None:
        self._files = OpenFiles(most=_KEPT_FILES)
        self._stretches: OrderedDict[tuple[str, tuple[str, ...]], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def tile(self, info: RasterInfo, place: Place, look: Look, shift: ShiftField | None = None) -> Picture:
        """A tile of a scene.

        Args:
            info: The scene.
            place: Which tile.
            look: How it is shown.
            shift: Where its content is found relative to where it is shown, px of the tile.

        Raises:
            RasterError: If the file cannot be decoded there.
        """
        bands = look.bands or preview_bands(info)
        grid = grid_of(place, look.scale)
        values, valid = GridReader(info, bands, grid, shift, self._files).read(Window(0, 0, *grid.shape))
        return Picture(self._shown(info, bands, values, look), valid)

    def _shown(self, info: RasterInfo, bands: tuple[str, ...], values: npt.NDArray[np.generic], look: Look) -> U8:
        stretch = look.stretch or ("none" if values.dtype == np.uint8 else "auto")
        if stretch == "none":
            if values.dtype != np.uint8:
                raise OptionError(f"{info.name} has {values.dtype} values: they need a stretch.", remedy="stretch=auto")
            return values.astype(np.uint8, copy=False)
        low, high = self._range(info, bands) if stretch == "auto" else stretch
        scaled = (values.astype(np.float32) - low) * (255.0 / max(1e-6, high - low))
        shown: U8 = np.clip(scaled, 0, 255).astype(np.uint8)
        return shown

    def _range(self, info: RasterInfo, bands: tuple[str, ...]) -> tuple[float, float]:
        """2 and 98 % of the values of all of a scene, from a coarse look at it."""
        with self._lock:
            known = self._stretches.get((info.sha256, bands))
        if known is not None:
            return known
        factor = max(1, -(-max(info.width, info.height) // _SAMPLE_PX))
        best = max((f for f in info.overviews if f <= factor), default=1)
        reader = SceneReader(info, bands, best * max(1, factor // best), self._files)
        values, mask = reader.read(0, 0, *reader.level.shape)
        sample = values[:, mask > 0]
        sample = sample[np.isfinite(sample)] if sample.size else sample
        low, high = (0.0, 255.0) if not sample.size else (float(v) for v in np.percentile(sample, [2, 98]))
        with self._lock:
            self._stretches[info.sha256, bands] = (low, high)
            while len(self._stretches) > _KEPT_STRETCHES:
                self._stretches.popitem(last=False)
        return low, high


@dataclass(frozen=True)
class Picture:
    """A drawn tile.

    Args:
        values: (1 or 3, y, x), 8 bit.
        valid: (y, x), where there is something.
    """

    values: U8
    valid: npt.NDArray[np.bool_]

    def encoded(self, form: Form) -> bytes:
        """The tile as a picture; JPEG, which knows no transparency, is white where there is nothing."""
        whole = bool(self.valid.all())
        pixels = self.values[::-1] if len(self.values) == 3 else self.values
        told = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
        if form != "jpg" and not whole:
            colour = cv2.cvtColor(told, cv2.COLOR_GRAY2BGR) if told.shape[2] == 1 else told
            told = np.dstack([colour, np.where(self.valid, 255, 0).astype(np.uint8)])
        elif not whole:
            told[~self.valid] = 255
        return encoded(told, form)


def encoded(pixels: U8, form: Form) -> bytes:
    """Pixels (y, x, bands), blue first, as a picture."""
    ok, content = cv2.imencode(f".{form}", pixels, _QUALITY[form])
    if not ok:
        raise InternalError("The tile could not be encoded.")
    return content.tobytes()
