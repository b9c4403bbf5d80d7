"""Lines and words over a picture, as SVG: sharp in print, with any script, over the pixels that `pictures` reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt
import shapely

from geodata.crs import CRS84, transform_xy
from geodata.report.pictures import COLOURS, Frame, nice_length_m

Box = tuple[float, float, float, float]
SIDE = 640
"""Side of a plate in its own units; the picture under it may have any size."""
_INK = "#101820"
_SLACK_DEG = 0.002
_WIDE = 0x2E7F
"""Characters behind it are as wide as they are high."""
_LONGEST_LABEL = 24
_LABEL_PX = 14.0
_STEPS = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
"""Labels give way up and down, by so many of their heights."""
_MOST_HIDDEN_SHARE = 0.25
"""What is larger than so much of the plate may have words on it."""


@dataclass(frozen=True)
class Style:
    """How a shape is drawn.

    Args:
        line: Colour of its line, `#rrggbb`.
        width: Width of the line, of `SIDE`.
        dash: Lengths of strokes and gaps, empty: a whole line.
        fill: How much of its colour lies on its ground, 0 to 1.
        edge: Whether a dark edge runs beside the line.
    """

    line: str
    width: float = 1.4
    dash: str = ""
    fill: float = 0.0
    edge: bool = False


@dataclass(frozen=True)
class Overlay:
    """A shape over a picture.

    Args:
        shape: Where it lies, CRS84.
        style: How it is drawn.
        label: What is written beside it; empty: nothing.
    """

    shape: shapely.Geometry
    style: Style
    label: str = ""


def finding_style(status: str) -> Style:
    """The line of a finding, in the colour of its status."""
    return Style("#{:02x}{:02x}{:02x}".format(*COLOURS.get(status, (255, 255, 255))), 2.6, edge=True)


def plate(frame: Frame, overlays: Sequence[Overlay], title: str = "", text: float = 1.0) -> bytes:
    """What lies over a picture of a frame: shapes, labels, a scale bar, a north arrow.

    Args:
        frame: The ground that the picture shows.
        overlays: The shapes, the lowest first.
        title: What is written at the upper left.
        text: How large words are.

    Returns:
        The SVG, as wide and high as the picture; nothing of it reaches beyond.
    """
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">']
    labels: list[tuple[float, float, str]] = []
    kept: list[Box] = []
    for one in overlays:
        shape = _placed(one.shape, frame)
        if shape.is_empty:
            continue
        parts += _paths(shape, one.style)
        if one.style.edge and shape.envelope.area < _MOST_HIDDEN_SHARE * SIDE**2:
            kept.append(shape.bounds)
        if one.label:
            point = shape.representative_point()
            labels.append((point.x, point.y, one.label))
    parts += _labels(labels, kept)
    parts += [*_scale_bar(frame, text), *_north_arrow(text)]
    if title:
        parts.append(_words(14, 9 + 17 * text, title, 17 * text, "start"))
    return "\n".join([*parts, "</svg>"]).encode()


def _placed(shape: shapely.Geometry, frame: Frame) -> shapely.Geometry:
    """A shape in units of the plate, cut at its border."""
    half = frame.side_m / 2 * 1.5
    x, y = frame.middle
    corners = transform_xy(frame.metric, CRS84, np.array([x - half, x + half]), np.array([y - half, y + half]))
    (west, east), (south, north) = corners
    box = (west - _SLACK_DEG, south - _SLACK_DEG, east + _SLACK_DEG, north + _SLACK_DEG)
    near = shapely.clip_by_rect(shapely.make_valid(shape), *map(float, box))
    t = frame.to_px(SIDE)

    def move(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        px, py = transform_xy(CRS84, frame.metric, points[:, 0], points[:, 1])
        return np.column_stack([t.a * px + t.c, t.e * py + t.f])

    moved = shapely.transform(near, move)
    # a little beyond the border, so that the cut itself is not drawn
    return shapely.clip_by_rect(moved, -6, -6, SIDE + 6, SIDE + 6)


def _paths(shape: shapely.Geometry, style: Style) -> Iterator[str]:
    polygons = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    rings = [ring for polygon in polygons for ring in shapely.get_rings(polygon)]
    rings += [part for part in shapely.get_parts(shape) if isinstance(part, shapely.LineString)]
    d = " ".join(
        "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring)) + ("Z" if ring.is_closed else "")
        for ring in rings
    )
    if not d:
        return
    if style.edge:
        yield f'<path d="{d}" fill="none" stroke="{_INK}" stroke-width="{style.width + 2}" stroke-linejoin="round"/>'
    fill = f'fill="{style.line}" fill-opacity="{style.fill}" fill-rule="evenodd"' if style.fill else 'fill="none"'
    dash = f" stroke-dasharray={quoteattr(style.dash)}" if style.dash else ""
    yield f'<path d="{d}" {fill} stroke="{style.line}" stroke-width="{style.width}"{dash} stroke-linejoin="round"/>'


def _labels(wanted: Sequence[tuple[float, float, str]], kept: Sequence[Box]) -> Iterator[str]:
    """Labels within the border; one that would cover another, or what is kept free, gives way or is left out."""
    taken = list(kept)
    for x, y, text in wanted:
        told = _shortened(text)
        half = sum(_LABEL_PX if ord(c) > _WIDE else 0.62 * _LABEL_PX for c in told) / 2 + 4
        middle = min(max(x, half + 6), SIDE - half - 6)
        for step in _STEPS:
            base = min(max(y, 60.0), SIDE - 70.0) + step * 1.4 * _LABEL_PX
            box = (middle - half, base - _LABEL_PX - 2, middle + half, base + 5)
            if box[1] > 45 and box[3] < SIDE - 40 and not any(_meet(box, other) for other in taken):
                taken.append(box)
                yield _words(middle, base, told, _LABEL_PX, "middle")
                break


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _shortened(text: str) -> str:
    plain = "".join(c for c in text if c.isprintable())
    return plain if len(plain) <= _LONGEST_LABEL else plain[: _LONGEST_LABEL - 1] + "…"


def _words(x: float, y: float, text: str, size: float, anchor: str) -> str:
    """White words with a dark edge."""
    told = escape(text)
    where = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    face = "font-family=\"'Noto Sans CJK SC', 'Noto Sans SC', sans-serif\" font-weight=\"700\""
    edge = f'stroke="{_INK}" stroke-width="3.4" stroke-linejoin="round" fill="{_INK}"'
    return f'<text {where} {face} {edge}>{told}</text><text {where} {face} fill="#ffffff">{told}</text>'


def _scale_bar(frame: Frame, text: float) -> Iterator[str]:
    """A bar at the lower left, at most a quarter of the width."""
    length_m = nice_length_m(frame.side_m / 4)
    words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    length, base = length_m / frame.side_m * SIDE, SIDE - 18
    line = f"M16,{base - 7}V{base}H{16 + length:.1f}V{base - 7}"
    yield f'<path d="{line}" fill="none" stroke="{_INK}" stroke-width="6"/>'
    yield f'<path d="{line}" fill="none" stroke="#ffffff" stroke-width="3"/>'
    yield _words(16 + length / 2, base - 9, words, 15 * text, "middle")


def _north_arrow(text: float) -> Iterator[str]:
    """An arrow with an N at the upper right; plates are north up in the grid of their system."""
    x, y = SIDE - 26, 14
    yield (
        f'<path d="M{x},{y}L{x + 10},{y + 28}L{x},{y + 21}L{x - 10},{y + 28}Z" fill="#ffffff" stroke="{_INK}" '
        'stroke-width="1.6" stroke-linejoin="round"/>'
    )
    yield _words(x, y + 32 + 14 * text, "N", 16 * text, "middle")


def swatch(style: Style) -> bytes:
    """A small sample of a style, for a legend: SVG."""
    ground = '<rect width="34" height="18" fill="#5d6a5c"/>'
    shape = shapely.box(4, 4, 30, 14)
    return "\n".join(
        ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 18" width="34" height="18">', ground,
         *_paths(shape, style), "</svg>"]
    ).encode()  # fmt: skip
