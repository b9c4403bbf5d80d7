"""Names and places of files from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import NotFoundError
from service.files import Upload, private_folder, safe_name, sha256_of, sweep_private, take_copy, write_beside
from service.store.blobs import DiskBlobs


@given(st.text(max_size=300))
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    made = safe_name(name)
    assert made and "/" not in made and "\\" not in made and "\0" not in made
    assert not made.startswith((".", "-"))
    assert len(made.encode()) <= 480
    assert (Path("/data/incoming") / made).parent == Path("/data/incoming")


@pytest.mark.parametrize(
    ("given_name", "wanted"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\before_20240412.tif", "before_20240412.tif"),
        ("正射_2025年4月12日.tif", "正射_2025年4月12日.tif"),
        ("", "upload"),
        ("....", "upload"),
        ("a" * 300 + ".tif", "a" * 116 + ".tif"),
    ],
)
def test_what_becomes_of_names(given_name: str, wanted: str) -> None:
    assert safe_name(given_name) == wanted


def test_a_private_folder_goes_away_whatever_happens(tmp_path: Path) -> None:
    def fail() -> None:
        with private_folder(tmp_path) as folder:
            (folder / "x").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from service.files import PrivateFolder\n"
        "folder = PrivateFolder(Path(sys.argv[1])); (folder.path / 'x').write_text('x')\n"
        "print(folder.path.name, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    theirs = tmp_path / process.stdout.readline().strip()
    with private_folder(tmp_path) as mine:
        assert sweep_private(tmp_path) == 0 and (theirs / "x").exists() and mine.exists()
        process.kill()
        process.wait()
        process.stdout.close()
        assert sweep_private(tmp_path) == 1
        assert not theirs.exists() and mine.exists()
    assert list(tmp_path.iterdir()) == [] and sweep_private(tmp_path / "none") == 0


def test_a_content_is_stored_once(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path / "blobs")
    uploads = []
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).write_bytes(b"same")
        uploads.append(take_copy(tmp_path / name, _folder(tmp_path, name)))
    paths = {blobs.put(upload.path, upload.sha256) for upload in uploads}
    assert len(paths) == 1
    assert paths.pop().read_bytes() == b"same"
    assert [isinstance(upload, Upload) and upload.path.exists() for upload in uploads] == [False, False]
    with pytest.raises(NotFoundError):
        blobs.path("f" * 64)
    with pytest.raises(ValueError, match="64 hexadecimal"):
        blobs.path("../../etc/passwd")


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / f"in-{name}"
    folder.mkdir()
    return folder


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    write_beside(target, b"one")
    write_beside(target, b"two")
    assert target.read_bytes() == b"two" and sha256_of(target)
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_what_a_release_without_locks_left_goes_after_a_day(tmp_path: Path) -> None:
    old, fresh, other = tmp_path / ("a" * 32), tmp_path / ("b" * 32), tmp_path / "intake-7"
    for folder in (old, fresh, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (1.7e9, 1.7e9))
    with private_folder(tmp_path) as mine:
        os.utime(mine, (1.7e9, 1.7e9))
        assert sweep_private(tmp_path) == 1
        assert mine.exists() and fresh.exists() and other.exists() and not old.exists()
