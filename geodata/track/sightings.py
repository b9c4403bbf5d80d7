"""What a scan saw of a structure, and what many scans make of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import shapely

from geodata.types import Change


@dataclass(frozen=True)
class Sighting:
    """One finding as a mark in time.

    Args:
        key: Its stable id.
        change: `appeared`: absent before, seen after. `disappeared`: seen before, absent after. `altered`: seen on
            both dates.
        before: Time of the earlier scene.
        after: Time of the later scene.
        outline: Where, in a metric system; of what is altered only the part that changed.
        error_m: Standard error of the outline's position.
        height_m: Height over the ground, None where nobody knows it.
        scan: What told it: two scans of one pair tell the same structure twice, one scan tells each once.
    """

    key: str
    change: Change
    before: datetime
    after: datetime
    outline: shapely.Polygon
    error_m: float = 0.5
    height_m: float | None = None
    scan: str = ""

    @property
    def seen_on(self) -> datetime:
        """When it was seen."""
        return self.before if self.change == "disappeared" else self.after


@dataclass(frozen=True)
class State:
    """A structure on a day: a point of its growth curve.

    Args:
        on: When.
        outline: Its outline then, metres.
        height_m: Its height then, None where nobody knows it.
        key: The sighting that says so.
    """

    on: datetime
    outline: shapely.Geometry
    height_m: float | None
    key: str

    @property
    def area_m2(self) -> float:
        """Area of the outline."""
        return float(self.outline.area)


@dataclass(frozen=True)
class Track:
    """A structure over time. Other tracks are named by their place in the list that `follow` gives.

    Args:
        keys: Sightings of it, in the order of their dates.
        states: How it was, in that order.
        absent_on: When its place was last seen without it, before it was first seen; None: never.
        gone_on: When its place was first seen without it again; None: not yet.
        merged_into: The structure that it became a part of; None: it stands by itself.
        split_from: The structure that it was a part of.
        rebuilt_of: The structure that stood there before and was gone.
    """

    keys: tuple[str, ...]
    states: tuple[State, ...]
    absent_on: datetime | None
    gone_on: datetime | None
    merged_into: int | None = None
    split_from: int | None = None
    rebuilt_of: int | None = None

    @property
    def first_seen(self) -> datetime:
        """When it was first seen."""
        return self.states[0].on

    @property
    def outline(self) -> shapely.Geometry:
        """As it was seen last."""
        return self.states[-1].outline
