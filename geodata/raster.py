"""`Raster`: pixels, their mask, their grid and their date, travelling together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from geodata.errors import OptionError
from geodata.grid import Grid, Window

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Raster:
    """Georeferenced pixels.

    Args:
        array: Values, shape (band, y, x).
        valid: True where every band holds a measurement, shape (y, x).
        grid: Where the pixels lie.
        bands: Name of each band, for example ("red", "green", "blue").
        acquired_at: Aware time of acquisition, None where unknown.
    """

    array: npt.NDArray[np.generic]
    valid: BoolArray
    grid: Grid
    bands: tuple[str, ...]
    acquired_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.array.ndim != 3:
            raise OptionError(f"A raster has three dimensions (band, y, x), not {self.array.ndim}.")
        if self.array.shape[1:] != self.grid.shape or self.valid.shape != self.grid.shape:
            raise OptionError(
                f"Array {self.array.shape}, mask {self.valid.shape} and grid {self.grid.shape} do not agree."
            )
        if len(self.bands) != self.array.shape[0]:
            raise OptionError(f"{self.array.shape[0]} bands but {len(self.bands)} band names.")
        if self.acquired_at is not None and self.acquired_at.tzinfo is None:
            raise OptionError("The acquisition time must carry its time zone.")

    @property
    def valid_share(self) -> float:
        """Share of valid pixels, 0 to 1."""
        return float(self.valid.mean())

    def window(self, window: Window) -> Raster:
        """The pixels of a window (a view, nothing is copied)."""
        rows, cols = window.slices
        return replace(
            self,
            array=self.array[:, rows, cols],
            valid=self.valid[rows, cols],
            grid=self.grid.window(window),
        )

    def select(self, bands: tuple[str, ...]) -> Raster:
        """The named bands in the named order.

        Raises:
            OptionError: If a band is not there.
        """
        missing = [name for name in bands if name not in self.bands]
        if missing:
            raise OptionError(f"The raster has no band {missing[0]!r}; it has {', '.join(self.bands)}.")
        index = [self.bands.index(name) for name in bands]
        return replace(self, array=self.array[index], bands=bands)
