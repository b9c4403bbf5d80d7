"""What the guarded process does with a photograph from outside: decode it once, tell what it is as plain values."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImageOps

from geodata.errors import PhotoBombError, PhotoError, PhotoFormatError
from geodata.io.exif import exif_values, orientation_of, thumbnail_bytes, xmp_values

HASH_SIDE = 12
"""Each of the two perceptual hashes has 12 x 12 bits; why, with figures: docs/evidence.md."""
HASH_KIND = "p12d12"
"""Names how hashes are made: those of another kind are not compared."""
_REDUCED_PX = 256
_CUTS = (0.06, 0.12)
_SIDE_CUT = 0.1
_THUMBNAIL_PX = 1_000_000
_GRID = 32
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


def probe_photo(path: str, max_pixels: int) -> dict[str, Any]:
    """What a photograph is; see `service.cases.evidence.photos.PhotoFacts` for the meaning of each value.

    Args:
        path: The file.
        max_pixels: A larger picture is not decoded.

    Raises:
        PhotoFormatError: If it is neither JPEG, PNG nor WebP, or shows more than one picture.
        PhotoBombError: If it has too many pixels.
        PhotoError: If it is damaged.
    """
    name = Path(path).name
    with Path(path).open("rb") as file:
        kind = kind_of(file.read(32), name)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # the bound is ours, below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on crooked EXIF
            with Image.open(path, formats=(kind,)) as image:
                return _facts(image, kind, name, max_pixels)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise PhotoError(
            f"{name} cannot be decoded: {str(error)[:160]}.",
            remedy="The file is damaged or cut off; send the original once more.",
        ) from error


def kind_of(head: bytes, name: str) -> str:
    """`JPEG`, `PNG` or `WEBP`, by the first bytes and never by the name.

    Raises:
        PhotoFormatError: If it is none of them.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        raise PhotoFormatError(
            f"{name} is a HEIC or AVIF picture, which is not read here.",
            remedy="Let the phone take JPEG. iPhone: Settings, Camera, Formats, Most Compatible (兼容性最佳).",
            found=head[8:12].decode("ascii"),
        )
    raise PhotoFormatError(
        f"{name} is no photograph that is read here.", remedy="Send the original as JPEG, PNG or WebP.", found="unknown"
    )


def _facts(image: Image.Image, kind: str, name: str, max_pixels: int) -> dict[str, Any]:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoBombError(
            f"{name} has {width} x {height} pixels; {max_pixels} are read at most.",
            remedy="Let the camera take a smaller picture.",
            pixels=width * height,
            most=max_pixels,
        )
    # phones put a second picture (depth, HDR) behind a JPEG; an animation is no photograph
    if kind != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise PhotoFormatError(f"{name} is an animation.", remedy="Send the photograph itself.", found="animation")
    exif, turn, small = exif_values(image), orientation_of(image), thumbnail_bytes(image)
    xmp = xmp_values(image)
    stored = _reduced(image)
    upright = stored.transpose(_TURNS[turn]) if turn in _TURNS else stored
    return {
        "format": kind,
        "width": width,
        "height": height,
        "orientation": turn,
        "exif": exif or None,
        "hashes": hashes_of(upright),
        "contrast": round(float(np.asarray(upright.resize((_GRID, _GRID)), float).std()), 2),
        "thumbnail_difference": _thumbnail_difference(small, stored, upright),
        **xmp,
    }


def _reduced(image: Image.Image) -> Image.Image:
    """The picture in grey, some hundred pixels wide; every byte of it has been decoded for that."""
    image.draft("L", (2 * _REDUCED_PX, 2 * _REDUCED_PX))
    image.load()
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    image.thumbnail((4 * _REDUCED_PX, 4 * _REDUCED_PX), Image.Resampling.BOX)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("L")
    image.thumbnail((_REDUCED_PX, _REDUCED_PX), Image.Resampling.BOX)
    return image


def hashes_of(grey: Image.Image) -> dict[str, Any]:
    """Perceptual hashes, in hexadecimal, under which the picture and its near copies meet.

    Each is the pHash (signs of the low frequencies) and the dHash (whether each cell is lighter than the one to its
    left) of ImageHash, one behind the other. The first bears crops better, the second labels and watermarks.

    Returns:
        `whole`: of the picture; `turned`: of its seven other turns and mirror images; `cut`: of the picture with a
        little cut off; `mirrored_cut`: of the mirrored one; `kind`: see `HASH_KIND`. A cropped copy has as its whole
        what is a cut of the original.
    """
    grey = grey.copy()
    grey.thumbnail((_REDUCED_PX, _REDUCED_PX), Image.Resampling.BOX)
    mirrored = ImageOps.mirror(grey)
    return {
        "kind": HASH_KIND,
        "whole": _hash(grey),
        "turned": [_hash(grey.transpose(turn)) for turn in _TURNS.values()],
        "cut": [_hash(one) for one in _cuts(grey)],
        "mirrored_cut": [_hash(one) for one in _cuts(mirrored)],
    }


def _hash(grey: Image.Image) -> str:
    both = (imagehash.phash(grey, HASH_SIDE), imagehash.dhash(grey, HASH_SIDE))
    return np.packbits(np.concatenate([one.hash.ravel() for one in both])).tobytes().hex()


def _cuts(grey: Image.Image) -> list[Image.Image]:
    """The picture without a margin: shared by both sides, at one corner, at one side."""
    margins = [
        (fx * cut, fy * cut, (1 - fx) * cut, (1 - fy) * cut)
        for cut in _CUTS
        for fx, fy in ((0.5, 0.5), (0, 0), (1, 0), (0, 1), (1, 1))
    ]
    margins += [tuple(_SIDE_CUT * (side == k) for k in range(4)) for side in range(4)]  # type: ignore[misc]
    w, h = grey.size
    boxes = [(round(w * a), round(h * b), round(w * (1 - c)), round(h * (1 - d))) for a, b, c, d in margins]
    return [grey.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))) for x0, y0, x1, y1 in boxes]


def _thumbnail_difference(small: bytes | None, stored: Image.Image, upright: Image.Image) -> float | None:
    """How far the small picture within the file is from the large one, 0 to 1; None without one that can be read."""
    if small is None:
        return None
    try:
        with Image.open(io.BytesIO(small), formats=("JPEG",)) as image:
            if image.width * image.height > _THUMBNAIL_PX or min(image.size) < _GRID:
                return None
            thumbnail = image.convert("L")
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, TypeError):
        return None
    both = (stored,) if stored is upright else (stored, upright)
    return round(min(_difference(shown, large) for large in both for shown in _without_bars(thumbnail, large)), 3)


def _without_bars(small: Image.Image, large: Image.Image) -> list[Image.Image]:
    """The small picture, and without the black bars that fill it up to 4:3 where the large one is of another shape."""
    w, h = small.size
    aspect = large.width / large.height
    if w / h > aspect:
        return [small, ImageOps.fit(small, (max(1, round(h * aspect)), h))]
    return [small, ImageOps.fit(small, (w, max(1, round(w / aspect))))]


def _difference(one: Image.Image, other: Image.Image) -> float:
    """The largest mean difference over an eighth by an eighth of the picture, in fours of its spread, 1 at most.

    Both have the same mean and spread before, so that brightness and contrast do not count.
    """
    a, b = _evened(one), _evened(other)
    apart = np.abs(a - b)
    cells = np.lib.stride_tricks.sliding_window_view(apart, (4, 4)).mean((2, 3))
    return float(min(1.0, cells.max() / 4))


def _evened(image: Image.Image) -> npt.NDArray[np.float64]:
    values = np.asarray(image.resize((_GRID, _GRID), Image.Resampling.BOX), float)
    return np.asarray((values - values.mean()) / max(float(values.std()), 4.0))


PROBES: dict[str, Callable[..., dict[str, Any]]] = {"photo": probe_photo}
