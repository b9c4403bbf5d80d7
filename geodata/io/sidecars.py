"""How a scene was taken: sun and view angles, sensor, cloud, from its TIFF tags and the small files beside it.

Only files that carry the scene's own name are read, each of bounded size, without any network:

| file | of | what |
|---|---|---|
| `SCENE.json`, `SCENE.stac.json` | STAC item | `view:sun_elevation`, `view:sun_azimuth`, `view:off_nadir`, `view:azimuth`, `eo:cloud_cover`, `platform`, `datetime` |
| `SCENE.IMD`, `SCENE.RPB` | WorldView, GeoEye, QuickBird | `meanSunEl`, `meanSunAz`, `meanOffNadirViewAngle`, `meanSatAz`, `cloudCover`, `satId`, `firstLineTime` |
| `SCENE.xml` | GF-1/2/6/7, ZY-3, SuperView, Jilin-1 | `SolarZenith` or `SunAltitude`, `SolarAzimuth`, `RollViewingAngle`, `SatelliteZenith`, `CloudPercent`, `SatelliteID`, `CenterTime` |
| `SCENE.xml`, `DIM_….XML` of `IMG_….TIF` | Pleiades, SPOT (DIMAP) | `SUN_ELEVATION`, `SUN_AZIMUTH`, `VIEWING_ANGLE`, `CLOUD_COVERAGE`, `MISSION`, `IMAGING_DATE` |

A side file that cannot be read (too large, malformed, an XML with a document type or entities) is left out and named;
it never refuses the scene. A time without a zone is Beijing time, as the Chinese products write it.
"""  # noqa: E501 - a table row cannot be broken

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

from geodata.io.dates import parse_or_none

MAX_BYTES = 4 * 1024**2
_MAX_WORDS = 20_000
_MAX_DEPTH = 64

Words = dict[str, list[str]]
"""Texts by normalised name, in the order of the file."""


@dataclass(frozen=True)
class Acquisition:
    """How a scene was taken; None where nothing tells.

    Args:
        sun_elevation_deg: Height of the sun above the horizon.
        sun_azimuth_deg: Direction of the sun, clockwise from north.
        view_off_nadir_deg: Angle of the line of sight from the vertical.
        view_azimuth_deg: Direction from the scene to the sensor, clockwise from north.
        sensor: Name of the satellite or sensor.
        cloud_cover: Share of the whole product under cloud, as its producer states it, 0 to 1.
        acquired_at: Aware time of acquisition.
        source: Names of what told it: `tags`, side files, `attributes`.
        checksums: SHA-256 of each side file that was read, by its name.
        ignored: (name, reason) of side files that could not be read.
    """

    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    view_off_nadir_deg: float | None = None
    view_azimuth_deg: float | None = None
    sensor: str | None = None
    cloud_cover: float | None = None
    acquired_at: datetime | None = None
    source: tuple[str, ...] = ()
    checksums: tuple[tuple[str, str], ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()

    def filled_from(self, other: Acquisition) -> Acquisition:
        """This, with what it lacks taken from another."""
        lacking = {n: getattr(other, n) for n in _FIELDS if getattr(self, n) is None}
        told = any(value is not None for value in lacking.values())
        return replace(
            self,
            **lacking,
            source=(*self.source, *(other.source if told else ())),
            checksums=(*self.checksums, *other.checksums),
            ignored=(*self.ignored, *other.ignored),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the provenance; what is unknown is left out."""
        told: dict[str, Any] = {n: getattr(self, n) for n in _FIELDS if getattr(self, n) is not None}
        if "acquired_at" in told:
            told["acquired_at"] = told["acquired_at"].isoformat()
        for name in ("source", "ignored"):
            if value := getattr(self, name):
                told[name] = [list(v) if isinstance(v, tuple) else v for v in value]
        return told | ({"sidecars": dict(self.checksums)} if self.checksums else {})

    def as_stac(self) -> dict[str, Any]:
        """The same in the words of a STAC item, as `attributes` of an upload may carry it."""
        cloud = None if self.cloud_cover is None else round(100 * self.cloud_cover, 3)
        words = {
            "view:sun_elevation": self.sun_elevation_deg,
            "view:sun_azimuth": self.sun_azimuth_deg,
            "view:off_nadir": self.view_off_nadir_deg,
            "view:azimuth": self.view_azimuth_deg,
            "platform": self.sensor,
            "eo:cloud_cover": cloud,
            "datetime": None if self.acquired_at is None else self.acquired_at.isoformat(),
        }
        return {name: value for name, value in words.items() if value is not None}


_FIELDS = (
    "sun_elevation_deg",
    "sun_azimuth_deg",
    "view_off_nadir_deg",
    "view_azimuth_deg",
    "sensor",
    "cloud_cover",
    "acquired_at",
)
UNKNOWN = Acquisition()


# --- words to values -----------------------------------------------------------------------------


def _number(words: Words, *names: str, low: float = -360.0, high: float = 360.0) -> float | None:
    """The first readable number of the names; of several values of one name the middle one (the scene's centre)."""
    for name in names:
        values = words.get(name, [])
        for text in values[len(values) // 2 :] + values[: len(values) // 2]:
            try:
                value = float(text)
            except ValueError:
                continue
            if math.isfinite(value) and low <= value <= high:
                return value
    return None


def _sun_elevation(words: Words) -> float | None:
    direct = _number(
        words, "viewsunelevation", "sunelevation", "solarelevation", "meansunel", "sunaltitude", "sunelevationangle",
        "nitfuse00asunel", low=-90, high=90,
    )  # fmt: skip
    zenith = _number(words, "solarzenith", "sunzenith", "solarzenithangle", low=0, high=180)
    return direct if direct is not None or zenith is None else 90.0 - zenith


def _off_nadir(words: Words) -> float | None:
    direct = _number(
        words, "viewoffnadir", "meanoffnadirviewangle", "offnadirviewangle", "offnadirangle", "offnadir",
        "viewingangle", "nitfuse00aoblang", low=-90, high=90,
    )  # fmt: skip
    if direct is not None:
        return abs(direct)
    for kind in ("viewingangle", "satelliteangle"):
        roll = _number(words, f"roll{kind}", f"swing{kind}", low=-90, high=90)
        if roll is not None:
            pitch = _number(words, f"pitch{kind}", low=-90, high=90) or 0.0
            tilt = math.cos(math.radians(roll)) * math.cos(math.radians(pitch))
            return round(math.degrees(math.acos(min(1.0, tilt))), 3)
    # Seen from the ground the angle is a degree or two larger than at the satellite: near enough for a gate.
    zenith = _number(words, "satellitezenith", "satzenith", "viewzenith", "incidenceangle", low=-90, high=90)
    elevation = _number(words, "meansatel", "sataltitude", "satelliteelevation", low=0, high=90)
    if zenith is not None:
        return abs(zenith)
    return None if elevation is None else 90.0 - elevation


def _cloud(words: Words) -> float | None:
    percent = _number(words, "eocloudcover", "cloudpercent", "cloudcoverage", low=0, high=100)
    if percent is not None:
        return round(percent / 100, 6)
    return _number(words, "cloudcover", low=0, high=1)


def _azimuth(words: Words, *names: str) -> float | None:
    value = _number(words, *names)
    return None if value is None else value % 360.0


def _sensor(words: Words) -> str | None:
    for name in ("platform", "satelliteid", "satid", "mission", "satellite"):
        for text in words.get(name, []):
            if text.strip():
                index = words.get("missionindex", [""])[0].strip() if name == "mission" else ""
                return f"{text.strip()} {index}".strip()[:80]
    return None


_TIMES = ("datetime", "centertime", "firstlinetime", "tlctime", "acquisitiondatetime", "starttime", "imagingstarttime")


def _time(words: Words) -> datetime | None:
    day, clock = words.get("imagingdate", []), words.get("imagingtime", [])
    joined = [f"{day[0]}T{clock[0]}"] if day and clock else day[:1]
    found = (text for name in _TIMES for text in words.get(name, [])[:1])
    for text in [*found, *joined]:
        plain = re.sub(r"(\.\d{6})\d+", r"\1", text.strip().strip('"').replace("/", "-"))
        if moment := parse_or_none(plain):
            return moment
    return None


def acquisition_of(words: Words, source: str) -> Acquisition:
    """What words tell; `source` is named only where they tell anything."""
    told = Acquisition(
        sun_elevation_deg=_sun_elevation(words),
        sun_azimuth_deg=_azimuth(words, "viewsunazimuth", "sunazimuth", "solarazimuth", "meansunaz", "nitfuse00asunaz"),
        view_off_nadir_deg=_off_nadir(words),
        view_azimuth_deg=_azimuth(words, "viewazimuth", "meansataz", "satelliteazimuth", "sataz", "satazimuth"),
        sensor=_sensor(words),
        cloud_cover=_cloud(words),
        acquired_at=_time(words),
    )
    return replace(told, source=(source,)) if told != UNKNOWN else UNKNOWN


def acquisition_from_mapping(values: Mapping[str, Any], source: str) -> Acquisition:
    """From TIFF tags or the attributes of an upload, by the same words as in the side files."""
    words: Words = {}
    for name, value in list(values.items())[:_MAX_WORDS]:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            words.setdefault(_plain(str(name)), []).append(str(value))
    return acquisition_of(words, source)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# --- files ---------------------------------------------------------------------------------------


class _UnreadableError(Exception):
    """A side file that is left out, with the reason."""


def _json_words(content: bytes) -> Words:
    try:
        item = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError("not a JSON text") from error
    words: Words = {}
    parts = [item.get("properties"), item] if isinstance(item, dict) else []
    for part in parts:
        for name, value in part.items() if isinstance(part, dict) else ():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                words.setdefault(_plain(name), []).append(str(value))
    return words


def _pvl_words(content: bytes) -> Words:
    """`name = value;` lines, as in IMD and RPB files."""
    words: Words = {}
    for match in re.finditer(r'^\s*(\w{1,64})\s*=\s*"?([^";\r\n]{1,200})"?;', content.decode("latin-1"), re.M):
        words.setdefault(_plain(match.group(1)), []).append(match.group(2))
    return words


_GB_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding=["'](gb2312|gbk|gb18030)["'][^>]{0,100}\?>""", re.I)


def _xml_words(content: bytes) -> Words:
    """Texts of the innermost elements; document types and entities are refused before anything is expanded."""
    if declared := _GB_DECLARATION.match(content):
        content = content[declared.end() :].decode("gb18030", "replace").encode()
    words: Words = {}
    path: list[str] = []
    text: list[str] = []

    def start(name: str, _: Any) -> None:
        path.append(name)
        text.clear()
        if len(path) > _MAX_DEPTH or len(words) > _MAX_WORDS:
            raise _UnreadableError("too deep or too long")

    def end(name: str) -> None:
        path.pop()
        value = "".join(text).strip()
        text.clear()
        if value and len(value) <= 200:
            words.setdefault(_plain(name.rsplit(":", 1)[-1]), []).append(value)

    def refuse(*_: Any) -> None:
        raise _UnreadableError("it declares a document type or entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _UnreadableError("not well-formed XML") from error
    return words


_FORMATS: tuple[tuple[str, Callable[[bytes], Words]], ...] = (
    (".stac.json", _json_words),
    (".json", _json_words),
    (".IMD", _pvl_words),
    (".xml", _xml_words),
    (".RPB", _pvl_words),
)


def _names(name: str) -> list[tuple[str, Callable[[bytes], Words]]]:
    """What side files of a raster may be called, the most telling format first."""
    stem = Path(name).stem
    stems = [stem]
    if stem.upper().startswith("IMG_"):  # DIMAP: DIM_x.XML tells of IMG_x_R1C1.TIF
        stems.append("DIM_" + re.sub(r"_R\d+C\d+$", "", stem[4:]))
    return [
        (one + form, reader)
        for suffix, reader in _FORMATS
        for one in stems
        for form in dict.fromkeys((suffix, suffix.lower(), suffix.upper()))
    ]


def names_beside(name: str) -> list[str]:
    """What side files of a raster may be called; for two rasters the names stand in the same order.

    Args:
        name: Name of the raster's file.

    >>> names_beside("a.tif")[:2]
    ['a.stac.json', 'a.STAC.JSON']
    """
    return [one for one, _ in _names(name)]


def _beside(path: Path) -> list[tuple[Path, Callable[[bytes], Words]]]:
    """Side files that are there, the most telling format first."""
    found, seen = [], set[tuple[int, int]]()
    for name, reader in _names(path.name):
        candidate = path.with_name(name)
        if not candidate.is_file():
            continue
        status = candidate.stat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            found.append((candidate, reader))
    return found


def _read(path: Path, reader: Callable[[bytes], Words]) -> Acquisition:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise _UnreadableError(f"larger than {MAX_BYTES // 1024**2} MiB")
        told = acquisition_of(reader(content), path.name)
    except (_UnreadableError, OSError) as error:
        return Acquisition(ignored=((path.name, str(error)),))
    if told == UNKNOWN:
        return UNKNOWN
    return replace(told, checksums=((path.name, hashlib.sha256(content).hexdigest()),))


def read_acquisition(path: Path, tags: Mapping[str, str] | None = None) -> Acquisition:
    """How a scene was taken, by its side files and its tags; where two tell, the side file comes first.

    Args:
        path: The raster.
        tags: Its TIFF tags by name.
    """
    told = UNKNOWN
    for sidecar, reader in _beside(Path(path)):
        told = told.filled_from(_read(sidecar, reader))
    return told.filled_from(acquisition_from_mapping(tags or {}, "tags"))
