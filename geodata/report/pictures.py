"""The pictures of a report: the overview map and the two chips of a finding, as JPEG data URIs."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from affine import Affine

from geodata.crs import CRS84, metric_crs_at, transform_xy
from geodata.errors import NoOverlapError
from geodata.grid import Bounds, Grid, Window
from geodata.io.preview import preview_bands, read_preview, to_display
from geodata.io.rasters import RasterInfo
from geodata.io.warp import GridReader

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Shown = Callable[[Grid], npt.NDArray[np.bool_]]

COLOURS: dict[str, Colour] = {
    "suspected": (255, 76, 60),
    "unassessed": (255, 190, 60),
    "permitted": (84, 214, 130),
    "existing": (120, 190, 255),
}
"""Line colour of each status on imagery, RGB."""

CHIP_PX = 288
MAP_PX = 1600
_MARGIN_M = 15.0
_SUBPIXEL_BITS = 4
_INK: Colour = (16, 24, 32)
_WHITE: Colour = (255, 255, 255)
_PAPER: Colour = (233, 238, 242)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_MAX_NUMBERS = 300


@dataclass(frozen=True)
class Mark:
    """A finding on the map.

    Args:
        shape: Its outline in CRS84.
        status: Its status, which gives the colour.
        number: Its number in the report.
    """

    shape: shapely.Geometry
    status: str
    number: int
    shift_m: tuple[float, float] = (0.0, 0.0)
    """Where the second date lies relative to the outline, metres (right, down)."""


@dataclass(frozen=True)
class Scenes:
    """The two scenes of a report.

    The common grid is the first date's, but images show what is new in the second alone, so its outline lies where
    that picture has it (`geodata.scan_images.where_seen`). Outlines of what is gone lie on the first date, and so do
    those of surface models.

    Args:
        before: First date.
        after: Second date.
        shift_m: Where the second date lies relative to the outlines, metres (right, down).
        before_shift_m: Where the first date lies relative to them.
    """

    before: RasterInfo
    after: RasterInfo
    shift_m: tuple[float, float] = (0.0, 0.0)
    before_shift_m: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def around(cls, before: RasterInfo, after: RasterInfo, provenance: Mapping[str, Any], change: str) -> Scenes:
        """The scenes as they lie relative to the outline of a change.

        Args:
            before: First date.
            after: Second date.
            provenance: What the scan says of itself; its shift counts where it is known reliably.
            change: What changed ("appeared", "disappeared", ...).
        """
        alignment: Mapping[str, Any] = provenance.get("alignment") or {}
        gsd_m = (provenance.get("grid") or {}).get("gsd_m") or 0.0
        known = alignment.get("reliable") and alignment.get("shift_px")
        right, down = (float(one) * gsd_m for one in (alignment["shift_px"] if known else (0.0, 0.0)))
        if change == "disappeared" or provenance.get("heights") is not None:
            return cls(before, after, (right, down), (0.0, 0.0))
        return cls(before, after, (0.0, 0.0), (-right, -down))

    @property
    def common_bounds(self) -> Bounds:
        """(west, south, east, north) of what both scenes cover."""
        a, b = self.before.grid.bounds_in(CRS84), self.after.grid.bounds_in(CRS84)
        return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])

    @property
    def metric(self) -> pyproj.CRS:
        """One metric system for all chips."""
        west, south, east, north = self.common_bounds
        return metric_crs_at((west + east) / 2, (south + north) / 2)


@dataclass(frozen=True)
class Frame:
    """A square of ground, north up.

    Args:
        metric: The system in which it is square.
        middle: Its middle in that system.
        side_m: Its side, m.
    """

    metric: pyproj.CRS
    middle: tuple[float, float]
    side_m: float

    @classmethod
    def around(cls, shape: shapely.Geometry, metric: pyproj.CRS, margin_m: float, least_m: float = 0.0) -> Frame:
        """The frame of a shape (CRS84) with a margin, and never smaller than `least_m`."""
        x, y = _ring_points(shape, metric)
        side_m = max(float(np.ptp(x)), float(np.ptp(y))) + 2 * margin_m
        middle = float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
        return cls(metric, middle, max(side_m, least_m))

    def to_px(self, size_px: float) -> Affine:
        """From its system to the pixels of a picture of it."""
        scale, (x, y) = size_px / self.side_m, self.middle
        return Affine(scale, 0, -scale * (x - self.side_m / 2), 0, -scale, scale * (y + self.side_m / 2))


def data_uri(picture: Picture, quality: int = 84) -> str:
    """A picture (y, x, RGB) as a JPEG data URI."""
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")


def draw_chips(scenes: Scenes, shape: shapely.Geometry, status: str, metric: pyproj.CRS) -> tuple[str, str]:
    """The place of a finding at both dates with its outline, north up, as data URIs.

    Args:
        scenes: The two scenes.
        shape: Outline in CRS84.
        status: Gives the colour of the outline.
        metric: System in which the chip is square.
    """
    before, after = chip_pictures(scenes, shape, status, metric)
    return data_uri(before), data_uri(after)


def chip_pictures(
    scenes: Scenes, shape: shapely.Geometry, status: str, metric: pyproj.CRS, shown: Shown | None = None
) -> tuple[Picture, Picture]:
    """The place of a finding at both dates with its outline, north up.

    Args:
        scenes: The two scenes.
        shape: Outline in CRS84.
        status: Gives the colour of the outline.
        metric: System in which the chip is square.
        shown: Which pixels of a grid may be shown; None: all.
    """
    frame = Frame.around(shape, metric, _MARGIN_M)
    pair = []
    for info, shift_m in ((scenes.before, scenes.before_shift_m), (scenes.after, scenes.shift_m)):
        picture = framed_picture(info, frame, CHIP_PX, shift_m, shown)
        _outline(picture, shape, metric, frame.to_px(CHIP_PX), COLOURS.get(status, _WHITE), 2)
        pair.append(picture)
    return pair[0], pair[1]


def framed_picture(
    info: RasterInfo, frame: Frame, size_px: int, shift_m: tuple[float, float] = (0.0, 0.0), shown: Shown | None = None
) -> Picture:
    """A square of ground as a scene shows it, north up; black where it shows nothing.

    Args:
        info: The scene.
        frame: The square.
        size_px: Side of the picture.
        shift_m: Where the scene lies relative to the frame, metres (right, down).
        shown: Which pixels of a grid may be shown; None: all.
    """
    # Read no finer than the file is and enlarge afterwards: small structures stay recognisable.
    size = int(np.clip(round(frame.side_m / info.gsd_m), 16, size_px))
    step = frame.side_m / size
    left, top = frame.middle[0] - frame.side_m / 2 + shift_m[0], frame.middle[1] + frame.side_m / 2 - shift_m[1]
    grid = Grid(frame.metric, Affine(step, 0, left, 0, -step, top), (size, size))
    values, valid = GridReader(info, preview_bands(info), grid).read(Window(0, 0, size, size))
    if shown is not None:
        valid = valid & shown(grid)
    picture = np.ascontiguousarray(np.moveaxis(to_display(values, valid), 0, -1))
    picture[~valid] = 0
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def draw_map(scenes: Scenes, marks: Sequence[Mark]) -> str:
    """The second date, north up, with every finding outlined and numbered and a scale bar, as a data URI."""
    west, south, east, north = scenes.common_bounds
    if west >= east or south >= north:
        raise NoOverlapError("The two scenes have no ground in common.", overlap_share=0.0)
    raster = read_preview(scenes.after, bounds_lonlat=(west, south, east, north), max_px=MAP_PX)
    picture = np.ascontiguousarray(np.moveaxis(raster.array, 0, -1))
    picture[~raster.valid] = _PAPER
    # Small scenes are enlarged so that outlines and numbers stay legible.
    times = max(1.0, MAP_PX / 1.6 / max(picture.shape[:2]))
    if times > 1.0:
        size = round(picture.shape[1] * times), round(picture.shape[0] * times)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    t = raster.grid.transform
    shown_px = picture.shape[1] / raster.grid.width
    metre_px = shown_px / raster.grid.gsd_m()[0]

    def to_map(mark: Mark) -> Affine:
        moved = Affine.translation(mark.shift_m[0] * metre_px, mark.shift_m[1] * metre_px)
        on_map: Affine = moved @ Affine.scale(shown_px) @ ~t
        return on_map

    for mark in reversed(marks):
        _outline(picture, mark.shape, CRS84, to_map(mark), COLOURS.get(mark.status, _WHITE), 2)
    for mark in reversed(marks[:_MAX_NUMBERS]):
        _badge(picture, mark, to_map(mark), small=len(marks) > 80)
    _scale_bar(picture, metre_px)
    _north_arrow(picture)
    return data_uri(picture, 86)


def _ring_points(shape: shapely.Geometry, target: pyproj.CRS) -> tuple[npt.NDArray[np.float64], ...]:
    points = shapely.get_coordinates(shape)
    return transform_xy(CRS84, target, points[:, 0], points[:, 1])


def _outline(
    picture: Picture, shape: shapely.Geometry, system: pyproj.CRS, to_px: Affine, colour: Colour, width: int
) -> None:
    """Draw the rings of a shape with a dark edge that shows on any ground."""
    rings = []
    for polygon in shapely.get_parts(shape):
        for ring in shapely.get_rings(polygon):
            x, y = _ring_points(ring, system)
            px = np.column_stack([to_px.a * x + to_px.b * y + to_px.c, to_px.d * x + to_px.e * y + to_px.f])
            rings.append(np.round((px - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32).reshape(-1, 1, 2))
    for ink, thickness in ((_INK, width + 2), (colour, width)):
        cv2.polylines(picture, rings, True, ink, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _badge(picture: Picture, mark: Mark, to_px: Affine, *, small: bool) -> None:
    """A numbered label at the upper right of a finding, kept within the picture."""
    text, scale = str(mark.number), 0.38 if small else 0.5
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, 1)
    _, _, east, north = shapely.bounds(mark.shape)
    x, y = to_px @ (float(east), float(north))
    pad = 3 if small else 5
    left = int(np.clip(x + 3, 0, picture.shape[1] - width - 2 * pad - 1))
    top = int(np.clip(y - height - 2 * pad - 2, 0, picture.shape[0] - height - 2 * pad - 1))
    corner = left + width + 2 * pad, top + height + 2 * pad
    cv2.rectangle(picture, (left - 1, top - 1), (corner[0] + 1, corner[1] + 1), _INK, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (left, top), corner, COLOURS.get(mark.status, _WHITE), -1, cv2.LINE_AA)
    cv2.putText(picture, text, (left + pad, top + height + pad), _FONT, scale, _INK, 1, cv2.LINE_AA)


def nice_length_m(longest_m: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer than `longest_m`.

    >>> nice_length_m(87.0), nice_length_m(2300.0)
    (50.0, 2000.0)
    """
    power = 10.0 ** math.floor(math.log10(longest_m))
    return next(f * power for f in (5.0, 2.0, 1.0) if f * power <= longest_m)


def _scale_bar(picture: Picture, metre_px: float) -> None:
    """A scale bar at the lower left, at most a fifth of the picture's width."""
    length_m = nice_length_m(picture.shape[1] / 5 / metre_px)
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    length, base = round(length_m * metre_px), picture.shape[0] - 22
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.55, 1)
    box = (14, base - height - 20), (14 + max(length, width) + 24, base + 12)
    _shade(picture, *box)
    cv2.line(picture, (26, base), (26 + length, base), _WHITE, 3)
    for x in (26, 26 + length):
        cv2.line(picture, (x, base - 6), (x, base + 3), _WHITE, 2)
    cv2.putText(picture, text, (26, base - 11), _FONT, 0.55, _WHITE, 1, cv2.LINE_AA)


def _north_arrow(picture: Picture) -> None:
    """An arrow with an N at the upper right."""
    x, y = picture.shape[1] - 34, 20
    _shade(picture, (x - 20, y - 8), (x + 20, y + 54))
    arrow = np.array([[x, y], [x + 10, y + 26], [x, y + 19], [x - 10, y + 26]], np.int32)
    cv2.fillPoly(picture, [arrow], _WHITE, cv2.LINE_AA)
    cv2.putText(picture, "N", (x - 7, y + 46), _FONT, 0.6, _WHITE, 1, cv2.LINE_AA)


def _shade(picture: Picture, low: tuple[int, int], high: tuple[int, int]) -> None:
    """Darken a rectangle so that white shows on it."""
    part = picture[max(0, low[1]) : high[1], max(0, low[0]) : high[0]]
    part[:] = (part * 0.45).astype(np.uint8)
