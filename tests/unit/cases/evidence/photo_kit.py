"""Photographs drawn by the test, with the EXIF that cameras write."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

HOUSE = (114.5, 36.6)
"""Where the structure stands."""


def scene(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A textured scene: ground, sky and things of many sizes; another seed, another scene."""
    draw = np.random.default_rng(seed)
    rough = [cv2.resize(draw.normal(0, 1, (n, n, 3)).astype("float32"), (width, height)) for n in (3, 7, 17, 60)]
    picture = 120 + sum(part * weight for part, weight in zip(rough, (28, 22, 14, 8), strict=True))
    canvas = np.ascontiguousarray(picture.clip(0, 255).astype("uint8"))
    for _ in range(14):
        x, y = int(draw.integers(0, width)), int(draw.integers(0, height))
        w, h = (int(draw.integers(20, width // 3)) for _ in range(2))
        colour = tuple(int(v) for v in draw.integers(0, 255, 3))
        if draw.random() < 0.6:
            cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, -1)
        else:
            cv2.circle(canvas, (x, y), w // 2, colour, -1)
    return Image.fromarray(canvas)


def degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds as EXIF has them."""
    whole, rest = divmod(abs(value), 1)
    minutes, rest = divmod(rest * 60, 1)
    return IFDRational(int(whole)), IFDRational(int(minutes)), IFDRational(round(rest * 60 * 10000), 10000)


def camera_exif(**changes: Any) -> Image.Exif:
    """What a phone writes; None takes a field away.

    Args:
        changes: `main`, `photo`, `gps`: tags by number, above the usual ones.
    """
    exif = Image.Exif()
    main = {271: "HUAWEI", 272: "ALN-AL00", 305: "ALN-AL00 4.2.0", 306: "2026:05:01 10:20:31"}
    photo = {36867: "2026:05:01 10:20:30", 36868: "2026:05:01 10:20:30", 36881: "+08:00", 36880: "+08:00", 41989: 26}
    gps = {
        1: "N", 2: degrees(HOUSE[1] - 0.0005), 3: "E", 4: degrees(HOUSE[0]), 5: b"\x00", 6: IFDRational(613, 10),
        7: (IFDRational(2), IFDRational(20), IFDRational(28)), 29: "2026:05:01", 16: "T", 17: IFDRational(20, 10),
        31: IFDRational(8),
    }  # fmt: skip
    for tags, told in ((main, "main"), (photo, "photo"), (gps, "gps")):
        for tag, value in changes.get(told, {}).items():
            tags.pop(tag, None) if value is None else tags.update({tag: value})  # type: ignore[call-overload]
    exif.update(main)
    exif.get_ifd(ExifTags.IFD.Exif).update(photo)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return exif


def jpeg(image: Image.Image, quality: int = 90, exif: Image.Exif | bytes | None = None) -> bytes:
    """A JPEG file."""
    file = io.BytesIO()
    more: Mapping[str, Any] = {} if exif is None else {"exif": exif}
    image.convert("RGB").save(file, "JPEG", quality=quality, **more)
    return file.getvalue()


def again(image: Image.Image, quality: int) -> Image.Image:
    """A picture after one more compression."""
    return Image.open(io.BytesIO(jpeg(image, quality)))


def with_thumbnail(exif: Image.Exif, thumbnail: Image.Image) -> bytes:
    """The EXIF with a small picture of 160 x 120 in its second directory, as cameras write it."""
    small = jpeg(thumbnail.resize((160, 120)), 70)
    block = exif.tobytes()  # Exif\0\0, a TIFF header and directories
    tiff = bytearray(block[6:])
    order = "little" if tiff[:2] == b"II" else "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)  # type: ignore[arg-type]

    first = int.from_bytes(tiff[4:8], order)  # type: ignore[arg-type]
    count = int.from_bytes(tiff[first : first + 2], order)  # type: ignore[arg-type]
    link = first + 2 + 12 * count
    begin = len(tiff)
    tiff[link : link + 4] = number(begin, 4)
    data = begin + 2 + 3 * 12 + 4
    entries = [(259, 3, 1, number(6, 2) + b"\0\0"), (513, 4, 1, number(data, 4)), (514, 4, 1, number(len(small), 4))]
    tiff += number(len(entries), 2)
    for tag, kind, many, value in entries:
        tiff += number(tag, 2) + number(kind, 2) + number(many, 4) + value
    tiff += number(0, 4) + small
    return block[:6] + bytes(tiff)


def photo(path: Path, image: Image.Image | None = None, **changes: Any) -> Path:
    """A photograph with the usual EXIF."""
    path.write_bytes(jpeg(scene(1) if image is None else image, exif=camera_exif(**changes)))
    return path
