"""Reports and leads as plain values.

A report is what one source told once; it never changes. A lead is what reports are about: everything that is known of
it follows from its reports and its events, which only grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Box = tuple[float, float, float, float]


class SourceKind(StrEnum):
    """Who told it."""

    SCAN = "scan"
    PATROL = "patrol"
    HOTLINE = "hotline"
    CAMERA = "camera"
    DRONE = "drone"
    BUREAU = "bureau"
    EXPIRY = "expiry"
    REBUILDING = "rebuilding"


SOURCES_ZH: Mapping[SourceKind, str] = MappingProxyType(
    {
        SourceKind.SCAN: "影像图斑",
        SourceKind.PATROL: "日常巡查",
        SourceKind.HOTLINE: "12345热线",
        SourceKind.CAMERA: "视频监控",
        SourceKind.DRONE: "无人机",
        SourceKind.BUREAU: "其他部门图斑",
        SourceKind.EXPIRY: "临时许可到期",
        SourceKind.REBUILDING: "原址复建",
    }
)
OWN = frozenset({SourceKind.SCAN, SourceKind.EXPIRY, SourceKind.REBUILDING})
"""What the service tells itself; nobody sends it from outside."""
NEWS = frozenset({SourceKind.SCAN, SourceKind.EXPIRY, SourceKind.REBUILDING})
"""What is always something new, once a lead is settled: a change that was measured, a paper that ran out."""

STAGES = ("earthworks", "foundation", "under_construction", "finished")
"""How far the building is, the earliest first: 推堆土, 基础, 在建, 建成."""
GRADES = ("public", "internal", "secret")
"""Grades of secrecy, the lowest first."""
MAX_ACCURACY_M = 500.0
"""A place that is vaguer is no place: such a report waits until somebody places it. Our own choice."""


@dataclass(frozen=True)
class Attachment:
    """A photograph that came with a report.

    Args:
        sha256: Checksum of its bytes, by which it is stored.
        name: Name of the file.
        format: `JPEG`, `PNG` or `WEBP`.
        size_bytes: Its size.
        facts: What it tells of itself; see `service.cases.evidence.photos`.
    """

    sha256: str
    name: str
    format: str
    size_bytes: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "sha256": self.sha256,
            "name": self.name,
            "format": self.format,
            "size_bytes": self.size_bytes,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True)
class Spot:
    """Where something is, as far as it is told or was found.

    Args:
        geometry: GeoJSON geometry in lon-lat (CGCS2000, WGS 84); None: not known yet.
        accuracy_m: How far off it may be, m.
        found_by: `told`, `photo`, the way in which its parcel was found (see `geodata.assess.register`), `hand`;
            empty: not known.
        note: Why it is not known, where that is.
    """

    geometry: Mapping[str, Any] | None = None
    accuracy_m: float = 0.0
    found_by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What one source told once.

    Args:
        id: Its id.
        source: What kind of source.
        origin: Which one of that kind: name of a bureau or system; empty: the only one.
        number: The source's own number: ticket, patrol, patch, finding.
        seen_at: When it was seen.
        received_at: When the service got it.
        received_by: Who handed it in.
        spot: Where.
        address: Address as it was told.
        parcel_id: Number of the parcel as it was told.
        text: What was told.
        category: What kind of thing, in the source's words.
        stage: How far the building is, one of `STAGES`; None: not told.
        attachments: Photographs.
        anonymous: Whether the reporter asked not to be kept.
        facts: What else is known: finding, scan, structure, permit, priority ...
        secrecy: Grade of secrecy.
        reporter: Who told it, sealed; None: not told, anonymous or erased.
        erased_at: When the reporter was erased.
        lead_id: The lead that it belongs to; None: it has no place yet.
    """

    id: str
    source: SourceKind
    origin: str
    number: str
    seen_at: datetime
    received_at: datetime
    received_by: str
    spot: Spot
    address: str = ""
    parcel_id: str = ""
    text: str = ""
    category: str = ""
    stage: str | None = None
    attachments: Sequence[Attachment] = ()
    anonymous: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    secrecy: str = "internal"
    reporter: str | None = None
    erased_at: datetime | None = None
    lead_id: str | None = None

    @property
    def finding_id(self) -> str | None:
        """The finding that it tells of."""
        told = self.facts.get("finding_id")
        return None if told is None else str(told)


EVENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "opened": ("Opened", "生成线索"),
        "joined": ("Reports joined", "并入上报"),
        "left": ("Reports went to another lead", "上报转出"),
        "took_in": ("Took in another lead", "并入线索"),
        "merged": ("Became part of another lead", "被并入"),
        "merge_ordered": ("Merged by hand", "人工合并"),
        "split_ordered": ("Split by hand", "人工拆分"),
        "judged": ("Judged", "核查结论"),
        "case_asked": ("A case is being opened", "正在立案受理"),
        "case_opened": ("Case opened", "转为案件"),
        "case_joined": ("Went to an open case", "并入在办案件"),
        "case_dropped": ("No case was opened", "未能立案受理"),
        "noted": ("Note", "备注"),
    }
)
"""What can happen to a lead, with titles."""


@dataclass(frozen=True)
class LeadEvent:
    """Something that happened to a lead.

    Args:
        lead_id: The lead.
        number: Its place, from 1 without gaps.
        kind: A key of `EVENTS`.
        at: When.
        by: Id of who did it; `kancha`: the service itself.
        facts: What it tells.
    """

    lead_id: str
    number: int
    kind: str
    at: datetime
    by: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LeadRow:
    """What is kept of a lead beside its events and reports, so that lists need not read them.

    Args:
        id: The lead.
        number: Number of its last event.
        state: `open`, `judged`, `case`, or `merged`: it is part of another.
        verdict: 0 not checked, 1 lawful, 2 unlawful, 3 false change on site.
        ground: The ground of the verdict; empty: none yet.
        priority: See `standing.priority_of`.
        structure_id: The structure that it is about; None: none is known there.
        leads_to: Of what it is part; None unless merged.
        follows: The settled lead of the same place that it follows; None: none.
        case_id: Its case; None: none.
        first_seen: When the first of its reports was seen.
        last_seen: When the last was.
        opened_at: When it was made.
        changed_at: When its last event was.
        triaged_at: When it was first judged; None: never.
        secrecy: The grade at which it is shown, made of the reports up to it.
        box: Around its place, lon-lat.
        geojson: The lead as a finished feature.
    """

    id: str
    number: int
    state: str
    verdict: int
    ground: str
    priority: float
    structure_id: str | None
    leads_to: str | None
    follows: str | None
    case_id: str | None
    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    changed_at: datetime
    triaged_at: datetime | None
    secrecy: str
    box: Box
    geojson: str


def shown_grade(grades: Sequence[str]) -> str:
    """The grade of secrecy at which something made of several parts is shown, with the parts up to it.

    The lowest of theirs, so that what is known from an open source is not hidden by a secret one; `internal` at least.
    """
    return max(min(grades, key=GRADES.index, default="internal"), "internal", key=GRADES.index)
