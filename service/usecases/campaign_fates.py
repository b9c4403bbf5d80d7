"""What has become of the items of a campaign: cases decide, then what tracking saw, then what officers said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
import shapely

from geodata.io.dates import BEIJING
from service.cases.campaigns import DEMOLISHED, FALSE, PART, SETTLED, Fate, Item
from service.cases.workflow.standing import Standing
from service.services import Services
from service.store.queries import FeatureQuery
from service.usecases.cases import view_case

_SAME = 0.5
"""Of two outlines the smaller is covered by so much: they are of one structure."""
_ENDED = ("proved", "closed")


class Ground:
    """What is known of the ground of some items.

    Args:
        services: The service, as the campaign is shown.
        items: The items.
    """

    def __init__(self, services: Services, items: Sequence[Item]) -> None:
        self._services = services
        shapes = [shapely.geometry.shape(item.geometry) for item in items]
        west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
        query = FeatureQuery(boxes=((west, south, east, north),))
        self._structures = _indexed(services.store.structures.all_features(query))
        self._cases = _indexed(services.store.cases.all_features(query))
        self._trees = {
            id(one): shapely.STRtree([shape for shape, _ in one.values()]) for one in (self._structures, self._cases)
        }
        self._judged = {one.row.fid: one.verdict for one in services.store.verdicts.judged()}

    def fate(self, item: Item) -> Fate:
        """What has become of an item."""
        own = self._related(item)
        standings = [view_case(self._services, case_id).standing for case_id in self._cases_of(item, own)]
        rebuilt = self._rebuilt(item, own)
        if standings:
            return _of_cases(standings, rebuilt)
        gone = [_day(self._structures[one][1]["gone_on"]) for one in own]
        if gone and all(day is not None for day in gone):
            # what merged or split has ended when all of it has
            return Fate(max(day for day in gone if day is not None), DEMOLISHED, rebuilt=rebuilt)
        dismissed = self._dismissed(item, own)
        return Fate() if dismissed is None else Fate(dismissed, FALSE)

    def _related(self, item: Item) -> list[str]:
        """The structures that an item is now: itself, what it merged into, what split from it."""
        known = self._structures
        first = [item.id] if item.id in known else self._alike(known, item)
        found: list[str] = []
        left = list(first)
        while left:
            one = left.pop()
            if one in found or one not in known:
                continue
            into = known[one][1]["merged_into"]
            if into is not None and into in known:
                left.append(str(into))
            else:
                found.append(one)
            left += [name for name, (_, told) in known.items() if told["split_from"] == one]
        return found

    def _alike(self, known: Mapping[str, tuple[Any, Mapping[str, Any]]], item: Item) -> list[str]:
        """What lies where an item lies: half of the smaller outline, or a point within."""
        shape, names = shapely.geometry.shape(item.geometry), list(known)
        near = self._trees[id(known)].query(shape, predicate="intersects") if names else []
        found = []
        for k in near:
            other = known[names[int(k)]][0]
            smaller = min(shape.area, other.area)
            if smaller == 0 or shape.intersection(other).area >= _SAME * smaller:
                found.append(names[int(k)])
        return found

    def _cases_of(self, item: Item, own: Sequence[str]) -> list[str]:
        """The cases about an item: by its structures, else by its place."""
        ids = [item.id, *own]
        rows = self._services.store.cases.of_structure(list(dict.fromkeys(ids)))
        return [row.id for row in rows] or [
            name for name in self._alike(self._cases, item) if self._cases[name][1]["structure_id"] in (None, *ids)
        ]

    def _rebuilt(self, item: Item, own: Sequence[str]) -> date | None:
        """Since when something stands again: built anew on what it was, or on its place."""
        here = set(self._alike(self._structures, item))
        days = [
            _day(told["first_seen"])
            for name, (_, told) in self._structures.items()
            if told["rebuilt_of"] is not None
            and told["gone_on"] is None
            and (told["rebuilt_of"] in own or name in here)
        ]
        return min((day for day in days if day is not None), default=None)

    def _dismissed(self, item: Item, own: Sequence[str]) -> date | None:
        """The day on which officers dismissed all that was found of it; a structure of dismissed findings is none."""
        findings = {*item.findings, *(fid for one in own for fid in self._structures[one][1]["finding_ids"])}
        verdicts = [self._judged[fid] for fid in findings if fid in self._judged]
        if len(verdicts) < len(findings) or not verdicts or any(one.verdict for one in verdicts):
            return None
        return max(one.judged_at for one in verdicts).astimezone(BEIJING).date()


def _indexed(texts: Iterator[str]) -> dict[str, tuple[Any, Mapping[str, Any]]]:
    found = {}
    for text in texts:
        feature = orjson.loads(text)
        found[str(feature["id"])] = shapely.geometry.shape(feature["geometry"]), feature["properties"]
    return found


def _of_cases(standings: Sequence[Standing], rebuilt: date | None) -> Fate:
    """What the cases about one structure have made of it; it is open while one of them is."""
    ordered = any(one.outcome in ("demolished", "partly_demolished") for one in standings)
    fates = [_of_case(one, ordered, rebuilt) for one in standings]
    open_ones = [fate for fate in fates if fate.ended is None]
    return open_ones[0] if open_ones else max(fates, key=lambda fate: (fate.way == DEMOLISHED, fate.ended))


def _of_case(standing: Standing, ordered: bool, rebuilt: date | None) -> Fate:
    if standing.procedure not in _ENDED:
        return Fate(ordered=ordered)
    proof, again = standing.last("proof_received"), standing.last("rebuilding_seen")
    if again is not None and (proof is None or again.number > proof.number):
        seen = date.fromisoformat(again.facts["seen_on"])
        rebuilt = seen if rebuilt is None else min(rebuilt, seen)
    if proof is not None and proof.facts["seen"] in ("gone", "partly_gone"):
        part = None if standing.decision is None else standing.decision.facts.get("part")
        way = PART if proof.facts["seen"] == "partly_gone" else DEMOLISHED
        day = date.fromisoformat(proof.facts["shown_on"])
        return Fate(day, way, ordered, rebuilt, part if way == PART else None)
    closing = standing.last("closed")
    if closing is None:
        return Fate(ordered=ordered)  # proved to be corrected, and not closed yet
    return Fate(closing.at.astimezone(BEIJING).date(), SETTLED, ordered, rebuilt)


def _day(text: str | None) -> date | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(BEIJING).date()
