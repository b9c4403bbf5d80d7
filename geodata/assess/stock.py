"""The stock: every known building against the latest plan and the permits, without new imagery (摸清底数).

A building is assessed as it stands: a planning permit need not be in force today, it must have been when the building
came to be; a temporary permit that ran out no longer covers anything; a title in the property register (`register_id`)
stands for the papers. What has its papers and is no longer in the latest plan is `nonconforming` (不符合最新规划), what
nothing on file allows is `suspected`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.assess.assessment import assess
from geodata.assess.books import Book, shipped_book
from geodata.assess.overlay import places
from geodata.assess.tables import column, days, numbers, shapes_of
from geodata.crs import CGCS2000_GEOD, CRS84
from geodata.errors import LayerError
from geodata.features import parse_day
from geodata.types import Layers

Standing = Literal["suspected", "nonconforming", "conforming", "unassessed"]
STANDINGS: tuple[Standing, ...] = ("suspected", "nonconforming", "conforming", "unassessed")
"""What a building is to the papers; the first two are open until the campaign's end."""
OPEN: tuple[Standing, ...] = ("suspected", "nonconforming")
Period = Literal["stock", "new_build", "unknown"]

OUTLINE_ERROR_M = 0.3
"""Standard error of a surveyed outline where the layer has no `accuracy_m`."""
_PLAN = frozenset({"against_plan", "public_ground", "protected_area", "farmland", "spacing_or_setback"})
"""Categories by which a permitted building no longer conforms to the plan."""
NOWHERE = ""
"""Village of a building that stands on no parcel with one."""


def survey(
    layers: Layers, *, as_of: datetime, book: Book | None = None, cut_off: date | None = None
) -> gpd.GeoDataFrame:
    """What every known building is to the papers.

    Args:
        layers: The layers; `buildings` is what is surveyed.
        as_of: The day of the survey.
        book: The rulebook, None: the national base.
        cut_off: Buildings of this day and before are old stock, later ones new; None: none are told apart.

    Returns:
        The buildings that stood on the day with `building_id`, `standing`, `period`, `category` (of the gravest
        reason), `village`, `area_m2`, `height_m`, `use`, `built_on` and the columns of an assessment, CRS84.

    Raises:
        LayerError: If there are no buildings.
        RulebookError: If the rulebook does not hold on the day.
    """
    if layers.buildings is None or not len(layers.buildings):
        raise LayerError("There are no buildings to survey.", remedy="Give the layer of known buildings.")
    day = (book or shipped_book()).require_in_effect(as_of)
    known = _standing_on(layers.buildings, day)
    against = replace(layers, buildings=None, permits=_lasting(layers.permits))
    found = assess(known, against, as_of=as_of, book=book)
    found["standing"] = [_standing(row) for row in found.to_dict("records")]
    found["category"] = _objects([_category(row) for row in found.to_dict("records")])
    found["period"] = [_period(built, cut_off) for built in found["built_on"]]
    found["village"] = _villages(found, layers.parcels)
    return found


def _standing_on(buildings: gpd.GeoDataFrame, day: date) -> gpd.GeoDataFrame:
    """The buildings that stood on a day, as structures."""
    built = days(buildings, "built_on")
    keep = np.array([b is None or b <= day for b in built], dtype=bool)
    some, shapes = buildings[keep], shapes_of(buildings)[keep]
    errors_m = numbers(some, "accuracy_m")
    return gpd.GeoDataFrame(
        {
            "building_id": [str(v) for v in column(some, "building_id")],
            "change": "appeared",
            "stage": "finished",
            "area_m2": [abs(float(CGCS2000_GEOD.geometry_area_perimeter(shape)[0])) for shape in shapes],
            "outline_error_m": np.where(np.isnan(errors_m), OUTLINE_ERROR_M, errors_m),
            "height_m": _objects(column(some, "height_m")),
            "height_error_m": 0.0,
            "use": _objects(column(some, "use")),
            "register_id": _objects(column(some, "register_id")),
            "titled": [v is not None for v in column(some, "register_id")],
            "built_on": _objects([b for b, kept in zip(built, keep, strict=True) if kept]),
            "first_seen_on": _objects([b for b, kept in zip(built, keep, strict=True) if kept]),
        },
        geometry=gpd.GeoSeries(shapes, crs=CRS84),
        crs=CRS84,
    ).pipe(_with_area_errors)


def _with_area_errors(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The error of an area: that of the outline along half of its length."""
    length = np.zeros(len(frame))
    for metric, rows in places(frame.geometry.to_numpy()):
        length[rows] = frame.geometry.iloc[rows].to_crs(metric).length
    return frame.assign(area_error_m2=frame["outline_error_m"] * length / 2)


def _objects(values: Sequence[Any]) -> pd.Series:
    return pd.Series(values, dtype=object)


def _lasting(permits: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Permits as they count for what was built under them: only temporary ones come to an end."""
    if permits is None:
        return None
    temporary = np.array([kind == "temporary" for kind in column(permits, "kind")], dtype=bool)
    ends = _objects([v if keep else None for v, keep in zip(column(permits, "valid_to"), temporary, strict=True)])
    return permits.assign(valid_to=ends.to_numpy())


def _standing(row: Mapping[str, Any]) -> Standing:
    status = row["status"]
    if status in ("permitted", "existing"):
        against = [r for r in row["reasons"] if r["category"] in _PLAN and r["certainty"] != "within_error"]
        return "nonconforming" if against else "conforming"
    return "suspected" if status == "suspected" else "unassessed"


_ORDER = MappingProxyType({"low": 0, "medium": 1, "high": 2, "critical": 3})


def _category(row: Mapping[str, Any]) -> str | None:
    """The category of the gravest reason that exceeds its error."""
    alleged = [r for r in row["reasons"] if r["basis"] and r["certainty"] != "within_error"]
    return max(alleged, key=lambda r: _ORDER[r["severity"]])["category"] if alleged else None


def _period(built: Any, cut_off: date | None) -> Period:
    day = parse_day(built)
    if day is None or cut_off is None:
        return "unknown"
    return "stock" if day <= cut_off else "new_build"


def _villages(found: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame | None) -> list[str]:
    """Village of the parcel with most of each building."""
    if parcels is None:
        return [NOWHERE] * len(found)
    ids, names = column(parcels, "parcel_id"), column(parcels, "village")
    village = {str(one): str(name) for one, name in zip(ids, names, strict=True) if name is not None}
    return [village.get(parcel[0], NOWHERE) if parcel else NOWHERE for parcel in found["parcel_ids"]]


# --- figures -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """Buildings of one village and category.

    Args:
        village: The village, empty: none is known.
        category: Category of the gravest reason, None: nothing speaks against them.
        standing: What they are to the papers.
        buildings: How many.
        area_m2: Their area.
    """

    village: str
    category: str | None
    standing: Standing
    buildings: int
    area_m2: float


def counts(found: gpd.GeoDataFrame) -> list[Count]:
    """A survey in figures, by village, standing and category."""
    keys = list(zip(found["village"], found["standing"], found["category"], strict=True))
    area = found["area_m2"].to_numpy(dtype=np.float64)
    totals: dict[tuple[str, Standing, str | None], list[float]] = {}
    for key, m2 in zip(keys, area, strict=True):
        totals.setdefault(key, []).append(float(m2))
    rows = [Count(v, c, s, len(m2), round(sum(m2), 1)) for (v, s, c), m2 in totals.items()]
    return sorted(rows, key=lambda r: (r.village, STANDINGS.index(r.standing), r.category or ""))


@dataclass(frozen=True)
class Progress:
    """How far a campaign is from zero (清零) in one village and category.

    Args:
        village: The village.
        category: The category.
        open_at_first: Open buildings of the first survey.
        still_open: Of these, still open in the last.
        since: Open in the last that were not in the first.
        area_m2: Area of what is open in the last.
    """

    village: str
    category: str
    open_at_first: int
    still_open: int
    since: int
    area_m2: float

    @property
    def clear_rate(self) -> float | None:
        """Share of the first survey's open buildings that are open no more; None where there were none."""
        return None if not self.open_at_first else 1 - self.still_open / self.open_at_first


def progress(first: gpd.GeoDataFrame, last: gpd.GeoDataFrame) -> list[Progress]:
    """From one survey to a later one, building by building.

    Args:
        first: The baseline.
        last: The later survey; a building that is in it no more is gone.
    """
    before, now = _open(first), _open(last)
    village = {**dict(zip(last["building_id"], last["village"], strict=True)),
               **dict(zip(first["building_id"], first["village"], strict=True))}  # fmt: skip
    area = dict(zip(last["building_id"], last["area_m2"], strict=True))
    groups: dict[tuple[str, str], list[str]] = {}
    for name, category in {**now, **before}.items():
        groups.setdefault((village[name], category), []).append(name)
    rows = []
    for (place, category), names in sorted(groups.items()):
        opened = [n for n in names if n in before]
        left = [n for n in names if n in now]
        still = len([n for n in opened if n in now])
        rows.append(Progress(place, category, len(opened), still, len(left) - still, sum(area[n] for n in left)))
    return rows


def _open(found: gpd.GeoDataFrame) -> dict[str, str]:
    """Category of every open building, by its id."""
    rows = zip(found["building_id"], found["standing"], found["category"], strict=True)
    return {name: category or "none" for name, standing, category in rows if standing in OPEN}
