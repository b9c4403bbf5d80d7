"""A store copied into one of another kind holds the same; a backup comes back."""

from __future__ import annotations

import hashlib
import tarfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.errors import BackupError, ConflictError
from service.settings import Settings
from service.store.base import Store
from service.store.postgis import PostgisStore
from service.store.queries import FeatureQuery
from service.store.sqlite import SqliteStore
from service.upkeep import back_up, copy_to, migrate, restore
from tests.contract.test_store_alarms import CHANNEL, RULE
from tests.contract.test_store_contract import parcel, scene, version
from tests.contract.test_store_people import LI, WANG, did
from tests.contract.test_store_structures import HISTORY, scanned
from tests.postgres import Cluster

AROUND = ((113.0, 35.0, 115.0, 37.0),)


def silent(_name: str, _rows: int) -> None:
    """Progress that nobody looks at."""


def filled(store: Store) -> None:
    """A history of scans, a layer, and texts in Chinese."""
    for key, (when, seen) in ((key, (told[0], told[1])) for key, told in HISTORY.items()):
        scanned(store, key, when, *seen)
    store.layers.add(replace(version(), source="自然资源局"), [parcel(f"宗地-{i}", 114.0 + i / 1e4) for i in range(30)])
    store.scenes.add(scene("later"))
    store.people.add(WANG, None, did())
    store.people.add(LI, None, did())
    store.rules.add_channel(CHANNEL, did())
    store.rules.add_rule(RULE, did())


def told_of(store: Store) -> list[Any]:
    """All that a client sees of a store."""
    return [
        [(s.id, s.bbox, s.attributes, s.created_at) for s in store.scenes.page(100).items],
        store.scans.findings(FeatureQuery(limit=1000)).items,
        store.scans.findings(FeatureQuery(boxes=AROUND, limit=1000)).items,
        store.structures.features(FeatureQuery(boxes=AROUND, limit=1000)).items,
        store.layers.features(FeatureQuery(within="v", boxes=AROUND, limit=1000)).items,
        [(s.name, s.newest, s.versions) for s in store.layers.sources("parcels")],
        store.verdicts.last_key(),
        [(scan.id, scan.provenance) for scan in store.scans.page(100).items],
        [*store.rules.rules(), *store.rules.channels()],
    ]


def test_a_store_moves_to_postgis_and_goes_on_there(tmp_path: Path, postgis: Cluster) -> None:
    settings = Settings(data=tmp_path)
    with closing(SqliteStore(tmp_path / "kancha.sqlite")) as store:
        filled(store)
        before = told_of(store)
    url = postgis.new_database(empty=True)
    counts = copy_to(settings, url, silent)
    assert (counts["layer_features"], counts["scenes"]) == (30, len(before[0]))
    with closing(PostgisStore(url)) as store:
        assert told_of(store) == before
        # keys go on where they were
        assert store.scenes.add(scene("newest"))
        assert [s.id for s in store.scenes.page(100).items][-1] == "newest"
    with pytest.raises(ConflictError, match="holds rows already"):
        copy_to(settings, url, silent)


@pytest.mark.parametrize(("source", "target"), [("sqlite", "sqlite"), ("postgis", "sqlite"), ("sqlite", "postgis")])
def test_a_backup_comes_back_into_any_store(
    source: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def settings(kind: str, name: str) -> Settings:
        url = request.getfixturevalue("postgis").new_database() if kind == "postgis" else ""
        return Settings(data=tmp_path / name, store=url)

    def opened(of: Settings) -> Store:
        return PostgisStore(of.store) if of.store else SqliteStore(of.data / "kancha.sqlite")

    old, new = settings(source, "old"), settings(target, "new")
    migrate(old)
    with closing(opened(old)) as store:
        filled(store)
        before = told_of(store)
    content = b"imagery"
    name = hashlib.sha256(content).hexdigest()
    blob = old.data / "blobs" / name[:2] / name
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    made = back_up(old, tmp_path / "b.tar", files=True, progress=silent)
    assert (made.files, made.size_bytes) == (1, 7)
    with pytest.raises(ConflictError, match="exists"):
        back_up(old, tmp_path / "b.tar", files=True, progress=silent)
    restore(new, tmp_path / "b.tar", silent)
    with closing(opened(new)) as store:
        assert told_of(store) == before
    assert (new.data / "blobs" / name[:2] / name).read_bytes() == content
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_backup_that_is_not_whole_is_refused_and_leaves_no_rows(tmp_path: Path) -> None:
    old = Settings(data=tmp_path / "old")
    migrate(old)
    with closing(SqliteStore(old.data / "kancha.sqlite")) as store:
        filled(store)
    back_up(old, tmp_path / "b.tar", files=True, progress=silent)
    whole = (tmp_path / "b.tar").read_bytes()
    for number, content in enumerate([whole[:-20_000], whole[:5000], b"no tar", b""]):
        (tmp_path / "c.tar").write_bytes(content)
        new = Settings(data=tmp_path / f"new{number}")
        with pytest.raises(BackupError):
            restore(new, tmp_path / "c.tar", silent)
        with closing(SqliteStore(new.data / "kancha.sqlite")) as store:
            assert store.scenes.page(1).matched == 0


def test_a_changed_file_in_a_backup_is_found(tmp_path: Path) -> None:
    old = Settings(data=tmp_path / "old")
    migrate(old)
    blob = old.data / "blobs" / "aa" / ("aa" * 32)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"not what its name says")
    back_up(old, tmp_path / "b.tar", files=True, progress=silent)
    with pytest.raises(BackupError, match="has the checksum"):
        restore(Settings(data=tmp_path / "new"), tmp_path / "b.tar", silent)
    assert not (tmp_path / "new" / "blobs" / "aa" / ("aa" * 32)).exists()


def test_members_that_lie_outside_are_refused(tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(b"x")
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(tmp_path / "evil", "blobs/../../../evil2")
    with pytest.raises(BackupError, match="it holds"):
        restore(Settings(data=tmp_path / "new"), tmp_path / "b.tar", silent)
    assert not (tmp_path / "evil2").exists()
