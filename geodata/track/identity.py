"""Structures over time from the sightings of any scans, in whatever order those came.

The sightings are followed along their dates, so that the result is a function of the set of them: a scan of older
scenes that comes late gives the same structures as if it had come first. At each date the outlines seen are matched
with the structures that stand (`matching`); what is left over is new, a part that split off, or a structure that stands
again where one was gone. A structure that is not seen stays: scans miss, and only a sighting of its absence ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

import numpy as np
import shapely
import shapely.affinity

from geodata.track.matching import common_shift, match
from geodata.track.sightings import Sighting, State, Track

GONE_SHARE = 0.6
"""Share of a structure from which its loss is the end of it; less is a partial demolition."""
BESIDE_M = 1.0
"""How far from a structure an outline may lie that adds to it."""
BESIDE_SHARE = 0.15
"""Share of an outline's border that must lie so close: one side of a square and a little tolerance for its corners."""


@dataclass
class _Structure:
    """A structure while it is followed."""

    number: int
    states: list[State]
    keys: list[str]
    absent_on: datetime | None
    gone_on: datetime | None = None
    merged_into: int | None = None
    split_from: int | None = None
    rebuilt_of: int | None = None
    seen_on: list[datetime] = field(default_factory=list)

    @property
    def outline(self) -> shapely.Geometry:
        return self.states[-1].outline

    def seen(self, one: Sighting, outline: shapely.Geometry) -> None:
        self.keys.append(one.key)
        self.seen_on.append(one.seen_on)
        self.merged_into = None
        height = one.height_m if one.height_m is not None else self.states[-1].height_m
        self.states.append(State(one.seen_on, outline, height, one.key))

    def was_absent(self, one: Sighting) -> None:
        """Keep the latest date without it before it was first seen."""
        if one.before < self.states[0].on and (self.absent_on is None or one.before > self.absent_on):
            self.absent_on = one.before


def follow(sightings: Sequence[Sighting]) -> list[Track]:
    """Follow structures through all that was seen of them.

    Args:
        sightings: Of all scans of a district, in any order, in one metric system; of two with one key one counts.

    Returns:
        The structures, by the date and key of their first sighting.
    """
    unique = {one.key: one for one in sightings}
    ordered = sorted(unique.values(), key=lambda one: (one.seen_on, one.key))
    losses = sorted((one for one in ordered if one.change == "disappeared"), key=lambda one: (one.after, one.key))
    story = _Story()
    for on, seen in groupby(ordered, key=lambda one: one.seen_on):
        while losses and losses[0].after < on:
            story.lost(losses.pop(0))
        story.look(list(seen))
    for one in losses:
        story.lost(one)
    return [
        Track(tuple(s.keys), tuple(s.states), s.absent_on, s.gone_on, s.merged_into, s.split_from, s.rebuilt_of)
        for s in story.structures
    ]


class _Story:
    """The structures so far."""

    def __init__(self) -> None:
        self.structures: list[_Structure] = []
        self.losses: dict[str, tuple[int, shapely.Geometry]] = {}

    def look(self, seen: list[Sighting]) -> None:
        """All that was seen on one date."""
        standing = [s for s in self.structures if s.gone_on is None]
        dx, dy = common_shift([s.outline for s in standing], [one.outline for one in seen])
        leads, others = _told_once([_moved(one, -dx, -dy) for one in seen])
        errors = np.array([one.error_m for one in leads])
        found = match([s.outline for s in standing], [one.outline for one in leads], errors)
        owner = {col: standing[row] for row, col in sorted(found.same.items())}
        for col, structure in owner.items():
            structure.seen(leads[col], _outline(structure, leads[col]))
        for col, one in enumerate(leads):
            if col not in owner:
                owner[col] = self._grown(one, standing) or self._begun(one, standing, found.parts.get(col))
        for row, col in found.swallowed.items():
            if owner[col] is not standing[row]:
                standing[row].merged_into = owner[col].number
        for one, col in [*zip(leads, range(len(leads)), strict=True), *others]:
            if one.key not in owner[col].keys:
                owner[col].keys.append(one.key)
            if one.change == "disappeared":
                self.losses[one.key] = owner[col].number, one.outline
            elif one.change == "appeared":
                owner[col].was_absent(one)

    def lost(self, one: Sighting) -> None:
        """What was seen before is absent after, unless it was seen since."""
        number, outline = self.losses[one.key]
        whole = self.structures[number]
        for structure in (whole, *(s for s in self.structures if s.merged_into == whole.number)):
            last = max(structure.seen_on)
            if structure.gone_on is not None or last >= one.after:
                continue
            left = shapely.difference(structure.outline, shapely.buffer(outline, one.error_m, join_style="mitre"))
            if left.area <= (1 - GONE_SHARE) * structure.outline.area:
                structure.gone_on = one.after
            elif structure is whole:
                structure.states.append(State(one.after, left, structure.states[-1].height_m, one.key))

    def _begun(self, one: Sighting, standing: list[_Structure], part_of: int | None) -> _Structure:
        """A structure that is seen for the first time."""
        made = _Structure(
            len(self.structures), [State(one.seen_on, one.outline, one.height_m, one.key)], [one.key], None
        )
        made.seen_on.append(one.seen_on)
        if part_of is not None:
            made.split_from = standing[part_of].number
        else:
            made.rebuilt_of = self._before(one)
        self.structures.append(made)
        return made

    def _before(self, one: Sighting) -> int | None:
        """The structure that stood there last and is gone."""
        gone = [s for s in self.structures if s.gone_on is not None and s.gone_on <= one.seen_on]
        found = match([one.outline], [s.outline for s in gone], np.full(max(1, len(gone)), one.error_m))
        reached = [gone[col] for col in {*found.same.values(), *found.parts}]
        return max(reached, key=lambda s: (s.gone_on or s.states[0].on, s.number)).number if reached else None

    def _grown(self, one: Sighting, standing: list[_Structure]) -> _Structure | None:
        """The structure that an outline was added to: one that stood when the place of the addition was still empty."""
        if one.change != "appeared":
            return None
        near = []
        for s in standing:
            if s.states[0].on <= one.before and s.outline.distance(one.outline) <= BESIDE_M:
                close = shapely.buffer(s.outline, BESIDE_M + one.error_m)
                share = one.outline.exterior.intersection(close).length / one.outline.exterior.length
                if share >= BESIDE_SHARE:
                    near.append((share, -s.number, s))
        if not near:
            return None
        grown = max(near, key=lambda n: n[:2])[2]
        grown.seen(one, shapely.union(grown.outline, one.outline))
        return grown


def _outline(structure: _Structure, one: Sighting) -> shapely.Geometry:
    """A structure's outline after a sighting: of what changed, or is gone later, only a part may be outlined."""
    if one.change == "appeared":
        return one.outline
    return shapely.union(structure.outline, one.outline) if one.change == "altered" else structure.outline


def _moved(one: Sighting, dx: float, dy: float) -> Sighting:
    return replace(one, outline=shapely.affinity.translate(one.outline, dx, dy)) if dx or dy else one


def _told_once(seen: list[Sighting]) -> tuple[list[Sighting], list[tuple[Sighting, int]]]:
    """Sightings of one date without those that another scan tells as well.

    Returns:
        Those that lead, and the others with the place of the one that leads them: the larger outline of two scans.
    """
    leads: list[Sighting] = []
    others: list[tuple[Sighting, int]] = []
    scans: dict[tuple[datetime, datetime, str], list[Sighting]] = {}
    for one in seen:
        scans.setdefault((one.before, one.after, one.scan), []).append(one)
    largest = sorted(scans.items(), key=lambda item: (-sum(one.outline.area for one in item[1]), item[0]))
    for _, of_scan in largest:
        found = match(
            [one.outline for one in leads], [one.outline for one in of_scan], np.array([o.error_m for o in of_scan])
        )
        led = {
            col: row
            for col, row in ({col: row for row, col in found.same.items()} | found.parts).items()
            # What goes may be one of two that a look took for one: it is the other only where it is most of it.
            if of_scan[col].change != "disappeared" or of_scan[col].outline.area >= GONE_SHARE * leads[row].outline.area
        }
        others += [(of_scan[col], row) for col, row in led.items()]
        leads += [one for col, one in enumerate(of_scan) if col not in led]
    return leads, others
