"""How the layers of a package are drawn: QGIS styles, kept in the package itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.etree import ElementTree

from geodata.report import words

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True)
class Style:
    """How the polygons of a layer are drawn.

    Args:
        outline: Colour of the outline.
        fill: Colour of the area.
        width_mm: Width of the outline.
        by: Column whose values have colours of their own.
        classes: Value to (title, outline, fill).
    """

    outline: Rgba
    fill: Rgba
    width_mm: float = 0.3
    by: str | None = None
    classes: Mapping[str, tuple[str, Rgba, Rgba]] = field(default_factory=dict)


def _pale(colour: Rgba, alpha: int = 60) -> Rgba:
    return (*colour[:3], alpha)


_STATUS: Mapping[str, Rgba] = {
    "suspected": (200, 30, 30, 255),
    "unassessed": (120, 120, 120, 255),
    "permitted": (40, 130, 60, 255),
    "existing": (60, 90, 160, 255),
}
_CLEAR: Rgba = (0, 0, 0, 0)

STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "findings": Style(
            (200, 30, 30, 255),
            (200, 30, 30, 60),
            0.5,
            "status",
            {key: (f"{words.STATUS[key].zh} {words.STATUS[key].en}", c, _pale(c)) for key, c in _STATUS.items()},
        ),
        "structures": Style(
            (230, 120, 0, 255),
            _CLEAR,
            0.4,
            "state",
            {
                "standing": ("存在 standing", (230, 120, 0, 255), _CLEAR),
                "gone": ("已灭失 gone", (120, 120, 120, 255), _CLEAR),
                "merged": ("已合并 merged", (190, 160, 60, 255), _CLEAR),
            },
        ),
        "parcels": Style((110, 90, 60, 255), _CLEAR, 0.15),
        "permits": Style((40, 130, 60, 255), (40, 130, 60, 30)),
        "zones": Style((150, 100, 190, 255), (150, 100, 190, 30)),
        "buildings": Style((60, 90, 160, 255), (60, 90, 160, 40), 0.2),
        "areas": Style((30, 30, 30, 255), _CLEAR, 0.6),
        "patches": Style((0, 140, 140, 255), _CLEAR, 0.5),
        "scenes": Style((0, 130, 160, 255), _CLEAR, 0.4),
    }
)
"""Style by layer."""


def qml(style: Style) -> str:
    """A style as QGIS reads it (QML, version 3)."""
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    kind = "singleSymbol" if style.by is None else "categorizedSymbol"
    renderer = ElementTree.SubElement(root, "renderer-v2", type=kind, enableorderby="0", forceraster="0")
    if style.by is not None:
        renderer.set("attr", style.by)
        categories = ElementTree.SubElement(renderer, "categories")
        for k, (value, (title, _, _)) in enumerate(style.classes.items()):
            ElementTree.SubElement(categories, "category", value=value, symbol=str(k), label=title, render="true")
    symbols = ElementTree.SubElement(renderer, "symbols")
    drawn = [(o, f) for _, o, f in style.classes.values()] or [(style.outline, style.fill)]
    for k, (outline, fill) in enumerate(drawn):
        _symbol(symbols, str(k), outline, fill, style.width_mm)
    ElementTree.SubElement(root, "layerGeometryType").text = "2"
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ElementTree.tostring(
        root, encoding="unicode"
    )


def _symbol(symbols: ElementTree.Element, name: str, outline: Rgba, fill: Rgba, width_mm: float) -> None:
    symbol = ElementTree.SubElement(
        symbols, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    layer = ElementTree.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0", "locked": "0"})
    said = {
        "color": ",".join(map(str, fill)),
        "style": "solid" if fill[3] else "no",
        "outline_color": ",".join(map(str, outline)),
        "outline_style": "solid",
        "outline_width": str(width_mm),
        "outline_width_unit": "MM",
    }
    options = ElementTree.SubElement(layer, "Option", type="Map")
    for key, value in said.items():
        ElementTree.SubElement(options, "Option", type="QString", name=key, value=value)
        ElementTree.SubElement(layer, "prop", k=key, v=value)
