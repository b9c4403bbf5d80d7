"""Where imagery arrives: folders, object storage and catalogues keep one contract."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest

from geodata.errors import KanchaError, MissingFileError, OptionError, RasterFormatError
from service.arrivals.base import Sighting, Source
from service.arrivals.opening import open_sources
from service.arrivals.settings import Arrival
from service.errors import ArrivalError, PayloadTooLargeError, SourceUnavailableError
from service.settings import Limits, Nightly, Settings
from tests.contract.s3_server import opened, s3_server
from tests.contract.stac_server import TOKEN, StacServer, stac_server
from tests.integration.service_kit import draw_scene, free_port

ITEM = {"view:sun_elevation": 41.5, "view:off_nadir": 12.0, "platform": "GF-2", "eo:cloud_cover": 3.0}
IMD = b"BEGIN_GROUP = IMAGE_1\n\tmeanSunEl = 41.5;\n\tmeanOffNadirViewAngle = 12.0;\nEND_GROUP = IMAGE_1\n"


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with s3_server("arrivals") as url:
        yield url


@pytest.fixture
def catalogue() -> Iterator[StacServer]:
    with stac_server() as server:
        yield server


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return draw_scene(tmp_path_factory.mktemp("drawn") / "a.tif", size=128).read_bytes()


@dataclass
class Place:
    """A source, and how a file comes to lie there; `add` returns the name that it gets there."""

    told: dict[str, Any]
    add: Callable[[str, bytes], str]
    home: Path

    def source(self, limit: int = 10**9) -> Source:
        return sources(self.home, self.told, limit=limit)[0]

    def into(self) -> Path:
        folder = self.home / f"into-{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        return folder


def sources(data: Path, *told: dict[str, Any], limit: int = 10**9) -> list[Source]:
    nightly = Nightly(sources=tuple(Arrival.model_validate(one) for one in told))
    return open_sources(Settings(data=data / "data", nightly=nightly, limits=Limits(max_upload_bytes=limit)))


def bucket(endpoint: str, prefix: str) -> dict[str, Any]:
    return {"s3": f"s3://arrivals/{prefix}", "endpoint": endpoint, "access_key": "a", "secret_key": "b", "timeout_s": 5}


def at(server: StacServer, **more: Any) -> dict[str, Any]:
    return {"stac": server.url, "collections": ["vhr"], "timeout_s": 1, "since_days": 36500, **more}


@pytest.fixture(params=["folder", "s3", "stac"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        home = tmp_path / "in"
        home.mkdir()

        def put(name: str, content: bytes) -> str:
            (home / name).write_bytes(content)
            (home / f"{name}.done").touch()
            return name

        return Place({"folder": str(home)}, put, tmp_path)
    if request.param == "s3":
        endpoint, prefix = request.getfixturevalue("storage"), f"p{time.monotonic_ns()}"

        def store(name: str, content: bytes) -> str:
            obstore.put(opened(endpoint, "arrivals"), f"{prefix}/{name}", content)
            return name

        return Place(bucket(endpoint, prefix), store, tmp_path)
    server: StacServer = request.getfixturevalue("catalogue")

    def offer(name: str, content: bytes) -> str:
        server.add(name.rpartition(".")[0], content)
        return f"vhr/{name.rpartition('.')[0]}/visual"

    return Place(at(server), offer, tmp_path)


# --- what all of them keep -----------------------------------------------------------------------


def test_what_lies_there_is_seen_by_name_and_brought_whole(place: Place, scene: bytes) -> None:
    names = [place.add(f"scene_2025041{number}.tif", scene + bytes([number])) for number in (3, 1, 2)]
    source = place.source()
    seen = source.look()
    assert [one.name for one in seen] == sorted(names)
    assert all(one.settled and one.mtime_ns > 0 and one.size_bytes == len(scene) + 1 for one in seen)
    assert source.look() == seen, "what nobody touched looks the same"
    into = place.into()
    fetched = source.fetch(seen[0], into)
    assert fetched.upload.path.read_bytes() == scene + b"\1"
    assert fetched.upload.sha256 == hashlib.sha256(scene + b"\1").hexdigest()
    assert fetched.upload.size_bytes == len(scene) + 1
    assert fetched.upload.path.suffix == ".tif" and list(into.iterdir()) == [fetched.upload.path]
    assert place.source().fetch(seen[1], place.into()).upload.path.read_bytes() == scene + b"\2", "another process"
    assert source.look() == seen, "what lies at the source stays as it is"


def test_its_name_is_the_same_for_ever_and_tells_no_secret(place: Place) -> None:
    assert place.source().name == place.source().name != ""
    told = {**place.told, **({"token": TOKEN} if "stac" in place.told else {})}
    assert TOKEN not in sources(place.home, told)[0].name


def test_an_empty_source_is_no_fault(place: Place) -> None:
    assert list(place.source().look()) == []


def test_a_file_that_goes_is_told(place: Place, scene: bytes) -> None:
    place.add("a_20250411.tif", scene)
    source = place.source()
    (seen,) = source.look()
    gone = Sighting(seen.name.replace("a_", "b_"), seen.size_bytes, seen.mtime_ns, True)
    with pytest.raises((MissingFileError, ArrivalError)) as refused:
        source.fetch(gone, place.into())
    assert refused.value.remedy


def test_other_formats_are_refused_by_name(place: Place) -> None:
    place.add("a_20250411.img", b"EHFA_HEADER_TAG" + bytes(200_000))
    source = place.source()
    (seen,) = source.look()
    into = place.into()
    with pytest.raises(RasterFormatError, match="Erdas"):
        source.fetch(seen, into)


# --- object storage ------------------------------------------------------------------------------


def test_an_object_travels_with_the_words_beside_it(storage: str, tmp_path: Path, scene: bytes) -> None:
    store = opened(storage, "arrivals")
    for name, content in {
        "side/2025/正射 一.tif": scene,
        "side/2025/正射 一.IMD": IMD,
        "side/2025/other.IMD": IMD.replace(b"41.5", b"10.0"),
        "side/.hidden/a.tif": scene,
        "side/2025/.part.tif": scene,
        "side/readme.txt": b"-",
        "side/IMG_PHR_R1C1.TIF": scene,
        "side/DIM_PHR.XML": b"<D><SUN_ELEVATION>33</SUN_ELEVATION></D>",
        "sidelong/a.tif": scene,
    }.items():
        obstore.put(store, name, content)
    source = sources(tmp_path, bucket(storage, "side"))[0]
    assert source.name == f"s3://arrivals/side ({storage.removeprefix('http://')})"
    seen = source.look()
    assert [one.name for one in seen] == ["2025/正射 一.tif", "IMG_PHR_R1C1.TIF"]
    fetched = source.fetch(seen[0], tmp_path)
    assert fetched.upload.name == "正射_一.tif"
    assert fetched.attributes == {"view:sun_elevation": 41.5, "view:off_nadir": 12.0}
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["正射_一.tif"]
    assert source.fetch(seen[1], tmp_path).attributes == {"view:sun_elevation": 33.0}


def test_an_object_of_many_pieces_is_whole(storage: str, tmp_path: Path) -> None:
    content = os.urandom(20 * 1024**2)
    obstore.put(opened(storage, "arrivals"), "large/a.tif", content)
    source = sources(tmp_path, bucket(storage, "large"))[0]
    assert source.fetch(source.look()[0], tmp_path).upload.sha256 == hashlib.sha256(content).hexdigest()


def test_an_object_that_is_too_large_or_changed_is_refused(storage: str, tmp_path: Path, scene: bytes) -> None:
    store = opened(storage, "arrivals")
    obstore.put(store, "refused/a.tif", scene)
    source = sources(tmp_path, bucket(storage, "refused"), limit=2000)[0]
    (seen,) = source.look()
    with pytest.raises(PayloadTooLargeError) as refused:
        source.fetch(seen, tmp_path)
    assert refused.value.measured == {"size_bytes": len(scene), "allowed_bytes": 2000}
    assert not (tmp_path / "a.tif").exists()
    source = sources(tmp_path, bucket(storage, "refused"))[0]
    obstore.put(store, "refused/a.tif", scene + b"more")
    with pytest.raises(ArrivalError, match="is another now"):
        source.fetch(seen, tmp_path)
    assert source.look()[0] != seen


def test_a_storage_that_is_away_or_has_no_such_bucket_is_told(storage: str, tmp_path: Path) -> None:
    away = sources(tmp_path, bucket(f"http://127.0.0.1:{free_port()}", "a") | {"timeout_s": 1})[0]
    for source in (away, sources(tmp_path, bucket(storage, "a") | {"s3": "s3://nothing-here/a"})[0]):
        with pytest.raises(SourceUnavailableError) as refused:
            source.look()
        assert refused.value.remedy and "secret" not in str(refused.value)


# --- catalogues ----------------------------------------------------------------------------------


@pytest.mark.parametrize("posts_only", [False, True])
def test_a_catalogue_is_read_page_by_page_with_its_token(
    catalogue: StacServer, tmp_path: Path, scene: bytes, posts_only: bool
) -> None:
    catalogue.token, catalogue.posts_only = TOKEN, posts_only
    for number in range(5):
        catalogue.add(f"s{4 - number}", scene, **ITEM)
    catalogue.items.append({**catalogue.items[0], "id": "strange", "collection": "other"})
    source = sources(tmp_path, at(catalogue, token=TOKEN, bbox=[112, 33, 114, 35]))[0]
    seen = source.look()
    assert [one.name for one in seen] == [f"vhr/s{number}/visual" for number in range(5)]
    changed = datetime(2025, 4, 13, 0, 0, 0, 250_000, tzinfo=UTC)
    assert seen[0].mtime_ns == int(changed.timestamp() * 1000) * 1_000_000
    fetched = source.fetch(seen[0], tmp_path)
    assert fetched.acquired_at == datetime(2025, 4, 12, 2, 30, tzinfo=UTC)
    assert {name: fetched.attributes[name] for name in ITEM} == ITEM
    assert fetched.attributes["source_item"] == f"{catalogue.url}/collections/vhr/items/s0"
    assert {token for _, token in catalogue.asked} == {f"Bearer {TOKEN}"}
    assert ("POST" in str(catalogue.asked)) is False


def test_a_wrong_token_is_told_without_it(catalogue: StacServer, tmp_path: Path) -> None:
    catalogue.token = "another"
    with pytest.raises(SourceUnavailableError, match="401") as refused:
        sources(tmp_path, at(catalogue, token=TOKEN))[0].look()
    assert TOKEN not in str(refused.value.as_dict())


def test_only_the_time_that_is_asked_for_is_seen_and_not_without_end(
    catalogue: StacServer, tmp_path: Path, scene: bytes
) -> None:
    recent = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    catalogue.add("old", scene)
    catalogue.add("new", scene, datetime=recent)
    assert [one.name for one in sources(tmp_path, at(catalogue, since_days=30))[0].look()] == ["vhr/new/visual"]
    with pytest.raises(ArrivalError, match="more than 1 items"):
        sources(tmp_path, at(catalogue, max_items=1))[0].look()


def test_a_range_of_time_is_taken_at_its_middle(catalogue: StacServer, tmp_path: Path, scene: bytes) -> None:
    ends = {"start_datetime": "2025-04-01T00:00:00Z", "end_datetime": "2025-04-03T00:00:00Z"}
    catalogue.add("mosaic", scene, datetime=None, **ends)
    source = sources(tmp_path, at(catalogue))[0]
    fetched = source.fetch(source.look()[0], tmp_path)
    assert fetched.acquired_at == datetime(2025, 4, 2, tzinfo=UTC)
    assert fetched.attributes["start_datetime"] == ends["start_datetime"]


def test_which_asset_is_the_imagery_is_told_or_refused(catalogue: StacServer, tmp_path: Path, scene: bytes) -> None:
    item = catalogue.add("a/b", scene)
    item["assets"]["nir"] = {**item["assets"]["visual"]}
    source = sources(tmp_path, at(catalogue))[0]
    (seen,) = source.look()
    assert seen.name == "vhr/a%2Fb/-"
    with pytest.raises(ArrivalError, match="nir, thumbnail, visual") as refused:
        source.fetch(seen, tmp_path)
    assert "assets" in refused.value.remedy
    source = sources(tmp_path, at(catalogue, assets=["pan", "nir"]))[0]
    (seen,) = source.look()
    assert seen.name == "vhr/a%2Fb/nir"
    assert source.fetch(seen, tmp_path).upload.path.read_bytes() == scene
    catalogue.add("none", scene)["assets"] = {}
    assert sources(tmp_path, at(catalogue))[0].look()[1].name == "vhr/none/-"


def test_what_is_not_what_the_item_tells_is_refused(catalogue: StacServer, tmp_path: Path, scene: bytes) -> None:
    lies, short = catalogue.add("lies", scene), catalogue.add("short", scene)
    lies["assets"]["visual"]["file:checksum"] = "1220" + "0" * 64
    short["assets"]["visual"]["file:size"] = len(scene) + 1
    source = sources(tmp_path, at(catalogue))[0]
    for seen, told in zip(source.look(), ("checksum", "bytes"), strict=True):
        with pytest.raises(ArrivalError, match=told):
            source.fetch(seen, tmp_path)


def test_what_is_too_large_is_not_fetched_whatever_the_item_tells(
    catalogue: StacServer, tmp_path: Path, scene: bytes
) -> None:
    asset = catalogue.add("large", scene)["assets"]["visual"]
    source = sources(tmp_path, at(catalogue), limit=2000)[0]
    with pytest.raises(PayloadTooLargeError):
        source.fetch(source.look()[0], tmp_path)
    assert not any(path.startswith("/files") for path, _ in catalogue.asked)
    del asset["file:size"], asset["file:checksum"]
    with pytest.raises(PayloadTooLargeError):
        source.fetch(source.look()[0], tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.tif")) <= 2000


@pytest.mark.parametrize(("turn", "told"), [("hang", "silent"), ("cut", "broke off"), ("503", "503"), ("401", "401")])
def test_a_server_that_hangs_or_breaks_off_is_away(
    catalogue: StacServer, tmp_path: Path, scene: bytes, turn: str, told: str
) -> None:
    catalogue.add("a", scene)
    source = sources(tmp_path, at(catalogue))[0]
    (seen,) = source.look()
    catalogue.turns["/files/a.tif"] = turn
    begun = time.monotonic()
    with pytest.raises(SourceUnavailableError, match=told):
        source.fetch(seen, tmp_path)
    assert time.monotonic() - begun < 8
    catalogue.turns = {}
    assert source.fetch(seen, tmp_path).upload.path.read_bytes() == scene, "the next night"


def test_a_catalogue_that_is_none_or_away_is_told(catalogue: StacServer, tmp_path: Path) -> None:
    catalogue.turns["/stac/search"] = "hang"
    with pytest.raises(SourceUnavailableError, match="silent"):
        sources(tmp_path, at(catalogue))[0].look()
    told = {**at(catalogue), "stac": f"{catalogue.url}/elsewhere"}
    with pytest.raises(SourceUnavailableError, match="404"):
        sources(tmp_path, told)[0].look()
    with pytest.raises(SourceUnavailableError, match="nobody answers"):
        sources(tmp_path, told | {"stac": f"http://127.0.0.1:{free_port()}"})[0].look()
    with pytest.raises(SourceUnavailableError, match="Nobody knows"):
        sources(tmp_path, told | {"stac": "https://nowhere.invalid/stac"})[0].look()


@pytest.mark.parametrize(
    "href",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/latest/",
        "http://10.0.0.1/a.tif",
        "http://localhost:1/a.tif",
        "https://nowhere.invalid/a.tif",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a.tif",
        "http://user:word@127.0.0.1/a.tif",
        "s3://somebody-elses/a.tif",
        "http://[/a.tif",
        "",
    ],
)
@pytest.mark.parametrize("redirected", [False, True])
def test_a_catalogue_leads_nowhere_else(
    catalogue: StacServer, tmp_path: Path, scene: bytes, href: str, redirected: bool
) -> None:
    item = catalogue.add("a", scene)
    # hosts that were named, but lie where the catalogue does not
    source = sources(tmp_path, at(catalogue, token=TOKEN, hosts=["169.254.169.254", "10.0.0.1"]))[0]
    (seen,) = source.look()
    if redirected:
        catalogue.turns["/files/a.tif"] = f"redirect:{href}"
    else:
        item["assets"]["visual"]["href"] = href
    with pytest.raises(ArrivalError) as refused:
        source.fetch(seen, tmp_path)
    assert TOKEN not in str(refused.value.as_dict()) and "word" not in str(refused.value)


def test_a_host_that_is_named_is_asked_without_the_token(catalogue: StacServer, tmp_path: Path, scene: bytes) -> None:
    with stac_server() as other:
        other.files["/files/a.tif"] = scene
        elsewhere = f"http://localhost:{other.server_port}/files/a.tif?sig=abc"
        catalogue.add("a", scene)["assets"]["visual"]["href"] = elsewhere
        catalogue.add("b", scene)
        catalogue.turns["/files/b.tif"] = f"redirect:{elsewhere}"
        named = sources(tmp_path, at(catalogue, token=TOKEN, hosts=[f"localhost:{other.server_port}"]))[0]
        for seen in named.look():
            assert named.fetch(seen, tmp_path).upload.path.read_bytes() == scene
        assert other.asked == [("/files/a.tif?sig=abc", None)] * 2
        stranger = sources(tmp_path, at(catalogue, hosts=["localhost"]))[0]
        for seen in stranger.look():
            with pytest.raises(ArrivalError, match="hosts") as refused:
                stranger.fetch(seen, tmp_path)
            assert "abc" not in str(refused.value)
        assert len(other.asked) == 2


def test_pages_lead_nowhere_else_and_not_in_a_circle(catalogue: StacServer, tmp_path: Path) -> None:
    page = {"type": "FeatureCollection", "features": []}
    for next_page, told in (("http://169.254.169.254/", "not a page"), (f"{catalogue.url}/x", "circle")):
        linked = {**page, "links": [{"rel": "next", "href": next_page}]}
        catalogue.files |= {"/stac/x": json.dumps(linked).encode(), "/one/search": json.dumps(linked).encode()}
        source = sources(tmp_path, {**at(catalogue), "stac": catalogue.url.replace("/stac", "/one")})[0]
        with pytest.raises(SourceUnavailableError, match=told):
            source.look()


def test_an_asset_in_a_bucket_needs_its_name_and_keys(
    catalogue: StacServer, storage: str, tmp_path: Path, scene: bytes
) -> None:
    obstore.put(opened(storage, "arrivals"), "assets/a.tif", scene)
    catalogue.add("a", scene)["assets"]["visual"]["href"] = "s3://arrivals/assets/a.tif"
    keys = {"endpoint": storage, "access_key": "a", "secret_key": "b", "timeout_s": 5}
    source = sources(tmp_path, at(catalogue, hosts=["s3://arrivals"]) | keys)[0]
    (seen,) = source.look()
    assert source.fetch(seen, tmp_path).upload.path.read_bytes() == scene
    for told in (at(catalogue, hosts=["s3://arrivals"]), at(catalogue) | keys):
        with pytest.raises(ArrivalError, match="s3://arrivals"):
            sources(tmp_path, told)[0].fetch(seen, tmp_path)


# --- opening -------------------------------------------------------------------------------------


def test_sources_are_opened_in_their_order_and_each_once(tmp_path: Path) -> None:
    one, two = {"folder": str(tmp_path)}, {"s3": "s3://arrivals/a", "endpoint": "http://me:word@host:9000"}
    three = {"stac": "https://stac.example/api/", "collections": ["x"]}
    assert [source.name for source in sources(tmp_path, one, two, three)] == [
        str(tmp_path.resolve()), "s3://arrivals/a (host:9000)", "https://stac.example/api"
    ]  # fmt: skip
    with pytest.raises(OptionError, match="Two sources"):
        sources(tmp_path, three, three | {"collections": ["y"], "stac": "https://stac.example/api"})
    with pytest.raises(OptionError, match="no bucket"):
        sources(tmp_path, two | {"s3": "s3://NO_BUCKET/a"})


def test_an_error_of_a_source_has_its_status_and_both_titles() -> None:
    from service.http_errors import status_of

    for error, status in ((SourceUnavailableError("a"), 502), (ArrivalError("a"), 422)):
        assert status_of(error) == status and isinstance(error, KanchaError)
        assert error.title and error.title_zh
