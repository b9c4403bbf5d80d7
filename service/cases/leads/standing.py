"""Where a lead stands, from its reports and events; and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import shapely

from service.cases.leads.triage import as_told
from service.cases.leads.values import GRADES, SOURCES_ZH, STAGES, LeadEvent, LeadRow, Report, SourceKind, shown_grade

DISMISSED = "dismissed"
"""State of a lead that nobody judged, and that rests on dismissed findings alone: there is nothing left to check."""


@dataclass(frozen=True)
class Standing:
    """What the events of a lead say.

    Args:
        verdict: Code of the verdict that counts.
        ground: Its ground.
        judged_at: When it was given; None: none was.
        triaged_at: When the first one was.
        case_id: Its case.
        asked_at: Since when somebody is opening a case for it; None: nobody is.
    """

    verdict: int = 0
    ground: str = ""
    judged_at: datetime | None = None
    triaged_at: datetime | None = None
    case_id: str | None = None
    asked_at: datetime | None = None

    @property
    def state(self) -> str:
        """`open`, `judged` or `case`."""
        if self.case_id is not None:
            return "case"
        return "open" if self.verdict == 0 else "judged"


def standing_of(events: Sequence[LeadEvent]) -> Standing:
    """Where a lead stands.

    Args:
        events: Its events, and those of the leads that became part of it, in any order.
    """
    told = sorted(events, key=lambda event: (event.at, event.lead_id, event.number))
    judged = [event for event in told if event.kind == "judged"]
    cases = [event for event in told if event.kind in ("case_opened", "case_joined")]
    asked = [event for event in told if event.kind in ("case_asked", "case_dropped", "case_opened", "case_joined")]
    last = judged[-1] if judged else None
    return Standing(
        verdict=0 if last is None else int(last.facts["verdict"]),
        ground="" if last is None else str(last.facts["ground"]),
        judged_at=None if last is None else last.at,
        triaged_at=judged[0].at if judged else None,
        case_id=str(cases[-1].facts["case_id"]) if cases else None,
        asked_at=asked[-1].at if asked and asked[-1].kind == "case_asked" else None,
    )


def priority_of(reports: Sequence[Report]) -> float:
    """What is looked at first: the highest priority of its findings (0 to 1) plus one for each independent source.

    Two reports of one kind from one bureau or system count once: who calls twice is one source.
    """
    best = max((float(one.facts.get("priority", 0.0)) for one in reports), default=0.0)
    return round(best + len(_independent(reports)), 6)


def _independent(reports: Sequence[Report]) -> set[tuple[str, str]]:
    # that what stands there is built again, or its paper ran out, is another look at the same measurement
    return {("own", "") if one.facts.get("finding_id") else (one.source.value, one.origin) for one in reports}


@dataclass(frozen=True)
class Frame:
    """What a lead is besides its reports and events.

    Args:
        id: Its id.
        number: Number of its last event.
        structure: The structure that it is about.
        follows: The settled lead that it follows.
        opened_at: When it was made.
        changed_at: When its last event was.
        dismissed: Whether all it rests on are findings, each of which was dismissed by itself.
    """

    id: str
    number: int
    structure: str | None
    follows: str | None
    opened_at: datetime
    changed_at: datetime
    dismissed: bool = False


def row_of(frame: Frame, reports: Sequence[Report], standing: Standing) -> LeadRow:
    """A lead as it is kept beside its events.

    Args:
        frame: What it is.
        reports: Its reports, by when they were seen; at least one. Those above the grade at which it is shown leave no
            trace in it.
        standing: Where it stands.
    """
    secrecy = shown_grade([one.secrecy for one in reports])
    reports = [one for one in reports if GRADES.index(one.secrecy) <= GRADES.index(secrecy)]
    place = _place(reports)
    west, south, east, north = place.bounds
    row = LeadRow(
        id=frame.id,
        number=frame.number,
        state=DISMISSED if frame.dismissed and standing.state == "open" else standing.state,
        verdict=standing.verdict,
        ground=standing.ground,
        priority=priority_of(reports),
        structure_id=frame.structure,
        leads_to=None,
        follows=frame.follows,
        case_id=standing.case_id,
        first_seen=min(one.seen_at for one in reports),
        last_seen=max(one.seen_at for one in reports),
        opened_at=frame.opened_at,
        changed_at=frame.changed_at,
        triaged_at=standing.triaged_at,
        secrecy=secrecy,
        box=(west, south, east, north),
        geojson="",
    )
    return LeadRow(**{**vars(row), "geojson": _feature(row, place, reports)})


def _place(reports: Sequence[Report]) -> shapely.Geometry:
    """The place of a lead: a measured outline before a point, then the most exact, then the newest."""
    placed = [(shapely.geometry.shape(dict(one.spot.geometry or {})), one) for one in reports]
    return min(placed, key=lambda pair: _exactness(*pair))[0]


def _exactness(place: shapely.Geometry, one: Report) -> tuple[bool, bool, float, float, str]:
    flat = bool(shapely.get_dimensions(place) < 2)
    return one.finding_id is None, flat, one.spot.accuracy_m, -one.seen_at.timestamp(), one.id


def _feature(row: LeadRow, place: shapely.Geometry, reports: Sequence[Report]) -> str:
    """The lead as finished GeoJSON; nobody is named in it, and no words of a reporter stand there."""
    kinds = sorted({one.source for one in reports}, key=list(SourceKind).index)
    stages = [one.stage for one in reports if one.stage in STAGES]
    told: dict[str, Any] = {
        "state": row.state,
        **as_told(row.verdict, row.ground),
        "priority": row.priority,
        "source": reports[0].source.value,
        "sources": [kind.value for kind in kinds],
        "sources_zh": [SOURCES_ZH[kind] for kind in kinds],
        "reports": len(reports),
        "independent_sources": len(_independent(reports)),
        "stage": max(stages, key=STAGES.index, default=None),
        "rebuilt": any(one.facts.get("rebuilt") for one in reports),
        "structure_id": row.structure_id,
        "finding_ids": [one.finding_id for one in reports if one.finding_id is not None],
        "parcel_ids": sorted({one.parcel_id for one in reports if one.parcel_id}),
        "follows": row.follows,
        "case_id": row.case_id,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "opened_at": row.opened_at,
        "triaged_at": row.triaged_at,
        "changed_at": row.changed_at,
    }
    feature = {"type": "Feature", "id": row.id, "geometry": shapely.geometry.mapping(place), "properties": told}
    return orjson.dumps(feature, option=orjson.OPT_UTC_Z).decode()
