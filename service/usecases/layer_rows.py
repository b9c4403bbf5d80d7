"""A layer as rows and back: what a scan reads from the store equals what was read from the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from geodata.crs import CRS84
from service.store.records import FeatureRow

_DATE = "date"
ID_COLUMNS: Mapping[str, str] = {
    "parcels": "parcel_id",
    "permits": "permit_id",
    "zones": "zone_id",
    "buildings": "building_id",
    "areas": "area_id",
}


def column_types(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """The type of each column but the geometry."""
    types: dict[str, str] = {}
    for name in frame.columns:
        if name == frame.geometry.name:
            continue
        column = frame[name]
        first = next(iter(column.dropna()), None)
        is_date = column.dtype == object and isinstance(first, date) and not isinstance(first, datetime)
        types[str(name)] = _DATE if is_date else str(column.dtype)
    return types


def to_rows(frame: gpd.GeoDataFrame, kind: str) -> list[FeatureRow]:
    """Each feature as finished GeoJSON with an id that is unique in the layer."""
    names = list(column_types(frame))
    values = [list(frame[name]) for name in names]
    geometries = shapely.to_geojson(frame.geometry.to_numpy())
    bounds = shapely.bounds(frame.geometry.to_numpy())
    key = names.index(ID_COLUMNS[kind]) if ID_COLUMNS[kind] in names else None
    seen: dict[str, int] = {}
    rows: list[FeatureRow] = []
    for i, geometry in enumerate(geometries):
        properties = {name: _plain(values[k][i]) for k, name in enumerate(names)}
        raw = None if key is None else properties[names[key]]
        fid = _unique(str(i + 1) if raw is None else str(raw), seen)
        box = bounds[i]
        has_shape = bool(np.isfinite(box).all())
        feature = {
            "type": "Feature",
            "id": fid,
            "bbox": [float(v) for v in box] if has_shape else None,
            "geometry": orjson.Fragment(geometry) if has_shape else None,
            "properties": properties,
        }
        if not has_shape:
            del feature["bbox"]
        # a permit may stand on its parcel alone: without a shape it has no place in the index of boxes
        place = (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if has_shape else None
        rows.append(FeatureRow(fid, place, orjson.dumps(feature).decode()))
    return rows


def _unique(fid: str, seen: dict[str, int]) -> str:
    seen[fid] = seen.get(fid, 0) + 1
    return fid if seen[fid] == 1 else _unique(f"{fid}~{seen[fid]}", seen)


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
