"""The permit register: on which ground every permit stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.assess.tables import column, shapes_of
from geodata.repair import Geometries


@dataclass(frozen=True)
class Permits:
    """A permit register with the ground of every permit: its own polygon, else its parcel's.

    Args:
        frame: The register.
        ground: Ground per row; where rows are of one permit, all of it stands in the first of them.
        unplaced: Which rows have no known ground.
        match: How the ground of each row was found.
        score: How well, 0 to 1.
    """

    frame: gpd.GeoDataFrame
    ground: Geometries
    unplaced: npt.NDArray[np.bool_]
    match: list[str]
    score: npt.NDArray[np.float64]


def resolve_permits(permits: gpd.GeoDataFrame | None, parcels: gpd.GeoDataFrame | None) -> Permits | None:
    """The ground of permits; a permit without a polygon whose parcel is unknown has none.

    Args:
        permits: The register, None where none was given.
        parcels: Where permits without a polygon find theirs; parcels of one id count together.
    """
    if permits is None:
        return None
    ground = shapes_of(permits)
    bare = np.flatnonzero(shapely.is_missing(ground) | shapely.is_empty(ground))
    wanted = [str(value) for value in np.array(column(permits, "parcel_id"), dtype=object)[bare]]
    by_id: dict[str, list[Any]] = {name: [] for name in wanted}
    if parcels is not None and wanted:
        for name, shape in zip(column(parcels, "parcel_id"), shapes_of(parcels), strict=True):
            if str(name) in by_id and shape is not None:
                by_id[str(name)].append(shape)
    match = ["polygon"] * len(permits)
    for row, name in zip(bare.tolist(), wanted, strict=True):
        ground[row] = shapely.union_all(by_id[name]) if by_id[name] else None
        match[row] = "parcel_number" if by_id[name] else "none"
    unplaced = np.asarray(shapely.is_missing(ground), dtype=bool)
    score = np.where(unplaced, 0.0, 1.0)
    return Permits(permits, _joined(permits, ground), unplaced, match, score)


def _joined(permits: gpd.GeoDataFrame, ground: Geometries) -> Geometries:
    """A permit that is listed once for every plot covers its plots together."""
    papers: dict[tuple[Any, ...], list[int]] = {}
    columns = (column(permits, name) for name in ("permit_id", "valid_from", "valid_to"))
    for row, paper in enumerate(zip(*columns, strict=True)):
        if ground[row] is not None:
            papers.setdefault(tuple(str(value) for value in paper), []).append(row)
    for rows in papers.values():
        if len(rows) > 1:
            ground[rows[0]] = shapely.union_all(ground[rows])
            ground[rows[1:]] = None
    return ground
