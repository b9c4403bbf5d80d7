"""From which confidence and size a structure is reported, and called a strong lead: otherwise by area.

A bureau may want every hint in its permanent basic farmland and only strong leads in the old town. A zone says so by
`min_confidence`, `confirmed_from` and `min_area_m2`; where zones overlap the most watchful one decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Areas:
    """Areas with points of their own.

    Args:
        shapes: Polygons in CRS84, shape (n,).
        candidate: Confidence from which a structure is reported there, NaN: as elsewhere.
        confirmed: Confidence from which its tier is `confirmed` there, NaN: as elsewhere.
        least_m2: Area from which a structure is reported there, NaN: as elsewhere; None: as elsewhere in all of them.
    """

    shapes: Geometries
    candidate: F64
    confirmed: F64
    least_m2: F64 | None = None

    @classmethod
    def none(cls) -> Areas:
        """No such area."""
        return cls(np.empty(0, object), np.empty(0), np.empty(0))

    def floor(self, outlines: Geometries, elsewhere: float) -> F64:
        """Confidence from which each structure is reported.

        Args:
            outlines: Polygons in CRS84, shape (m,).
            elsewhere: Where no area says otherwise.
        """
        return self._of(outlines, self.candidate, elsewhere)

    def strong(self, outlines: Geometries, elsewhere: float) -> F64:
        """Confidence from which each structure's tier is `confirmed`."""
        return self._of(outlines, self.confirmed, elsewhere)

    def least(self, outlines: Geometries) -> F64:
        """Area from which each structure is reported, m²; 0 where no area says anything."""
        return np.zeros(len(outlines)) if self.least_m2 is None else self._of(outlines, self.least_m2, 0.0)

    def _of(self, outlines: Geometries, values: F64, elsewhere: float) -> F64:
        told = np.full(len(outlines), np.nan)
        said = ~np.isnan(values)
        if said.any() and len(outlines):
            own = values[said]
            row, area = shapely.STRtree(self.shapes[said]).query(shapely.point_on_surface(outlines), "intersects")
            np.fmin.at(told, row, own[area])
        return np.where(np.isnan(told), elsewhere, told)
