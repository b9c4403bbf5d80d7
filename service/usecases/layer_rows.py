"""A layer as rows and back: what a scan reads from the store equals what was read from the file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from geodata.crs import CRS84
from geodata.duplicates import Passed, text_hashes
from service.privacy.fields import MASK, is_personal
from service.store.records import Box, FeatureRow

_DATE = "date"
_EMPTY = "empty"
"""Type of a column without any value: whatever another part of the layer says of it holds."""

ID_COLUMNS: Mapping[str, str] = {
    "parcels": "parcel_id",
    "permits": "permit_id",
    "zones": "zone_id",
    "buildings": "building_id",
    "areas": "area_id",
    "patches": "JCBH",
}


def column_types(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """The type of each column but the geometry."""
    return {name: "object" if kind == _EMPTY else kind for name, kind in _types(frame).items()}


def _types(frame: gpd.GeoDataFrame) -> dict[str, str]:
    return {str(name): _type(frame[name]) for name in frame.columns if name != frame.geometry.name}


def _type(column: pd.Series[Any]) -> str:
    if column.dtype != object:
        return str(column.dtype)
    at = column.first_valid_index()
    first = None if at is None else column[at]
    if first is None:
        return _EMPTY
    return _DATE if isinstance(first, date) and not isinstance(first, datetime) else "object"


def _joint(one: str, other: str) -> str:
    """The type of a column whose parts are of two types."""
    if one == other or other == _EMPTY:
        return one
    if one == _EMPTY:
        return other
    numeric = all(kind.startswith(("int", "uint", "float")) for kind in (one, other))
    return "float64" if numeric else "object"


class RowMaker:
    """Makes the rows of a layer from its parts, one after the other, as if they came at once.

    Args:
        kind: Which layer it is.
    """

    def __init__(self, kind: str) -> None:
        self._id = ID_COLUMNS[kind]
        self._passed = Passed()
        self._counts: dict[str, int] = {}
        self._types: dict[str, str] = {}
        self.count = 0
        self.personal: set[str] = set()
        """Columns of personal values: masked in the text of a row, in the clear in its `personal`."""

    @property
    def columns(self) -> dict[str, str]:
        """The type of each column."""
        return {name: "object" if kind == _EMPTY else kind for name, kind in self._types.items()}

    def rows(self, frame: gpd.GeoDataFrame) -> Iterator[FeatureRow]:
        """Each feature of the next part as finished GeoJSON with an id that is unique in the layer."""
        types = _types(frame)
        personal = [name for name in types if is_personal(name)]
        types |= dict.fromkeys(personal, "object")
        self.personal |= set(personal)
        self._types |= {name: _joint(self._types.get(name, _EMPTY), kind) for name, kind in types.items()}
        names = list(types)
        columns = [_plain_column(frame[name]) for name in names]
        shapes = frame.geometry.to_numpy()
        texts = shapely.to_geojson(shapes)
        boxes = shapely.bounds(shapes)
        placed = np.isfinite(boxes).all(axis=1).tolist()
        for i, fid in enumerate(self._ids(frame)):
            feature: dict[str, Any] = {"type": "Feature", "id": fid}
            box: Box | None = None
            # a permit may stand on its parcel alone: without a shape it has no place in the index of boxes
            if placed[i]:
                west, south, east, north = boxes[i].tolist()
                box = (west, south, east, north)
                feature["bbox"] = box
            feature["geometry"] = orjson.Fragment(texts[i]) if placed[i] else None
            told = {name: values[i] for name, values in zip(names, columns, strict=True)}
            hidden = {name: _number_as_written(told[name]) for name in personal if told[name] is not None}
            feature["properties"] = {**told, **dict.fromkeys(hidden, MASK)} if hidden else told
            clear = orjson.dumps(hidden).decode() if hidden else None
            yield FeatureRow(fid, box, orjson.dumps(feature).decode(), personal=clear)

    def _ids(self, frame: gpd.GeoDataFrame) -> list[str]:
        """The ids, those that came before made others."""
        first = self.count + 1
        self.count += len(frame)
        raw = list(frame[self._id]) if self._id in frame.columns else [None] * len(frame)
        ids = [str(first + i) if _plain(value) is None else str(value) for i, value in enumerate(raw)]
        hashes = text_hashes(ids)
        again = self._passed.has(hashes) | pd.Series(hashes).duplicated().to_numpy()
        here = set(ids) if again.any() else set()
        for i in np.flatnonzero(again).tolist():
            ids[i] = self._another(ids[i], here)
            here.add(ids[i])
        self._passed.add(text_hashes(ids))
        return ids

    def _another(self, fid: str, here: set[str]) -> str:
        """`p~2`, `p~3` and so on: the first that nothing is called."""
        while True:
            self._counts[fid] = self._counts.get(fid, 1) + 1
            made = f"{fid}~{self._counts[fid]}"
            if made not in here and not self._passed.has(text_hashes([made]))[0]:
                return made


def to_rows(frame: gpd.GeoDataFrame, kind: str) -> list[FeatureRow]:
    """Each feature of a whole layer as finished GeoJSON with an id that is unique in the layer."""
    return list(RowMaker(kind).rows(frame))


def content_sha256(frame: gpd.GeoDataFrame, kind: str) -> str:
    """The checksum that a whole layer has once it is stored; see `LayerVersion.content_sha256`."""
    digest = hashlib.sha256()
    for row in RowMaker(kind).rows(frame):
        digest.update(row.geojson.encode() + b"\n")
    return digest.hexdigest()


def _plain_column(column: pd.Series[Any]) -> list[Any]:
    """The values of a column as JSON knows them."""
    if column.dtype.kind in "iub":
        return list(column.tolist())
    if column.dtype == object or column.dtype.kind != "f":
        return [_plain(value) for value in column]
    return [value if math.isfinite(value) else None for value in column.tolist()]


def _number_as_written(value: Any) -> Any:
    """A telephone number stays whole where an empty one beside it made a column of floating point of it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def to_frame(texts: Iterable[str], columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """The table that rows were made of, with the types it had."""
    features = [orjson.loads(text) for text in texts]
    data = {
        name: _column([feature["properties"].get(name) for feature in features], kind) for name, kind in columns.items()
    }
    shapes = [_shape(feature["geometry"]) for feature in features]
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, crs=CRS84), crs=CRS84)


def _shape(geometry: Any) -> shapely.Geometry | None:
    return None if geometry is None else shapely.from_geojson(orjson.dumps(geometry).decode())


def _column(values: list[Any], kind: str) -> Any:
    if kind == _DATE:
        return pd.Series([None if v is None else date.fromisoformat(v) for v in values], dtype=object)
    plain: Any = pd.Series(values, dtype=object)
    if kind.startswith("datetime64"):
        plain = pd.to_datetime(plain, format="ISO8601")
    return plain.astype(kind)
