"""Raster tiles: known colours at known places, in both schemes and all forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from pyproj import Transformer

from service.render.schemes import SCHEMES
from service.settings import Settings
from tests.access import client_of
from tests.integration.service_kit import (
    CRS,
    LEFT,
    NEW_ROOF,
    TOP,
    draw_pair,
    draw_scene,
    finished,
    post_pair,
    post_scene,
)

RED, GREEN, BLUE, GREY = (200, 20, 30), (10, 180, 40), (20, 30, 220), (120, 120, 120)


def quarters(path: Path, *, dtype: str = "uint8", times: int = 1, **profile: Any) -> Path:
    """400 m square: red in the north west, green in the north east, blue in the south west, grey in the south east."""
    picture = np.zeros((3, 800, 800), dtype)
    for (row, col), colour in {(0, 0): RED, (0, 400): GREEN, (400, 0): BLUE, (400, 400): GREY}.items():
        picture[:, row : row + 400, col : col + 400] = np.array(colour, dtype)[:, None, None] * times
    told = {
        "driver": "GTiff", "width": 800, "height": 800, "count": 3, "dtype": dtype, "crs": CRS,
        "transform": Affine(0.5, 0, LEFT, 0, -0.5, TOP), "photometric": "RGB", "compress": "deflate", **profile,
    }  # fmt: skip
    with rasterio.open(path, "w", **told) as dataset:
        dataset.write(picture)
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client_of(Settings(data=tmp_path_factory.mktemp("data"))) as made:
        yield made


@pytest.fixture(scope="module")
def scene(client: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = quarters(tmp_path_factory.mktemp("q") / "q_20250412.tif")
    return str(post_scene(client, path).json()["id"])


def lonlat(right: float, down: float) -> tuple[float, float]:
    """A place by metres from the upper left corner."""
    x, y = Transformer.from_crs(CRS, "OGC:CRS84", always_xy=True).transform(LEFT + right, TOP - down)
    return float(x), float(y)


def tile_at(scheme: str, z: int, right: float, down: float) -> tuple[str, int, int]:
    """Path of the tile that shows a place, and the pixel of the place in it."""
    lon, lat = lonlat(right, down)
    column, row = SCHEMES[scheme].tiles(np.array([lon]), np.array([lat]), z)
    x, y = int(column[0]), int(row[0])
    return f"{scheme}/{z}/{x}/{y}", int((row[0] - y) * 256), int((column[0] - x) * 256)


def pixels(content: bytes) -> Any:
    """Decoded, red first, with alpha where there is any."""
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    order = [2, 1, 0, 3] if found.shape[2] == 4 else [2, 1, 0]
    return found[..., order]


PLACES = [((60, 60), RED), ((300, 80), GREEN), ((90, 310), BLUE), ((310, 300), GREY)]


@pytest.mark.parametrize("scheme", ["WebMercatorQuad", "CGCS2000Quad"])
@pytest.mark.parametrize(("place", "colour"), PLACES)
def test_a_colour_lies_where_it_is(client: Any, scene: str, scheme: str, place: tuple[int, int], colour: Any) -> None:
    for z in (15, 17, 19):
        path, row, col = tile_at(scheme, z, *place)
        for form, near in (("png", 0), ("jpg", 12), ("webp", 12)):
            answer = client.get(f"/scenes/{scene}/tiles/{path}.{form}")
            assert answer.status_code == 200, answer.text
            shown = pixels(answer.content)
            assert shown.shape[:2] == (256, 256)
            assert np.abs(shown[row, col, :3].astype(int) - colour).max() <= near, (z, form)


def test_beyond_the_scene_a_tile_is_transparent(client: Any, scene: str) -> None:
    path, row, col = tile_at("WebMercatorQuad", 16, -30, 100)
    shown = pixels(client.get(f"/scenes/{scene}/tiles/{path}.png").content)
    assert shown.shape[2] == 4 and shown[row, col, 3] == 0 and shown[..., 3].max() == 255
    far = client.get(f"/scenes/{scene}/tiles/WebMercatorQuad/16/1/1.webp")
    assert pixels(far.content)[..., 3].max() == 0
    white = pixels(client.get(f"/scenes/{scene}/tiles/WebMercatorQuad/16/1/1.jpg").content)
    assert white.min() == 255


def test_tiles_are_kept_for_ever_and_not_sent_twice(client: Any, scene: str) -> None:
    path, _, _ = tile_at("WebMercatorQuad", 17, 60, 60)
    answer = client.get(f"/scenes/{scene}/tiles/{path}.jpg")
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(f"/scenes/{scene}/tiles/{path}.jpg", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    large = client.get(f"/scenes/{scene}/tiles/{path}.png?scale=2")
    assert pixels(large.content).shape[:2] == (512, 512)


def test_bands_and_stretch_are_chosen(client: Any, scene: str, tmp_path: Path) -> None:
    path, row, col = tile_at("WebMercatorQuad", 17, 60, 60)
    red_alone = pixels(client.get(f"/scenes/{scene}/tiles/{path}.webp?bands=red").content)
    assert np.abs(red_alone[row, col, :3].astype(int) - 200).max() <= 6
    turned = pixels(client.get(f"/scenes/{scene}/tiles/{path}.png?bands=3,2,1").content)
    assert turned[row, col, :3].tolist() == [30, 20, 200]
    half = pixels(client.get(f"/scenes/{scene}/tiles/{path}.png?stretch=0,510").content)
    assert half[row, col, :3].tolist() == [100, 10, 15]
    wide = post_scene(client, quarters(tmp_path / "w_20250413.tif", dtype="uint16", times=10)).json()["id"]
    shown = pixels(client.get(f"/scenes/{wide}/tiles/{path}.png").content)
    # 2 and 98 % of all values are 100 and 2200
    assert np.abs(shown[row, col, :3].astype(int) - [230, 12, 24]).max() <= 2
    for query in ("bands=nir", "bands=1,2", "stretch=a", "stretch=5,1", "scale=3", "colour=1"):
        answer = client.get(f"/scenes/{scene}/tiles/{path}.png?{query}")
        assert answer.status_code == 400 and answer.json()["remedy"], query
    assert client.get(f"/scenes/{wide}/tiles/{path}.png?stretch=none").status_code == 400


def test_what_is_no_tile_is_refused_by_name(client: Any, scene: str) -> None:
    for path, status in (
        (f"/scenes/{scene}/tiles/Unknown/1/0/0.png", 404),
        (f"/scenes/{scene}/tiles/WebMercatorQuad/2/4/0.png", 404),
        (f"/scenes/{scene}/tiles/WebMercatorQuad/2/0/0.gif", 400),
        ("/scenes/nothing/tiles/WebMercatorQuad/2/0/0.png", 404),
        ("/scans/nothing/tiles/before/WebMercatorQuad/2/0/0.png", 404),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path


def noise(path: Path, seed: int) -> Path:
    """750 m x 700 m of noise in strips, which nothing compresses."""
    rng = np.random.default_rng(seed)
    with rasterio.open(path, "w", driver="GTiff", width=1500, height=1400, count=3, dtype="uint8", crs=CRS,
                       transform=Affine(0.5, 0, LEFT, 0, -0.5, TOP), nodata=0) as dataset:  # fmt: skip
        dataset.write(rng.integers(1, 255, (3, 1400, 1500), np.uint8))
    return path


def test_a_scene_in_strips_gets_a_copy_in_blocks_and_keeps_its_bytes(client: Any, tmp_path: Path) -> None:
    path = noise(tmp_path / "strips_20250101.tif", 3)
    content = path.read_bytes()
    told = post_scene(client, path).json()
    services = client.app.state.services
    stored = services.store.scenes.get(told["id"])
    assert services.blobs.path(stored.sha256).read_bytes() == content
    with rasterio.open(services.blobs.path(stored.cog_sha256)) as copy, rasterio.open(path) as source:
        assert copy.block_shapes[0] == (512, 512) and tuple(copy.overviews(1)) == stored.cog_overviews
        assert copy.nodata == 0 and np.array_equal(copy.read(), source.read())
    # what is shown comes from the copy: a source without overviews would be decoded whole for a thumbnail
    source_path, aside = services.blobs.path(stored.sha256), tmp_path / "aside.tif"
    source_path.rename(aside)
    assert client.get(f"/scenes/{stored.id}/preview.jpg?width=64").status_code == 200
    aside.rename(source_path)
    cog = tmp_path / "cog_20250102.tif"
    rasterio.shutil.copy(path, cog, driver="COG", compress="DEFLATE")
    assert services.store.scenes.get(post_scene(client, cog).json()["id"]).cog_sha256 is None


def test_a_tile_of_a_broken_file_is_a_clean_error(client: Any, tmp_path: Path) -> None:
    path = noise(tmp_path / "b_20250111.tif", 4)
    scene = client.app.state.services.store.scenes.get(post_scene(client, path).json()["id"])
    assert scene.cog_sha256 is not None
    blob = client.app.state.services.blobs.path(scene.cog_sha256)
    blob.chmod(0o600)
    content = bytearray(blob.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    blob.write_bytes(bytes(content))
    answers = [
        client.get(f"/scenes/{scene.id}/tiles/{tile_at('WebMercatorQuad', 18, right, down)[0]}.png")
        for right in range(30, 740, 130)
        for down in range(30, 690, 130)
    ]
    assert {answer.status_code for answer in answers} == {200, 422}
    refused = next(answer.json() for answer in answers if answer.status_code == 422)
    assert "damaged" in refused["detail"] and refused["remedy"]
    assert client.get("/readyz").status_code == 200


def test_files_are_opened_once_a_thread(client: Any, scene: str) -> None:
    renderer = client.app.state.drawing.renderer
    before = sum(len(held) for held in _held(client))
    for z in (15, 16, 17, 18):
        for at in ((60, 60), (300, 80), (90, 310), (310, 300)):
            assert client.get(f"/scenes/{scene}/tiles/{tile_at('WebMercatorQuad', z, *at)[0]}.webp").status_code == 200
    after = sum(len(held) for held in _held(client))
    # one file at full resolution and its overviews, in each of two threads, however many tiles
    assert after - before <= 8 and renderer is client.app.state.drawing.renderer


def _held(client: Any) -> list[dict[Any, Any]]:
    """What each drawing thread holds open."""
    import threading

    drawing, found, ready = client.app.state.drawing, [], threading.Barrier(2)

    def look() -> None:
        ready.wait(5)
        found.append(dict(drawing.renderer._files._held.__dict__))

    for future in [drawing._threads.submit(look) for _ in range(2)]:
        future.result(10)
    return found


def test_the_dates_of_a_scan_lie_on_each_other(client: Any, tmp_path: Path) -> None:
    before, after = draw_pair(tmp_path / "pair")
    done = finished(client, post_pair(client, before, after).json()["jobID"])
    assert done["status"] == "successful"
    scan = client.get("/scans").json()["scans"][0]
    path, _, _ = tile_at("WebMercatorQuad", 18, 60, 60)
    sides = [pixels(client.get(f"/scans/{scan['id']}/tiles/{side}/{path}.png").content) for side in ("before", "after")]
    both = (sides[0][..., -1] > 0) & (sides[1][..., -1] > 0) if sides[0].shape[2] == 4 else slice(None)
    one, two = (side[..., 0][both].astype(float).ravel() for side in sides)
    assert np.corrcoef(one, two)[0, 1] > 0.8


def test_masks_have_tiles(client: Any, scene: str) -> None:
    path, row, col = tile_at("CGCS2000Quad", 17, 200, 200)
    shown = pixels(client.get(f"/scenes/{scene}/mask/tiles/{path}.png").content)
    assert shown[row, col, 3] == 255
    assert pixels(client.get(f"/scenes/{scene}/mask/tiles/CGCS2000Quad/17/3/3.png").content)[..., 3].max() == 0


def test_the_shift_field_lays_the_dates_on_each_other(client: Any, tmp_path: Path) -> None:
    """The earlier date is declared 3 m too far to the right and 2 m too far down."""
    before = draw_scene(tmp_path / "before_20240412.tif", seed=1, size=1024, left=LEFT + 3, top=TOP - 2)
    after = draw_scene(tmp_path / "after_20250412.tif", seed=2, size=1024, built=True)
    done = finished(client, post_pair(client, before, after).json()["jobID"])
    assert done["status"] == "successful", done
    scan = client.get(f"/scans/{done['scan_id']}").json()
    field = scan["provenance"]["alignment"]["field"]
    assert np.mean(field["dx"]) * 0.5 == pytest.approx(-3, abs=0.2)
    assert np.mean(field["dy"]) * 0.5 == pytest.approx(-2, abs=0.2)
    path, _, _ = tile_at("WebMercatorQuad", 19, 250, 250)

    def grey(address: str) -> Any:
        return pixels(client.get(address).content)[..., 1].astype(float)

    later = grey(f"/scans/{scan['id']}/tiles/after/{path}.png")
    aligned = grey(f"/scans/{scan['id']}/tiles/before/{path}.png")
    plain = grey(f"/scenes/{scan['before_scene']}/tiles/{path}.png")
    assert np.corrcoef(later.ravel(), aligned.ravel())[0, 1] > 0.85
    assert np.corrcoef(later.ravel(), plain.ravel())[0, 1] < 0.8
    shown = pixels(client.get(f"/scans/{scan['id']}/shift/tiles/{path}.png").content)
    assert shown.shape == (256, 256, 4) and (shown[..., 3] >= 150).all()
    # 3.6 of 5 m in the colours of viridis; arrows lie over a part of it
    wanted = cv2.applyColorMap(np.uint8([[3.6 / 5 * 255]]), cv2.COLORMAP_VIRIDIS)[0, 0, ::-1].astype(float)
    assert np.abs(np.median(shown[..., :3].reshape(-1, 3), axis=0) - wanted).max() < 12
    far = pixels(client.get(f"/scans/{scan['id']}/shift/tiles/WebMercatorQuad/19/3/3.png").content)
    assert far[..., 3].max() == 0
    surfaces = client.get("/scans/nothing/shift/tiles/WebMercatorQuad/19/3/3.png")
    assert surfaces.status_code == 404


def test_the_evidence_of_a_scan_is_red_where_a_roof_is_new(client: Any, tmp_path: Path) -> None:
    before = draw_scene(tmp_path / "before_20240412.tif", seed=1)
    after = draw_scene(tmp_path / "after_20250412.tif", seed=2, built=True)
    done = finished(client, post_pair(client, before, after).json()["jobID"])
    row, col, height, width = NEW_ROOF
    path, at_row, at_col = tile_at("WebMercatorQuad", 19, 0.5 * (col + width / 2), 0.5 * (row + height / 2))
    answer = client.get(f"/scans/{done['scan_id']}/evidence/tiles/{path}.png")
    assert answer.status_code == 200 and answer.headers["etag"]
    shown = pixels(answer.content)
    assert shown.shape == (256, 256, 4)
    red, green, _, alpha = (int(value) for value in shown[at_row, at_col])
    assert alpha > 150 and red > green
    # most of the fields say nothing
    assert np.median(shown[..., 3]) == 0
    same = client.get(
        f"/scans/{done['scan_id']}/evidence/tiles/{path}.png", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert same.status_code == 304
    for empty in ("WebMercatorQuad/12/3372/1588", "WebMercatorQuad/19/3/3"):
        assert pixels(client.get(f"/scans/{done['scan_id']}/evidence/tiles/{empty}.png").content)[..., 3].max() == 0
    assert client.get("/scans/nothing/evidence/tiles/WebMercatorQuad/19/3/3.png").status_code == 404
