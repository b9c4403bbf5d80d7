"""The pictures of a dossier: a finding before and after, and its surroundings with what is on file there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import cv2
import orjson
import shapely

from geodata.crs import CRS84, transform_xy
from geodata.errors import KanchaError
from geodata.io.rasters import RasterInfo
from geodata.report.pictures import Frame, Picture, framed_picture
from geodata.report.plates import Overlay, Style, finding_style, plate, swatch
from geodata.report.view import beijing
from geodata.report.words import Text
from service.errors import NotFoundError
from service.render.ground import on_ground
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import Box, Scan
from service.usecases.chips import scenes_of

CHIP_PX, MAP_PX = 640, 1000
"""Side of the pictures of the place, and of its surroundings."""
AROUND_M = 300.0
"""Side of the ground that the map shows at least."""
MOST_SHAPES = 2000
"""So many features of a layer are drawn at most."""
_CHIP_MARGIN_M, _MAP_MARGIN_M = 15.0, 90.0
_PARCEL, _PERMIT = Style("#ffd84d", 1.1), Style("#3ddc84", 1.8, "7 4")
_OWN_PARCEL = Style("#ffd84d", 2.4)
_BUILDING = Style("#a9cdfb", 0.9)
_CHIP_TEXT = 1.4
"""Chips are printed smaller than the map; their words are not."""
_ZONE_LINES = ("#c77dff", "#4fd1ff", "#ff9f43", "#ff6fae", "#7df0c8", "#d7e04a")
_LINES_ALONE = frozenset({"urban_development_boundary"})
"""Zones that are told by their border: what lies in them is most of the map."""
_MORE_WORDS = {"urban_development_boundary": Text("城镇开发边界", "the urban development boundary")}
_UNSHOWN_ZONES = frozenset({"secret", "no_fly"})
"""What a paper that goes from hand to hand need not draw."""


@dataclass(frozen=True)
class Plate:
    """A picture with what is drawn over it.

    Args:
        picture: Name of the part with the pixels.
        drawn: Name of the part with the lines.
    """

    picture: str
    drawn: str


@dataclass(frozen=True)
class Pictures:
    """The pictures of a dossier.

    Args:
        chips: Before and after; empty where the imagery cannot be shown.
        around: The surroundings, None likewise.
        side_m: Ground that the chips and the map show, m.
        legend: Part with a sample, and its words.
        cut: Whether not every feature near was drawn.
        fault: Why there are no pictures, None: there are.
    """

    chips: tuple[Plate, ...] = ()
    around: Plate | None = None
    side_m: tuple[float, float] = (0.0, 0.0)
    legend: Sequence[tuple[str, Text]] = ()
    cut: bool = False
    fault: KanchaError | None = None


@dataclass
class _Drawn:
    """Overlays with their legend, as they are gathered."""

    overlays: list[Overlay] = field(default_factory=list)
    legend: list[tuple[Style, Text]] = field(default_factory=list)
    cut: bool = False

    def add(self, style: Style, words: Text, shapes: Sequence[tuple[shapely.Geometry, str]]) -> None:
        """Shapes of one style, where there are any."""
        if shapes:
            self.overlays += [Overlay(shape, style, label) for shape, label in shapes]
            self.legend.append((style, words))


def pictures_of(
    services: Services, feature: Mapping[str, Any], scan: Scan, words: Mapping[str, Text], parts: dict[str, bytes]
) -> Pictures:
    """The pictures of a finding; what lies beyond the caller's ground is black in them, and nothing is drawn there.

    Args:
        services: The service as the caller sees it.
        feature: The finding.
        scan: Its scan.
        words: Names of the kinds of zones.
        parts: Where the bytes go, by the name of the part.
    """
    outline, told = shapely.geometry.shape(feature["geometry"]), feature["properties"]
    try:
        scenes = scenes_of(services, scan, str(told["change"]))
        metric, after = scenes.metric, scenes.shift_m
        near = Frame.around(outline, metric, _CHIP_MARGIN_M)
        wide = Frame.around(outline, metric, _MAP_MARGIN_M, AROUND_M)
        pixels = [
            _pixels(services, scenes.before, near, CHIP_PX, scenes.before_shift_m),
            _pixels(services, scenes.after, near, CHIP_PX, after),
            _pixels(services, scenes.after, wide, MAP_PX, after),
        ]
    except KanchaError as error:
        return Pictures(fault=error)  # the imagery is gone, or cannot be decoded: the figures stand without it
    drawn = _layers(services, scan, told, _box(wide), words)
    mark = Overlay(outline, finding_style(str(told["status"])))
    days = [beijing(str(told[f"{role}_acquired_at"])).partition(" ")[0] for role in ("before", "after")]
    lines = [plate(near, [mark], day, _CHIP_TEXT) for day in days]
    lines.append(plate(wide, [*drawn.overlays, mark], days[1]))
    for name, content, over in zip(("before", "after", "around"), pixels, lines, strict=True):
        parts[f"{name}.jpg"], parts[f"{name}.svg"] = content, over
    legend = [(mark.style, Text("本线索轮廓", "Outline of this finding")), *drawn.legend]
    for number, (style, _) in enumerate(legend):
        parts[f"legend{number}.svg"] = swatch(style)
    chips = (Plate("before.jpg", "before.svg"), Plate("after.jpg", "after.svg"))
    named = [(f"legend{number}.svg", words) for number, (_, words) in enumerate(legend)]
    return Pictures(chips, Plate("around.jpg", "around.svg"), (near.side_m, wide.side_m), named, drawn.cut)


def _pixels(services: Services, info: RasterInfo, frame: Frame, size_px: int, shift: tuple[float, float]) -> bytes:
    return _jpeg(framed_picture(info, frame, size_px, shift, lambda grid: on_ground(services.sight, grid)))


def _jpeg(picture: Picture) -> bytes:
    # black stays black: of what is not shown nothing may shine through at the border
    _, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return bytes(content.tobytes())


def _box(frame: Frame) -> Box:
    half, (x, y) = frame.side_m / 2, frame.middle
    corners = [(x + dx, y + dy) for dx in (-half, half) for dy in (-half, half)]
    lon, lat = transform_xy(frame.metric, CRS84, [c[0] for c in corners], [c[1] for c in corners])
    return float(min(lon)), float(min(lat)), float(max(lon)), float(max(lat))


def _layers(services: Services, scan: Scan, told: Mapping[str, Any], box: Box, words: Mapping[str, Text]) -> _Drawn:
    """What is on file near, out of the very versions that the scan read."""
    drawn = _Drawn()
    own = {kind: set(map(str, told.get(f"{kind}_ids") or ())) for kind in ("parcel", "permit")}
    by_kind: dict[str, list[tuple[shapely.Geometry, str]]] = {}
    for shape, row in _features(services, scan, "zones", box, drawn):
        kind = str(row.get("kind"))
        if kind not in _UNSHOWN_ZONES:
            by_kind.setdefault(kind, []).append((shape, str(row.get("zone_id") or "")))
    for number, (kind, shapes) in enumerate(sorted(by_kind.items())):
        fill = 0.0 if kind in _LINES_ALONE else 0.2
        style = Style(_ZONE_LINES[number % len(_ZONE_LINES)], 1.8, "6 3", fill)
        drawn.add(style, words.get(kind) or _MORE_WORDS.get(kind) or Text(kind, kind), shapes)
    buildings = [(shape, "") for shape, _ in _features(services, scan, "buildings", box, drawn)]
    drawn.add(_BUILDING, Text("既有建筑", "Known buildings"), buildings)
    parcels = [(s, str(row.get("parcel_id"))) for s, row in _features(services, scan, "parcels", box, drawn)]
    others = [(shape, "") for shape, name in parcels if name not in own["parcel"]]
    drawn.add(_PARCEL, Text("地块", "Parcels"), others)
    mine = [(shape, name) for shape, name in parcels if name in own["parcel"]]
    drawn.add(_OWN_PARCEL, Text("所在地块", "Parcels it stands on"), mine)
    permits = [(s, str(row.get("permit_id"))) for s, row in _features(services, scan, "permits", box, drawn)]
    named = [(shape, name if name in own["permit"] else "") for shape, name in permits]
    drawn.add(_PERMIT, Text("许可范围", "Permits"), named)
    return drawn


def _features(
    services: Services, scan: Scan, kind: str, box: Box, drawn: _Drawn
) -> list[tuple[shapely.Geometry, Mapping[str, Any]]]:
    """Features of a layer within a box, on the caller's ground."""
    version = scan.layers.get(kind)
    if version is None:
        return []
    try:
        services.store.layers.get(version)
    except NotFoundError:
        return []  # too secret for this caller
    texts = list(islice(services.store.layers.all_features(FeatureQuery(version, (box,))), MOST_SHAPES + 1))
    drawn.cut = drawn.cut or len(texts) > MOST_SHAPES
    found = []
    for text in texts[:MOST_SHAPES]:
        feature = orjson.loads(text)
        if feature["geometry"] is None:
            continue
        shape = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        if services.sight.ground is not None:
            shape = shapely.intersection(shape, services.sight.ground)
        if not shape.is_empty:
            found.append((shape, feature["properties"]))
    return found
