"""What the guarded process does to show a photograph from outside on a page: a small upright picture without EXIF."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile, ImageOps

from geodata.errors import PhotoBombError, PhotoError

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 80


def small_photo(path: str, max_pixels: int, side_px: int) -> dict[str, Any]:
    """A photograph made small.

    Args:
        path: The file.
        max_pixels: A larger picture is not decoded.
        side_px: Longer side of the small picture, pixels.

    Returns:
        `jpeg`: the small picture, base64.

    Raises:
        PhotoBombError: If it has too many pixels.
        PhotoError: If it cannot be decoded.
    """
    name = Path(path).name[:16]
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # the bound is ours, below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on crooked EXIF
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > max_pixels:
                    raise PhotoBombError(
                        f"{name} has {image.width} x {image.height} pixels; {max_pixels} are read at most.",
                        remedy="Send a photograph as the phone takes it.",
                        pixels=image.width * image.height,
                    )
                image.draft("RGB", (side_px * 2, side_px * 2))
                upright = ImageOps.exif_transpose(image).convert("RGB")
                upright.thumbnail((side_px, side_px))
                # a new picture has no EXIF, no profile, no comment
                plain = Image.new("RGB", upright.size)
                plain.paste(upright)
                held = io.BytesIO()
                plain.save(held, "JPEG", quality=_QUALITY)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise PhotoError(f"{name} cannot be decoded: {str(error)[:160]}.", remedy="Look at the file itself.") from error
    return {"jpeg": base64.b64encode(held.getvalue()).decode()}


PROBES: dict[str, Callable[..., dict[str, Any]]] = {"small_photo": small_photo}
