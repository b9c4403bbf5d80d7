"""Rows that come twice, told in one pass over a layer of any length.

Of every row that passed only two numbers of 64 bits are kept, of its id and of all that it says: 16 MB for a million
rows. Two rows count as equal when both numbers are; that two different rows of one layer meet so is out of reach.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

Hashes = npt.NDArray[np.uint64]
_NONE = np.empty(0, dtype=np.uint64)
_MIX = np.uint64(0x9E3779B97F4A7C15)


def text_hashes(texts: npt.ArrayLike) -> Hashes:
    """A number of 64 bits for each text, the same in every process."""
    return np.asarray(pd.util.hash_array(np.asarray(texts, dtype=object), categorize=False), dtype=np.uint64)


class Passed:
    """Numbers that have been seen, in order, so that asking for many at once is quick."""

    def __init__(self) -> None:
        self._seen = _NONE

    def has(self, wanted: Hashes) -> npt.NDArray[np.bool_]:
        """Which of them were seen before."""
        if not len(self._seen):
            return np.zeros(len(wanted), dtype=bool)
        at = np.searchsorted(self._seen, wanted)
        return np.asarray(self._seen[np.minimum(at, len(self._seen) - 1)] == wanted)

    def add(self, more: Hashes) -> None:
        """Note more of them."""
        self._seen = np.sort(np.concatenate([self._seen, more]), kind="stable")


class Duplicates:
    """Finds ids that occur more than once, and rows that repeat an earlier one in everything."""

    def __init__(self) -> None:
        self._ids, self._rows = Passed(), Passed()
        self._names: set[str] = set()

    @property
    def names(self) -> list[str]:
        """Ids that have occurred more than once."""
        return sorted(self._names)

    def keep(self, frame: gpd.GeoDataFrame, id_column: str) -> npt.NDArray[np.bool_]:
        """Which rows of the next part of a layer say something new.

        Args:
            frame: The part; its ids are texts.
            id_column: The column of the id.

        Returns:
            False for a row that repeats an earlier one of the layer in everything, shape (n,).
        """
        ids = text_hashes(frame[id_column])
        rows = _row_hashes(frame, ids)
        twice = self._ids.has(ids) | pd.Series(ids).duplicated(keep=False).to_numpy()
        self._names.update(frame[id_column][twice])
        repeated = self._rows.has(rows) | pd.Series(rows).duplicated().to_numpy()
        self._ids.add(ids)
        self._rows.add(rows[~repeated])
        return ~(repeated & twice)


def _row_hashes(frame: gpd.GeoDataFrame, ids: Hashes) -> Hashes:
    """One number for all that a row says, its geometry whatever corner it begins at."""
    total = ids.copy()
    shapes = shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy()))
    columns = [pd.Series(np.asarray(shapes, dtype=object))]
    columns += [frame[name] for name in frame.columns if name != frame.geometry.name]
    for column in columns:
        total = (total ^ (total >> np.uint64(31))) * _MIX + _column_hashes(column)
    return total


def _column_hashes(column: pd.Series[Any]) -> Hashes:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        plain = column if column.dtype == object else column.astype(str)
        return text_hashes(plain)
    return np.asarray(pd.util.hash_array(column.to_numpy(dtype=np.float64)), dtype=np.uint64)
