"""Vector tiles, as another library reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from service.render.archives import Archive, write_archive
from service.render.schemes import SCHEMES
from service.render.vector_tiles import EXTENT, MOST, Place, drawn, encode, encode_portions

MERCATOR, TIANDITU = SCHEMES["WebMercatorQuad"], SCHEMES["CGCS2000Quad"]


def feature(fid: str, shape: shapely.Geometry, **told: Any) -> str:
    geometry = json.loads(shapely.to_geojson(shape))
    return json.dumps({"type": "Feature", "id": fid, "geometry": geometry, "properties": told}, separators=(",", ":"))


def read(content: bytes) -> dict[str, Any]:
    """Features of the only layer by id, with rows growing downwards as they are stored."""
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    (layer,) = layers.values()
    assert layer["extent"] == EXTENT and layer["version"] == 2
    return {one["properties"]["id"]: one for one in layer["features"]}


def on_ground(place: Place, west: float, north: float, east: float, south: float) -> shapely.Geometry:
    """A rectangle by units of a tile."""
    lon, lat = place.scheme.lonlat(
        place.x + np.array([west, east]) / EXTENT, place.y + np.array([north, south]) / EXTENT, place.z
    )
    return shapely.box(lon[0], lat[1], lon[1], lat[0])


@pytest.mark.parametrize("scheme", [MERCATOR, TIANDITU])
def test_a_square_lies_where_it_is(scheme: Any) -> None:
    place = Place(scheme, 14, 13_390, 6_420)
    text = feature(
        "宗地-1", on_ground(place, 100, 200, 400, 300), 名称="东路", n=3, f=0.5, ok=True, none=None, many=[1]
    )
    found = read(encode("parcels", drawn([text]), place))["宗地-1"]
    assert found["geometry"]["type"] == "Polygon"
    (ring,) = found["geometry"]["coordinates"]
    assert sorted(map(tuple, ring[:-1])) == [(100, 200), (100, 300), (400, 200), (400, 300)]
    want = {"id": "宗地-1", "名称": "东路", "n": 3, "f": 0.5, "ok": True, "many": "[1]"}
    assert found["properties"] == want


def test_a_hole_stays_one_and_pieces_stay_together() -> None:
    place = Place(MERCATOR, 14, 13_390, 6_420)
    ring = on_ground(place, 0, 0, 1000, 1000).difference(on_ground(place, 300, 300, 600, 600))
    two = shapely.union(ring, on_ground(place, 2000, 0, 2500, 500))
    found = read(encode("x", drawn([feature("a", two)]), place))
    # each piece is a polygon of its own with the properties of the whole
    assert len(found) == 1
    layer = mapbox_vector_tile.decode(encode("x", drawn([feature("a", two)]), place))["x"]
    areas = sorted(shapely.geometry.shape(one["geometry"]).area for one in layer["features"])
    assert areas == [500 * 500, 1000 * 1000 - 300 * 300]


def test_what_reaches_over_the_edge_is_cut_just_beyond_it() -> None:
    place = Place(MERCATOR, 14, 13_390, 6_420)
    text = feature("a", on_ground(place, -9000, 1000, 9000, 2000))
    (ring,) = read(encode("x", drawn([text]), place))["a"]["geometry"]["coordinates"]
    xs = [x for x, _ in ring]
    assert (min(xs), max(xs)) == (-64, EXTENT + 64)


def test_nothing_shows_of_what_is_elsewhere_or_too_small_or_nowhere() -> None:
    place = Place(MERCATOR, 14, 13_390, 6_420)
    far, tiny = on_ground(place, 90_000, 0, 91_000, 100), on_ground(place, 5, 5, 7, 7)
    nowhere = '{"type":"Feature","id":"n","geometry":null,"properties":{}}'
    assert encode("x", drawn([feature("a", far), feature("b", tiny), nowhere]), place) == b""
    assert encode("x", drawn([]), place) == b""


@settings(max_examples=80, deadline=None)
@given(
    points=st.lists(st.tuples(st.integers(-300, 4400), st.integers(-300, 4400)), min_size=4, max_size=12, unique=True),
    scheme=st.sampled_from([MERCATOR, TIANDITU]),
)
def test_areas_are_kept(points: list[tuple[int, int]], scheme: Any) -> None:
    hull = shapely.convex_hull(shapely.multipoints(points))
    if hull.geom_type != "Polygon" or hull.area < 400:
        return
    place = Place(scheme, 15, 26_000, 12_000)
    columns, rows = np.array(hull.exterior.coords).T
    lon, lat = scheme.lonlat(place.x + columns / EXTENT, place.y + rows / EXTENT, place.z)
    content = encode("x", drawn([feature("a", shapely.polygons(np.column_stack([lon, lat])))]), place)
    shown = shapely.intersection(hull, shapely.box(-64, -64, EXTENT + 64, EXTENT + 64))
    if shown.area < 100:
        return
    found = shapely.geometry.shape(read(content)["a"]["geometry"])
    assert found.is_valid and found.area == pytest.approx(shown.area, abs=2 * shown.length + 4)


def test_schemes_turn_back() -> None:
    for scheme in SCHEMES.values():
        lon, lat = np.array([114.123456, -70.0]), np.array([36.6, -33.0])
        back = scheme.lonlat(*scheme.tiles(lon, lat, 17), 17)
        assert np.allclose(back, (lon, lat), atol=1e-9)
        assert (
            scheme.holds(1, 1, scheme.down(1) - 1)
            and not scheme.holds(1, 2, 0)
            and not scheme.holds(1, 0, scheme.down(1))
        )
    assert MERCATOR.bounds(0, 0, 0) == pytest.approx((-180, -85.0511287798, 180, 85.0511287798))
    assert TIANDITU.bounds(1, 1, 0) == (0, -90, 180, 90) and not TIANDITU.holds(0, 0, 0)


def test_an_archive_gives_back_what_was_written(tmp_path: Path) -> None:
    tiles = [(z, x, y, f"{z}/{x}/{y}".encode()) for z in (10, 11, 12) for x in range(30) for y in range(40)]
    path = tmp_path / "a.pmtiles"
    assert write_archive(path, "x", [*tiles, (12, 99, 99, b"")], (114.0, 36.0, 115.0, 37.0)) == len(tiles)
    archive = Archive(path)
    import gzip

    for z, x, y, content in tiles:
        assert gzip.decompress(archive.tile(z, x, y)) == content
    assert archive.tile(12, 99, 99) == b"" == archive.tile(9, 0, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["a.pmtiles"]


def test_a_tile_from_portions_is_the_tile_from_all() -> None:
    """More squares than a tile shows, of many sizes, some of the same: the same ones are kept in the same order."""
    place = Place(SCHEMES["WebMercatorQuad"], 10, 836, 402)
    west, south, east, north = place.bounds
    side = 160
    texts = []
    for k in range(side * side):
        x = west + (east - west) * (k % side + 0.5) / side
        y = south + (north - south) * (k // side + 0.5) / side
        size = (east - west) / side * (0.2 + 0.1 * (k * 7 % 6))
        ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
        feature = {"type": "Feature", "id": f"f{k}", "geometry": {"type": "Polygon", "coordinates": [ring]},
                   "properties": {"k": k % 9, "name": "地块"}}  # fmt: skip
        texts.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    assert len(texts) > MOST
    whole = encode("parcels", drawn(texts), place)
    parts = encode_portions("parcels", (texts[k : k + 3_000] for k in range(0, len(texts), 3_000)), place)
    assert parts == whole and len(whole) > 100_000
    assert encode_portions("parcels", iter(()), place) == b""
