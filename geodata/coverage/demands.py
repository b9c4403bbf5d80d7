"""What is demanded of the cells by the zones of plan and law: how old a look may be, what is not to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.assess.tables import column, in_force, numbers
from geodata.coverage.cells import Cells
from geodata.coverage.due import due_days, excluded_share

F64 = npt.NDArray[np.float64]

EXCLUDED_KINDS: tuple[str, ...] = ("no_fly", "secret")
"""Zones over which nothing is flown and nothing is looked at (禁飞区、涉密区)."""
ELSEWHERE = "elsewhere"
DUE_DAYS: Mapping[str, float] = MappingProxyType(
    {
        "permanent_basic_farmland": 30.0,
        "ecological_redline": 30.0,
        "urban_development_boundary": 30.0,
        "river": 30.0,
        "road_redline": 30.0,
        "green": 30.0,
        "heritage": 30.0,
        ELSEWHERE: 90.0,
    }
)
"""Days that a look may be old, by kind of zone. No law sets them: they follow the monthly satellite patrol, and a
season for what no zone protects."""


def due_by_zone(cells: Cells, zones: gpd.GeoDataFrame | None, day: date, table: Mapping[str, float] = DUE_DAYS) -> F64:
    """How old a look at each cell may be, days; where zones overlap, the shortest counts.

    Args:
        cells: The cells.
        zones: Zones with `kind`; `due_days` of a zone stands before the table. None: there are none.
        day: The day; zones that are not in force on it do not count.
        table: Days by kind of zone, `ELSEWHERE` for the rest.
    """
    if zones is None or not len(zones):
        return due_days(cells, table[ELSEWHERE], [])
    own = numbers(zones, "due_days")
    listed = np.array([table.get(str(kind), np.nan) for kind in column(zones, "kind")], dtype=np.float64)
    wanted = np.where(np.isnan(own), listed, own)
    wanted[~in_force(zones, day)] = np.nan
    outlines = zones.geometry.to_numpy()
    # zones of one age together: a district has thousands of them and a handful of ages
    ages = np.unique(wanted[~np.isnan(wanted)]).tolist()
    return due_days(cells, table[ELSEWHERE], [(shapely.union_all(outlines[wanted == age]), age) for age in ages])


def excluded_by_zone(cells: Cells, area: shapely.Geometry, zones: gpd.GeoDataFrame | None, day: date) -> F64:
    """Share of each cell that lies in the area (CRS84) and is not to be looked at on a day."""
    if zones is None or not len(zones):
        return excluded_share(cells, area, [])
    kinds = np.array([kind in EXCLUDED_KINDS for kind in column(zones, "kind")], dtype=bool)
    return excluded_share(cells, area, zones.geometry.to_numpy()[kinds & in_force(zones, day)])
