"""A watched folder: which files are imagery, and which of them are complete.

A file is taken when a `.done` lies beside it (`scene.tif.done`, `scene.done`), or when it has not changed for a while.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from geodata.errors import MissingFileError
from geodata.io.sidecars import read_acquisition
from geodata.io.tiff import inspect_tiff
from service.arrivals.base import GEOTIFF, OTHER_IMAGERY, Fetched, Sighting, too_large
from service.errors import SourceUnavailableError
from service.files import storable, take_copy


class Folder:
    """A folder, and those below it; hidden files are left out.

    Args:
        home: The folder.
        leave_out: A folder that is passed over: the data folder, should it lie within.
        max_bytes: Largest file that is taken.
    """

    def __init__(self, home: Path, leave_out: Path, max_bytes: int) -> None:
        self._home, self._leave_out = home.resolve(), leave_out.resolve()
        self._max_bytes = max_bytes
        self._paths: dict[str, Path] = {}

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._home)

    def look(self) -> list[Sighting]:
        """The imagery that lies there, by name.

        Raises:
            MissingFileError: If there is no such folder.
            SourceUnavailableError: If it cannot be read: a disk of the network that is away.
        """
        try:
            if not self._home.is_dir():
                raise MissingFileError(f"There is no folder {self._home}.", remedy="Check the path.")
            os.listdir(self._home)  # the walk passes over what it cannot read
            return self._walk()
        except OSError as error:
            raise unreadable(self.name, error) from error

    def _walk(self) -> list[Sighting]:
        found: list[Sighting] = []
        for parent, folders, names in os.walk(self._home):
            here = Path(parent)
            folders[:] = sorted(f for f in folders if not f.startswith(".") and not self._is_left_out(here / f))
            there = set(names)
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in GEOTIFF + OTHER_IMAGERY:
                    sighting = self._sight(here / name, there)
                    if sighting is not None:
                        found.append(sighting)
        return found

    def path(self, sighting: Sighting) -> Path:
        """Where a file lies."""
        return self._paths.get(sighting.name, self._home / sighting.name)

    def fetch(self, sighting: Sighting, folder: Path) -> Fetched:
        """A copy of a file, as it is at this moment.

        Raises:
            PayloadTooLargeError: If it is larger than an upload may be; of a file with holes the disk holds little.
            RasterError: If it is imagery of a kind that is not taken.
            MissingFileError: If it is not there any more.
            SourceUnavailableError: If it cannot be read.
        """
        too_large(sighting, self._max_bytes)
        path = self.path(sighting)
        try:
            if path.suffix.lower() not in GEOTIFF:
                inspect_tiff(path)  # names what it is in its refusal
            # What lies beside the file does not travel with it: its words do.
            return Fetched(take_copy(path, folder), read_acquisition(path).as_stac())
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise  # of the disk here
            raise unreadable(sighting.name, error) from error

    def _is_left_out(self, folder: Path) -> bool:
        return folder.resolve() == self._leave_out

    def _sight(self, path: Path, beside: set[str]) -> Sighting | None:
        try:
            stat = path.stat()
        except OSError:
            return None  # taken away between the listing and now
        marked = f"{path.name}.done" in beside or f"{path.stem}.done" in beside
        name = storable(path.relative_to(self._home).as_posix())
        self._paths[name] = path
        return Sighting(name, stat.st_size, stat.st_mtime_ns, marked)


def unreadable(name: str, error: OSError) -> SourceUnavailableError:
    """What to say of a folder or a file that cannot be read."""
    return SourceUnavailableError(
        f"{name} cannot be read: {error.strerror or type(error).__name__}.",
        remedy="See that the disk is there and that the service may read it; it is looked at again.",
    )
