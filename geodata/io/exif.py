"""What a photograph tells of itself (EXIF 2.32, CIPA DC-008-2019; XMP), as plain values. Everything in it may be wrong.

Phones write fractions with a denominator of zero, cameras without a fix write the place 0, 0, programs write what they
like: what is no value is left out and named in `faults`, never guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from PIL import ExifTags, Image

_MOST_TEXT = 200
_TIME = "%Y:%m:%d %H:%M:%S"
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_TOOL = re.compile(rb"""CreatorTool(?:\s*=\s*["']|>)([^"'<]{1,200})""")
_MACHINE = re.compile(rb"(?:trained|composite(?:WithTrained)?)AlgorithmicMedia", re.IGNORECASE)
_BAD = (ValueError, TypeError, ZeroDivisionError, OverflowError, IndexError, KeyError, AttributeError)
Tags = Mapping[int, Any]


def exif_values(image: Image.Image) -> dict[str, Any]:
    """What the EXIF of an opened picture tells; empty where it has none.

    Returns:
        Those fields of `service.cases.evidence.photos.Exif` that it tells; `faults`: what cannot be read.
    """
    faults: list[str] = []
    try:
        exif = image.getexif()
        main: Tags = dict(exif)
        photo: Tags = exif.get_ifd(ExifTags.IFD.Exif)
        gps: Tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # the library's readers raise whatever a crafted block leads them to
        return {"faults": ["exif"]}
    if not main and not photo and not gps:
        return {}
    told: dict[str, Any] = {}
    for name, tag in (("make", 271), ("model", 272), ("software", 305)):
        told[name] = _text(main.get(tag))
    for name, tags, tag, part, offset in (
        ("taken", photo, 36867, 37521, 36881),
        ("digitized", photo, 36868, 37522, 36882),
        ("modified", main, 306, 37520, 36880),
    ):
        told[name] = _moment(tags.get(tag), photo.get(part), name, faults)
        told[f"{name}_offset_min"] = _offset(photo.get(offset))
    told["focal_35mm"] = _number(photo.get(41989), "focal_35mm", faults)
    told["width"], told["height"] = (_count(photo.get(tag)) for tag in (40962, 40963))
    told |= _gps_values(gps, faults)
    return {name: value for name, value in told.items() if value not in (None, "")} | {"faults": sorted(set(faults))}


def orientation_of(image: Image.Image) -> int:
    """How the stored picture is turned, 1 to 8; 1 where that cannot be read."""
    try:
        told = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # as above
        return 1
    return told if 1 <= told <= 8 else 1


def thumbnail_bytes(image: Image.Image) -> bytes | None:
    """The small picture that cameras put beside the large one; None where there is none."""
    try:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        block = bytes(image.info["exif"])
        block = block.removeprefix(b"Exif\x00\x00")
        begin, count = int(directory[513]), int(directory[514])
    except Exception:  # as above
        return None
    found = block[begin : begin + count]
    return found if begin > 0 and len(found) == count and found.startswith(b"\xff\xd8") else None


def xmp_values(image: Image.Image) -> dict[str, Any]:
    """What XMP tells: the program (`tool`), and whether a machine made the picture (IPTC's digital source type)."""
    block = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    text = block.encode("utf-8", "replace") if isinstance(block, str) else bytes(block)
    found = _TOOL.search(text)
    return {"tool": _text(found[1]) or "" if found else "", "machine_made": bool(_MACHINE.search(text))}


def _gps_values(gps: Tags, faults: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    lat, lon = _degrees(gps, 1, "NS", 90, faults), _degrees(gps, 3, "EW", 180, faults)
    if lat is not None and lon is not None:
        if lat == 0 and lon == 0:
            faults.append("position_zero")
        else:
            told |= {"lon": lon, "lat": lat}
    told["position_error_m"] = _number(gps.get(31), "position_error", faults)
    height = _number(gps.get(6), "altitude", faults)
    below = gps.get(5) in (1, b"\x01")
    told["altitude_m"] = None if height is None else -height if below else height
    bearing = _number(gps.get(17), "bearing", faults)
    if bearing is not None and 0 <= bearing <= 360:
        told |= {"bearing_deg": bearing % 360, "bearing_reference": _text(gps.get(16)) or ""}
    elif bearing is not None:
        faults.append("bearing")
    told["datum"] = _text(gps.get(18))
    told["satellite_time"] = _satellite_time(gps, faults)
    return told


def _degrees(gps: Tags, tag: int, signs: str, most: float, faults: list[str]) -> float | None:
    if tag + 1 not in gps:
        return None
    try:
        parts = [float(part) for part in gps[tag + 1]]
        sign = (_text(gps.get(tag)) or "").upper()
        value = parts[0] + parts[1] / 60 + parts[2] / 3600
    except _BAD:
        faults.append("position")
        return None
    sound = len(parts) == 3 and all(math.isfinite(one) and one >= 0 for one in parts) and parts[1] < 60 > parts[2]
    if not sound or sign not in tuple(signs) or value > most:
        faults.append("position")
        return None
    return round(-value if sign == signs[1] else value, 8)


def _satellite_time(gps: Tags, faults: list[str]) -> str | None:
    """The time of the satellites, UTC: no clock of a phone has a part in it."""
    if 7 not in gps or 29 not in gps:
        return None
    try:
        hours, minutes, seconds = (float(part) for part in gps[7])
        day = datetime.strptime(_text(gps[29]) or "", "%Y:%m:%d")
        moment = day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except _BAD:
        faults.append("satellite_time")
        return None
    return moment.isoformat(timespec="seconds") + "+00:00"


def _moment(told: Any, part: Any, name: str, faults: list[str]) -> str | None:
    """A time as the clock of the camera showed it, without a zone."""
    text = _text(told)
    if not text or not text.strip("0: "):
        return None
    try:
        moment = datetime.strptime(text[:19], _TIME)
    except ValueError:
        faults.append(name)
        return None
    digits = (_text(part) or "").strip()
    if digits.isascii() and digits.isdigit():
        moment += timedelta(seconds=float(f"0.{digits[:6]}"))
    return moment.isoformat(timespec="milliseconds")


def _offset(told: Any) -> int | None:
    """Minutes that a clock is ahead of UTC."""
    found = _OFFSET.fullmatch((_text(told) or "").strip())
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    minutes = 60 * int(found[2]) + int(found[3])
    return -minutes if found[1] == "-" else minutes


def _number(told: Any, name: str, faults: list[str]) -> float | None:
    if told is None:
        return None
    try:
        value = float(told)
    except _BAD:
        faults.append(name)
        return None
    if not math.isfinite(value):
        faults.append(name)
        return None
    return value


def _count(told: Any) -> int | None:
    try:
        value = int(told)
    except _BAD:
        return None
    return value if 0 < value < 1_000_000 else None


def _text(told: Any) -> str | None:
    """A text without what no terminal or database takes."""
    if isinstance(told, str):
        try:
            told = told.encode("latin-1")  # the library took each byte for a letter
        except UnicodeEncodeError:
            return _clean(told)
    if not isinstance(told, bytes):
        return None
    for encoding in ("utf-8", "gb18030"):  # GBK is what Chinese programs write where they forget
        try:
            return _clean(told.decode(encoding))
        except UnicodeDecodeError:
            continue
    return _clean(told.decode("latin-1"))


def _clean(text: str) -> str:
    return "".join(sign for sign in text[:_MOST_TEXT] if sign.isprintable()).strip()
