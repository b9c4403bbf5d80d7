"""The ledger: for every cell when it was last seen, by what, and why not since. Its figures add up to the area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.cells import Cells
from geodata.coverage.looks import HIDDEN, REASONS, Look, Reason
from geodata.crs import CRS84, transform_xy
from geodata.errors import OptionError
from geodata.features import BEIJING
from geodata.repair import to_crs

F64 = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]

SEEN_SHARE = 0.9
"""Share of a cell that the scenes of one day must show for it to count as seen."""
DUE_DAYS = 30.0
"""How old the last look may be where nobody says otherwise."""


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
    """

    outline: shapely.Geometry
    area_m2: float
    reason: Reason
    last_seen: datetime | None


class Ledger:
    """What is known of the cells of an area on a day.

    Args:
        cells: The cells.
        looks: What scenes showed of them; those after the day do not count.
        as_of: The day.
        due_days: How old a look may be, for each cell or for all.
        excluded: Share of each cell that is not to be looked at.

    Raises:
        OptionError: If the ages are not positive.
    """

    def __init__(
        self,
        cells: Cells,
        looks: Sequence[Look],
        as_of: datetime,
        due_days: F64 | float = DUE_DAYS,
        excluded: F64 | None = None,
    ) -> None:
        self.cells, self.as_of = cells, as_of
        self.looks = sorted((one for one in looks if one.on <= as_of), key=lambda one: (one.on, one.scene))
        self.due_days = np.broadcast_to(np.asarray(due_days, float), cells.grid.shape)
        if not (self.due_days > 0).all():
            raise OptionError("A look must be allowed an age.", remedy="Give the days until a cell is due, above 0.")
        self.excluded = np.zeros(cells.grid.shape) if excluded is None else excluded

    @cached_property
    def _days(self) -> list[tuple[datetime, list[Look]]]:
        """The looks by the moment of their day's last scene: scenes of one day complete each other."""
        days: dict[object, list[Look]] = {}
        for one in self.looks:
            days.setdefault(one.on.astimezone(BEIJING).date(), []).append(one)
        return [(some[-1].on, some) for some in days.values()]

    @cached_property
    def last(self) -> I32:
        """Number of the day on which each cell was last seen, -1: never."""
        wanted = SEEN_SHARE * (1 - self.excluded)
        out = np.full(self.cells.grid.shape, -1, np.int32)
        for k, (_, looks) in enumerate(self._days):
            out[np.sum([one.seen for one in looks], axis=0) >= np.maximum(wanted, 1e-6)] = k
        return out

    @cached_property
    def age_days(self) -> F64:
        """Age of the last look at each cell, infinite where there is none."""
        ages = np.array([(self.as_of - on) / timedelta(days=1) for on, _ in self._days] + [np.inf])
        return np.asarray(ages[self.last])

    @cached_property
    def reason(self) -> I32:
        """Why each cell was not seen in time, as a place in `REASONS`; -1 where it was."""
        shape = self.cells.grid.shape
        hidden = {name: np.zeros(shape) for name in HIDDEN}
        framed = np.zeros(shape)
        for k, (_, looks) in enumerate(self._days):
            since = k > self.last
            for one in looks:
                framed += np.where(since, one.framed, 0)
                for name, share in one.hidden.items():
                    hidden[name] += np.where(since, share, 0)
        out = np.full(shape, REASONS.index("no_image"), np.int32)
        # What hid most of it in the looks since; where scenes showed but a part, the image is what lacked.
        most = np.argmax(np.stack(list(hidden.values())), axis=0)
        seen_in = (framed > 0.5) & (np.max(np.stack(list(hidden.values())), axis=0) > 0)
        out[seen_in] = most[seen_in]
        out[self.excluded > 0.5] = REASONS.index("excluded")
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
        on, looks = self._days[k] if k >= 0 else (None, [])
        return Answer(
            last_seen=on,
            scenes=tuple(one.scene for one in looks if one.seen[row, col] > 0),
            age_days=None if on is None else float(self.age_days[row, col]),
            due_days=float(self.due_days[row, col]),
            reason=None if reason < 0 else REASONS[reason],
        )

    def figures(self, within: F64 | None = None) -> Figures:
        """Ground by what is known of it.

        Args:
            within: Share of each cell that counts (an administrative area, a parcel), None: all of the area.
        """
        ground = self.cells.area_m2 if within is None else np.minimum(within, self.cells.share) * self.cells.cell_m2
        blind = {
            name: float(ground[self.reason == k].sum() / 1e6)
            for k, name in enumerate(REASONS)
            if (self.reason[ground > 0] == k).any()
        }
        return Figures(
            area_km2=float(ground.sum() / 1e6),
            seen_km2=float(ground[self.reason < 0].sum() / 1e6),
            blind_km2=blind,
            never_km2=float(ground[(self.last < 0) & (self.reason >= 0)].sum() / 1e6),
        )

    def blind_spots(self) -> Iterator[BlindSpot]:
        """Pieces of ground that were not seen in time, by reason, the largest first."""
        spots = []
        for k, name in enumerate(REASONS):
            mask = ((self.reason == k) & (self.cells.share > 0)).astype(np.uint8)
            count, numbers = cv2.connectedComponents(mask, connectivity=4)
            for number in range(1, count):
                spots.append(self._spot(numbers == number, name))
        yield from sorted(spots, key=lambda spot: -spot.area_m2)

    def _spot(self, here: BoolArray, reason: Reason) -> BlindSpot:
        outline = shapely.union_all(self.cells.squares(*np.nonzero(here)))
        (lonlat,) = to_crs(np.array([outline], object), self.cells.grid.crs, CRS84)
        last = int(self.last[here].max())
        when = None if last < 0 else self._days[last][0]
        return BlindSpot(lonlat, float(self.cells.area_m2[here].sum()), reason, when)
