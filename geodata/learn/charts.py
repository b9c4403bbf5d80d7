"""The charts of a training's report as inline SVG: how it learnt, and whether its confidence holds.

Colours are classes of the page's stylesheet, so that a chart follows the light of the screen; lines differ in dash
and mark as well, so that they are told apart in print.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from geodata.detect.calibration import Reliability
from geodata.shares import wilson

WIDTH, HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _FOOT = 52, 16, 24, 46
_MARK = 3.5


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Args:
        name: Its class in the stylesheet.
        points: (x, y) in order of x.
    """

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axis:
    """One axis.

    Args:
        low: Its first value.
        high: Its last.
        ticks: Where it is marked.
        label: What it shows.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    label: str

    @classmethod
    def around(cls, values: Iterable[float], label: str, *, low: float | None = None, most: int = 6) -> Axis:
        """An axis over some values that begins and ends at a tick.

        Args:
            values: What it has to hold.
            label: What it shows.
            low: Where it begins, None: near the lowest value.
            most: At most about so many ticks.
        """
        held = list(values)
        first = min(held) if low is None else low
        marks = ticks(first, max(*held, first), most)
        return cls(marks[0], marks[-1], marks, label)

    def share(self, value: float) -> float:
        """Where a value lies along the axis, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose a range.

    >>> ticks(0.0, 0.83), ticks(3.0, 58.0)
    ((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0))
    """
    span = high - low if high > low else max(abs(high), 1.0)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power * most >= span * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return tuple(round(k * step, 10) for k in range(first, last + 1))


def kept_row(history: Sequence[Mapping[str, Any]]) -> int | None:
    """The validation whose weights were kept: the first with the best figures. None without any."""
    values = [0.5 * (float(row["pixel_f1"]) + float(row["object_f1"])) for row in history]
    return values.index(max(values)) if values else None


def learning_curves(history: Sequence[Mapping[str, Any]]) -> tuple[Markup, Markup] | None:
    """Loss and held-out figures against minutes, with the kept step; None without a validation.

    Args:
        history: Rows of `history.json`.
    """
    kept = kept_row(history)
    if kept is None:
        return None
    at = float(history[kept]["seconds"]) / 60
    time = Axis.around([float(row["seconds"]) / 60 for row in history], "分钟 minutes", low=0.0)
    loss = [_line(history, "loss")]
    held = [_line(history, name) for name in ("pixel_f1", "object_recall", "object_f1")]
    return _curves(time, loss, ("损失 loss", None), at), _curves(time, held, ("保留地点 held out", 1.0), at)


def _line(history: Sequence[Mapping[str, Any]], name: str) -> Line:
    rows = [(float(row["seconds"]) / 60, float(row[name])) for row in history]
    return Line(name, tuple(p for p in rows if math.isfinite(p[1])))


def _curves(time: Axis, lines: Sequence[Line], told: tuple[str, float | None], kept: float) -> Markup:
    """One chart of lines over time.

    Args:
        time: The axis of time.
        lines: Lines.
        told: What the other axis shows, and the highest value that it may have.
        kept: When the kept weights were validated.
    """
    label, highest = told
    values = [y for line in lines for _, y in line.points] or [0.0]
    axis = Axis.around(values, label, low=min(0.0, *values) if highest is None else None)
    if highest is not None and axis.high > highest:
        axis = Axis(axis.low, highest, tuple(t for t in axis.ticks if t <= highest), label)
    x, y = _scales(time, axis)
    parts = [_frame(time, axis)]
    parts.append(
        Markup('<line class="kept" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(x(kept), _TOP, HEIGHT - _FOOT)
    )
    left = time.share(kept) > 0.7
    parts.append(
        Markup('<text class="kept" x="{:.1f}" y="{}" text-anchor="{}">采用 kept</text>').format(
            x(kept) + (-5 if left else 5), _TOP - 8, "end" if left else "start"
        )
    )
    for line in lines:
        through = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line.points)
        parts.append(Markup('<polyline class="curve {}" points="{}"/>').format(line.name, through))
        parts += [_mark(line.name, x(a), y(b)) for a, b in line.points]
    return _svg(parts, label)


def _mark(name: str, x: float, y: float) -> Markup:
    """A disc, a square or a triangle, by the line's name."""
    if name == "object_recall":
        square = '<rect class="mark {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
        return Markup(square).format(name, x - _MARK, y - _MARK, 2 * _MARK, 2 * _MARK)
    if name == "object_f1":
        corners = f"{x:.1f},{y - 4.5:.1f} {x + 4.5:.1f},{y + 3.5:.1f} {x - 4.5:.1f},{y + 3.5:.1f}"
        return Markup('<polygon class="mark {}" points="{}"/>').format(name, corners)
    return Markup('<circle class="mark {}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(name, x, y, _MARK)


def sample(name: str) -> Markup:
    """A piece of a line with its mark, for a legend.

    Args:
        name: The line's name.
    """
    line = Markup('<line class="curve {}" x1="1" x2="33" y1="6" y2="6"/>').format(name)
    return Markup('<svg class="sample" viewBox="0 0 34 12" aria-hidden="true">{}{}</svg>').format(
        line, _mark(name, 17.0, 6.0)
    )


def reliability_diagram(rows: Sequence[Reliability]) -> Markup | None:
    """Share of real objects against confidence, with 95 % intervals and counts; None without a row.

    Args:
        rows: Bins of confidence.
    """
    if not rows:
        return None
    marks = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    across = Axis(0.0, 1.0, marks, "置信度 confidence")
    up = Axis(0.0, 1.0, marks, "属实比例 share that is real")
    x, y = _scales(across, up)
    parts = [_frame(across, up)]
    for row in rows:
        bar = '<rect class="bin" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
        parts.append(
            Markup(bar).format(x(row.low) + 1, y(row.share), x(row.high) - x(row.low) - 2, y(0) - y(row.share))
        )
    ideal = '<line class="ideal" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'
    parts.append(Markup(ideal).format(x(0), y(0), x(1), y(1)))
    for row in rows:
        low, high = wilson(row.share, row.objects)
        whisker = '<line class="error" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>'
        parts.append(Markup(whisker).format(x(row.confidence), y(low), y(high)))
        parts.append(_mark("reliable", x(row.confidence), y(row.share)))
        count = '<text class="count" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        parts.append(Markup(count).format(x((row.low + row.high) / 2), _TOP - 8, row.objects))
    return _svg(parts, up.label)


def _scales(across: Axis, up: Axis) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """From values to places in the picture."""
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _FOOT
    return lambda v: _LEFT + width * across.share(v), lambda v: _TOP + height * (1 - up.share(v))


def _frame(across: Axis, up: Axis) -> Markup:
    """Grid, ticks and what the axes show."""
    x, y = _scales(across, up)
    right, foot = WIDTH - _RIGHT, HEIGHT - _FOOT
    parts = []
    for value in up.ticks:
        line = '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        parts.append(Markup(line).format(_LEFT, right, y(value), y(value)))
        text = '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
        parts.append(Markup(text).format(_LEFT - 7, y(value) + 4, f"{value:g}"))
    for value in across.ticks:
        line = '<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
        parts.append(Markup(line).format(x(value), foot, foot + 5))
        text = '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        parts.append(Markup(text).format(x(value), foot + 19, f"{value:g}"))
    parts.append(Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, right, foot, foot))
    middle = '<text class="label" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
    parts.append(Markup(middle).format((_LEFT + right) / 2, HEIGHT - 7, across.label))
    turned = '<text class="label" transform="translate(13 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
    parts.append(Markup(turned).format((_TOP + foot) / 2, up.label))
    return Markup("").join(parts)


def _svg(parts: Sequence[Markup], label: str) -> Markup:
    head = '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
    return Markup(head).format(WIDTH, HEIGHT, escape(label)) + Markup("").join(parts) + Markup("</svg>")
