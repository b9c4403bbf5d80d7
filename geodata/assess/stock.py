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
import numpy.typing as npt
import pandas as pd
import shapely

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

KNOWN_SHARE = 0.5
"""From this share on known buildings on, a building of an image is one of them: its outline is too coarse for more."""
OUTLINE_ERROR_M = 0.3
"""Standard error of a surveyed outline where the layer has no `accuracy_m`."""
_PLAN = frozenset({"against_plan", "public_ground", "protected_area", "farmland", "spacing_or_setback"})
"""Categories by which a permitted building no longer conforms to the plan."""
NOWHERE = ""
"""Village of a building that stands on no parcel with one."""


def survey(
    layers: Layers,
    *,
    as_of: datetime,
    book: Book | None = None,
    cut_off: date | None = None,
    seen: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """What every known building, and every building that an image shows and no register knows, is to the papers.

    Args:
        layers: The layers; `buildings` is what is surveyed.
        as_of: The day of the survey.
        book: The rulebook, None: the national base.
        cut_off: Buildings of this day and before are old stock, later ones new; None: none are told apart.
        seen: Buildings of an image (`geodata.scan_roofs`); those that lie on known ones are left out.

    Returns:
        The buildings that stood on the day with `building_id`, `source` (`register` or `image`), `standing`,
        `period`, `category` (of the gravest reason), `village`, `area_m2`, `height_m`, `use`, `built_on`,
        `confidence` (of what an image shows) and the columns of an assessment, CRS84.

    Raises:
        LayerError: If there are neither buildings nor an image.
        RulebookError: If the rulebook does not hold on the day.
    """
    day = (book or shipped_book()).require_in_effect(as_of)
    papers = replace(layers, permits=_lasting(layers.permits))
    parts = []
    if layers.buildings is not None and len(layers.buildings):
        known = _standing_on(layers.buildings, day)
        parts.append(assess(known, replace(papers, buildings=None), as_of=as_of, book=book))
    if seen is not None:
        unknown = seen[_share_known(seen, layers.buildings) < KNOWN_SHARE]
        parts.append(assess(_as_structures(unknown), papers, as_of=as_of, book=book))
    if not parts:
        raise LayerError(
            "There are no buildings to survey.",
            remedy="Give the layer of known buildings, or an image that shows them.",
        )
    found = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    found = gpd.GeoDataFrame(found.reset_index(drop=True), geometry="geometry", crs=CRS84)
    found["standing"] = [_standing(row) for row in found.to_dict("records")]
    found["category"] = _objects([_category(row) for row in found.to_dict("records")])
    found["period"] = [_period(built, cut_off) for built in found["built_on"]]
    found["village"] = _villages(found, layers)
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
            "source": "register",
            "confidence": _objects([None] * len(some)),
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


def _as_structures(seen: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Buildings of an image as structures: nothing is known of them but where they stand."""
    nothing = {name: _objects([None] * len(seen)) for name in ("height_m", "use", "register_id", "built_on")}
    return seen.reset_index(drop=True).assign(
        source="image",
        change="appeared",
        stage="finished",
        height_error_m=0.0,
        titled=False,
        first_seen_on=_objects([None] * len(seen)),
        **nothing,
    )


def _share_known(seen: gpd.GeoDataFrame, known: gpd.GeoDataFrame | None) -> npt.NDArray[np.float64]:
    """Share of each building of an image that lies on known ones, which may touch and overlap."""
    share = np.zeros(len(seen))
    if known is None or not len(known) or not len(seen):
        return share
    outlines, registered = seen.geometry.to_numpy(), shapes_of(known)
    rows, at = shapely.STRtree(registered).query(outlines, predicate="intersects")
    for row in np.unique(rows).tolist():
        joint = shapely.union_all(registered[at[rows == row]])
        share[row] = shapely.area(shapely.intersection(outlines[row], joint)) / shapely.area(outlines[row])
    return share


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


def _villages(found: gpd.GeoDataFrame, layers: Layers) -> list[str]:
    """Name of the smallest administrative area around each building; without areas, village of its main parcel."""
    if layers.areas is not None and len(layers.areas):
        return _areas_of(found, layers.areas)
    if layers.parcels is None:
        return [NOWHERE] * len(found)
    ids, names = column(layers.parcels, "parcel_id"), column(layers.parcels, "village")
    village = {str(one): str(name) for one, name in zip(ids, names, strict=True) if name is not None}
    return [village.get(parcel[0], NOWHERE) if parcel else NOWHERE for parcel in found["parcel_ids"]]


def _areas_of(found: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[str]:
    shapes = shapes_of(areas)
    order = np.argsort([-shapely.area(shape) for shape in shapes], kind="stable")
    names = [NOWHERE] * len(found)
    inside, tree_at = shapely.STRtree(shapes[order]).query(
        shapely.point_on_surface(found.geometry.to_numpy()), predicate="intersects"
    )
    # of several areas around a building the last, smallest, stays
    for row, at in sorted(zip(inside.tolist(), tree_at.tolist(), strict=True)):
        names[row] = str(areas["name"].iloc[order[at]])
    return names


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
    last = with_ids_of(first, last)
    before, now = _open(first), _open(last)
    village = {**_column_by_id(last, "village"), **_column_by_id(first, "village")}
    area = _column_by_id(last, "area_m2")
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


def with_ids_of(first: gpd.GeoDataFrame, last: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A later survey in which buildings of an image have the ids that an earlier one gave them.

    Each picture outlines a building anew. It is the same where one of the two outlines covers half of the other; each
    earlier id is given once, to the later building that has most of it.
    """
    old, new = _from_images(first), _from_images(last)
    if not len(old) or not len(new):
        return last
    before, after = old.geometry.to_numpy(), new.geometry.to_numpy()
    pairs = shapely.STRtree(before).query(after, predicate="intersects")
    common = shapely.area(shapely.intersection(after[pairs[0]], before[pairs[1]]))
    share = common / np.minimum(shapely.area(after[pairs[0]]), shapely.area(before[pairs[1]]))
    ids = last["building_id"].tolist()
    taken: set[int] = set()
    named: set[int] = set()
    for k in np.lexsort((pairs[1], pairs[0], -share)):
        mine, other = int(pairs[0][k]), int(pairs[1][k])
        if share[k] >= _SAME_SHARE and mine not in named and other not in taken:
            named.add(mine)
            taken.add(other)
            ids[new.index[mine]] = old["building_id"].iloc[other]
    return last.assign(building_id=ids)


_SAME_SHARE = 0.5


def _from_images(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if "source" not in found.columns:
        return found.iloc[:0]
    return found.reset_index(drop=True)[lambda rows: rows["source"] == "image"]


def _column_by_id(found: gpd.GeoDataFrame, name: str) -> dict[str, Any]:
    return dict(zip(found["building_id"], found[name], strict=True))


@dataclass(frozen=True)
class OpenOverTime:
    """What was open at each of several surveys in one village and category.

    Args:
        village: The village.
        category: The category.
        buildings: Open buildings, survey by survey.
        area_m2: Their area, survey by survey.
    """

    village: str
    category: str
    buildings: tuple[int, ...]
    area_m2: tuple[float, ...]


def over_time(surveys: Sequence[gpd.GeoDataFrame]) -> list[OpenOverTime]:
    """What was open survey by survey, by village and category (清零).

    Args:
        surveys: In the order of their days.
    """
    cells: dict[tuple[str, str], list[list[float]]] = {}
    for k, found in enumerate(surveys):
        villages, areas = _column_by_id(found, "village"), _column_by_id(found, "area_m2")
        for name, category in _open(found).items():
            rows = cells.setdefault((villages[name], category), [[] for _ in surveys])
            rows[k].append(float(areas[name]))
    return [
        OpenOverTime(*key, tuple(map(len, rows)), tuple(round(sum(row), 1) for row in rows))
        for key, rows in sorted(cells.items())
    ]


def _open(found: gpd.GeoDataFrame) -> dict[str, str]:
    """Category of every open building, by its id."""
    rows = zip(found["building_id"], found["standing"], found["category"], strict=True)
    return {name: category or "none" for name, standing, category in rows if standing in OPEN}
