"""A .zip is unpacked only when its table of contents is sound and holds one shapefile to take."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from geodata.errors import LayerError
from geodata.io.shapefiles import unpack_zip


def pack(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def unpacked(tmp_path: Path, entries: dict[str, bytes], wanted: str = "parcels") -> set[str]:
    into = tmp_path / "into"
    into.mkdir()
    shp = unpack_zip(pack(tmp_path / "a.zip", entries), wanted, into)
    assert shp == into / "layer.shp"
    return {f"{p.name}={p.read_bytes().decode()}" for p in into.iterdir()}


def test_parts_come_out_under_fixed_names(tmp_path: Path) -> None:
    entries = {
        "图层/宗地.SHP": b"1",
        "图层/宗地.dbf": b"2",
        "图层/readme.txt": b"3",
        "__MACOSX/._x.shp": b"4",
    }
    assert unpacked(tmp_path, entries) == {"layer.shp=1", "layer.dbf=2"}


def test_of_several_the_one_named_like_the_kind_is_taken(tmp_path: Path) -> None:
    assert unpacked(tmp_path, {"a.shp": b"1", "Parcels.shp": b"2"}) == {"layer.shp=2"}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"../a.shp": b"1"}, "leads out"),
        ({"/etc/a.shp": b"1"}, "leads out"),
        ({"..\\a.shp": b"1"}, "leads out"),
        ({"C:/a.shp": b"1"}, "leads out"),
        ({"a.shp": b"\0" * 30_000_000}, "would unpack"),
        ({f"{i}.txt": b"" for i in range(1_001)}, "would unpack 1001 files"),
        ({"a.shp": b"1", "b.shp": b"2"}, "2 shapefiles"),
        ({"a.txt": b"1"}, "0 shapefiles"),
    ],
)
def test_hostile_and_ambiguous_archives_are_refused_before_unpacking(
    tmp_path: Path, entries: dict[str, bytes], words: str
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(LayerError, match=words):
        unpack_zip(pack(tmp_path / "a.zip", entries), "parcels", into)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("share", [0.9, 0.3])
def test_a_damaged_archive_is_refused(tmp_path: Path, share: float) -> None:
    path = pack(tmp_path / "a.zip", {"a.shp": bytes(range(256)) * 20})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(LayerError, match="cannot be unpacked"):
        unpack_zip(path, "parcels", tmp_path)
