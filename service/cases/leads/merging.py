"""Reports merged into leads: the same reports and decisions give the same leads, in whatever order they came.

1. Reports of one structure are about one thing, whenever they were seen. Those whose place means no known structure
   are about one thing where the place of the most exact of them is within both errors, and within the window of time;
   the most exact one founds it, so that no vague report links two exact ones.
2. What an officer merged, split or judged together stays so.
3. A settled lead takes in what is seen later, unless something new happened: a new finding, a paper that ran out, or a
   stage beyond that which was known. That begins another lead, which follows the settled one.

The method is our own; the window and the errors are no terms of law.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import shapely

from service.cases.leads.places import metres, reach, vagueness_m
from service.cases.leads.values import STAGES

WINDOW = timedelta(days=30)
"""So far apart two reports of one place without a known structure may be seen and still be about one thing."""
HAND = Literal["judged", "merge_ordered", "split_ordered"]
JUDGED: HAND = "judged"
MERGED: HAND = "merge_ordered"
SPLIT: HAND = "split_ordered"


@dataclass(frozen=True)
class Told:
    """What merging has to know of a report.

    Args:
        id: Its id.
        seen_at: When it was seen.
        received_at: When it came.
        place: Where, lon-lat.
        accuracy_m: How far off that may be, m.
        structure: The structure that the place means; None: none.
        stage: One of `STAGES`; None: not told.
        news: Whether it is always something new, once a lead is settled.
    """

    id: str
    seen_at: datetime
    received_at: datetime
    place: shapely.Geometry
    accuracy_m: float = 0.0
    structure: str | None = None
    stage: str | None = None
    news: bool = False


@dataclass(frozen=True)
class Act:
    """What an officer decided about reports.

    Args:
        id: Its id.
        at: When.
        kind: `judged`: all of them, in one lead; `merge_ordered`: they belong together; `split_ordered`: they belong
            together and leave the others.
        reports: The reports.
        settles: Whether a verdict settles: one that says that nobody has checked yet does not.
    """

    id: str
    at: datetime
    kind: HAND
    reports: tuple[str, ...]
    settles: bool = True


@dataclass(frozen=True)
class Bundle:
    """Reports of one lead.

    Args:
        reports: Their ids, by when they were seen.
        structure: The structure that the first of them with one means.
        after: The report that begins the settled lead which this one follows; None: it follows none.
    """

    reports: tuple[str, ...]
    structure: str | None
    after: str | None = None


def leads_of(told: Iterable[Told], acts: Iterable[Act] = ()) -> list[Bundle]:
    """The leads that reports make.

    Args:
        told: The reports, in any order; no id twice.
        acts: What officers decided, in any order.

    Returns:
        The leads, the one that was seen first first; every report is in exactly one.
    """
    reports = sorted(told, key=_order)
    decided = sorted(acts, key=lambda act: (act.at, act.id))
    labels, homes = _by_hand(reports, _natural(reports), decided)
    parts: dict[str, list[Told]] = {}
    for one in reports:
        parts.setdefault(homes.get(labels[one.id], labels[one.id]), []).append(one)
    settled, joined = _settled(decided), _joined(decided)
    found = [bundle for part in parts.values() for bundle in _episodes(part, settled, joined)]
    first = {one.id: _order(one) for one in reports}
    return sorted(found, key=lambda bundle: first[bundle.reports[0]])


def _order(one: Told) -> tuple[datetime, str]:
    return one.seen_at, one.id


# --- by place and time ------------------------------------------------------------------------------


def _natural(reports: Sequence[Told]) -> dict[str, str]:
    """A label by report: of the structure, or of the report that founds what it belongs to."""
    labels = {one.id: f"structure:{one.structure}" for one in reports if one.structure is not None}
    lone = sorted(
        (one for one in reports if one.structure is None),
        key=lambda one: (vagueness_m(one.place, one.accuracy_m), *_order(one)),
    )
    founders: set[str] = set()
    for one, others in zip(lone, _near(lone), strict=True):
        reached = [(far, rank, other) for far, rank, other in others if other in founders]
        if reached:
            labels[one.id] = f"place:{min(reached)[2]}"
        else:
            founders.add(one.id)
            labels[one.id] = f"place:{one.id}"
    return labels


def _near(lone: Sequence[Told]) -> list[list[tuple[float, int, str]]]:
    """For each report those within both errors and the window: distance, rank, id."""
    found: list[list[tuple[float, int, str]]] = [[] for _ in lone]
    if len(lone) < 2:
        return found
    # each widened by its own error: one vague report must not make all the others look far
    boxes = np.array([shapely.box(*reach(one.place.bounds, one.accuracy_m)) for one in lone], dtype=object)
    pairs = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    for a, b in zip(*(side.tolist() for side in pairs), strict=True):
        one, other = lone[a], lone[b]
        if a == b or abs(one.seen_at - other.seen_at) > WINDOW:
            continue
        far = metres(one.place, other.place)
        if far <= one.accuracy_m + other.accuracy_m:
            found[a].append((far, b, other.id))
    return found


# --- by hand ----------------------------------------------------------------------------------------


def _by_hand(
    reports: Sequence[Told], natural: Mapping[str, str], acts: Sequence[Act]
) -> tuple[dict[str, str], dict[str, str]]:
    """The label of each report and where labels are at home, once officers have decided."""
    labels = dict(natural)
    homes: dict[str, str] = {}
    received = {one.id: one.received_at for one in reports}
    for act in acts:
        meant = [fid for fid in act.reports if fid in labels]
        if act.kind == SPLIT:
            _part(act, meant, (labels, homes), (natural, received))
            continue
        own = {homes.get(labels[fid], labels[fid]) for fid in meant}
        if len(own) > 1:
            root = min(own)
            known = {*homes, *labels.values()}
            homes |= {label: root for label in known if homes.get(label, label) in own}
    return labels, homes


def _part(
    act: Act,
    meant: Sequence[str],
    state: tuple[dict[str, str], dict[str, str]],
    known: tuple[Mapping[str, str], Mapping[str, datetime]],
) -> None:
    """Let reports leave the others; what comes later to a place of which all left goes where they went."""
    (labels, homes), (natural, received) = state, known
    label = f"split:{act.id}"
    leaving = set(meant)
    for place in {natural[fid] for fid in meant}:
        there = [fid for fid, own in natural.items() if own == place and received[fid] <= act.at]
        if leaving.issuperset(there):
            homes[place] = label
    labels.update(dict.fromkeys(meant, label))
    homes[label] = label


# --- in time ----------------------------------------------------------------------------------------


def _settled(acts: Sequence[Act]) -> dict[str, datetime]:
    """When each report was first in a lead that was settled."""
    found: dict[str, datetime] = {}
    for act in acts:
        if act.kind == JUDGED and act.settles:
            for fid in act.reports:
                found.setdefault(fid, act.at)
    return found


def _joined(acts: Sequence[Act]) -> dict[str, set[str]]:
    """The mergings by hand that each report is in."""
    found: dict[str, set[str]] = {}
    for act in acts:
        if act.kind == MERGED:
            for fid in act.reports:
                found.setdefault(fid, set()).add(act.id)
    return found


@dataclass
class _Episode:
    """A lead while its reports are gone through in the order of their being seen."""

    reports: list[Told] = field(default_factory=list)
    settled_at: datetime | None = None
    stage: int = -1
    joins: set[str] = field(default_factory=set)

    def add(self, one: Told, settled: Mapping[str, datetime], joined: Mapping[str, set[str]]) -> None:
        self.reports.append(one)
        at = settled.get(one.id)
        if at is not None:
            self.settled_at = at if self.settled_at is None else min(self.settled_at, at)
        self.stage = max(self.stage, _rank(one))
        self.joins |= joined.get(one.id, set())

    def ends_before(self, one: Told, joined: Mapping[str, set[str]]) -> bool:
        """Whether a report tells of something new after the lead was settled."""
        if self.settled_at is None or one.seen_at <= self.settled_at or self.joins & joined.get(one.id, set()):
            return False
        return one.news or _rank(one) > self.stage


def _rank(one: Told) -> int:
    return STAGES.index(one.stage) if one.stage in STAGES else -1


def _episodes(part: Sequence[Told], settled: Mapping[str, datetime], joined: Mapping[str, set[str]]) -> list[Bundle]:
    """The leads, one after the other, that reports of one thing make."""
    episodes = [_Episode()]
    for one in part:
        if episodes[-1].ends_before(one, joined):
            episodes.append(_Episode(stage=episodes[-1].stage))
        episodes[-1].add(one, settled, joined)
    found = []
    for at, episode in enumerate(episodes):
        structure = next((one.structure for one in episode.reports if one.structure is not None), None)
        after = episodes[at - 1].reports[0].id if at else None
        found.append(Bundle(tuple(one.id for one in episode.reports), structure, after))
    return found


# --- ids --------------------------------------------------------------------------------------------


def named(
    bundles: Sequence[Bundle], founders: Mapping[str, str], weights: Mapping[str, int] | None = None
) -> tuple[list[str], dict[str, str]]:
    """Give every lead an id, and keep those that were given.

    An id belongs to the report that it was given for. Where a lead holds several, the weightiest stays (one with a
    case, then one with a verdict), else that of the report seen first; the others lead to it.

    Args:
        bundles: Leads of `leads_of`.
        founders: Ids given so far, by report.
        weights: How weighty an id is; 0 where it is not named.

    Returns:
        The id of each lead, and for each id that is none any more the id that it leads to.
    """
    ids: list[str] = []
    led: dict[str, str] = {}
    for bundle in bundles:
        given = [founders[fid] for fid in bundle.reports if fid in founders]
        # sorted is stable: of equal ones the first seen stays first
        given.sort(key=lambda lead: -(weights or {}).get(lead, 0))
        own = given[0] if given else identity(bundle.reports[0])
        ids.append(own)
        led |= dict.fromkeys(given[1:], own)
    return ids, led


def identity(report_id: str) -> str:
    """The id of a lead that a report founds."""
    return f"lead-{hashlib.sha256(f'lead|{report_id}'.encode()).hexdigest()[:16]}"
