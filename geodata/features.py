"""Typed feature layers: a stated schema, values of one type, geometry that can be measured.

`conform` takes whatever a file or a caller holds and returns a frame that the assessment may rely on: the
columns of `SCHEMAS` under their own names, text as `str`, days as `datetime.date` (Beijing), numbers as
`float`, valid two-dimensional polygons in CRS84. What it had to change or leave out stands in the result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.crs import CRS84
from geodata.errors import GeometryError, LayerColumnsError, LayerValueError
from geodata.repair import NO_GEOMETRY, Geometries, place, repair_polygons, widen_lines
from geodata.types import LayerKind

BEIJING = timezone(timedelta(hours=8))
"""Fixed UTC+8: China has kept no daylight saving time since 1991."""

ZONE_KINDS: tuple[str, ...] = (
    "permanent_basic_farmland",
    "ecological_redline",
    "urban_development_boundary",
    "road",
    "road_redline",
    "river",
    "water",
    "green",
    "square",
    "public_land",
    "temporary_land",
    "heritage",
    "utility",
    "fire_lane",
    "planned_use",
    "no_fly",
    "secret",
)
"""What a zone may be (三区三线 and the finer plan layers)."""


@dataclass(frozen=True)
class Column:
    """One column of a layer.

    Args:
        name: Its name.
        holds: Type of its values: text (`str`), day (`datetime.date`), number (`float`) or share (0 to 1).
        required: Whether the layer is refused without it.
    """

    name: str
    holds: Literal["text", "day", "number", "share"] = "text"
    required: bool = False


SCHEMAS: Mapping[LayerKind, tuple[Column, ...]] = {
    "parcels": (
        Column("parcel_id", required=True),
        Column("land_use"),
        Column("owner_kind"),
        Column("village"),
        Column("accuracy_m", "number"),
    ),
    "permits": (
        Column("permit_id", required=True),
        Column("valid_from", "day", required=True),
        Column("parcel_id"),
        Column("kind"),
        Column("valid_to", "day"),
        Column("area_m2", "number"),
        Column("height_m", "number"),
        Column("use"),
        Column("issued_on", "day"),
    ),
    "zones": (
        Column("zone_id", required=True),
        Column("kind", required=True),
        Column("use"),
        Column("buffer_m", "number"),
        Column("setback_m", "number"),
        Column("max_height_m", "number"),
        Column("min_area_m2", "number"),
        Column("min_confidence", "share"),
        Column("confirmed_from", "share"),
        Column("valid_from", "day"),
        Column("valid_to", "day"),
    ),
    "buildings": (
        Column("building_id", required=True),
        Column("built_on", "day"),
        Column("height_m", "number"),
        Column("register_id"),
    ),
    "areas": (
        Column("area_id", required=True),
        Column("name", required=True),
        Column("parent_id"),
        Column("level"),
        Column("division_code"),
    ),
}
"""The input layers; further columns are kept as they are. The first column is the id."""

_EMPTY_WORDS = {"", "-", "--", "/", "null", "none", "nan", "nat", "<na>", "无"}
_EMPTY_DAYS = {"0", "0.0", "00000000"}
_OPEN_ENDED = {"长期", "永久", "长期有效"}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})(?:\.0+)?")
_SHAPEFILE_NAME_LENGTH = 10


@dataclass(frozen=True)
class Conformed:
    """A checked layer and what was done to it.

    Args:
        frame: The layer in CRS84; the columns of its schema first, absent ones filled with None or NaN.
        repaired: Ids of the features whose geometry was repaired.
        dropped: (id, reason) of the features left out; a row without an id is called `row 7`.
        duplicated: Ids that occur more than once. Rows equal in everything are kept once, others all stay.
    """

    frame: gpd.GeoDataFrame
    repaired: list[str] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)


def conform(raw: gpd.GeoDataFrame, kind: LayerKind, *, mapping: Mapping[str, str] | None = None) -> Conformed:
    """Check a layer against its schema, repair its geometry and bring it to CRS84.

    Args:
        raw: The layer as it is, in its declared system.
        kind: Which layer it is.
        mapping: Foreign column names, target to source: `{"parcel_id": "DKBM"}`.

    Raises:
        LayerColumnsError: If a column is missing, or the mapping names one that is not there.
        LayerValueError: If a date, a number or a zone kind cannot be read, with its row and value.
        MissingCRSError: If geometries come without a system.
        CRSMismatchError: If the coordinates contradict the system.
        GeometryError: If no usable feature is left.
    """
    frame = _renamed(raw, kind, mapping or {})
    _typed(frame, kind)
    shapes, reasons = place(raw.geometry.to_numpy(), raw.crs, f"The {kind} layer")
    if kind == "zones":
        shapes = widen_lines(shapes, list(frame["kind"]), list(frame["buffer_m"]), reasons)
    if kind == "permits":
        _leave_to_parcel(shapes, frame, reasons)
    shapes, repaired = repair_polygons(shapes, reasons)
    _note_empty(frame, kind, reasons)
    ids = [name or f"row {i}" for i, name in enumerate(frame[SCHEMAS[kind][0].name], 1)]
    dropped = [(ids[i], reason) for i, reason in sorted(reasons.items())]
    keep = np.array([i not in reasons for i in range(len(frame))], dtype=bool)
    if not keep.any():
        raise GeometryError(
            f"The {kind} layer holds {len(frame)} features and none of them can be used"
            + (f"; the first: {dropped[0][0]}, {dropped[0][1]}." if dropped else "."),
            remedy="Give a layer with at least one valid polygon, or leave the layer out.",
            rows=len(frame),
        )
    whole = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=CRS84), crs=CRS84)
    kept, duplicated = _without_duplicates(whole[keep].reset_index(drop=True), kind)
    return Conformed(kept, [ids[i] for i in repaired if keep[i]], dropped, duplicated)


def parse_day(value: object) -> date | None:
    """A day in Beijing from what layers hold, None where there is none.

    Accepts `2024-05-01`, `2024/5/1`, `2024.5.1`, `2024年5月1日`, `20240501` (text or number) and date types.
    A time with an offset is moved to Beijing first; one without is taken as Beijing time.

    >>> parse_day("2024/5/1"), parse_day(20240501.0), parse_day("2024-05-01T18:00:00Z")
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1), datetime.date(2024, 5, 2))

    Raises:
        ValueError: If it is not a date.
    """
    if _is_missing(value):
        return None
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value).to_pydatetime()
    if isinstance(value, datetime):
        return (value.astimezone(BEIJING) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    text = _text(value) or ""
    match = _DAY.fullmatch(text)
    if match:
        year, month, day = (int(group) for group in match.groups() if group is not None)
        return date(year, month, day)
    moment = datetime.fromisoformat(text.replace("/", "-"))
    return (moment.astimezone(BEIJING) if moment.tzinfo else moment).date()


def _is_missing(value: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, str) and value.strip().lower() in _EMPTY_WORDS


def _text(value: object) -> str | None:
    """Text of a value; numbers without their `.0`, since shapefiles keep ids as numbers."""
    if _is_missing(value):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _number(value: object) -> float:
    return math.nan if _is_missing(value) else float(str(value).strip().replace(",", ""))


def _day(value: object, column: str) -> date | None:
    text = str(value).strip()
    if text in _EMPTY_DAYS or (column == "valid_to" and text in _OPEN_ENDED):
        return None
    return parse_day(value)


# --- columns -------------------------------------------------------------------------------------


def _renamed(raw: gpd.GeoDataFrame, kind: LayerKind, mapping: Mapping[str, str]) -> pd.DataFrame:
    """The attributes under the names of the schema, absent optional columns added."""
    attributes = pd.DataFrame(raw.drop(columns=raw.geometry.name)).reset_index(drop=True)
    present = [str(name) for name in attributes.columns]
    sources = _sources(present, kind, mapping)
    named: dict[str, Any] = {}
    for column in SCHEMAS[kind]:
        source = sources.get(column.name)
        values = [None] * len(attributes) if source is None else list(attributes[source])
        named[column.name] = pd.Series(values, dtype=object)
    for name in present:
        if name in sources.values():
            continue
        free = name
        while free in named or free == "geometry":
            free += "_given"
        named[free] = attributes[name]
    return pd.DataFrame(named, index=attributes.index)


def _sources(present: Sequence[str], kind: LayerKind, mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column of the file each column of the schema comes from."""
    known = [column.name for column in SCHEMAS[kind]]
    unknown = [target for target in mapping if target not in known]
    absent = [source for source in mapping.values() if _matching(source, present) is None]
    if unknown or absent:
        raise LayerColumnsError(
            f"The mapping of the {kind} layer names "
            + (f"unknown columns {', '.join(unknown)}." if unknown else f"absent {', '.join(absent)}."),
            remedy=f"The layer has: {', '.join(present) or 'none'}. {kind} may have: {', '.join(known)}.",
            present=list(present),
        )
    found: dict[str, str] = {}
    for name in known:
        source = _matching(mapping.get(name, name), present)
        if source is not None and (name in mapping or source not in mapping.values()):
            found[name] = source
    missing = [c.name for c in SCHEMAS[kind] if c.required and c.name not in found]
    if missing:
        raise LayerColumnsError(
            f"The {kind} layer lacks {', '.join(missing)}; it has: {', '.join(present) or 'no columns'}.",
            remedy=f"Name the column it is in, for example --map {kind}.{missing[0]}=DKBM.",
            missing=missing,
            present=list(present),
        )
    return found


def _matching(name: str, present: Sequence[str]) -> str | None:
    """The present column that a name means: equal, equal but for case, or cut to ten bytes by a shapefile."""
    if name in present:
        return name
    for candidate in present:
        if candidate.lower() == name.lower():
            return candidate
    for candidate in present:
        cut = len(candidate.encode()) == _SHAPEFILE_NAME_LENGTH
        if cut and name.lower().startswith(candidate.lower()):
            return candidate
    return None


def _typed(frame: pd.DataFrame, kind: LayerKind) -> None:
    """Bring the columns of the schema to their types, in place."""
    for column in SCHEMAS[kind]:
        values: list[Any] = []
        for row, value in enumerate(frame[column.name], 1):
            try:
                values.append(_coerced(value, column))
            except (ValueError, OverflowError) as error:
                raise LayerValueError(
                    f"Row {row} of the {kind} layer: {column.name} is {str(value)[:60]!r}, "
                    f"which is not a {column.holds}.",
                    remedy="Correct the value; days are written 2024-05-01, numbers in m or m², shares from 0 to 1.",
                    row=row,
                    column=column.name,
                    value=str(value)[:60],
                ) from error
        dtype = "float64" if column.holds in ("number", "share") else object
        frame[column.name] = pd.Series(values, dtype=dtype, index=frame.index)
    if kind == "zones":
        _check_kinds(frame)


def _coerced(value: object, column: Column) -> object:
    if column.holds == "day":
        return _day(value, column.name)
    if column.holds == "text":
        return _text(value)
    number = _number(value)
    if number < 0 or math.isinf(number) or (column.holds == "share" and number > 1):
        raise ValueError("negative, infinite or more than everything")
    return number


def _check_kinds(frame: pd.DataFrame) -> None:
    kinds = [None if k is None else k.lower().replace(" ", "_").replace("-", "_") for k in frame["kind"]]
    for row, kind in enumerate(kinds, 1):
        if kind is not None and kind not in ZONE_KINDS:
            raise LayerValueError(
                f"Row {row} of the zones layer: there is no zone kind {frame['kind'].iloc[row - 1]!r}.",
                remedy=f"Allowed: {', '.join(ZONE_KINDS)}.",
                row=row,
                column="kind",
                value=kind,
            )
    frame["kind"] = pd.Series(kinds, dtype=object, index=frame.index)


# --- rows ----------------------------------------------------------------------------------------


def _leave_to_parcel(shapes: Geometries, frame: pd.DataFrame, reasons: dict[int, str]) -> None:
    """A permit without a polygon (or with a mere point) stands on its parcel, where it names one."""
    for i in np.flatnonzero(~(shapely.get_dimensions(shapes) > 0)).tolist():
        if frame["parcel_id"].iloc[i] is None:
            reasons[i] = "neither polygon nor parcel_id"
        elif reasons.get(i, NO_GEOMETRY) == NO_GEOMETRY:
            reasons.pop(i, None)
            shapes[i] = None


def _note_empty(frame: pd.DataFrame, kind: LayerKind, reasons: dict[int, str]) -> None:
    """Note the rows in which a needed value is empty."""
    needed = [column.name for column in SCHEMAS[kind] if column.required]
    for i, values in enumerate(zip(*(frame[name] for name in needed), strict=True)):
        empty = [name for name, value in zip(needed, values, strict=True) if value is None]
        if empty:
            reasons.setdefault(i, f"{', '.join(empty)} is empty")


def _without_duplicates(frame: gpd.GeoDataFrame, kind: LayerKind) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Drop rows that repeat an earlier one in everything; name all ids that occur more than once."""
    ids = frame[SCHEMAS[kind][0].name]
    twice = ids.duplicated(keep=False)
    if not twice.any():
        return frame, []
    suspects = frame[twice]
    shapes = shapely.to_wkb(shapely.normalize(suspects.geometry.to_numpy()))
    others = pd.DataFrame(suspects.drop(columns="geometry")).astype(str)
    equal = others.assign(geometry_wkb=[bytes(s or b"") for s in shapes]).duplicated()
    kept = frame.drop(index=equal.index[equal]).reset_index(drop=True)
    return kept, sorted(set(ids[twice]))
