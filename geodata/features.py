"""Typed feature layers: a stated schema, values of one type, geometry that can be measured.

`conform` takes whatever a file or a caller holds and returns a frame that the assessment may rely on: the
columns of `SCHEMAS` under their own names, text as `str`, days as `datetime.date` (Beijing), numbers as
`float`, valid two-dimensional polygons in CRS84. What it had to change or leave out stands in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.crs import CRS84
from geodata.duplicates import Duplicates
from geodata.errors import GeometryError, LayerColumnsError, LayerValueError
from geodata.repair import NO_GEOMETRY, Geometries, place, repair_polygons, widen_lines
from geodata.types import LayerKind
from geodata.values import (
    BEIJING,
    UnreadableValueError,
    as_day,
    as_degrees,
    as_last_day,
    as_number,
    as_share,
    as_text,
    converted,
    parse_day,
)

__all__ = [
    "BEIJING",
    "SCHEMAS",
    "ZONE_KINDS",
    "Column",
    "Conformed",
    "Conformer",
    "conform",
    "matching",
    "parse_day",
    "sources_of",
]

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
        holds: Type of its values: text (`str`), day (`datetime.date`), number (`float`, not negative), share (0 to
            1) or degrees (`float`).
        required: Whether the layer is refused without it.
    """

    name: str
    holds: Literal["text", "day", "number", "share", "degrees"] = "text"
    required: bool = False


SCHEMAS: Mapping[LayerKind, tuple[Column, ...]] = {
    "parcels": (
        Column("parcel_id", required=True),
        Column("land_use"),
        Column("owner_kind"),
        Column("village"),
        Column("accuracy_m", "number"),
        Column("address"),
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
        Column("address"),
        Column("point_lon", "degrees"),
        Column("point_lat", "degrees"),
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
        Column("due_days", "number"),
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
    # the national exchange form (图斑, table JCTB) under its own names; its dates have no stated format
    "patches": (
        Column("JCBH", required=True),
        Column("TBLX"),
        Column("XZQDM"),
        Column("XMC"),
        Column("JCMJ", "number"),
        Column("QSX"),
        Column("HSX"),
        Column("BZ"),
    ),
}
"""The input layers; further columns are kept as they are. The first column is the id."""

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


class Conformer:
    """Brings the parts of a layer to its schema, one after the other, as if they came at once.

    Args:
        kind: Which layer it is.
        mapping: Foreign column names, target to source: `{"parcel_id": "DKBM"}`.
        register: Whether it comes from a register: then a building without an outline is kept, without a place.
    """

    def __init__(self, kind: LayerKind, mapping: Mapping[str, str] | None = None, *, register: bool = False) -> None:
        self._kind, self._mapping = kind, mapping or {}
        self._bare = register and kind == "buildings"
        self._duplicates = Duplicates()
        self.rows, self.kept = 0, 0
        self.repaired: list[str] = []
        self.dropped: list[tuple[str, str]] = []

    @property
    def duplicated(self) -> list[str]:
        """Ids that occur more than once."""
        return self._duplicates.names

    def take(self, raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The next part of the layer, checked; its rows may all have been left out. Raises as `conform` does."""
        kind, first = self._kind, self.rows + 1
        frame = _renamed(raw, kind, self._mapping)
        _typed(frame, kind, first)
        shapes, reasons = place(raw.geometry.to_numpy(), raw.crs, f"The {kind} layer")
        if kind == "zones":
            shapes = widen_lines(shapes, list(frame["kind"]), list(frame["buffer_m"]), reasons)
        if kind == "permits":
            _leave_to_parcel(shapes, frame, reasons)
        if self._bare:
            for i in np.flatnonzero(~(shapely.get_dimensions(shapes) > 0)).tolist():
                reasons.pop(i, None)
                shapes[i] = None
        shapes, repaired = repair_polygons(shapes, reasons)
        _note_empty(frame, kind, reasons)
        keep = np.ones(len(frame), dtype=bool)
        keep[list(reasons)] = False
        names = frame[SCHEMAS[kind][0].name]
        self.rows += len(frame)
        self.repaired += [_called(names, i, first) for i in repaired if keep[i]]
        self.dropped += [(_called(names, i, first), reason) for i, reason in sorted(reasons.items())]
        whole = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=CRS84), crs=CRS84)
        part = whole[keep].reset_index(drop=True)
        part = part[self._duplicates.keep(part, SCHEMAS[kind][0].name)].reset_index(drop=True)
        self.kept += len(part)
        return part

    def require_some(self) -> None:
        """See that something of the layer can be used.

        Raises:
            GeometryError: If nothing can.
        """
        if self.kept:
            return
        raise GeometryError(
            f"The {self._kind} layer holds {self.rows} features and none of them can be used"
            + (f"; the first: {self.dropped[0][0]}, {self.dropped[0][1]}." if self.dropped else "."),
            remedy="Give a layer with at least one valid polygon, or leave the layer out.",
            rows=self.rows,
        )


def _called(names: pd.Series[Any], i: int, first: int) -> str:
    return names.iloc[i] or f"row {first + i}"


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
    conformer = Conformer(kind, mapping)
    frame = conformer.take(raw)
    conformer.require_some()
    return Conformed(frame, conformer.repaired, conformer.dropped, conformer.duplicated)


# --- columns -------------------------------------------------------------------------------------


def _renamed(raw: gpd.GeoDataFrame, kind: LayerKind, mapping: Mapping[str, str]) -> pd.DataFrame:
    """The attributes under the names of the schema, absent optional columns added."""
    attributes = pd.DataFrame(raw.drop(columns=raw.geometry.name)).reset_index(drop=True)
    present = [str(name) for name in attributes.columns]
    sources = sources_of(present, kind, mapping)
    named: dict[str, Any] = {}
    for column in SCHEMAS[kind]:
        source = sources.get(column.name)
        absent = pd.Series([None] * len(attributes), dtype=object) if source is None else None
        named[column.name] = attributes[source] if absent is None else absent
    for name in present:
        if name in sources.values():
            continue
        free = name
        while free in named or free == "geometry":
            free += "_given"
        named[free] = attributes[name]
    return pd.DataFrame(named, index=attributes.index)


def sources_of(present: Sequence[str], kind: LayerKind, mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column of a file each column of the schema comes from, target to source.

    Raises:
        LayerColumnsError: If a needed column is missing, or the mapping names one that is not there.
    """
    known = [column.name for column in SCHEMAS[kind]]
    unknown = [target for target in mapping if target not in known]
    absent = [source for source in mapping.values() if matching(source, present) is None]
    if unknown or absent:
        raise LayerColumnsError(
            f"The mapping of the {kind} layer names "
            + (f"unknown columns {', '.join(unknown)}." if unknown else f"absent {', '.join(absent)}."),
            remedy=f"The layer has: {', '.join(present) or 'none'}. {kind} may have: {', '.join(known)}.",
            present=list(present),
        )
    found: dict[str, str] = {}
    for name in known:
        source = matching(mapping.get(name, name), present)
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


def matching(name: str, present: Sequence[str]) -> str | None:
    """The present column that a name means: equal, equal but for case, or cut to ten bytes by a shapefile; or None."""
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


_CONVERT: Mapping[str, Callable[[object], object]] = {
    "text": as_text,
    "day": as_day,
    "number": as_number,
    "share": as_share,
    "degrees": as_degrees,
}


def _typed(frame: pd.DataFrame, kind: LayerKind, first: int) -> None:
    """Bring the columns of the schema to their types, in place; `first` is the number of the first row."""
    for column in SCHEMAS[kind]:
        convert = as_last_day if column.name == "valid_to" else _CONVERT[column.holds]
        try:
            values = converted(frame[column.name], convert, numbers=column.holds not in ("text", "day"))
        except UnreadableValueError as error:
            shown = str(error.value)[:60]
            raise LayerValueError(
                f"Row {first + error.row} of the {kind} layer: {column.name} is {shown!r}, "
                f"which is not a {column.holds}.",
                remedy="Correct the value; days are written 2024-05-01, numbers in m or m², shares from 0 to 1.",
                row=first + error.row,
                column=column.name,
                value=shown,
            ) from error
        frame[column.name] = pd.Series(values, dtype=values.dtype, index=frame.index)
    if kind == "zones":
        _check_kinds(frame, first)


def _zone_kind(value: object) -> str:
    word = str(value).lower().replace(" ", "_").replace("-", "_")
    if word not in ZONE_KINDS:
        raise ValueError(word)
    return word


def _check_kinds(frame: pd.DataFrame, first: int) -> None:
    try:
        values = converted(frame["kind"], _zone_kind, numbers=False)
    except UnreadableValueError as error:
        raise LayerValueError(
            f"Row {first + error.row} of the zones layer: there is no zone kind {error.value!r}.",
            remedy=f"Allowed: {', '.join(ZONE_KINDS)}.",
            row=first + error.row,
            column="kind",
            value=str(error.value),
        ) from error
    frame["kind"] = pd.Series(values, dtype=object, index=frame.index)


# --- rows ----------------------------------------------------------------------------------------


def _leave_to_parcel(shapes: Geometries, frame: pd.DataFrame, reasons: dict[int, str]) -> None:
    """A permit without a polygon stands on its parcel: by number, by address, or under its mere point."""
    points = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    for name, place_of in (("point_lon", shapely.get_x), ("point_lat", shapely.get_y)):
        frame.loc[frame.index[points], name] = place_of(shapes[points])
    named = ~pd.isna(frame[["parcel_id", "address", "point_lon"]]).all(axis=1).to_numpy()
    for i in np.flatnonzero(~(shapely.get_dimensions(shapes) > 0)).tolist():
        if not named[i]:
            reasons[i] = "neither polygon, parcel_id, address nor point"
        elif reasons.get(i, NO_GEOMETRY) == NO_GEOMETRY:
            reasons.pop(i, None)
            shapes[i] = None


def _note_empty(frame: pd.DataFrame, kind: LayerKind, reasons: dict[int, str]) -> None:
    """Note the rows in which a needed value is empty."""
    empty = pd.isna(frame[[column.name for column in SCHEMAS[kind] if column.required]])
    for i in np.flatnonzero(empty.any(axis=1)).tolist():
        reasons.setdefault(i, f"{', '.join(empty.columns[empty.iloc[i]])} is empty")
