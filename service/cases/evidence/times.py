"""When a photograph was taken: its own clock, the satellites', the phone's drift, what is told, when it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from geodata.io.dates import BEIJING
from service.cases.evidence.doubts import PhotoDoubt, doubt
from service.cases.evidence.photos import Exif
from service.cases.evidence.told import BOUNDS, Told

_QUARTER_MIN = 15
_BEIJING_MIN = 480


@dataclass(frozen=True)
class Taken:
    """When a photograph was taken, as it tells by itself.

    Args:
        at: The moment, corrected by the drift of the phone's clock.
        offset_min: Minutes that its clock is ahead of UTC.
        zone: Where that comes from: the file (`told`), the satellites, or Beijing is `assumed`.
        drift_s: What it was corrected by, s.
    """

    at: datetime
    offset_min: int
    zone: Literal["told", "satellites", "assumed"]
    drift_s: float


def drift_of(told: Told, received_at: datetime) -> timedelta:
    """How far the phone's clock was behind; zero where nothing tells, or within what a network takes."""
    if told.phone_clock is None or not told.from_camera:
        return timedelta(0)
    drift = received_at - told.phone_clock
    return drift if abs(drift.total_seconds()) > BOUNDS.clock_s else timedelta(0)


def taken_of(exif: Exif | None, told: Told, received_at: datetime) -> Taken | None:
    """When a photograph was taken by its own word; None where it does not tell."""
    if exif is None or exif.taken is None:
        return None
    clock = datetime.fromisoformat(exif.taken)
    drift = drift_of(told, received_at)
    zone: Literal["told", "satellites", "assumed"] = "told"
    offset = exif.taken_offset_min
    if offset is None:
        offset, zone = _offset_by_satellites(clock, exif.satellite_moment), "satellites"
    if offset is None:
        offset, zone = _BEIJING_MIN, "assumed"
    try:
        at = (clock.replace(tzinfo=timezone(timedelta(minutes=offset))) + drift).astimezone(BEIJING)
    except OverflowError:  # year 1 or 9999: what a clock shows that was never set
        return None
    return Taken(at, offset, zone, drift.total_seconds())


def time_doubts(exif: Exif | None, told: Told, received_at: datetime) -> Iterator[PhotoDoubt]:
    """Where the times contradict each other.

    Args:
        exif: What the photograph tells.
        told: What the form tells.
        received_at: When it arrived, by the server's clock.
    """
    taken = taken_of(exif, told, received_at)
    if exif is not None:
        yield from _clock_doubts(exif, taken)
    drift = drift_of(told, received_at).total_seconds()
    if drift:
        yield doubt("phone_clock", minutes=-drift / 60)
    if taken is not None:
        ahead = (taken.at - received_at).total_seconds()
        if ahead > BOUNDS.clock_s:
            yield doubt("future", minutes=ahead / 60)
    yield from _told_doubts(taken, told, received_at)


def _clock_doubts(exif: Exif, taken: Taken | None) -> Iterator[PhotoDoubt]:
    """What the clock of the camera says of itself."""
    if taken is None:
        yield doubt("no_time")
        return
    zone = _zone(taken.offset_min)
    if taken.zone == "assumed":
        yield doubt("zone_assumed")
    if taken.zone == "satellites":
        yield doubt("zone_satellites", zone=zone)
    if taken.offset_min != _BEIJING_MIN:
        yield doubt("zone_other", zone=zone)
    satellites = exif.satellite_moment
    if satellites is not None:
        by_its_clock = taken.at - timedelta(seconds=taken.drift_s)
        apart = abs((by_its_clock - satellites).total_seconds())
        if apart > BOUNDS.told_s:
            yield doubt("satellites", minutes=apart / 60)


def _told_doubts(taken: Taken | None, told: Told, received_at: datetime) -> Iterator[PhotoDoubt]:
    """The time that is told, against the photograph, the arrival and what it shall prove."""
    if told.taken_at is not None:
        ahead = (told.taken_at - received_at).total_seconds()
        if ahead > BOUNDS.clock_s:
            yield doubt("told_future", minutes=ahead / 60)
        if taken is not None:
            apart = (taken.at - told.taken_at).total_seconds()
            if abs(apart) > BOUNDS.told_s:
                order = ("after", "照片较晚") if apart > 0 else ("before", "照片较早")
                yield doubt("time_told", minutes=abs(apart) / 60, order=order[0], order_zh=order[1])
    best = taken.at if taken is not None else told.taken_at
    if best is None:
        return
    if received_at - best > timedelta(days=BOUNDS.late_days):
        yield doubt("late", days=(received_at - best).total_seconds() / 86400)
    if told.proves_after is not None:
        early = (told.proves_after - best).total_seconds()
        if early > BOUNDS.clock_s:
            yield doubt("before_event", hours=early / 3600, what=told.proves[0], what_zh=told.proves[1])


def _offset_by_satellites(clock: datetime, satellites: datetime | None) -> int | None:
    """Minutes that a clock is ahead of UTC, where that and the time of the satellites make a time zone."""
    if satellites is None:
        return None
    ahead = (clock.replace(tzinfo=UTC) - satellites).total_seconds() / 60
    offset = _QUARTER_MIN * round(ahead / _QUARTER_MIN)
    sound = -12 * 60 <= offset <= 14 * 60 and abs(ahead - offset) <= BOUNDS.clock_s / 60
    return offset if sound else None


def _zone(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
