"""What the use cases ask of a store about reports and leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from service.auth.record import Entry
from service.cases.leads.values import LeadEvent, LeadRow, Report, Spot
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, Page


@dataclass(frozen=True)
class Taken:
    """A report as it lies in the store.

    Args:
        report: The stored one.
        new: Whether it was stored just now; else its number was known.
    """

    report: Report
    new: bool


@dataclass(frozen=True)
class Placing:
    """Somebody says where a report lies.

    Args:
        report_id: The report.
        spot: Where.
        reason: Why there.
        at: When.
        by: Who says so.
    """

    report_id: str
    spot: Spot
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Telling:
    """Something that somebody does to a lead.

    Args:
        kind: A kind of events.
        at: When.
        by: Who.
        facts: What it tells.
        expected: Number of the last event that the teller knows of; None: whatever it is.
    """

    kind: str
    at: datetime
    by: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None


@dataclass(frozen=True)
class LeadCounts:
    """What the morning report tells of leads.

    Args:
        new: Leads that were made since a moment, by the source that told first.
        reports: Reports that came since then, by source.
        open: Leads that nobody judged, and that something speaks for.
        stale: Those of them that were made before another moment.
        unplaced: Reports without a place.
        hours: How long each lead that was judged since the first moment had waited for its first verdict, h.
    """

    new: Mapping[str, int]
    reports: Mapping[str, int]
    open: int
    stale: int
    unplaced: int
    hours: Sequence[float]


class LeadStore(Protocol):
    """Reports, and the leads that they make: brought up to date in the step that changes anything."""

    def add(self, reports: Sequence[Report]) -> Sequence[Taken]:
        """Store reports and merge them into leads, all of it or nothing.

        One whose source, origin and number are known is left as it lies there.
        """

    def known(self, keys: Iterable[tuple[str, str, str]]) -> Mapping[tuple[str, str, str], str]:
        """Ids of the stored reports of some sources, origins and numbers."""

    def report(self, report_id: str) -> Report:
        """One report; `NotFoundError` without it."""

    def reports(self, limit: int, after_key: int = 0, *, unplaced: bool = False) -> Page[Report]:
        """Reports, the latest first; those alone that wait for a place, if wanted."""

    def reports_of(self, lead_id: str) -> Sequence[Report]:
        """The reports of a lead that are shown, by when they were seen; `NotFoundError` without the lead."""

    def places(self, report_id: str) -> Sequence[Placing]:
        """How the place of a report came to be known, the first first."""

    def place(self, placing: Placing) -> Report:
        """Say where a report without a place lies; `NotFoundError` without it, `ConflictError` where it has one."""

    def regroup(self, boxes: Sequence[Box]) -> int:
        """Bring the leads near some boxes up to date, as after a scan; how many changed."""

    def stale_boxes(self) -> Sequence[Box]:
        """Boxes of the leads whose structure is none any more, or goes by another id."""

    def get(self, lead_id: str) -> LeadRow:
        """One lead, also by an id that leads to it; `NotFoundError` without it."""

    def events(self, lead_id: str) -> Sequence[LeadEvent]:
        """All that happened to a lead and to those that became part of it, in the order of time."""

    def tell(self, lead_id: str, telling: Telling) -> LeadRow:
        """Let something happen to a lead, and bring it and those near it up to date in the same step.

        `NotFoundError` without it, `LeadBehindError` where it went on meanwhile.
        """

    def names_of(self, structure_id: str) -> Sequence[str]:
        """All ids of the structure that an id means today."""

    def unreported(self, scan_id: str | None, limit: int) -> Sequence[tuple[str, str]]:
        """Suspected findings (of a scan, or all) that are no report: finished feature and grade of secrecy.

        Those alone that count: neither suppressed nor dismissed, and no sight of something gone.
        """

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Leads as GeoJSON texts; `source` is any of theirs."""

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All leads that a query wants, a portion at a time."""

    def feature(self, lead_id: str) -> str:
        """One lead as GeoJSON text, also by an id that leads to it; `NotFoundError` without it."""

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all leads."""

    def counts(self, since: datetime, stale: datetime) -> LeadCounts:
        """What the morning report tells."""

    def erase_reporter(self, report_id: str, entry: Entry) -> bool:
        """Erase who told a report, recorded in the same step; False where nothing was kept of them."""

    def sealed(self, after_key: int, limit: int) -> Sequence[tuple[int, str, str]]:
        """Key, id and sealed reporter of the reports behind a key that have one."""

    def reseal(self, values: Mapping[int, str]) -> None:
        """Put other seals in the place of some, by their key; what was erased meanwhile stays so."""
