"""Lines and words over a picture: in place, within the border, whatever stands in a name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import shapely

from geodata.crs import CRS84, parse_crs, transform_xy
from geodata.report.pictures import Frame
from geodata.report.plates import SIDE, Overlay, Style, finding_style, plate, swatch

METRIC = parse_crs("EPSG:4547")
FRAME = Frame(METRIC, (500_000.0, 4_052_000.0), 320.0)
LINE = Style("#ffd84d")


def square(east: float, north: float, side: float) -> shapely.Polygon:
    """A square on the ground, by its lower left corner in metres from the middle of the frame."""
    x, y = FRAME.middle[0] + east, FRAME.middle[1] + north
    box = shapely.box(x, y, x + side, y + side)
    return shapely.transform(box, lambda x, y: transform_xy(METRIC, CRS84, x, y), interleaved=False)


def words(svg: bytes) -> list[ET.Element]:
    return [one for one in ET.fromstring(svg).iter() if one.tag.endswith("text")]


def test_a_shape_lies_where_its_ground_is() -> None:
    drawn = plate(FRAME, [Overlay(square(0, 0, 80), LINE)]).decode()
    path = next(one for one in re.findall(r'd="([^"]+)"', drawn) if one.endswith("Z"))
    points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.-]+),([\d.-]+)", path)]
    # two units a metre; north is up
    assert min(x for x, _ in points) == pytest.approx(320, abs=0.2)
    assert max(x for x, _ in points) == pytest.approx(480, abs=0.2)
    assert min(y for _, y in points) == pytest.approx(160, abs=0.2)
    assert max(y for _, y in points) == pytest.approx(320, abs=0.2)


def test_what_reaches_beyond_is_cut_and_what_lies_beyond_is_not_drawn() -> None:
    wide = plate(FRAME, [Overlay(square(-5000, -5000, 10_000), LINE, "wide"), Overlay(square(900, 0, 20), LINE, "far")])
    numbers = [float(v) for v in re.findall(r"-?\d+\.\d", " ".join(re.findall(r'd="(M-?\d+\.[^"]+)"', wide.decode())))]
    assert numbers and min(numbers) >= -6 and max(numbers) <= SIDE + 6
    told = [one.text for one in words(wide)]
    assert "wide" in told and "far" not in told


def test_names_stay_text_and_do_not_cover_each_other_or_the_finding() -> None:
    finding = Overlay(square(-20, -20, 40), finding_style("suspected"))
    names = ["<&>'\"宗地", "b\x01\x0b", "长" * 80]
    svg = plate(FRAME, [*(Overlay(square(-30, -30, 60), LINE, name) for name in names), finding], "2026-09-18")
    placed = {one.text: float(one.get("y", "0")) for one in words(svg)}
    assert {"<&>'\"宗地", "b", "长" * 23 + "…", "2026-09-18", "100 m" if "100 m" in placed else "50 m"} <= set(placed)
    lines = sorted(placed[name] for name in placed if name not in ("2026-09-18", "50 m", "100 m", "N"))
    assert all(b - a > 14 for a, b in zip(lines, lines[1:], strict=False))
    assert all(y < 280 + 1 or y > 360 + 13 for y in lines), "the finding lies between 280 and 360"


def test_a_sample_shows_its_style() -> None:
    told = swatch(Style("#3ddc84", 1.8, "7 4")).decode()
    ET.fromstring(told)
    assert 'stroke="#3ddc84"' in told and 'stroke-dasharray="7 4"' in told
