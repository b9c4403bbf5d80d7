"""The pictures of a training's examples: two dates and the outlines over the second, as PNG data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from geodata.learn.outcome import Example
from geodata.learn.samples import UNKNOWN

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

ENLARGED = 2
CLAIMED: Colour = (255, 150, 40)
TRUE: Colour = (70, 200, 255)
"""Line colours on imagery, RGB, told apart by colour-blind eyes as well."""
_INK: Colour = (16, 24, 32)
_DIMMED = 0.5


@dataclass(frozen=True)
class Chips:
    """The three pictures of an example, data URIs.

    Args:
        before: First date.
        after: Second date.
        outlined: Second date with what is claimed and what is true; what nobody judged is darker.
    """

    before: str
    after: str
    outlined: str


def draw_example(example: Example) -> Chips:
    """The pictures of an example, enlarged.

    Args:
        example: The example.
    """
    before, after = _enlarged(example.before), _enlarged(example.after)
    outlined = after.copy()
    unknown = _enlarged_mask(example.truth == UNKNOWN)
    outlined[unknown] = (outlined[unknown] * _DIMMED).astype(np.uint8)
    # The truth is wider and lies below, so that both are seen where they meet.
    for mask, colour, width in ((example.truth == 1, TRUE, 4), (example.claimed == 1, CLAIMED, 2)):
        rings, _ = cv2.findContours(_enlarged_mask(mask).view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for ink, wide in ((_INK, width + 1), (colour, width)):
            cv2.drawContours(outlined, rings, -1, ink, wide, cv2.LINE_AA)
    return Chips(png_uri(before), png_uri(after), png_uri(outlined))


def png_uri(picture: U8) -> str:
    """A picture (y, x, RGB) as a PNG data URI."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")


def _enlarged(picture: U8) -> U8:
    size = picture.shape[1] * ENLARGED, picture.shape[0] * ENLARGED
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _enlarged_mask(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.repeat(np.repeat(mask, ENLARGED, axis=0), ENLARGED, axis=1)
