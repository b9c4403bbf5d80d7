"""An additive model: each attribute adds its own amount, read from a table, to the log-odds.

The amounts are whole hundredths of a log-odds by attribute value 0 to 255, so a score is a sum of whole numbers,
costs one look-up an attribute, and can be told apart into its reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class AdditiveModel:
    """A sum of tables.

    Args:
        intercept: Hundredths of a log-odds.
        names: Attributes, in the order of `tables`.
        tables: Amount of each attribute by its value, hundredths of a log-odds, shape (attribute, 256).
    """

    intercept: int
    names: tuple[str, ...]
    tables: I16

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> AdditiveModel:
        """A model from its `intercept` and `terms`: knots (attribute values) and amounts (log-odds) of each attribute.

        Linear between the knots and flat beyond them.
        """
        terms: Mapping[str, Mapping[str, Sequence[float]]] = told["terms"]
        x = np.arange(256, dtype=np.float64)
        rows = [np.rint(100 * np.interp(x, t["knots"], t["amounts"])) for t in terms.values()]
        return cls(round(100 * told["intercept"]), tuple(terms), np.array(rows, np.int16).reshape(len(rows), 256))

    def of_images(self, channels: Mapping[str, U8]) -> I16:
        """Score of every pixel, hundredths of a log-odds, shape (y, x)."""
        shape = next(iter(channels.values())).shape
        total = np.full(shape, self.intercept, np.int16)
        for name, table in zip(self.names, self.tables, strict=True):
            _add(channels[name], table, total)
        return total

    def of_rows(self, values: U8, names: Sequence[str]) -> I32:
        """Score of every row of attributes, hundredths of a log-odds, shape (n,).

        Args:
            values: Attributes, shape (n, attribute).
            names: What the columns are; the model picks its own.
        """
        columns = values[:, [names.index(name) for name in self.names]]
        amounts = self.tables[np.arange(len(self.names)), columns]
        return np.asarray(self.intercept + amounts.sum(axis=1, dtype=np.int32), np.int32)


@numba.njit(cache=True, nogil=True)
def _add(channel, table, total):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = total.shape
    for i in range(rows):
        for j in range(cols):
            total[i, j] += table[channel[i, j]]
