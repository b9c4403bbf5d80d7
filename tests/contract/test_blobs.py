"""Files by checksum: a folder and object storage keep one contract."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import obstore
import pytest

from geodata.errors import OptionError
from service.errors import InternalError, NotFoundError, StoreBusyError
from service.settings import ObjectStorage
from service.store.base import BlobStore
from service.store.blobs import DiskBlobs
from service.store.object_blobs import ObjectBlobs
from tests.contract.s3_server import opened, s3_server
from tests.integration.service_kit import free_port

Maker = Callable[[str], BlobStore]


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """A server that speaks S3, with a bucket."""
    with s3_server("kancha") as url:
        yield url


def told(endpoint: str, **more: int) -> ObjectStorage:
    return ObjectStorage(
        url="s3://kancha/files", endpoint=endpoint, access_key="a", secret_key="b", **more  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture(params=["disk", "objects"])
def maker(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Opens the same files under a name of a machine."""
    if request.param == "disk":
        return lambda machine: DiskBlobs(tmp_path / "blobs")
    endpoint = request.getfixturevalue("storage")
    return lambda machine: ObjectBlobs(told(endpoint), tmp_path / machine)


def content(folder: Path, text: str) -> tuple[Path, str]:
    path = folder / hashlib.md5(text.encode()).hexdigest()
    path.write_text(text)
    return path, hashlib.sha256(text.encode()).hexdigest()


def test_a_content_is_taken_over_and_found_on_every_machine(maker: Maker, tmp_path: Path) -> None:
    one = maker("one")
    path, sha256 = content(tmp_path, "imagery 影像")
    stored = one.put(path, sha256)
    assert stored.read_text() == "imagery 影像" and not path.exists()
    assert one.path(sha256) == stored and not os.access(stored, os.W_OK) or os.getuid() == 0
    assert maker("two").path(sha256).read_text() == "imagery 影像"
    path, _ = content(tmp_path, "imagery 影像")
    assert maker("two").put(path, sha256).read_text() == "imagery 影像" and not path.exists()
    assert one.free_bytes() > 0


def test_what_is_not_there_is_told(maker: Maker) -> None:
    with pytest.raises(NotFoundError):
        maker("one").path("f" * 64)
    for name in ("../../etc/passwd", "F" * 64, ""):
        with pytest.raises(ValueError, match="64"):
            maker("one").path(name)


def test_an_object_that_was_changed_is_not_handed_out(storage: str, tmp_path: Path) -> None:
    one = ObjectBlobs(told(storage), tmp_path / "one")
    path, sha256 = content(tmp_path, "as it was")
    one.put(path, sha256)
    changed = opened(storage, "kancha")
    obstore.put(changed, f"files/{sha256[:2]}/{sha256}", b"changed")
    two = ObjectBlobs(told(storage), tmp_path / "two")
    with pytest.raises(InternalError, match="checksum"):
        two.path(sha256)
    assert list((tmp_path / "two").rglob("*.*")) == []


def test_the_cache_keeps_to_its_size_and_fetches_again(storage: str, tmp_path: Path) -> None:
    blobs = ObjectBlobs(told(storage, cache_bytes=50), tmp_path / "one")
    names = [blobs.put(*content(tmp_path, f"{number}" * 30)).name for number in range(3)]
    assert all((tmp_path / "one" / name[:2] / name).exists() for name in names), "what is fresh stays"
    for name in names:
        os.utime(tmp_path / "one" / name[:2] / name, (time.time() - 7200, time.time() - 7200))
    newest = blobs.put(*content(tmp_path, "x" * 30)).name
    left = {path.name for path in (tmp_path / "one").glob("??/*")}
    assert newest in left and len(left) == 1
    assert blobs.path(names[0]).read_text() == "0" * 30


def test_a_storage_that_cannot_be_reached_or_named_is_told(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no bucket"):
        ObjectBlobs(ObjectStorage(url="http://host/bucket"), tmp_path / "one")
    blobs = ObjectBlobs(told(f"http://127.0.0.1:{free_port()}"), tmp_path / "one")
    path, sha256 = content(tmp_path, "a")
    with pytest.raises(StoreBusyError):
        blobs.put(path, sha256)
    assert path.exists()


def test_what_passes_lies_beside_and_goes_in_time(maker: Maker, tmp_path: Path) -> None:
    kept, passing = maker("one"), maker("one").passing()
    path, sha256 = content(tmp_path, "both")
    kept.put(path, sha256)
    passing.put(*content(tmp_path, "both"))
    assert maker("two").passing().path(sha256).read_text() == "both"
    assert passing.sweep(3600) == 0 and passing.path(sha256).exists()
    time.sleep(1.1)  # an object's time is told in whole seconds
    assert passing.sweep(1) == 1
    for one in (passing, maker("three").passing()):
        with pytest.raises(NotFoundError):
            one.path(sha256)
    assert maker("four").path(sha256).read_text() == "both"


def test_what_passes_and_is_put_again_is_kept_anew_and_asking_keeps_nothing(maker: Maker, tmp_path: Path) -> None:
    passing = maker("again").passing()
    path, sha256 = content(tmp_path, "again and again")
    passing.put(path, sha256)
    time.sleep(2.1)
    passing.put(*content(tmp_path, "again and again"))
    assert passing.sweep(2) == 0 and passing.path(sha256).exists()
    other = maker("asking").passing()
    time.sleep(1.1)
    assert other.path(sha256).exists()
    time.sleep(1.1)
    assert other.path(sha256).exists() and other.sweep(2) == 1
    with pytest.raises(NotFoundError):
        other.path(sha256)


def test_a_file_that_is_read_stays_as_it_is_whoever_puts_or_asks_for_it_again(maker: Maker, tmp_path: Path) -> None:
    """A scan that finds another time of change takes its scene for another and ends."""
    one = maker("one")
    path, sha256 = content(tmp_path, "imagery")
    stored = one.put(path, sha256)
    os.utime(stored, (1_700_000_000, 1_700_000_000))
    before = stored.stat().st_mtime_ns
    assert one.path(sha256).stat().st_mtime_ns == before
    reading = tmp_path / "link"
    os.link(stored, reading)
    path, _ = content(tmp_path, "imagery")
    one.put(path, sha256)
    assert reading.stat().st_mtime_ns == before
