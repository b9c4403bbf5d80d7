"""Resumable uploads: every requirement of tus 1.0.0 and of the extensions that are claimed, and what follows."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.resumable.folder import UploadFolder
from service.resumable.headers import write_metadata
from service.settings import Jobs, Limits, Settings, Uploads
from service.sweeper import Sweeper
from tests.access import client_of
from tests.integration.service_kit import draw_scene, finished, post_scene, until, write_parcels

V = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
MAX = 8 * 1024**2


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        limits=Limits(min_free_bytes=1024**2),
        jobs=Jobs(recovery_interval_s=1.0),
        uploads=Uploads(max_bytes=MAX, quota_bytes=3 * MAX),
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_scene(tmp_path_factory.mktemp("scenes") / "正射_20240412.tif")


@pytest.fixture
def uploads(settings: Settings) -> Iterator[UploadFolder]:
    """The uploads on disk; none of them is left for the next test."""
    folder = UploadFolder(settings.data / "uploads")
    yield folder
    for info in folder.infos():
        folder.remove(info.id)


def create(client: Any, length: int | None, /, told: dict[str, str] | None = None, **headers: str) -> Any:
    sent = V | {name.replace("_", "-"): value for name, value in headers.items()}
    if length is not None:
        sent["Upload-Length"] = str(length)
    if told:
        sent["Upload-Metadata"] = write_metadata(told)
    return client.post("/uploads", headers=sent)


def where(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return "/uploads/" + answer.headers["location"].rsplit("/", 1)[1]


def patch(client: Any, place: str, offset: int, content: bytes, **headers: str) -> Any:
    sent = {**V, **BYTES, "Upload-Offset": str(offset)} | {k.replace("_", "-"): v for k, v in headers.items()}
    return client.patch(place, headers=sent, content=content)


def ended(client: Any, place: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        told = client.get(place).json()
        return told if told["state"] in ("stored", "refused") else None

    found: dict[str, Any] = until(over, 60)
    return found


def checksum(algorithm: str, content: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


# --- core ----------------------------------------------------------------------------------------


def test_options_tell_what_is_spoken(client: Any) -> None:
    answer = client.options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0" and answer.headers["tus-max-size"] == str(MAX)
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "termination", "checksum", "concatenation",
        "expiration",
    }  # fmt: skip
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,md5"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", [None, "0.2.2", "2.0"])
def test_another_version_is_refused_and_nothing_is_done(client: Any, uploads: Any, method: str, version: Any) -> None:
    place = where(create(client, 10))
    headers = {**BYTES, "Upload-Offset": "0", "Upload-Length": "3"}
    if version:
        headers["Tus-Resumable"] = version
    answer = client.request(method, "/uploads" if method == "POST" else place, headers=headers)
    assert answer.status_code == 412 and answer.headers["tus-version"] == "1.0.0"
    assert [client.get(f"/uploads/{i.id}").json()["offset"] for i in uploads.infos()] == [0]


def test_every_answer_names_the_version(client: Any, uploads: Any) -> None:
    place = where(create(client, 3))
    answers = [
        client.options("/uploads"),
        client.head(place, headers=V),
        client.get(place),
        client.get(f"/uploads/{uuid.uuid4().hex}"),
        patch(client, place, 7, b""),
        client.put(place),
    ]
    assert {a.headers["tus-resumable"] for a in answers} == {"1.0.0"}
    assert [a.status_code for a in answers] == [204, 200, 200, 404, 409, 405]


def test_an_upload_goes_on_from_where_it_stands(client: Any, uploads: Any) -> None:
    place = where(create(client, 10, Upload_Concat="partial"))
    assert patch(client, place, 0, b"abcd").headers["upload-offset"] == "4"
    head = client.head(place, headers=V)
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (200, "4", "10")
    assert head.headers["cache-control"] == "no-store" and head.content == b""
    answer = patch(client, place, 4, b"efghij")
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "10")
    assert uploads.data(place.rsplit("/", 1)[1]).read_bytes() == b"abcdefghij"


@pytest.mark.parametrize("offset", [0, 3, 5, 10, 99])
def test_a_chunk_must_begin_where_the_upload_stands(client: Any, uploads: Any, offset: int) -> None:
    place = where(create(client, 10))
    patch(client, place, 0, b"abcd")
    answer = patch(client, place, offset, b"x")
    assert answer.status_code == 409
    assert answer.json()["measured"] == {"offset": 4, "given": offset}
    assert uploads.data(place.rsplit("/", 1)[1]).read_bytes() == b"abcd"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "application/octet-stream"}, 415, "media-type"),
        ({"Upload-Offset": "-1"}, 400, "upload-header"),
        ({"Upload-Offset": "1e3"}, 400, "upload-header"),
        ({"Upload-Offset": "٣"}, 400, "upload-header"),
        ({"Upload-Checksum": "crc32 AAAA"}, 400, "upload-header"),
        ({"Upload-Checksum": "sha1 ///"}, 400, "upload-header"),
        ({"Upload-Length": "11"}, 400, "upload-header"),
    ],
)
def test_malformed_chunks(client: Any, uploads: Any, headers: dict[str, str], status: int, code: str) -> None:
    place = where(create(client, 10))
    sent = {k: v.encode() for k, v in ({**V, **BYTES, "Upload-Offset": "0"} | headers).items()}
    answer = client.patch(place, headers=sent, content=b"abc")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.head(place, headers=V).headers["upload-offset"] == "0"


def test_a_chunk_without_offset(client: Any, uploads: Any) -> None:
    place = where(create(client, 10))
    assert client.patch(place, headers={**V, **BYTES}, content=b"abc").status_code == 400


@pytest.mark.parametrize("streamed", [False, True])
def test_more_than_the_length_is_refused_and_nothing_of_it_kept(client: Any, uploads: Any, streamed: bool) -> None:
    place = where(create(client, 10, Upload_Concat="partial"))
    patch(client, place, 0, b"abcd")
    content: Any = iter([b"efg", b"hijklmnop"]) if streamed else b"efghijklmnop"
    assert patch(client, place, 4, content).status_code == 413
    assert client.head(place, headers=V).headers["upload-offset"] == "4"
    assert patch(client, place, 4, b"efghij").status_code == 204
    assert patch(client, place, 10, iter([b"k"])).status_code == 413, "after the last byte"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET"])
@pytest.mark.parametrize("name", ["0" * 32, "x", "..%2f..%2fetc", "0" * 400])
def test_an_upload_that_is_not_there(client: Any, method: str, name: str) -> None:
    answer = client.request(method, f"/uploads/{name}", headers={**V, **BYTES, "Upload-Offset": "0"})
    assert answer.status_code == 404 and "upload-offset" not in answer.headers


def test_the_method_may_be_overridden(client: Any, uploads: Any) -> None:
    place = where(create(client, 4, Upload_Concat="partial"))
    headers = {**V, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(place, headers=headers, content=b"abcd").status_code == 204
    assert client.post(place, headers={**V, "X-HTTP-Method-Override": "HEAD"}).headers["upload-offset"] == "4"
    assert client.post(place, headers={**V, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert client.get(place).status_code == 404


def test_two_writers_at_once(client: Any, uploads: Any) -> None:
    place = where(create(client, 10))
    with uploads.locked(place.rsplit("/", 1)[1]):
        answer = patch(client, place, 0, b"abc")
        assert (answer.status_code, answer.json()["code"]) == (423, "upload-locked")
        assert client.delete(place, headers=V).status_code == 423
        assert client.head(place, headers=V).status_code == 200, "asking needs no lock"
    assert patch(client, place, 0, b"abc").status_code == 204


# --- creation ------------------------------------------------------------------------------------


def test_creation_tells_the_address_and_keeps_the_metadata(client: Any, uploads: Any) -> None:
    sent = write_metadata({"filename": "正射 2024.tif", "type": "image/tiff", "crs": ""})
    answer = client.post("/uploads", headers={**V, "Upload-Length": "7", "Upload-Metadata": sent})
    place = where(answer)
    assert answer.headers["location"].startswith("http") and "upload-offset" not in answer.headers
    assert client.head(place, headers=V).headers["upload-metadata"] == sent
    assert client.get(place).json()["metadata"]["filename"] == "正射 2024.tif"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "-4"}, 400),
        ({"Upload-Length": "abc"}, 400),
        ({"Upload-Length": str(MAX + 1)}, 413),
        ({"Upload-Length": "1", "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Defer-Length": "2"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename not/base64!"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename YQ==,filename YQ=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": " YQ=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "aquired_at MjAyNA=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "acquired_at c29vbg=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "kind Ym9hdHM="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "sha256 YWI="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "attributes W10="}, 400),
        ({"Upload-Length": "1", "Upload-Concat": "half"}, 400),
        ({"Upload-Concat": "final;"}, 400),
        ({"Upload-Length": "3", "Upload-Concat": "final;/uploads/a"}, 400),
        ({"Upload-Concat": f"final;/uploads/{uuid.uuid4().hex}"}, 404),
    ],
)
def test_creations_that_are_refused(client: Any, uploads: Any, headers: dict[str, str], status: int) -> None:
    answer = client.post("/uploads", headers={**V, **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json" and answer.json()["remedy"]
    assert list(uploads.infos()) == []


def test_a_length_that_is_told_late(client: Any, uploads: Any) -> None:
    place = where(create(client, None, Upload_Defer_Length="1", Upload_Concat="partial"))
    head = client.head(place, headers=V)
    assert head.headers["upload-defer-length"] == "1" and "upload-length" not in head.headers
    patch(client, place, 0, b"abc")
    assert patch(client, place, 3, b"", Upload_Length="2").status_code == 400, "less than is here"
    assert patch(client, place, 3, b"", Upload_Length=str(MAX + 1)).status_code == 413
    assert patch(client, place, 3, b"de", Upload_Length="6").status_code == 204
    assert patch(client, place, 5, b"", Upload_Length="7").status_code == 400, "it never changes"
    head = client.head(place, headers=V)
    assert head.headers["upload-length"] == "6" and "upload-defer-length" not in head.headers


def test_creation_with_its_first_bytes(client: Any, uploads: Any) -> None:
    headers = {**V, **BYTES, "Upload-Length": "10", "Upload-Concat": "partial"}
    answer = client.post("/uploads", headers=headers, content=b"abcd")
    assert answer.headers["upload-offset"] == "4"
    assert patch(client, where(answer), 4, b"efghij").status_code == 204
    wrong = client.post("/uploads", headers={**headers, "Content-Type": "text/plain"}, content=b"abcd")
    assert wrong.status_code == 415
    altered = {**headers, "Upload-Checksum": checksum("sha1", b"x")}
    assert client.post("/uploads", headers=altered, content=b"abcd").status_code == 460
    assert len(uploads.infos()) == 1, "nobody knows the address of one that failed"


def test_an_empty_file_is_whole_at_once_and_refused_by_name(client: Any, uploads: Any) -> None:
    told = ended(client, where(create(client, 0, {"filename": "a_20240412.tif"})))
    assert (told["state"], told["problem"]["code"]) == ("refused", "not-a-raster")


# --- checksum ------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_checksums_of_chunks(client: Any, uploads: Any, algorithm: str) -> None:
    place = where(create(client, 10, Upload_Concat="partial"))
    assert patch(client, place, 0, b"abcd", Upload_Checksum=checksum(algorithm, b"abcd")).status_code == 204
    answer = patch(client, place, 4, b"efgX", Upload_Checksum=checksum(algorithm, b"efgh"))
    assert (answer.status_code, answer.json()["code"]) == (460, "upload-checksum")
    assert client.head(place, headers=V).headers["upload-offset"] == "4"
    assert uploads.data(place.rsplit("/", 1)[1]).read_bytes() == b"abcd"
    assert patch(client, place, 4, b"efgh", Upload_Checksum=checksum(algorithm, b"efgh")).status_code == 204
    assert uploads.data(place.rsplit("/", 1)[1]).read_bytes() == b"abcdefgh"


def test_an_unverified_chunk_of_a_process_that_died_does_not_count(client: Any, uploads: Any) -> None:
    place = where(create(client, 10, Upload_Concat="partial"))
    upload_id = place.rsplit("/", 1)[1]
    patch(client, place, 0, b"abcd")
    with uploads.data(upload_id).open("ab") as file:
        file.write(b"half a ch")
    uploads.change(upload_id, unverified_from=4)
    assert client.head(place, headers=V).headers["upload-offset"] == "4"
    assert patch(client, place, 4, b"efghij").status_code == 204
    assert uploads.data(upload_id).read_bytes() == b"abcdefghij"


# --- termination, expiration ---------------------------------------------------------------------


def test_termination(client: Any, uploads: Any) -> None:
    place = where(create(client, 10))
    patch(client, place, 0, b"abcd")
    assert client.delete(place, headers=V).status_code == 204
    assert client.head(place, headers=V).status_code == 404
    assert patch(client, place, 4, b"e").status_code == 404
    assert list((uploads.place("0" * 32).parent).iterdir()) == []


def test_expiration(client: Any, uploads: Any, settings: Settings) -> None:
    created = create(client, 10)
    place = where(created)
    expires = datetime.strptime(created.headers["upload-expires"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs((expires - datetime.now(UTC)).total_seconds() - settings.uploads.expire_s) < 60
    assert "upload-expires" in patch(client, place, 0, b"abcd").headers
    uploads.change(place.rsplit("/", 1)[1], expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.head(place, headers=V).status_code == 410
    assert patch(client, place, 4, b"efghij").status_code == 410
    Sweeper(client.app.state.services).close()
    assert client.head(place, headers=V).status_code == 404
    assert list(uploads.place("0" * 32).parent.iterdir()) == []


# --- concatenation -------------------------------------------------------------------------------


def test_parts_make_a_scene(client: Any, uploads: Any, scene: Path) -> None:
    content = scene.read_bytes()
    cuts = [0, len(content) // 3, len(content) // 2, len(content)]
    parts = []
    for begin, end in zip(cuts, cuts[1:], strict=False):
        place = where(create(client, end - begin, Upload_Concat="partial"))
        assert client.head(place, headers=V).headers["upload-concat"] == "partial"
        parts.append((place, content[begin:end]))
    final = "final;" + " ".join(f"http://testserver{place}" for place, _ in parts)
    told = {"filename": scene.name, "sha256": hashlib.sha256(content).hexdigest()}
    assert create(client, None, told, Upload_Concat=final).status_code == 400, "parts are not complete"
    for place, part in parts:
        patch(client, place, 0, part)
        assert client.get(place).json()["state"] == "received"
    answer = create(client, None, told, Upload_Concat=final)
    place = where(answer)
    assert answer.headers["upload-length"] == str(len(content))
    assert patch(client, place, 0, b"x").status_code == 403
    stored = ended(client, place)
    assert stored["state"] == "stored", stored["problem"]
    head = client.head(place, headers=V)
    assert head.headers["upload-concat"] == final and head.headers["upload-offset"] == str(len(content))
    assert client.get(f"/scenes/{stored['scene_id']}").json()["sha256"] == told["sha256"]
    assert client.get(parts[0][0]).status_code == 404, "parts go when they are put together"


# --- limits --------------------------------------------------------------------------------------


def test_the_quota_of_one_sender(client: Any, uploads: Any) -> None:
    for _ in range(3):
        assert create(client, MAX).status_code == 201
    answer = create(client, 1)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload-quota")
    assert answer.json()["measured"] == {"uploads": 3, "used_bytes": 3 * MAX, "quota_bytes": 3 * MAX}


def test_a_disk_without_room(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", limits=Limits(min_free_bytes=1 << 60))
    with client_of(settings, fails=False) as client:
        answer = create(client, 1000)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")
    assert answer.json()["measured"]["needed_bytes"] == 1000 and answer.json()["measured"]["free_bytes"] > 0


# --- what follows --------------------------------------------------------------------------------


def test_an_upload_becomes_a_scene(client: Any, uploads: Any, scene: Path, settings: Settings) -> None:
    content = scene.read_bytes()
    told = {"filename": scene.name, "attributes": '{"景号": 7}', "acquired_at": "2024-04-13T10:00:00+08:00"}
    place = where(create(client, len(content), told))
    patch(client, place, 0, content)
    assert client.get(place).json()["job_id"], "the job is stored before the last byte is answered"
    stored = ended(client, place)
    assert (stored["state"], stored["new"], stored["offset"]) == ("stored", True, len(content))
    found = client.get(f"/scenes/{stored['scene_id']}").json()
    intake = next(one for one in client.get("/jobs").json()["jobs"] if one["processID"] == "intake")
    kept = client.app.state.services.store.scenes.get(stored["scene_id"])
    assert kept.arrived_at is not None and kept.arrived_at < kept.created_at
    assert kept.arrived_at == datetime.fromisoformat(intake["created"]), "the clock starts with the last byte"
    assert found["attributes"] == {"景号": 7} and found["acquired_at"] == "2024-04-13T02:00:00Z"
    assert found["usable_share"] > 0.9 and found["file_name"] == scene.name
    job = finished(client, stored["job_id"])
    assert (job["processID"], job["status"], job["progress"]) == ("intake", "successful", 100)
    until(lambda: not uploads.data(stored["id"]).exists(), 5)
    assert list((settings.data / "work").iterdir()) == []
    again = where(create(client, len(content), told))
    patch(client, again, 0, content)
    once_more = ended(client, again)
    assert (once_more["scene_id"], once_more["new"]) == (stored["scene_id"], False)


def test_side_files_tell_how_a_scene_was_taken(client: Any, uploads: Any, scene: Path) -> None:
    content = scene.read_bytes()
    item = {"type": "Feature", "properties": {"view:sun_elevation": 40.5, "platform": "GF-2"}}
    beside = {scene.with_suffix(".json").name: json.dumps(item).encode(), scene.name: b"no raster"}
    told = {"filename": scene.name, "acquired_at": "2024-05-02", "attributes": '{"platform": "GF-7"}'}
    place = where(create(client, len(content), {**told, "sidecars": "/".join(beside)}))
    patch(client, place, 0, content)
    waiting = client.get(place).json()
    assert (waiting["state"], sorted(waiting["awaited_sidecars"])) == ("waiting", sorted(beside))
    for name, text in beside.items():
        side = where(create(client, len(text), {"filename": name, "sidecar_of": waiting["id"]}))
        patch(client, side, 0, text)
    stored = ended(client, place)
    found = client.get(f"/scenes/{stored['scene_id']}").json()
    assert found["attributes"] == {"view:sun_elevation": 40.5, "platform": "GF-7"}, "what the sender says goes first"
    assert found["sha256"] == hashlib.sha256(content).hexdigest(), "a side file never takes the raster's place"


def test_a_known_scene_is_told_before_a_byte_is_sent(client: Any, uploads: Any, scene: Path) -> None:
    content = scene.read_bytes()
    known = post_scene(client, scene).json()
    told = {"filename": scene.name, "sha256": hashlib.sha256(content).hexdigest()}
    answer = create(client, len(content), told)
    place = where(answer)
    assert answer.headers["kancha-scene"] == known["id"] and answer.headers["upload-offset"] == str(len(content))
    assert client.get(place).json()["state"] == "stored"
    assert patch(client, place, 0, content).status_code == 409
    assert client.head(place, headers=V).headers["upload-offset"] == str(len(content)), "clients end here"
    other = create(client, len(content), {**told, "acquired_at": "2020-01-01"})
    assert "kancha-scene" not in other.headers, "another date is another scene"


def _wrong_checksum(content: bytes) -> tuple[bytes, dict[str, str]]:
    return content, {"sha256": "0" * 64}


def _cut(content: bytes) -> tuple[bytes, dict[str, str]]:
    return content[: len(content) // 2], {}


def _altered(content: bytes) -> tuple[bytes, dict[str, str]]:
    middle = len(content) // 2
    return content[:middle] + bytes(b ^ 0x5A for b in content[middle : middle + 64]) + content[middle + 64 :], {}


def _other(content: bytes) -> tuple[bytes, dict[str, str]]:
    return b"\x89PNG" + content, {}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_wrong_checksum, "checksum-mismatch"),
        (_cut, "raster-truncated"),
        (_altered, "raster-damaged"),
        (_other, "raster-format-refused"),
    ],
)
def test_what_is_refused_leaves_its_reason_and_nothing_else(
    client: Any, uploads: Any, settings: Settings, scene: Path, spoil: Any, code: str
) -> None:
    content, more = spoil(scene.read_bytes())
    before = {p for p in (settings.data / "blobs").rglob("*") if p.is_file()}
    place = where(create(client, len(content), {"filename": "x_20240101.tif", **more}))
    patch(client, place, 0, content)
    told = ended(client, place)
    assert (told["state"], told["problem"]["code"]) == ("refused", code), told["problem"]
    assert told["problem"]["remedy"] and told["scene_id"] is None
    until(lambda: not uploads.data(told["id"]).exists(), 5)
    assert {p for p in (settings.data / "blobs").rglob("*") if p.is_file()} == before
    assert list((settings.data / "work").iterdir()) == []


def test_a_layer_comes_the_same_way(client: Any, uploads: Any, tmp_path: Path) -> None:
    content = write_parcels(tmp_path / "parcels.geojson").read_bytes()
    told = {"filename": "宗地.geojson", "kind": "parcels", "source": "自然资源局", "as_of": "2026-09-30"}
    place = where(create(client, len(content), told))
    patch(client, place, 0, content)
    stored = ended(client, place)
    assert stored["state"] == "stored", stored["problem"]
    layer = client.get(f"/layers/parcels/{stored['layer_id']}").json()
    assert (layer["features"], layer["source"], layer["as_of"]) == (2, "自然资源局", "2026-09-30")


def test_a_whole_upload_without_a_job_gets_one(client: Any, uploads: Any, scene: Path) -> None:
    """The service died between the last byte and its answer."""
    content = scene.read_bytes()
    place = where(create(client, len(content), {"filename": "late_20240501.tif"}))
    upload_id = place.rsplit("/", 1)[1]
    uploads.data(upload_id).write_bytes(content)
    assert client.get(place).json()["state"] == "receiving"
    Sweeper(client.app.state.services).close()
    assert ended(client, place)["state"] == "stored"


def test_an_upload_that_is_removed_stops_its_job(client: Any, uploads: Any, scene: Path) -> None:
    content = scene.read_bytes()
    place = where(create(client, len(content), {"filename": "stopped_20240601.tif"}))
    patch(client, place, 0, content)
    job = client.get(place).json()["job_id"]
    assert client.delete(place, headers=V).status_code == 204
    assert finished(client, job)["status"] in ("dismissed", "successful")
    assert client.get(place).status_code == 404


def test_state_is_json_on_disk(client: Any, uploads: Any) -> None:
    place = where(create(client, 10, {"filename": "a.tif"}))
    kept = json.loads((uploads.place(place.rsplit("/", 1)[1]) / "info.json").read_bytes())
    assert (kept["owner"], kept["length"]) == (client.get("/session").json()["id"], 10)
    assert kept["metadata"] == {"filename": "a.tif"}
