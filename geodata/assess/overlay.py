"""How structures and the polygons of a layer overlap, in metres, nothing counted twice.

Shapes are compared in a metric system at their own place; the shares that come out are of the structure, so
that areas in m² follow from its ellipsoidal area.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.crs import CRS84, crs_label, metric_crs_at
from geodata.repair import Geometries, to_crs

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_HALVINGS = 6


@dataclass(frozen=True)
class Outlines:
    """Structures at one place.

    Args:
        metric: The metric system of the place.
        lonlat: Outlines in CRS84, shape (n,).
        shapes: The same in metres.
        cores: Shrunk by their own error: what certainly belongs to the structure if only its position errs.
        error_m: Standard error of the outlines' position, m.
    """

    metric: pyproj.CRS
    lonlat: Geometries
    shapes: Geometries
    cores: Geometries
    error_m: FloatArray

    def __len__(self) -> int:
        """How many there are."""
        return len(self.shapes)


@dataclass(frozen=True)
class Overlaps:
    """Pairs of a structure and a feature that share ground.

    Args:
        structure: Row of the structure, ascending, shape (k,).
        feature: Row of the feature in its layer.
        part: The shared ground, metres.
        share: Share of `part` in the structure, 0 to 1.
        core: The ground shared with the structure's core; empty where nobody asked for it.
        core_share: The share of the structure's core that lies in the feature; likewise.
    """

    structure: IntArray
    feature: IntArray
    part: Geometries
    share: FloatArray
    core: Geometries
    core_share: FloatArray

    def of(self) -> dict[int, IntArray]:
        """Positions of the pairs by structure, the greatest share first."""
        if not len(self.structure):
            return {}
        order = np.lexsort((self.feature, -self.share, self.structure))
        rows, first = np.unique(self.structure[order], return_index=True)
        return {int(row): part for row, part in zip(rows, np.split(order, first[1:]), strict=True)}


def places(lonlat: Geometries) -> Iterator[tuple[pyproj.CRS, IntArray]]:
    """Rows of structures by the metric system of their place (one 3° belt or UTM zone each)."""
    systems: dict[str, tuple[pyproj.CRS, list[int]]] = {}
    bounds = shapely.bounds(lonlat)
    for row, (lon, lat) in enumerate(zip(bounds[:, 0], bounds[:, 1], strict=True)):
        crs = metric_crs_at(float(lon), float(lat))
        systems.setdefault(crs_label(crs), (crs, []))[1].append(row)
    for crs, rows in systems.values():
        yield crs, np.array(rows, dtype=np.intp)


def outlines(lonlat: Geometries, error_m: FloatArray, metric: pyproj.CRS) -> Outlines:
    """Structures brought to metres, with their cores.

    A structure narrower than twice its error keeps a core: the error is halved until something is left.
    """
    shapes = _sound(to_crs(lonlat, CRS84, metric))
    by = error_m.copy()
    cores = shapely.buffer(shapes, -by, join_style="mitre")
    for _ in range(_HALVINGS):
        gone = shapely.is_empty(cores)
        if not gone.any():
            break
        by[gone] /= 2
        cores[gone] = shapely.buffer(shapes[gone], -by[gone], join_style="mitre")
    cores = np.where(shapely.is_empty(cores), shapes, cores)
    return Outlines(metric, lonlat, shapes, cores, error_m)


def overlap(structures: Outlines, layer: Geometries, *, cores: bool = False) -> Overlaps:
    """All pairs of a structure and a feature that share ground.

    Args:
        structures: The structures.
        layer: Polygons in CRS84, None where there is none, shape (m,). Only those near a structure are
            transformed.
        cores: Whether the structures' cores are asked for too.
    """
    feature, structure = shapely.STRtree(structures.lonlat).query(layer)
    used, at = np.unique(feature, return_inverse=True)
    ground = _sound(to_crs(layer[used], CRS84, structures.metric))
    shapely.prepare(ground)
    meets = shapely.intersects(ground[at], structures.shapes[structure])
    feature, structure, at = feature[meets], structure[meets], at[meets]
    part = _shared(structures.shapes[structure], ground[at])
    share = shapely.area(part) / shapely.area(structures.shapes[structure])
    order = np.lexsort((feature, structure))
    order = order[share[order] > 0]
    core, core_share = np.empty(0, object), np.empty(0)
    if cores:
        core = _shared(structures.cores[structure[order]], ground[at[order]])
        core_share = np.minimum(shapely.area(core) / shapely.area(structures.cores[structure[order]]), 1.0)
    return Overlaps(structure[order], feature[order], part[order], np.minimum(share[order], 1.0), core, core_share)


def _sound(shapes: Geometries) -> Geometries:
    """Valid shapes: rounding in a transformation can let a thin polygon touch itself."""
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes = shapes.copy()
        shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    return shapes


def _shared(shapes: Geometries, ground: Geometries) -> Geometries:
    """Intersections; what lies wholly inside is itself, so that a vast zone costs no overlay."""
    inside = shapely.covers(ground, shapes)
    shared = shapes.copy()
    shared[~inside] = shapely.intersection(shapes[~inside], ground[~inside])
    return shared


def joint_share(parts: Geometries, found: Overlaps, shapes: Geometries) -> FloatArray:
    """Share of every structure that lies in any of its features, ground under two of them counted once.

    Args:
        parts: The shared ground of the pairs: `found.part` or `found.core`.
        found: The pairs.
        shapes: What the parts are parts of: the structures or their cores, shape (n,).

    Returns:
        Shares from 0 to 1, shape (n,).
    """
    shared = np.zeros(len(shapes))
    for row, pairs in found.of().items():
        shared[row] = (shapely.union_all(parts[pairs]) if len(pairs) > 1 else parts[pairs[0]]).area
    return np.asarray(np.minimum(shared / shapely.area(shapes), 1.0), np.float64)
