"""What the use cases ask of the store of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.store.records import AwaitingRow, JudgedRow, Page, ReviewRow, Speaker, TwiceRow, Verdict


class VerdictStore(Protocol):
    """Verdicts, and the findings as their review sees them."""

    def add(self, verdict: Verdict, *, timed: bool) -> tuple[Verdict, bool]:
        """Store a verdict and bring its finding and the repeats of it up to date in one step.

        False where it is there already: the same id, or, unless `timed`, the same words as the latest verdict.
        `NotFoundError` without the finding.
        """

    def of(self, finding_id: str) -> Sequence[Verdict]:
        """The verdicts that stand, the one that counts last; `NotFoundError` without the finding."""

    def withdraw(self, finding_id: str, verdict_id: str, at: datetime) -> Verdict:
        """Take a verdict back; its finding and the repeats of it say again what stood before. Twice is once.

        `NotFoundError` without the finding, or without this verdict on it.
        """

    def one(self, finding_id: str, verdict_id: str) -> Verdict:
        """A verdict, whether it stands or not; `NotFoundError` without it."""

    def awaiting(self, who: Speaker | None, after_key: int, limit: int) -> Page[AwaitingRow]:
        """Findings that one person has judged and that somebody has not yet looked at, those that wait longest first.

        Args:
            who: Somebody else's eyes; None: nobody's, so that all that one person has judged is told.
            after_key: The key of the last one seen.
            limit: Findings at most.
        """

    def twice(self, before_key: int | None, limit: int) -> Page[TwiceRow]:
        """Findings that more than one person has judged, the latest verdict first.

        Fewer than `limit` may be on a page that is followed by another: what lies beyond the ground is left out.

        Args:
            before_key: The key of the last one seen; None: from the latest.
            limit: Findings at most.
        """

    def open(self) -> Sequence[ReviewRow]:
        """Findings that are neither judged nor suppressed, the highest priority first."""

    def judged(self) -> Sequence[JudgedRow]:
        """Judged findings with their latest verdict, the highest priority first."""

    def last_key(self) -> int:
        """Grows with every verdict. Stored findings change by verdicts, and by scans that show more of structures."""
