"""How old the last look may be: by the category of the ground, the shortest where categories overlap."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells

F64 = npt.NDArray[np.float64]
_TOUCHED = 1e-3
"""Less of a cell than this is drawing error: 2.5 m² of a cell of 50 m."""


def due_days(cells: Cells, other: float, zones: Iterable[tuple[shapely.Geometry, float]]) -> F64:
    """How old a look at each cell may be, days.

    Args:
        cells: The cells.
        other: Where no zone says otherwise.
        zones: Ground (CRS84) with its days; a cell that it touches is due as soon as it.
    """
    out = np.full(cells.grid.shape, float(other))
    told = np.full(cells.grid.shape, np.inf)
    for shape, days in zones:
        part = cells.part_in(shape)
        if part is not None:
            here = told[part.slices]
            touched = part.share > _TOUCHED
            here[touched] = np.minimum(here[touched], days)
    return np.where(np.isfinite(told), told, out)


def excluded_share(cells: Cells, area: shapely.Geometry, shapes: Iterable[shapely.Geometry]) -> F64:
    """Share of each cell that lies in the area and is not to be looked at.

    Args:
        cells: The cells.
        area: The area that they are over, CRS84.
        shapes: Ground that is not to be looked at, CRS84; it may overlap itself.
    """
    grounds = list(shapes)
    if not grounds:
        return np.zeros(cells.grid.shape)
    return np.minimum(cells.share_in(shapely.intersection(shapely.union_all(grounds), area)), cells.share)
