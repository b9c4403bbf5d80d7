"""What the nightly batch asks of a place where imagery arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from service.errors import PayloadTooLargeError
from service.files import Upload
from service.store.intake_records import IntakeEntry

GEOTIFF = (".tif", ".tiff")
OTHER_IMAGERY = (".vrt", ".img", ".jp2", ".ecw", ".sid", ".zip", ".tar", ".gz", ".rar", ".7z")
"""Imagery or packed imagery that is not accepted: refused by name rather than passed over in silence."""


_MOST = 2**63 - 1


@dataclass(frozen=True)
class Sighting:
    """A file as it is now.

    Args:
        name: Names it within its source, for ever.
        size_bytes: Its size; 0 where the source does not tell.
        mtime_ns: When it was changed last, ns since 1970; another one means other content.
        settled: Whether its source says that nobody writes to it any more.
    """

    name: str
    size_bytes: int
    mtime_ns: int
    settled: bool

    def __post_init__(self) -> None:
        # what a source tells may be anything; what is remembered has 64 bits
        for name in ("size_bytes", "mtime_ns"):
            object.__setattr__(self, name, max(-_MOST, min(_MOST, getattr(self, name))))

    def same_as(self, entry: IntakeEntry | None) -> bool:
        """Whether an earlier look saw the file just so."""
        return entry is not None and (entry.size_bytes, entry.mtime_ns) == (self.size_bytes, self.mtime_ns)

    def is_complete(self, known: IntakeEntry | None, now: datetime, stable: timedelta) -> bool:
        """Whether nobody writes to it any more, as far as can be told.

        Its time of change is old enough, or an earlier look saw it just so long enough ago (for disks whose clock runs
        ahead).
        """
        if self.settled:
            return True
        changed = datetime.fromtimestamp(self.mtime_ns / 1e9, UTC)
        if now - changed >= stable:
            return True
        return known is not None and self.same_as(known) and now - known.seen_at >= stable

    def remembered(self, source: str, before: IntakeEntry | None, now: datetime) -> IntakeEntry:
        """What to keep of a file that is not taken yet: since when it has looked as it does.

        Args:
            source: Name of its source.
            before: What was kept of it.
            now: The time.
        """
        seen_at = before.seen_at if before is not None and self.same_as(before) else now
        return IntakeEntry(source, self.name, self.size_bytes, self.mtime_ns, seen_at, "waiting")


@dataclass(frozen=True)
class Fetched:
    """A file on this machine, as its source gave it.

    Args:
        upload: The file, under the name that it has at its source.
        attributes: How it was taken, in the words of a STAC item.
        acquired_at: When it was taken, None: its file, its name or the attributes tell.
    """

    upload: Upload
    attributes: Mapping[str, Any] = field(default_factory=dict)
    acquired_at: datetime | None = None


class Source(Protocol):
    """A place where imagery arrives."""

    @property
    def name(self) -> str:
        """Names it for ever: what was taken from it is remembered under this name."""

    def look(self) -> Sequence[Sighting]:
        """The imagery that lies there, by name.

        Raises:
            KanchaError: If it cannot be reached; the others are looked at all the same.
        """

    def fetch(self, sighting: Sighting, folder: Path) -> Fetched:
        """Bring a file to this machine, whole; what lies at the source stays as it is.

        Args:
            sighting: The file.
            folder: Where it goes; nobody else uses it.

        Raises:
            KanchaError: If it cannot be had, or is refused by what can be told from its name.
        """


def too_large(sighting: Sighting, max_bytes: int) -> None:
    """Refuse a file that is larger than an upload may be.

    Raises:
        PayloadTooLargeError: If it is.
    """
    if sighting.size_bytes > max_bytes:
        raise PayloadTooLargeError(
            f"{sighting.name} has {sighting.size_bytes:,} bytes; {max_bytes:,} may be taken in at once.",
            remedy="Raise KANCHA_LIMITS__MAX_UPLOAD_BYTES, or cut it into smaller pieces.",
            size_bytes=sighting.size_bytes,
            allowed_bytes=max_bytes,
        )
