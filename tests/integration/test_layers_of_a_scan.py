"""What of the stored layers a scan loads, and that an old scan can be done again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geodata.assess.register import resolve_permits
from geodata.types import LayerContent
from service.bootstrap import open_services
from service.files import private_folder, take_copy
from service.services import Services
from service.settings import Settings
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.layer_loading import MARGIN_M, load_layers, near
from service.usecases.layers import newest_versions
from service.usecases.scan_files import as_bytes
from service.usecases.scan_run import scan_again
from service.usecases.scans import ScanOrder
from service.usecases.scenes import SceneFacts, add_scene
from tests.integration.service_kit import NEW_ROOF, polygon, write_layer

FAR = 20_000
"""Pixels of 0.5 m: 10 km away."""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = open_services(Settings(data=tmp_path / "data"))
    yield made
    made.close()


@pytest.fixture
def order(services: Services, pair: tuple[Path, Path]) -> ScanOrder:
    ids = []
    for path in pair:
        with private_folder(services.settings.data / "incoming") as folder:
            ids.append(add_scene(services, take_copy(path, folder), SceneFacts())[0].id)
    return ScanOrder(*ids)


def add(services: Services, kind: str, path: Path) -> str:
    return add_layer_file(services, kind, path, LayerFacts())[0].id


def parcels(path: Path, more: int = 0) -> Path:
    told = [({"parcel_id": f"near-{i}"}, polygon(0, i * 256, 512, 256)) for i in range(2)]
    told += [({"parcel_id": f"far-{i}"}, polygon(0, FAR + i * 100, 90, 90)) for i in range(50 + more)]
    return write_layer(path, told)


def permits(path: Path) -> Path:
    row = {"valid_from": "2020-01-01"}
    return write_layer(
        path,
        [
            ({"permit_id": "here", **row}, polygon(0, 0, 9, 9)),
            ({"permit_id": "elsewhere", **row}, polygon(0, FAR, 9, 9)),
            *(
                ({"permit_id": name, "parcel_id": parcel, **row}, None)  # type: ignore[list-item]
                for name, parcel in (("on near", "near-0"), ("on far", "far-7"), ("on none", "far-99"))
            ),
        ],
    )


def test_only_what_lies_near_is_loaded_and_what_is_named(services: Services, order: ScanOrder, tmp_path: Path) -> None:
    ids = {
        "parcels": add(services, "parcels", parcels(tmp_path / "parcels.geojson")),
        "permits": add(services, "permits", permits(tmp_path / "permits.geojson")),
    }
    pair = (services.store.scenes.get(order.before_scene), services.store.scenes.get(order.after_scene))
    layers, reports = load_layers(services, ids, near(pair, {}))
    assert layers.parcels is not None and layers.permits is not None
    assert sorted(layers.parcels["parcel_id"]) == ["far-7", "near-0", "near-1"]
    assert list(layers.permits["permit_id"]) == ["here", "on near", "on far", "on none"]
    found = resolve_permits(layers.permits, layers.parcels)
    assert found is not None
    assert found.unplaced.tolist() == [False, False, False, True], "no parcel of that id in the version"
    assert [report.kind for report in reports] == ["parcels", "permits"]
    version = services.store.layers.get(ids["parcels"])
    assert layers.contents["parcels"] == LayerContent(version.content_sha256, version.id)
    texts = "".join(f"{text}\n" for text in services.store.layers.rows(version.id))
    assert version.content_sha256 == hashlib.sha256(texts.encode()).hexdigest()


def test_the_box_reaches_200_m_beyond_what_both_scenes_show(services: Services, order: ScanOrder) -> None:
    pair = (services.store.scenes.get(order.before_scene), services.store.scenes.get(order.after_scene))
    west, south, east, north = pair[0].bbox
    box = near(pair, {})
    metre = 1 / 111_000
    assert MARGIN_M <= (south - box[1]) / metre <= MARGIN_M * 1.02
    assert MARGIN_M <= (west - box[0]) / metre * np.cos(np.radians(north)) <= MARGIN_M * 1.02
    assert box[2] - east == pytest.approx(west - box[0]) and box[3] - north == pytest.approx(south - box[1])


def test_a_boundary_far_away_still_makes_this_a_village(services: Services, order: ScanOrder, tmp_path: Path) -> None:
    zones = [
        ({"zone_id": "city", "kind": "urban_development_boundary"}, polygon(0, FAR, 900, 900)),
        ({"zone_id": "farm", "kind": "permanent_basic_farmland"}, polygon(0, FAR, 900, 900)),
    ]
    ids = {"zones": add(services, "zones", write_layer(tmp_path / "zones.geojson", zones))}
    pair = (services.store.scenes.get(order.before_scene), services.store.scenes.get(order.after_scene))
    layers, _ = load_layers(services, ids, near(pair, {}))
    assert layers.zones is not None and list(layers.zones["zone_id"]) == ["city"]


def test_an_old_scan_done_again_after_newer_imports_gives_the_same_bytes(
    services: Services, order: ScanOrder, tmp_path: Path
) -> None:
    add(services, "parcels", parcels(tmp_path / "parcels.geojson"))
    add(services, "permits", permits(tmp_path / "permits.geojson"))
    then = ScanOrder(order.before_scene, order.after_scene, layers=newest_versions(services))
    first = as_bytes(scan_again(services, then).feature_collection())
    assert b"near-1" in first and b"no_permit" in first
    add(services, "parcels", parcels(tmp_path / "newer.geojson", more=3))
    roof = ({"permit_id": "late", "valid_from": "2020-01-01"}, polygon(*NEW_ROOF))
    add(services, "permits", write_layer(tmp_path / "late.geojson", [roof]))
    assert as_bytes(scan_again(services, then).feature_collection()) == first
    now = ScanOrder(order.before_scene, order.after_scene, layers=newest_versions(services))
    assert b'"permitted"' in as_bytes(scan_again(services, now).feature_collection()), "the newer layers say otherwise"


def test_a_scan_far_from_all_layers_is_assessed_against_them(
    services: Services, order: ScanOrder, tmp_path: Path
) -> None:
    far: list[Any] = [({"parcel_id": "x"}, polygon(0, FAR, 90, 90))]
    permit = [({"permit_id": "x", "valid_from": "2020-01-01"}, polygon(0, FAR, 90, 90))]
    building = [({"building_id": "x"}, polygon(0, FAR, 90, 90))]
    ids = {
        "parcels": add(services, "parcels", write_layer(tmp_path / "p.geojson", far)),
        "permits": add(services, "permits", write_layer(tmp_path / "m.geojson", permit)),
        "buildings": add(services, "buildings", write_layer(tmp_path / "b.geojson", building)),
    }
    told = scan_again(services, ScanOrder(order.before_scene, order.after_scene, layers=ids))
    assert len(told.findings) and set(told.findings["status"]) <= {"suspected", "unassessed"}
    assert told.provenance["layers"]["buildings"]["version"] == ids["buildings"]
    assert datetime.fromisoformat(told.provenance["inputs"][0]["acquired_at"]).tzinfo == UTC
