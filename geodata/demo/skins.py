"""The tops of solids: roofs, vehicles, walls, greenhouses, each a function of its own axes.

A skin gets positions along (`s`) and across (`t`) the rectangle and answers its colour and its height.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.demo.canvas import Canvas, Sun
from geodata.demo.plan import Solid
from geodata.demo.textures import Noise, Plane, band, stripes

Paint = tuple[NDArray[np.float32], Plane]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Top:
    """What a skin may use: positions in metres, the solid, noise, sun and the solid's own random source."""

    s: Plane
    t: Plane
    solid: Solid
    noise: Noise
    sun: Sun
    rng: np.random.Generator

    @property
    def half(self) -> tuple[float, float]:
        """Half of the extent along and across."""
        return self.solid.rect.length / 2, self.solid.rect.width / 2

    @property
    def edge(self) -> Plane:
        """Distance to the nearest edge, in metres."""
        a, b = self.half
        return np.minimum(np.float32(a) - np.abs(self.s), np.float32(b) - np.abs(self.t))

    def flat(self, colour: Colour, weather: float = 0.06) -> NDArray[np.float32]:
        """The colour over the whole top, weathered."""
        light = 1 + np.float32(weather) * (
            np.float32(0.5) * self.noise.soft + np.float32(0.45) * self.noise.mid + np.float32(0.4) * self.noise.grain
        )
        out: NDArray[np.float32] = np.array(colour, np.float32) * light[..., None]
        return out

    def level(self) -> Plane:
        """The solid's height everywhere."""
        return np.full(self.s.shape, self.solid.height_m, np.float32)

    def pick(self, colours: list[Colour], spread: float = 0.03) -> Colour:
        """One of the colours, slightly off."""
        base = np.array(colours[int(self.rng.integers(len(colours)))])
        base = base * (1 + self.rng.normal(0, spread)) + self.rng.normal(0, spread * 0.12, 3)
        return float(base[0]), float(base[1]), float(base[2])


def _gable(top: Top, colour: NDArray[np.float32], pitch_deg: float, ridge: float = 0.25) -> Paint:
    """Two slopes falling to both sides of a ridge along the long axis, each in its own light."""
    pitch = math.radians(pitch_deg)
    angle = top.solid.rect.angle
    lit = top.sun.facing(angle + math.pi / 2, pitch)
    dim = top.sun.facing(angle - math.pi / 2, pitch)
    # The sky lights both slopes alike: only a part of the light is the sun's.
    light = 0.35 + 0.65 * np.where(top.t > 0, np.float32(lit), np.float32(dim))
    out = colour * light[..., None].astype(np.float32)
    if ridge:
        out = out + (np.float32(0.09) * band(top.t, ridge))[..., None]
    height = np.float32(top.solid.height_m) + (np.float32(top.half[1]) - np.abs(top.t)) * np.float32(math.tan(pitch))
    return out, height


def _tiles(top: Top, colours: list[Colour]) -> Paint:
    colour = top.flat(top.pick(colours, 0.06), 0.13)
    rows = 1 + np.float32(0.045) * stripes(top.s, 1.15) + np.float32(0.03) * stripes(top.t, 1.6)
    return _gable(top, colour * rows[..., None], 27)


def tile_grey(top: Top) -> Paint:
    """Grey tiles."""
    return _tiles(top, [(0.43, 0.43, 0.43), (0.48, 0.47, 0.45), (0.39, 0.40, 0.41)])


def tile_red(top: Top) -> Paint:
    """Red tiles, older and newer."""
    return _tiles(top, [(0.56, 0.38, 0.31), (0.60, 0.36, 0.28), (0.52, 0.40, 0.34)])


def hip_red(top: Top) -> Paint:
    """A hipped roof of glazed red-brown tiles."""
    colour = top.flat(top.pick([(0.56, 0.31, 0.24), (0.50, 0.33, 0.27)], 0.05), 0.1)
    a, b = top.half
    ends = np.float32(a) - np.abs(top.s)
    sides = np.float32(b) - np.abs(top.t)
    pitch = math.radians(26)
    turn = top.solid.rect.angle
    to_side = [top.sun.facing(turn + d * math.pi / 2, pitch) for d in (1, -1)]
    to_end = [top.sun.facing(turn + d * math.pi, pitch) for d in (0, 1)]
    light = np.where(
        ends < sides,
        np.where(top.s > 0, np.float32(to_end[0]), np.float32(to_end[1])),
        np.where(top.t > 0, np.float32(to_side[0]), np.float32(to_side[1])),
    )
    fold = band(ends - sides, 0.2) * np.float32(0.06)
    height = np.float32(top.solid.height_m) + np.minimum(ends, sides) * np.float32(math.tan(pitch))
    out = colour * (0.35 + 0.65 * light)[..., None] + fold[..., None]
    return out.astype(np.float32), height


def _steel(top: Top, colours: list[Colour], pitch_deg: float = 7.0, weather: float = 0.05) -> Paint:
    colour = top.flat(top.pick(colours, 0.05), weather)
    seams = 1 - np.float32(0.07) * band(np.mod(top.s, np.float32(3.0)) - 1.5, 0.12)
    seams = seams * (1 + np.float32(0.03) * stripes(top.s, 1.5))
    faded = 1 + np.float32(0.05) * np.clip(top.noise.mid, -1, 2)
    return _gable(top, colour * (seams * faded)[..., None], pitch_deg, 0.3)


_BLUES: list[Colour] = [(0.25, 0.41, 0.62), (0.30, 0.46, 0.66), (0.22, 0.36, 0.58), (0.37, 0.51, 0.67)]
_WHITES: list[Colour] = [(0.74, 0.75, 0.76), (0.66, 0.68, 0.70), (0.79, 0.79, 0.78)]


def blue_steel(top: Top) -> Paint:
    """Blue colour-coated steel on a light frame."""
    return _steel(top, _BLUES)


def white_steel(top: Top) -> Paint:
    """White or light grey coated steel."""
    return _steel(top, _WHITES)


def red_steel(top: Top) -> Paint:
    """Brick-red coated steel."""
    return _steel(top, [(0.58, 0.30, 0.26), (0.54, 0.33, 0.29)])


def _hall(top: Top, colours: list[Colour]) -> Paint:
    """A large hall: several spans, bands of skylights, a line of ventilators along each ridge."""
    a, b = top.half
    spans = max(1, round(2 * b / 26))
    width = 2 * b / spans
    local = np.mod(top.t + np.float32(b), np.float32(width)) - np.float32(width / 2)
    inner = Top(top.s, local.astype(np.float32), top.solid, top.noise, top.sun, top.rng)
    colour, _ = _steel(inner, colours, 6.0)
    gutter = band(np.abs(local) - width / 2, 0.45)
    colour = colour * (1 - np.float32(0.3) * gutter)[..., None]
    pace = 9.0 if top.rng.random() < 0.5 else 12.0
    window = band(np.mod(top.s, np.float32(pace)) - pace / 2, 0.55) * band(np.abs(local) - width * 0.27, width * 0.14)
    light = np.array((0.80, 0.84, 0.86), np.float32)
    colour = colour + (light - colour) * (np.float32(0.6) * window)[..., None]
    height = np.float32(top.solid.height_m) + (np.float32(width / 2) - np.abs(local)) * np.float32(math.tan(0.1))
    if top.rng.random() < 0.6:
        vents = band(np.mod(top.s, np.float32(7.5)) - 3.7, 0.8) * band(local, 0.8) * (np.abs(top.s) < a - 3)
        colour = colour + (np.float32(0.66) - colour) * vents[..., None]
        height = height + vents * np.float32(1.2)
    return colour.astype(np.float32), height.astype(np.float32)


def hall_blue(top: Top) -> Paint:
    """A large blue industrial hall."""
    return _hall(top, _BLUES)


def hall_white(top: Top) -> Paint:
    """A large white industrial hall."""
    return _hall(top, _WHITES)


def _box_on(colour: NDArray[np.float32], height: Plane, mask: Plane, tone: Colour, rise: float) -> None:
    """Put a box (a penthouse, a tank) on a roof, in place."""
    colour += (np.array(tone, np.float32) - colour) * mask[..., None]
    height += mask * np.float32(rise)


def _concrete(top: Top, colours: list[Colour]) -> Paint:
    """A flat roof: stains, a parapet, a stair head, perhaps a solar water heater."""
    tone = top.pick(colours, 0.06)
    colour = top.flat(tone, 0.12)
    height = top.level()
    parapet = 1 - np.clip((top.edge - np.float32(0.35)) / np.float32(0.4), 0, 1)
    colour += np.float32(0.07) * parapet[..., None]
    height += parapet * np.float32(0.7)
    a, b = top.half
    rng = top.rng
    if min(a, b) > 2.6 and rng.random() < 0.7:
        s0, t0 = rng.uniform(-0.7, 0.7) * (a - 2), rng.choice([-1, 1]) * (b - 2.0)
        mask = band(top.s - np.float32(s0), 1.6) * band(top.t - np.float32(t0), 1.5)
        _box_on(colour, height, mask, top.pick([(0.64, 0.62, 0.59), (0.58, 0.55, 0.52)]), 2.5)
    for _ in range(int(rng.integers(0, 3))):
        s0, t0 = rng.uniform(-0.8, 0.8) * max(a - 1.5, 0), rng.uniform(-0.6, 0.6) * max(b - 1.5, 0)
        mask = band(top.s - np.float32(s0), 0.9) * band(top.t - np.float32(t0), 0.7)
        _box_on(colour, height, mask * np.float32(0.85), (0.24, 0.27, 0.33), 0.9)
    return colour, height


def flat(top: Top) -> Paint:
    """Bare or screeded concrete."""
    return _concrete(top, [(0.62, 0.60, 0.57), (0.67, 0.65, 0.62), (0.56, 0.54, 0.51), (0.64, 0.59, 0.53)])


def flat_dark(top: Top) -> Paint:
    """Concrete under bituminous felt."""
    return _concrete(top, [(0.36, 0.36, 0.37), (0.42, 0.41, 0.41)])


def slab(top: Top) -> Paint:
    """The roof of a block of flats: stair heads in a row, rows of solar water heaters, bays."""
    colour = top.flat(top.pick([(0.52, 0.51, 0.50), (0.58, 0.56, 0.53), (0.50, 0.47, 0.45)], 0.04), 0.10)
    height = top.level()
    parapet = 1 - np.clip((top.edge - np.float32(0.4)) / np.float32(0.4), 0, 1)
    colour += np.float32(0.10) * parapet[..., None]
    height += parapet * np.float32(0.9)
    a, b = top.half
    stairs = max(1, round(2 * a / 16))
    pace = 2 * a / stairs
    local = np.mod(top.s + np.float32(a), np.float32(pace)) - np.float32(pace / 2)
    _box_on(
        colour,
        height,
        band(local, 2.0) * band(top.t + np.float32(b * 0.45), b * 0.42),
        (0.68, 0.66, 0.63),
        2.8,
    )
    joint = band(np.abs(local) - pace / 2, 0.3)
    colour *= 1 - np.float32(0.12) * joint[..., None]
    if top.rng.random() < 0.75:
        for t0 in (0.15, 0.55):
            tubes = band(np.mod(top.s, np.float32(2.6)) - 1.3, 0.85) * band(top.t - np.float32(b * t0), 0.75)
            present = (np.sin(np.floor(top.s / 2.6) * 12.9 + t0 * 40) > -0.35).astype(np.float32)
            _box_on(colour, height, tubes * present * np.float32(0.85), (0.22, 0.25, 0.31), 0.8)
    return colour, height


def unfinished(top: Top) -> Paint:
    """A storey just cast: grey concrete, formwork timber, columns, reinforcement."""
    colour = top.flat((0.63, 0.62, 0.59), 0.10)
    wood = np.clip(top.noise.mid * np.float32(1.4) + np.float32(0.1), 0, 1) * np.float32(0.6)
    colour += (np.array((0.66, 0.53, 0.36), np.float32) - colour) * wood[..., None]
    grid = np.maximum(band(np.mod(top.s, np.float32(4.0)) - 2, 0.25), band(np.mod(top.t, np.float32(4.0)) - 2, 0.25))
    colour *= 1 - np.float32(0.15) * grid[..., None]
    dots = band(np.mod(top.s, np.float32(4.0)) - 2, 0.4) * band(np.mod(top.t, np.float32(4.0)) - 2, 0.4)
    height = top.level() + dots * np.float32(1.6)
    net = np.clip(1 - top.edge / np.float32(0.9), 0, 1)
    colour += (np.array((0.33, 0.48, 0.38), np.float32) - colour) * (net * np.float32(0.8))[..., None]
    return colour, height


def wall(top: Top) -> Paint:
    """The crown of a wall."""
    return top.flat((0.60, 0.57, 0.54), 0.06), top.level()


def car(top: Top) -> Paint:
    """A car: bright body, dark windscreens."""
    bodies: list[Colour] = [
        (0.82, 0.82, 0.82),
        (0.86, 0.86, 0.85),
        (0.20, 0.20, 0.22),
        (0.55, 0.56, 0.58),
        (0.50, 0.18, 0.16),
        (0.22, 0.28, 0.42),
        (0.33, 0.33, 0.34),
    ]
    colour = top.flat(top.pick(bodies), 0.0)
    glass = np.maximum(band(top.s - np.float32(0.95), 0.4), band(top.s + np.float32(1.45), 0.3))
    colour += (np.float32(0.17) - colour) * (glass * np.float32(0.8))[..., None]
    return colour, top.level()


def lorry(top: Top) -> Paint:
    """A lorry: cab and load."""
    loads: list[Colour] = [(0.62, 0.62, 0.60), (0.33, 0.42, 0.55), (0.50, 0.28, 0.23), (0.75, 0.75, 0.73)]
    colour = top.flat(top.pick(loads), 0.04)
    a = np.float32(top.half[0])
    cab = (top.s > a - 2.0).astype(np.float32)
    colour += (np.array(top.pick([(0.72, 0.72, 0.71), (0.55, 0.2, 0.17)]), np.float32) - colour) * cab[..., None]
    gap = band(top.s - a + 2.2, 0.3)
    return colour * (1 - np.float32(0.6) * gap)[..., None], top.level()


def container(top: Top) -> Paint:
    """A container: corrugated steel."""
    tones: list[Colour] = [(0.24, 0.38, 0.55), (0.56, 0.30, 0.24), (0.33, 0.45, 0.36), (0.72, 0.72, 0.70)]
    colour = top.flat(top.pick(tones), 0.03)
    return colour * (1 + np.float32(0.05) * stripes(top.s, 1.1))[..., None], top.level()


def tarpaulin(top: Top) -> Paint:
    """A tarpaulin over a heap: wrinkled cloth."""
    tones: list[Colour] = [(0.28, 0.42, 0.58), (0.33, 0.47, 0.38), (0.72, 0.60, 0.56)]
    colour = top.flat(top.pick(tones), 0.0)
    crease = 1 + np.float32(0.09) * top.noise.soft + np.float32(0.05) * stripes(top.s + top.noise.mid, 3.1)
    height = np.clip(top.edge / np.float32(2.0), 0, 1) * np.float32(top.solid.height_m)
    return colour * crease[..., None], height.astype(np.float32)


def tunnel(top: Top) -> Paint:
    """A plastic tunnel: bright film over arches, brightest where it faces the sun, earth shining through."""
    b = top.half[1]
    x = np.clip(top.t / np.float32(b), -1, 1)
    turn = top.solid.rect.angle + math.pi / 2
    lean = top.sun.towards[0] * math.cos(turn) + top.sun.towards[1] * math.sin(turn)
    sheen = np.exp(-(((x - np.float32(0.55 * lean)) / np.float32(0.42)) ** 2))
    colour = top.flat(top.pick([(0.66, 0.68, 0.68), (0.61, 0.64, 0.63), (0.70, 0.71, 0.70)], 0.05), 0.09)
    colour = colour * (np.float32(0.84) + np.float32(0.27) * sheen)[..., None]
    colour *= 1 - np.float32(0.06) * band(np.mod(top.s, np.float32(2.0)) - 1, 0.2)[..., None]
    height = np.float32(top.solid.height_m) * np.sqrt(np.clip(1 - x * x, 0, 1)) * np.float32(0.75)
    return colour.astype(np.float32), height.astype(np.float32)


def greenhouse(top: Top) -> Paint:
    """A solar greenhouse: film sloping to the south from a thick wall in the north, a rolled mat on top."""
    b = top.half[1]
    x = (top.t + np.float32(b)) / np.float32(2 * b)
    colour = top.flat(top.pick([(0.64, 0.67, 0.68), (0.58, 0.62, 0.63)], 0.04), 0.08)
    colour = colour * (np.float32(1.12) - np.float32(0.22) * x)[..., None]
    colour *= 1 - np.float32(0.06) * band(np.mod(top.s, np.float32(3.0)) - 1.5, 0.2)[..., None]
    bank = (x < 0.2).astype(np.float32)
    colour += (np.array((0.54, 0.47, 0.38), np.float32) - colour) * bank[..., None]
    mat = band(x * np.float32(2 * b) - np.float32(0.25 * 2 * b), 0.55)
    colour += (np.array((0.36, 0.33, 0.28), np.float32) - colour) * (mat * np.float32(0.85))[..., None]
    height = np.where(x < 0.2, 3.2, 3.6 * np.sqrt(np.clip(1.2 - x, 0, 1)))
    return colour.astype(np.float32), height.astype(np.float32)


SKINS: dict[str, Callable[[Top], Paint]] = {
    skin.__name__: skin
    for skin in (
        tile_grey,
        tile_red,
        hip_red,
        blue_steel,
        white_steel,
        red_steel,
        hall_blue,
        hall_white,
        flat,
        flat_dark,
        slab,
        unfinished,
        wall,
        car,
        lorry,
        container,
        tarpaulin,
        tunnel,
        greenhouse,
    )
}


def paint_solid(canvas: Canvas, solid: Solid) -> None:
    """Paint one solid where it meets the canvas and let it stand at its height."""
    x, y, reach = solid.rect.x, solid.rect.y, solid.rect.radius
    window = canvas.box((x - reach, y - reach, x + reach, y + reach))
    if window is None:
        return
    rows, cols = window
    s, t = canvas.axes(solid.rect, rows, cols)
    alpha = band(s, solid.rect.length / 2) * band(t, solid.rect.width / 2)
    rng = np.random.default_rng(solid.seed)
    colour, height = SKINS[solid.skin](Top(s, t, solid, canvas.noise.crop(rows, cols), canvas.sun, rng))
    canvas.blend(rows, cols, colour, alpha)
    canvas.raise_to(rows, cols, height, alpha)
