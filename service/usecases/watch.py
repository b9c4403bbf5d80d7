"""A watched folder: which files are imagery, and which of them are complete.

A file is taken when a `.done` lies beside it (`scene.tif.done` or `scene.done`), or when it has not changed
for a while: its time of change is old enough, or an earlier look saw it just so long enough ago (for disks
whose clock runs ahead).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geodata.errors import MissingFileError
from service.store.intake_records import IntakeEntry

GEOTIFF = (".tif", ".tiff")
OTHER_IMAGERY = (".vrt", ".img", ".jp2", ".ecw", ".sid", ".zip", ".tar", ".gz", ".rar", ".7z")
"""Imagery or packed imagery that is not accepted: refused by name rather than passed over in silence."""


@dataclass(frozen=True)
class Sighting:
    """A file as it is now.

    Args:
        path: Where it is.
        name: Path within the watched folder.
        size_bytes: Its size.
        mtime_ns: Its time of change.
        marked: Whether a `.done` lies beside it.
    """

    path: Path
    name: str
    size_bytes: int
    mtime_ns: int
    marked: bool

    def same_as(self, entry: IntakeEntry | None) -> bool:
        """Whether an earlier look saw the file just so."""
        return entry is not None and (entry.size_bytes, entry.mtime_ns) == (self.size_bytes, self.mtime_ns)

    def is_complete(self, known: IntakeEntry | None, now: datetime, stable: timedelta) -> bool:
        """Whether nobody writes to it any more, as far as can be told."""
        if self.marked:
            return True
        changed = datetime.fromtimestamp(self.mtime_ns / 1e9, UTC)
        if now - changed >= stable:
            return True
        return known is not None and self.same_as(known) and now - known.seen_at >= stable


def look(folder: Path, leave_out: Path) -> list[Sighting]:
    """The imagery of a folder and of those below it, by name; hidden files are left out.

    Args:
        folder: Watched folder.
        leave_out: A folder that is passed over: the data folder, should it lie within.

    Raises:
        MissingFileError: If there is no such folder.
    """
    if not folder.is_dir():
        raise MissingFileError(f"There is no folder {folder}.", remedy="Check the path.")
    found: list[Sighting] = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f).resolve() != leave_out)
        there = set(names)
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in GEOTIFF + OTHER_IMAGERY:
                sighting = _sight(folder, here / name, there)
                if sighting is not None:
                    found.append(sighting)
    return found


def _sight(folder: Path, path: Path, beside: set[str]) -> Sighting | None:
    try:
        stat = path.stat()
    except OSError:
        return None  # taken away between the listing and now
    marked = f"{path.name}.done" in beside or f"{path.stem}.done" in beside
    return Sighting(path, path.relative_to(folder).as_posix(), stat.st_size, stat.st_mtime_ns, marked)


def remembered(sighting: Sighting, folder: str, known: Mapping[str, IntakeEntry], now: datetime) -> IntakeEntry:
    """What to keep of a file that is not taken yet: since when it has looked as it does."""
    before = known.get(sighting.name)
    seen_at = before.seen_at if before is not None and sighting.same_as(before) else now
    return IntakeEntry(
        folder=folder,
        name=sighting.name,
        size_bytes=sighting.size_bytes,
        mtime_ns=sighting.mtime_ns,
        seen_at=seen_at,
        state="waiting",
    )
