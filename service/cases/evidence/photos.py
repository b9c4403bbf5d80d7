"""Photographs that come from outside: what they are and what they tell of themselves.

A photograph is opened in a process of its own (`geodata.io.guard`), so that a crafted one takes nothing down. The
original is kept as it came by whoever calls; nothing here changes it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.errors import MissingFileError, PhotoBombError, PhotoError, RasterError
from geodata.io.guard import GuardLimits, call_guarded
from service.files import sha256_of

MAX_PIXELS = 120_000_000
"""What phones of 108 million pixels take; a larger picture is refused unread."""
MAX_BYTES = 128 * 1024 * 1024
LIMITS = GuardLimits(memory_bytes=3 * 1024**3, seconds=60.0, open_files=64)
"""What reading one photograph may use."""


@dataclass(frozen=True)
class Exif:
    """What a photograph tells of itself. Any of it may be wrong, and all of it can be written by anybody.

    Args:
        taken: When it was taken, by the camera's clock, ISO 8601 without a zone.
        taken_offset_min: Minutes that this clock is ahead of UTC, where it tells.
        digitized: When the file was made, likewise.
        digitized_offset_min: Likewise.
        modified: When it was last changed, likewise.
        modified_offset_min: Likewise.
        satellite_time: The time of the satellites when the position was taken, UTC, ISO 8601.
        lon: Longitude, degrees.
        lat: Latitude, degrees.
        position_error_m: Its error as the camera tells, m.
        altitude_m: Height, m.
        bearing_deg: Where the camera looked, degrees clockwise from north.
        bearing_reference: Which north: `T` true, `M` magnetic, empty: not told.
        datum: The system of the position, as told.
        make: Maker of the camera.
        model: The camera.
        software: The program that wrote it.
        focal_35mm: Focal length of a camera for 35 mm film with the same view, mm.
        width: Pixels across, as it was taken.
        height: Pixels down.
        faults: What is there and cannot be read: names of fields, `position_zero` (0, 0), `exif` (all of it).
    """

    taken: str | None = None
    taken_offset_min: int | None = None
    digitized: str | None = None
    digitized_offset_min: int | None = None
    modified: str | None = None
    modified_offset_min: int | None = None
    satellite_time: str | None = None
    lon: float | None = None
    lat: float | None = None
    position_error_m: float | None = None
    altitude_m: float | None = None
    bearing_deg: float | None = None
    bearing_reference: str = ""
    datum: str = ""
    make: str = ""
    model: str = ""
    software: str = ""
    focal_35mm: float | None = None
    width: int | None = None
    height: int | None = None
    faults: tuple[str, ...] = ()

    @property
    def satellite_moment(self) -> datetime | None:
        """The time of the satellites."""
        return None if self.satellite_time is None else datetime.fromisoformat(self.satellite_time)


@dataclass(frozen=True)
class PhotoFacts:
    """A photograph as it came.

    Args:
        sha256: Checksum of its bytes.
        size_bytes: Its size.
        format: `JPEG`, `PNG` or `WEBP`.
        width: Pixels across, as they are stored.
        height: Pixels down.
        orientation: How it is turned for showing, 1 to 8 (EXIF).
        exif: What it tells of itself; None: nothing.
        hashes: Perceptual hashes; see `geodata.io.photographs.hashes_of`.
        contrast: Spread of its grey values; near zero it shows nothing.
        thumbnail_difference: How far the small picture within the file is from the large one, 0 to 1; None without one.
        tool: The program that XMP names.
        machine_made: Whether its metadata say that a machine made it.
    """

    sha256: str
    size_bytes: int
    format: str
    width: int
    height: int
    orientation: int
    exif: Exif | None
    hashes: Mapping[str, Any]
    contrast: float
    thumbnail_difference: float | None = None
    tool: str = ""
    machine_made: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The facts as plain values, as they are stored."""
        return asdict(self)


def facts_of(told: Mapping[str, Any]) -> PhotoFacts:
    """The facts from plain values, as `PhotoFacts.as_dict` gives them; what a later release added is left out."""
    exif = told.get("exif")
    known = {one.name for one in fields(PhotoFacts)}
    return PhotoFacts(**{name: value for name, value in told.items() if name in known} | {"exif": _exif(exif)})


def read_photo(path: Path, limits: GuardLimits = LIMITS) -> PhotoFacts:
    """Read a photograph in a process of its own.

    Args:
        path: The file, which nobody changes meanwhile.
        limits: What the process may use.

    Raises:
        MissingFileError: If there is no such file.
        PhotoFormatError: If it is neither JPEG, PNG nor WebP; HEIC is refused with the way out.
        PhotoBombError: If it is too large.
        PhotoError: If it is damaged, or reading it takes too much.
    """
    if not path.is_file():
        raise MissingFileError(f"There is no file {path.name}.", remedy="Check the path.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise PhotoBombError(
            f"{path.name} has {size} bytes; {MAX_BYTES} are read at most.", remedy="Send a photograph.", bytes=size
        )
    sha256 = sha256_of(path)
    try:
        told = call_guarded("photo", {"path": str(path.resolve()), "max_pixels": MAX_PIXELS}, limits=limits)
    except PhotoError:
        raise
    except RasterError as error:
        raise PhotoError(
            f"{path.name} could not be read: the reading process died or took too long.",
            remedy="The file is damaged or not what it claims to be; send the original once more.",
        ) from error
    return facts_of(told | {"sha256": sha256, "size_bytes": size})


def small_photo(path: Path, side_px: int, limits: GuardLimits = LIMITS) -> bytes:
    """A photograph made small, upright, without EXIF: JPEG, made in a process of its own.

    Args:
        path: The file, which nobody changes meanwhile.
        side_px: Its longer side, pixels.
        limits: What the process may use.

    Raises:
        PhotoBombError: If it is too large.
        PhotoError: If it cannot be decoded, or that takes too much.
    """
    asked = {"path": str(path.resolve()), "max_pixels": MAX_PIXELS, "side_px": side_px}
    try:
        return base64.b64decode(call_guarded("small_photo", asked, limits=limits)["jpeg"])
    except PhotoError:
        raise
    except RasterError as error:
        raise PhotoError(
            "The photograph could not be made small: the process died or took too long.",
            remedy="Look at the file itself.",
        ) from error


def _exif(told: Mapping[str, Any] | None) -> Exif | None:
    if told is None:
        return None
    known = {one.name for one in fields(Exif)}
    values = {name: value for name, value in told.items() if name in known}
    return Exif(**values | {"faults": tuple(told.get("faults", ()))})
