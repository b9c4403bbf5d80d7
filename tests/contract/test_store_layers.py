"""What every store must keep of layer versions, whatever it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from service.store.base import Store
from service.store.migrate import configuration
from service.store.records import FeatureRow
from service.store.sqlite import SqliteStore
from tests.contract.test_store_contract import NOW, parcel, version


def test_source_and_times_come_back(store: Store) -> None:
    told = replace(version(), source="自然资源局", as_of=date(2026, 9, 30), valid_from=NOW, valid_to=NOW)
    store.layers.add(told, [])
    assert store.layers.get("v") == told


def ids(texts: Iterable[str]) -> list[str]:
    return [json.loads(text)["id"] for text in texts]


def test_features_are_read_by_place_by_name_and_by_value(store: Store) -> None:
    lone = FeatureRow("lone", None, '{"type":"Feature","id":"lone","geometry":null,"properties":{"kind":"x"}}')
    rows = [parcel("p", 114.0), parcel("p~2", 114.5), parcel("pq", 114.0), parcel("p~", 120.0), lone]
    store.layers.add(version(), rows)
    store.layers.add(version("other"), [parcel("p", 114.0)])
    box = (113.9, 35.9, 114.1, 36.1)
    assert ids(store.layers.rows("v", box)) == ["p", "pq", "lone"]
    assert ids(store.layers.rows("v", box, unplaced=False)) == ["p", "pq"]
    assert ids(store.layers.rows("v", unplaced=False)) == ["p", "p~2", "pq", "p~"]
    assert sorted(ids(store.layers.named("v", ["p", "none"]))) == ["p", "p~", "p~2"]
    assert list(store.layers.named("v", [])) == []
    many = [f"x{i}" for i in range(1_000)]
    assert sorted(ids(store.layers.named("v", [*many, "pq"]))) == ["pq"]
    assert ids(store.layers.rows_with("v", "kind", "x")) == ["lone"]


def test_only_features_that_differ_are_told_however_many_there_are(store: Store) -> None:
    many = [parcel(f"{i:05}", 114.0 + i * 1e-4) for i in range(12_000)]
    later = [replace(row, geojson=row.geojson.replace("114.", "115.")) for row in many[:5_001]] + many[5_002:]
    store.layers.add(version("old"), many)
    store.layers.add(version("new"), [*later, parcel("甲", 114.0), parcel("乙~2", 114.0)])
    told = list(store.layers.differing("old", "new"))
    assert len(told) == 5_001 + 1 + 2
    names = [tuple(None if text is None else json.loads(text)["id"] for text in pair) for pair in told]
    assert names[:2] == [("00000", "00000"), ("00001", "00001")]
    assert names[5_001:] == [("05001", None), (None, "乙~2"), (None, "甲")]
    assert list(store.layers.differing("old", "old")) == []
    assert [one for one, _ in store.layers.differing("new", "old")].count(None) == 1


def test_the_newest_near_a_place_is_the_last_whose_box_meets_it(store: Store) -> None:
    boxes = {"west": (113.0, 36.0, 114.0, 37.0), "east": (115.0, 36.0, 116.0, 37.0), "empty": None}
    for name, box in boxes.items():
        store.layers.add(replace(version(name), bbox=box), [])
    store.layers.add(replace(version("of-a-scan", standing=False), bbox=boxes["west"]), [])
    for near, wanted in (
        ((113.5, 36.5, 113.6, 36.6), "west"),
        ((114.0, 37.0, 115.5, 37.5), "east"),
        ((113.9, 36.9, 114.9, 36.95), "west"),
        ((117.0, 36.0, 118.0, 37.0), None),
    ):
        found = store.layers.newest("parcels", near)
        assert (found and found.id) == wanted


def test_features_that_meet_one_of_many_boxes(store: Store) -> None:
    store.layers.add(version(), [parcel(f"p{i}", 110.0 + i * 0.01) for i in range(500)])
    store.layers.add(version("other"), [parcel("p0", 110.0)])
    boxes = [(110.0 + i * 0.01, 36.0, 110.0005 + i * 0.01, 36.0005) for i in range(0, 500, 2)]
    assert sorted(set(ids(store.layers.meeting("v", boxes)))) == sorted(f"p{i}" for i in range(0, 500, 2))
    assert list(store.layers.meeting("v", [])) == []


def test_how_a_source_was_read_last_is_kept(store: Store) -> None:
    first = replace(version("a"), source="局", read_as={"crs": "EPSG:4547"}, as_of=date(2026, 6, 30))
    second = replace(version("b"), source="局", read_as={"crs": None, "mapping": {"parcel_id": "DKBM"}}, as_of=None)
    for told in (first, second, replace(version("c", kind="zones"), source="局"), version("d")):
        store.layers.add(told, [])
    (kept,) = store.layers.sources("parcels")
    assert (kept.name, kept.read_as, kept.versions, kept.newest) == ("局", second.read_as, 2, "b")
    assert (kept.updated_at, kept.as_of) == (NOW, None)
    assert not store.layers.add(first, []), "an old file comes once more"
    (kept,) = store.layers.sources("parcels")
    assert (kept.read_as, kept.versions) == (first.read_as, 2)
    assert [s.name for s in store.layers.sources("zones")] == ["局"] and store.layers.sources("areas") == []


def test_a_feature_of_the_newest_version_is_found_at_once(store: Store) -> None:
    store.layers.add(version("old"), [parcel("p1", 114.0), parcel("p2", 114.1)])
    store.layers.add(replace(version("new"), standing=True), [parcel("p1", 115.0)])
    store.layers.add(version("aside", standing=False), [parcel("p1", 116.0), parcel("p3", 116.0)])
    assert store.layers.newest_feature("parcels", "p1") == store.layers.feature("new", "p1")
    assert [store.layers.newest_feature("parcels", fid) for fid in ("p2", "p3", "")] == [None, None, None]
    assert store.layers.newest_feature("zones", "p1") is None


def test_sources_of_an_older_store_begin_with_their_last_version(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "k.sqlite")
    for name, mapping in (("a", {"parcel_id": "OLD"}), ("b", {"parcel_id": "NEW"})):
        store.layers.add(replace(version(name), source="局", read_as={"mapping": mapping}), [])
    store.close()
    downgrade(tmp_path / "k.sqlite", "0004")
    again = SqliteStore(tmp_path / "k.sqlite")
    (kept,) = again.layers.sources("parcels")
    assert (kept.read_as, kept.updated_at) == ({"mapping": {"parcel_id": "NEW"}}, NOW)
    again.close()


def downgrade(path: Path, revision: str) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def test_layer_versions_of_an_older_store_get_the_checksum_of_their_content(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "k.sqlite")
    store.layers.add(version(), [parcel("p1", 114.0), parcel("p2", 114.5)])
    store.layers.add(version("empty"), [])
    texts = list(store.layers.rows("v"))
    store.close()
    downgrade(tmp_path / "k.sqlite", "0003")
    again = SqliteStore(tmp_path / "k.sqlite")
    told = again.layers.get("v")
    assert told.content_sha256 == hashlib.sha256("".join(f"{text}\n" for text in texts).encode()).hexdigest()
    assert (told.source, told.as_of, told.valid_to) == (None, None, None)
    assert again.layers.get("empty").content_sha256 == hashlib.sha256().hexdigest()
    again.close()
