"""What a training learns from: pairs of rasters with labels, from folders or from judged findings.

    city/before/north.tif   city/after/north.tif   city/label/north.tif      1 appeared, 0 not, nodata: nobody judged
    city/before/south.tif   city/after/south.tif   city/label/south.geojson  polygons with `change`, perhaps `judged`

Pairs are brought together exactly as a scan does it: one grid, aligned, on the common scale of colours. Where a label
is only a list of judged findings, everything outside of them is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize
from rasterio.warp import Resampling, reproject

from geodata.crs import CRS84, transform_xy
from geodata.detect.windows import WindowPixels
from geodata.errors import LayerError, MissingFileError
from geodata.evaluate.files import read_polygons
from geodata.evaluate.label import Label, read_label
from geodata.grid import Grid, Window
from geodata.io.rasters import inspect_raster
from geodata.learn.samples import UNKNOWN, LabelledPair
from geodata.pairing.plan import plan_pair
from geodata.scan_images import Judge, Prepared, prepare
from geodata.types import JudgedPair, ScanOptions

U8 = npt.NDArray[np.uint8]

BLOCK_PX = 1024
NEIGHBOURS_M = 500.0
"""Pairs whose footprints come this close are one place."""
RING_PX = (3, 9)
"""So far outside a corrected outline the ground is known not to be the structure, px."""
_CHANGES = ("appeared", "disappeared", "altered", "none")


@dataclass(frozen=True)
class Outline:
    """A judged outline.

    Args:
        shape: Polygon in CRS84.
        change: `appeared`, `disappeared`, `altered`; `none`: nothing changed here.
        right: Whether it really did.
        exact: Whether somebody drew it, so that what lies beside it is known as well.
    """

    shape: shapely.Geometry
    change: str
    right: bool = True
    exact: bool = False


@dataclass(frozen=True)
class Case:
    """Two rasters and what is known of their changes.

    Args:
        name: Name, unique in a training.
        before: Raster of the first date.
        after: Raster of the second date.
        label: Label raster, None: `outlines` tell.
        outlines: Judged outlines.
        complete: Whether everything outside the outlines is known to be unchanged.
        systems: Systems of the rasters that declare none.
    """

    name: str
    before: Path
    after: Path
    label: Path | None = None
    outlines: tuple[Outline, ...] = ()
    complete: bool = True
    systems: tuple[str | None, str | None] = (None, None)


def cases_in(folder: Path) -> list[Case]:
    """The cases of a folder with `before`, `after` and `label`.

    Raises:
        MissingFileError: If a part is missing.
        LayerError: If a polygon label cannot be used.
    """
    for part in ("before", "after", "label"):
        if not (folder / part).is_dir():
            raise MissingFileError(
                f"{folder} has no folder {part}.", remedy="Give a folder with before, after and label."
            )
    cases = []
    for label in sorted(p for p in (folder / "label").iterdir() if p.is_file() and not _beside(p)):
        before, after = (_of_date(folder / part, label.stem) for part in ("before", "after"))
        name = f"{folder.name}/{label.stem}"
        if label.suffix.lower() in (".tif", ".tiff"):
            cases.append(Case(name, before, after, label=label))
        else:
            outlines, complete = _outlines_of(label)
            cases.append(Case(name, before, after, outlines=outlines, complete=complete))
    if not cases:
        raise MissingFileError(f"{folder / 'label'} is empty.", remedy="Put a label for each pair there.")
    return cases


def _beside(path: Path) -> bool:
    """Whether a file only accompanies another, as GIS programs write them beside a raster."""
    return path.name.startswith(".") or path.suffix.lower() in (".xml", ".ovr", ".msk", ".tfw", ".qml")


def _of_date(folder: Path, stem: str) -> Path:
    for suffix in (".tif", ".tiff", ".TIF", ".TIFF"):
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    raise MissingFileError(f"{folder} has no raster {stem}.tif.", remedy="Give files of one name in all three folders.")


def _outlines_of(path: Path) -> tuple[tuple[Outline, ...], bool]:
    """Polygons of a label file; with a column `judged` (true, false) only they are known, else all the ground is."""
    frame, _ = read_polygons(path)
    frame = frame.to_crs(CRS84)
    changes = frame["change"] if "change" in frame else ["appeared"] * len(frame)
    rights = frame["judged"] if "judged" in frame else [True] * len(frame)
    found = []
    for shape, change, right in zip(frame.geometry, changes, rights, strict=True):
        if change not in _CHANGES:
            raise LayerError(
                f"{path.name} has a polygon of the change {change!r}.", remedy=f"Known: {', '.join(_CHANGES)}."
            )
        found.append(Outline(shape, change, bool(right), exact=True))
    return tuple(found), "judged" not in frame


def judged_cases(pairs: Sequence[JudgedPair]) -> list[Case]:
    """The cases that officers' verdicts make; scans of surface models alone have no pictures to learn from."""
    return [
        Case(
            name=f"scan/{pair.scan_id}",
            before=pair.before,
            after=pair.after,
            outlines=tuple(Outline(j.outline, j.change, j.right, exact=j.corrected) for j in pair.judged),
            complete=False,
            systems=(pair.before_crs, pair.after_crs),
        )
        for pair in pairs
        if not pair.surfaces
    ]


@dataclass(frozen=True)
class Opened:
    """A case brought together as a scan brings it.

    Args:
        case: The case.
        prepared: The pair.
    """

    case: Case
    prepared: Prepared

    @property
    def grid(self) -> Grid:
        """The common grid."""
        return self.prepared.plan.grid

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, degrees."""
        left, bottom, right, top = self.grid.bounds
        x, y = transform_xy(
            self.grid.crs, CRS84, np.array([left, right, left, right]), np.array([bottom, top, top, bottom])
        )
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def labels(self, window: Window) -> U8:
        """Appeared, disappeared over a window of the common grid: 0, 1 or `UNKNOWN`, shape (2, y, x).

        What appeared was outlined over the second date, whose pixels are moved onto the first's: so is its label.
        """
        shift = self.prepared.plan.after.shift
        around = window if shift is None else window.grown(self._reach_px, self.grid.shape)
        part = self.grid.window(around)
        labels = self._of_outlines(part) if self._label is None else _of_raster(self._label, part)
        rows, cols = window.inside(around)
        out = np.ascontiguousarray(labels[:, rows, cols])
        if shift is not None:
            at_row, at_col = (np.arange(a, b, dtype=np.float64) for a, b in _spans(window))
            dx, dy = shift.at(at_row, at_col)
            x, y = at_col[None, :] + dx - around.col, at_row[:, None] + dy - around.row
            out[0] = cv2.remap(
                labels[0], x.astype(np.float32), y.astype(np.float32), cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_CONSTANT, borderValue=UNKNOWN,
            )  # fmt: skip
        return out

    @cached_property
    def _label(self) -> Label | None:
        """The label raster, read once for all windows."""
        return None if self.case.label is None else read_label(self.case.label)

    @cached_property
    def _drawn(self) -> list[tuple[Outline, shapely.Geometry]]:
        """The outlines with their shapes in the grid's system, wrong ones first, so that right ones stand above."""
        crs = self.grid.crs

        def brought(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack(transform_xy(CRS84, crs, *coordinates.T))

        return [(o, shapely.transform(o.shape, brought)) for o in sorted(self.case.outlines, key=lambda o: o.right)]

    def _of_outlines(self, grid: Grid) -> U8:
        """The labels of a part of the grid from the outlines."""
        labels = np.full((2, *grid.shape), 0 if self.case.complete else UNKNOWN, np.uint8)
        for outline, shape in self._drawn:
            if shapely.box(*grid.bounds).intersects(shape):
                _draw(labels, outline, rasterize([shape], grid.shape, transform=grid.transform).astype(bool), self.case)
        return labels

    @property
    def _reach_px(self) -> int:
        shift = self.prepared.plan.after.shift
        return 0 if shift is None else int(np.ceil(max(np.abs(shift.dx).max(), np.abs(shift.dy).max()))) + 1


def _spans(window: Window) -> tuple[tuple[int, int], tuple[int, int]]:
    return (window.row, window.row_stop), (window.col, window.col_stop)


def opened(case: Case, judge: Judge, gsd_m: float | None = None) -> Opened:
    """Bring a case together.

    Args:
        case: The case.
        judge: What will judge it.
        gsd_m: Working pixel size, None: what a scan of the smallest structures would take.

    Raises:
        KanchaError: What a scan of the pair would refuse.
    """
    first, second = (
        inspect_raster(path, crs=crs) for path, crs in zip((case.before, case.after), case.systems, strict=True)
    )
    options = ScanOptions(workers=1, accept=("alignment",))
    pair = plan_pair(first, second, min_area_m2=options.min_area_m2, gsd_m=gsd_m)
    return Opened(case, prepare(first, second, pair, None, options, judge))


def labelled(one: Opened, place: str) -> Iterator[LabelledPair]:
    """The blocks of a case in which something is known.

    Args:
        one: The case.
        place: Its place.
    """
    for window in one.grid.windows(BLOCK_PX):
        labels = one.labels(window)
        if (labels == UNKNOWN).all():
            continue
        pixels = WindowPixels(one.prepared.plan, window)
        pixels.fetch(window)
        before, after, valid = pixels.fine(window)
        labels[:, ~valid] = UNKNOWN
        first, second = (np.ascontiguousarray(date[:3].transpose(1, 2, 0)) for date in (before, after))
        yield LabelledPair(place, first, second, labels, one.grid.pixel_size[0])


def _of_raster(label: Label, grid: Grid) -> U8:
    values = np.where(label.known, label.components > 0, UNKNOWN).astype(np.uint8)
    out = np.full(grid.shape, UNKNOWN, np.uint8)
    reproject(
        values, out, src_transform=label.grid.transform, src_crs=label.grid.crs.to_wkt(), src_nodata=UNKNOWN,
        dst_transform=grid.transform, dst_crs=grid.crs.to_wkt(), dst_nodata=UNKNOWN, resampling=Resampling.nearest,
    )  # fmt: skip
    # A label tells what changed, and new is the rule: of what is gone it says only where nothing is.
    return np.stack([out, np.where(out == 1, 0, out).astype(np.uint8)])


def _draw(labels: U8, outline: Outline, inside: npt.NDArray[np.bool_], case: Case) -> None:
    """What one outline tells of the pixels in it, and around it where somebody drew it."""
    if outline.exact and not case.complete:
        near, far = (cv2.dilate(inside.view(np.uint8), np.ones((2 * r + 1,) * 2, np.uint8)) for r in RING_PX)
        labels[(far > near) & (labels == UNKNOWN)] = 0
    real = outline.right and outline.change != "none"
    # What appeared where another went says nothing against that other, and the other way round.
    labels[inside & ~(real & (labels == 1))] = 0
    if real and outline.change in ("appeared", "altered"):
        labels[0, inside] = 1
    if real and outline.change in ("disappeared", "altered"):
        labels[1, inside] = 1 if outline.change == "disappeared" else UNKNOWN


def places_of(cases: Sequence[Opened]) -> list[str]:
    """The place of each case: cases within `NEIGHBOURS_M` of each other are one place."""
    boxes = [one.bounds for one in cases]
    parts = shapely.get_parts(shapely.union_all([_with_surroundings(*box) for box in boxes]))
    tree = shapely.STRtree(parts)
    middles = [shapely.box(*box).centroid for box in boxes]
    return [f"place-{int(tree.query(middle, predicate='intersects')[0]):03d}" for middle in middles]


def _with_surroundings(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A box in degrees with half of `NEIGHBOURS_M` on every side; a degree of longitude shrinks towards the poles."""
    up = NEIGHBOURS_M / 2 / 111_000.0
    aside = up / max(0.01, math.cos(math.radians(max(abs(south), abs(north)))))
    return shapely.box(west - aside, south - up, east + aside, north + up)
