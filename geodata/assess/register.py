"""A permit register and the ground of its permits: their own polygon, or the parcel that they name.

A permit may name its parcel by number, by address, or by a point on it. What it was found by, and how well, stands
beside it. Where two parcels are equally good, the permit has none: nobody guesses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.address import LEAD, SIMILAR, Address, likeness, normalised_address, normalised_number
from geodata.repair import Geometries

Match = Literal["polygon", "parcel_number", "parcel_number_normalised", "address", "address_similar", "point", "none"]
SCORES: dict[Match, float] = {
    "polygon": 1.0,
    "parcel_number": 1.0,
    "parcel_number_normalised": 0.95,
    "address": 0.9,
    "address_similar": 0.9,
    "point": 0.7,
    "none": 0.0,
}
"""How sure each way is; a similar address has its likeness times this."""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Permits:
    """A permit register with the ground of every permit: its own polygon, else its parcel's.

    Args:
        frame: The register.
        ground: Ground per row; where rows are of one permit, all of it stands in the first of them.
        unplaced: Which rows have no known ground.
        match: What the ground of each row was found by.
        score: How well, 0 to 1; 1 is exact.
        note: Per row why there is no ground, where several parcels were equally good; else None.
        parcel_ids: The parcel whose ground a row has; None for its own or none.
    """

    frame: gpd.GeoDataFrame
    ground: Geometries
    unplaced: BoolArray
    match: Sequence[Match] = ()
    score: Sequence[float] = ()
    note: Sequence[str | None] = ()
    parcel_ids: Sequence[str | None] = ()


@dataclass(frozen=True)
class _Found:
    """What a permit was matched with: rows of the parcels, or none and perhaps why."""

    match: Match
    score: float
    rows: tuple[int, ...] = ()
    note: str | None = None
    parcel_id: str | None = None


def resolve_permits(permits: gpd.GeoDataFrame | None, parcels: gpd.GeoDataFrame | None) -> Permits | None:
    """The ground of permits; one without a polygon whose parcel is unknown, or not the only one, has none.

    Tried in this order: own polygon; number of the parcel as it is, then in one spelling; address in one spelling,
    then a similar one (likeness of at least `SIMILAR`, and `LEAD` above the second best); the parcel under the
    register's point.

    Args:
        permits: The register, None where none was given.
        parcels: Where permits without a polygon find theirs; parcels of one id count together.
    """
    if permits is None:
        return None
    ground = np.array(permits.geometry.to_numpy(), dtype=object)
    bare = np.flatnonzero(_bare(ground))
    found = [_Found("polygon", 1.0)] * len(permits)
    known = None if parcels is None or not len(bare) else _Known(parcels)
    hints = _hints(permits)
    for row in bare.tolist():
        found[row] = _Found("none", 0.0) if known is None else known.find(hints[row])
        shapes = [known.shapes[at] for at in found[row].rows] if known is not None else []
        ground[row] = shapely.union_all(shapes) if shapes else None
    unplaced = np.asarray(shapely.is_missing(ground), dtype=bool)
    return Permits(
        permits,
        _joined(permits, ground),
        unplaced,
        [one.match for one in found],
        [one.score for one in found],
        [one.note for one in found],
        [one.parcel_id for one in found],
    )


def _column(frame: gpd.GeoDataFrame, name: str) -> list[Any]:
    return list(frame[name]) if name in frame.columns else [None] * len(frame)


def _joined(permits: gpd.GeoDataFrame, ground: Geometries) -> Geometries:
    """A permit that is listed once for every plot covers its plots together."""
    papers: dict[tuple[Any, ...], list[int]] = {}
    columns = (_column(permits, name) for name in ("permit_id", "valid_from", "valid_to"))
    for row, paper in enumerate(zip(*columns, strict=True)):
        if ground[row] is not None:
            papers.setdefault(tuple(str(value) for value in paper), []).append(row)
    for rows in papers.values():
        if len(rows) > 1:
            ground[rows[0]] = shapely.union_all(ground[rows])
            ground[rows[1:]] = None
    return ground


# --- what a permit says of its place ---------------------------------------------------------------


@dataclass(frozen=True)
class Hint:
    """What a permit says of its place, as far as it says it."""

    parcel_id: str | None = None
    address: str | None = None
    point: tuple[float, float] | None = None


def _hints(permits: gpd.GeoDataFrame) -> list[Hint]:
    names = ("parcel_id", "address", "point_lon", "point_lat")
    return [
        Hint(_text(number), _text(address), _point(lon, lat))
        for number, address, lon, lat in zip(*(_column(permits, name) for name in names), strict=True)
    ]


def hints_without_ground(permits: gpd.GeoDataFrame) -> list[Hint]:
    """What the permits without a polygon of their own say of their place."""
    bare = _bare(permits.geometry.to_numpy())
    return [hint for hint, wanted in zip(_hints(permits), bare, strict=True) if wanted]


def _bare(shapes: Geometries) -> BoolArray:
    """Which rows have no polygon."""
    return np.asarray((shapely.get_dimensions(shapes) < 2) | shapely.is_empty(shapes), dtype=bool)


def _text(value: object) -> str | None:
    return None if value is None or value != value else str(value)


def _point(lon: Any, lat: Any) -> tuple[float, float] | None:
    whole = lon is not None and lat is not None and math.isfinite(lon) and math.isfinite(lat)
    return (float(lon), float(lat)) if whole else None


@dataclass
class Sought:
    """Which parcels matter to permits without ground, told of one parcel after the other.

    With all parcels that matter at hand, and no others, permits are matched as with the whole cadastre: also every
    rival of a match matters.

    Args:
        hints: What the permits say of their places.
    """

    hints: Iterable[Hint]
    _ids: set[str] = field(init=False)
    _numbers: set[str] = field(init=False)
    _addresses: dict[tuple[int, ...], list[Address]] = field(init=False)

    def __post_init__(self) -> None:
        hints = list(self.hints)
        self._ids = {hint.parcel_id for hint in hints if hint.parcel_id}
        self._numbers = {normalised_number(name) for name in self._ids} - {""}
        self._addresses = {}
        for text in {hint.address for hint in hints if hint.address}:
            address = normalised_address(text)
            self._addresses.setdefault(address.numbers, []).append(address)

    def matters(self, parcel_id: str | None, address: str | None) -> bool:
        """Whether a parcel is, or rivals, what one of the permits names."""
        parcel_id, address = _text(parcel_id), _text(address)
        if parcel_id and (parcel_id in self._ids or normalised_number(parcel_id) in self._numbers):
            return True
        if not address or not self._addresses:
            return False
        own = normalised_address(address)
        return any(likeness(own, wanted) > SIMILAR - LEAD for wanted in self._addresses.get(own.numbers, ()))


# --- the cadastre ----------------------------------------------------------------------------------


class _Known:
    """The parcels by number, address and place; each way is made when it is first needed."""

    def __init__(self, parcels: gpd.GeoDataFrame) -> None:
        self.shapes = np.array(parcels.geometry.to_numpy(), dtype=object)
        self._ids = [_text(value) for value in _column(parcels, "parcel_id")]
        self._addresses = [_text(value) for value in _column(parcels, "address")]
        self._by_id: dict[str, list[int]] = {}
        for row, name in enumerate(self._ids):
            if name is not None and self.shapes[row] is not None:
                self._by_id.setdefault(name, []).append(row)
        self._by_number: dict[str, set[str]] | None = None
        self._by_address: dict[tuple[int, ...], dict[Address, set[str]]] | None = None
        self._tree: shapely.STRtree | None = None

    def find(self, hint: Hint) -> _Found:
        """What a permit names, the surest way first; a way on which several are equally good ends the search."""
        for way in (self._number, self._address, self._under):
            found = way(hint)
            if found is not None:
                return found
        return _Found("none", 0.0)

    def _only(self, match: Match, score: float, names: Iterable[str], what: str) -> _Found:
        told = sorted(names)
        if len(told) == 1:
            return _Found(match, score, tuple(self._by_id[told[0]]), parcel_id=told[0])
        several = f"{', '.join(told[:3])}{' and others' if len(told) > 3 else ''}"
        return _Found("none", 0.0, (), f"{what} fits the parcels {several} equally well")

    def _number(self, hint: Hint) -> _Found | None:
        if hint.parcel_id is None:
            return None
        if hint.parcel_id in self._by_id:
            return self._only("parcel_number", SCORES["parcel_number"], [hint.parcel_id], "the number")
        if self._by_number is None:
            self._by_number = {}
            for name in self._by_id:
                self._by_number.setdefault(normalised_number(name), set()).add(name)
        way: Match = "parcel_number_normalised"
        names = self._by_number.get(normalised_number(hint.parcel_id) or "none")
        return self._only(way, SCORES[way], names, f"the number {hint.parcel_id}") if names else None

    def _address(self, hint: Hint) -> _Found | None:
        wanted = None if hint.address is None else normalised_address(hint.address)
        if wanted is None or not wanted.text:
            return None
        if self._by_address is None:
            self._by_address = {}
            for name, text in zip(self._ids, self._addresses, strict=True):
                if text is not None and name in self._by_id:
                    own = normalised_address(text)
                    self._by_address.setdefault(own.numbers, {}).setdefault(own, set()).add(name)
        rivals = self._by_address.get(wanted.numbers, {})
        what = f"the address {hint.address}"
        if wanted in rivals:
            return self._only("address", SCORES["address"], rivals[wanted], what)
        ranked = sorted(((likeness(wanted, own), own.text, own) for own in rivals), key=lambda r: (-r[0], r[1]))
        if not ranked or ranked[0][0] < SIMILAR:
            return None
        best = ranked[0][0]
        close = {name for like, _, own in ranked if like > best - LEAD for name in rivals[own]}
        return self._only("address_similar", round(best * SCORES["address_similar"], 3), close, what)

    def _under(self, hint: Hint) -> _Found | None:
        if hint.point is None:
            return None
        if self._tree is None:
            self._tree = shapely.STRtree(self.shapes)
        rows = self._tree.query(shapely.Point(hint.point), predicate="intersects").tolist()
        names = {name for row in rows if (name := self._ids[row]) is not None}
        return self._only("point", SCORES["point"], names, "the point") if names else None
