"""Columns of a layer as the assessment needs them."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geodata.features import parse_day
from geodata.repair import Geometries


def column(frame: gpd.GeoDataFrame, name: str) -> list[Any]:
    """The values of a column, None for all rows where the layer has none of that name and where it has none."""
    if name not in frame.columns:
        return [None] * len(frame)
    return [None if isinstance(v, float) and np.isnan(v) else v for v in frame[name]]


def days(frame: gpd.GeoDataFrame, name: str) -> list[date | None]:
    """The days of a column, whatever date type they are in."""
    return [parse_day(value) for value in column(frame, name)]


def numbers(frame: gpd.GeoDataFrame, name: str) -> npt.NDArray[np.float64]:
    """The numbers of a column, NaN where there is none."""
    return np.array([np.nan if v is None else v for v in column(frame, name)], dtype=np.float64)


def in_force(frame: gpd.GeoDataFrame, day: date) -> npt.NDArray[np.bool_]:
    """Which rows are valid on a day; `valid_to` is inclusive, an open end never ends."""
    spans = zip(days(frame, "valid_from"), days(frame, "valid_to"), strict=True)
    return np.array([(a is None or a <= day) and (b is None or day <= b) for a, b in spans], dtype=bool)


def shapes_of(frame: gpd.GeoDataFrame, keep: npt.NDArray[np.bool_] | None = None) -> Geometries:
    """The polygons of a layer, None for the rows that are not to be kept."""
    shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    if keep is not None:
        shapes[~keep] = None
    return shapes
