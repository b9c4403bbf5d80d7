"""Which files of a watched folder are taken."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geodata.errors import MissingFileError
from service.arrivals.base import Sighting
from service.arrivals.folder import Folder
from service.store.intake_records import IntakeEntry

MINUTE = timedelta(seconds=60)


def look(home: Path, leave_out: Path) -> list[Sighting]:
    return Folder(home, leave_out, 10**9).look()


def put(path: Path, age_s: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def test_imagery_is_found_and_the_rest_left(tmp_path: Path) -> None:
    for name in ("b.tif", "sub/a.TIFF", "c.vrt", "notes.txt", "b.tfw", "quicklook.jpg", ".hidden.tif", ".d/e.tif"):
        put(tmp_path / name)
    put(tmp_path / "data" / "blobs" / "x.tif")
    found = [s.name for s in look(tmp_path, tmp_path / "data")]
    assert found == ["b.tif", "c.vrt", "sub/a.TIFF"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no folder"):
        look(tmp_path / "nowhere", tmp_path)


def test_a_file_is_taken_once_it_has_rested(tmp_path: Path) -> None:
    put(tmp_path / "new.tif", 10)
    put(tmp_path / "old.tif", 61)
    put(tmp_path / "marked.tif", 0)
    put(tmp_path / "marked.tif.done")
    put(tmp_path / "other.tif", 0)
    put(tmp_path / "other.done")
    now = datetime.now(UTC)
    complete = {s.name: s.is_complete(None, now, MINUTE) for s in look(tmp_path, tmp_path / "data")}
    assert complete == {"new.tif": False, "old.tif": True, "marked.tif": True, "other.tif": True}


def test_a_clock_that_runs_ahead_does_not_keep_a_file_for_ever(tmp_path: Path) -> None:
    put(tmp_path / "a.tif", -3600)
    sighting = look(tmp_path, tmp_path / "data")[0]
    first = datetime.now(UTC)
    entry = sighting.remembered(str(tmp_path), None, first)
    assert not sighting.is_complete(entry, first + timedelta(seconds=30), MINUTE)
    again = sighting.remembered(str(tmp_path), entry, first + timedelta(seconds=30))
    assert again.seen_at == first
    assert sighting.is_complete(again, first + timedelta(seconds=60), MINUTE)


def test_a_file_that_grew_is_looked_at_anew(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif")
    old = IntakeEntry(str(tmp_path), "a.tif", 0, 0, datetime(2020, 1, 1, tzinfo=UTC), "waiting")
    sighting = look(tmp_path, tmp_path / "data")[0]
    now = datetime.now(UTC)
    assert path.exists() and not sighting.same_as(old)
    assert sighting.remembered(str(tmp_path), old, now).seen_at == now
