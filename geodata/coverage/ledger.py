"""The ledger: for every cell when it was last seen, by what, and why not since. Its figures add up to the area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells
from geodata.coverage.looks import F32, HIDDEN, REASONS, AnyLook, Look, Reason
from geodata.coverage.pieces import cell_id, outline_of_piece, pieces
from geodata.crs import CRS84, transform_xy
from geodata.errors import OptionError
from geodata.features import BEIJING

F64 = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]

SEEN_SHARE = 0.9
"""Share of a cell that the scenes of one day must show for it to count as seen."""
DUE_DAYS = 30.0
"""How old the last look may be where nobody says otherwise."""
_ROUNDING = 1e-4
"""Shares are kept in steps: so much less is as good as enough."""


@dataclass(frozen=True)
class Answer:
    """What the ledger says of a cell.

    Args:
        last_seen: When it was last seen, None: never.
        scenes: By which scenes.
        age_days: How long ago.
        due_days: How old the look may be.
        reason: Why it was not seen since, None where it was seen in time.
    """

    last_seen: datetime | None
    scenes: tuple[str, ...]
    age_days: float | None
    due_days: float
    reason: Reason | None


@dataclass(frozen=True)
class Figures:
    """Ground by what is known of it, km²; `seen` and the reasons add up to the area.

    Args:
        area_km2: All of it.
        seen_km2: Seen in time.
        blind_km2: Not seen in time, by reason.
        never_km2: Of that, what was never seen.
    """

    area_km2: float
    seen_km2: float
    blind_km2: Mapping[Reason, float]
    never_km2: float

    @property
    def seen_share(self) -> float:
        """Share of the area that was seen in time."""
        return self.seen_km2 / self.area_km2 if self.area_km2 else 0.0


@dataclass(frozen=True)
class BlindSpot:
    """Ground that was not seen in time, as one piece.

    Args:
        outline: In CRS84.
        area_m2: Its ground in the area.
        reason: Why.
        last_seen: When any of it was last seen, None: never.
        name: By its reason and its northernmost cell.
    """

    outline: shapely.Geometry
    area_m2: float
    reason: Reason
    last_seen: datetime | None
    name: str


@dataclass(frozen=True)
class Day:
    """One day on which scenes showed some of the cells.

    Args:
        on: Moment of its last scene.
        seen: Per scene of it the window of cells that it is about, and whether it showed any of each, as bits.
    """

    on: datetime
    seen: tuple[tuple[str, tuple[slice, slice], npt.NDArray[np.uint8]], ...]

    def scenes(self, row: int, col: int) -> tuple[str, ...]:
        """The scenes that showed any of a cell."""
        return tuple(name for name, window, bits in self.seen if _bit(window, bits, row, col))


@dataclass(frozen=True)
class History:
    """The looks at the cells, the latest day first, as far back as there was a cell that no later day shows.

    Args:
        days: The days.
        last: Number of the day on which each cell was last seen, -1: never.
        framed: Share of each cell that scenes should have shown since then.
        hidden: Share of each cell that each of `HIDDEN` hid since then, shape (5, y, x).
    """

    days: list[Day]
    last: I32
    framed: F32
    hidden: F32


class Ledger:
    """What is known of the cells of an area on a day.

    Args:
        cells: The cells.
        looks: What scenes showed of them; those after the day do not count. Each is read once, and no more than needed.
        as_of: The day.
        due_days: How old a look may be, for each cell or for all.
        excluded: Share of each cell that is not to be looked at.

    Raises:
        OptionError: If the ages are not positive.
    """

    def __init__(
        self,
        cells: Cells,
        looks: Sequence[AnyLook],
        as_of: datetime,
        due_days: F64 | float = DUE_DAYS,
        excluded: F64 | None = None,
    ) -> None:
        self.cells, self.as_of = cells, as_of
        self.looks = sorted((one for one in looks if one.on <= as_of), key=lambda one: (one.on, one.scene))
        self.due_days = np.broadcast_to(np.asarray(due_days, float), cells.grid.shape)
        if not (self.due_days > 0).all():
            raise OptionError("A look must be allowed an age.", remedy="Give the days until a cell is due, above 0.")
        self.excluded = np.zeros(cells.grid.shape) if excluded is None else np.minimum(excluded, cells.share)

    def on(self, as_of: datetime) -> Ledger:
        """The ledger of an earlier day; what was read is not read again where no look came in between."""
        then = Ledger(self.cells, self.looks, as_of, self.due_days, self.excluded)
        if len(then.looks) == len(self.looks):
            # only their ages differ
            then.history = self.history
        return then

    @cached_property
    def shut(self) -> BoolArray:
        """Cells that are for the most part not to be looked at."""
        return np.asarray((self.excluded > self.cells.share / 2) & (self.cells.share > 0))

    @cached_property
    def history(self) -> History:
        """The looks, each read once."""
        shape = self.cells.grid.shape
        wanted = SEEN_SHARE * np.where(self.shut, self.cells.share, self.cells.share - self.excluded)
        wanted = np.maximum(wanted - _ROUNDING, 1e-6)
        inside = self.cells.share > 0
        told = History(
            [], np.full(shape, -1, np.int32), np.zeros(shape, np.float32), np.zeros((len(HIDDEN), *shape), np.float32)
        )
        for on, packed in self._days():
            looks = [look for one in packed if (look := one.over(self.cells.grid)) is not None]
            if not looks:
                continue
            told.last[(told.last < 0) & (_together(looks, shape) >= wanted)] = len(told.days)
            told.days.append(Day(on, tuple((one.scene, one.slices, np.packbits(one.seen > 0)) for one in looks)))
            open_ = told.last < 0
            for one in looks:
                here = open_[one.slices]
                told.framed[one.slices] += one.framed * here
                for k, name in enumerate(HIDDEN):
                    told.hidden[k][one.slices] += one.hidden[name] * here
            if not (open_ & inside).any():
                break
        return told

    def _days(self) -> Iterator[tuple[datetime, list[AnyLook]]]:
        """The looks by day, the latest first; scenes of one day complete each other."""
        for _, some in groupby(reversed(self.looks), key=lambda one: one.on.astimezone(BEIJING).date()):
            looks = list(some)[::-1]
            yield looks[-1].on, looks

    @property
    def last(self) -> I32:
        """Number of the day (in the history) on which each cell was last seen, -1: never."""
        return self.history.last

    @cached_property
    def age_days(self) -> F64:
        """Age of the last look at each cell, infinite where there is none."""
        ages = np.array([(self.as_of - day.on) / timedelta(days=1) for day in self.history.days] + [np.inf])
        return np.asarray(ages[self.last])

    @cached_property
    def reason(self) -> I32:
        """Why each cell was not seen in time, as a place in `REASONS`; -1 where it was."""
        told = self.history
        out = np.full(self.cells.grid.shape, REASONS.index("no_image"), np.int32)
        # What hid most of it in the looks since; where scenes showed but a part, the image is what lacked.
        seen_in = (told.framed > 0.5 * self.cells.share) & (told.hidden.max(axis=0) > 0)
        out[seen_in] = told.hidden.argmax(axis=0)[seen_in]
        out[self.shut] = REASONS.index("excluded")
        out[self.age_days <= self.due_days] = -1
        return out

    def at(self, lon: float, lat: float) -> Answer | None:
        """What is known of the cell of a place, None outside the area."""
        x, y = transform_xy(CRS84, self.cells.grid.crs, [lon], [lat])
        col, row = (int(np.floor(v)) for v in ~self.cells.grid.transform @ (float(x[0]), float(y[0])))
        height, width = self.cells.grid.shape
        if not (0 <= row < height and 0 <= col < width) or self.cells.share[row, col] == 0:
            return None
        return self.of(row, col)

    def of(self, row: int, col: int) -> Answer:
        """What is known of a cell."""
        k, reason = int(self.last[row, col]), int(self.reason[row, col])
        day = self.history.days[k] if k >= 0 else None
        return Answer(
            last_seen=None if day is None else day.on,
            scenes=() if day is None else day.scenes(row, col),
            age_days=None if day is None else float(self.age_days[row, col]),
            due_days=float(self.due_days[row, col]),
            reason=None if reason < 0 else REASONS[reason],
        )

    def figures(self, within: F64 | None = None) -> Figures:
        """Ground by what is known of it.

        Args:
            within: Share of each cell that counts (an administrative area, a parcel), None: all of the area.
        """
        ground = self.cells.area_m2 if within is None else np.minimum(within, self.cells.share) * self.cells.cell_m2
        return _figures(ground, self.reason, self.last)

    def figures_in(self, shape: shapely.Geometry) -> Figures:
        """Ground within a polygon (CRS84) by what is known of it, as far as it lies in the area."""
        part = self.cells.part_in(shape)
        if part is None:
            return Figures(0.0, 0.0, {}, 0.0)
        ground = np.minimum(part.share, self.cells.share[part.slices]) * self.cells.cell_m2
        return _figures(ground, self.reason[part.slices], self.last[part.slices])

    def blind_spots(self) -> Iterator[BlindSpot]:
        """Pieces of ground that were not seen in time, by reason, the largest first."""
        spots = []
        for k, name in enumerate(REASONS):
            for piece in pieces((self.reason == k) & (self.cells.share > 0)):
                days = self.last[piece.slices][piece.here]
                last = min((int(day) for day in days if day >= 0), default=-1)
                spots.append(
                    BlindSpot(
                        outline_of_piece(self.cells, piece),
                        float(self.cells.area_m2[piece.slices][piece.here].sum()),
                        name,
                        None if last < 0 else self.history.days[last].on,
                        f"{name}-{cell_id(self.cells, *piece.first)}",
                    )
                )
        yield from sorted(spots, key=lambda spot: (-spot.area_m2, spot.name))


def _figures(ground: F64, reason: I32, last: I32) -> Figures:
    blind = {
        name: float(ground[reason == k].sum() / 1e6)
        for k, name in enumerate(REASONS)
        if (reason[ground > 0] == k).any()
    }
    return Figures(
        area_km2=float(ground.sum() / 1e6),
        seen_km2=float(ground[reason < 0].sum() / 1e6),
        blind_km2=blind,
        never_km2=float(ground[(last < 0) & (reason >= 0)].sum() / 1e6),
    )


def _together(looks: Sequence[Look], shape: tuple[int, int]) -> F32:
    """What the scenes of one day show together of each cell, at the least.

    Ground in two frames is not counted twice: what exceeds a whole cell in the sum of the frames is taken off.
    """
    if len(looks) == 1:
        out = np.zeros(shape, np.float32)
        out[looks[0].slices] = looks[0].seen
        return out
    most, seen, framed = (np.zeros(shape, np.float32) for _ in range(3))
    for one in looks:
        most[one.slices] = np.maximum(most[one.slices], one.seen)
        seen[one.slices] += one.seen
        framed[one.slices] += one.framed
    return np.maximum(most, seen - np.maximum(framed - 1, 0))


def _bit(window: tuple[slice, slice], bits: npt.NDArray[np.uint8], row: int, col: int) -> bool:
    rows, cols = window
    if not (rows.start <= row < rows.stop and cols.start <= col < cols.stop):
        return False
    at = (row - rows.start) * (cols.stop - cols.start) + col - cols.start
    return bool(bits[at // 8] >> (7 - at % 8) & 1)
