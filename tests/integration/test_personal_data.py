"""Personal data of a layer: in the clear nowhere, to nobody without the right, and never unrecorded."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.bootstrap import open_services
from service.errors import NotFoundError, SealError
from service.services import Services
from service.settings import Privacy, Settings
from service.usecases import privacy
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from tests.access import client_of, make_key
from tests.integration.service_kit import kancha, polygon, write_layer

NAME, PHONE = "张三丰", 13912345678


def write_owned(path: Path, name: str = NAME) -> Path:
    """Two parcels, one of somebody."""
    return write_layer(
        path,
        [
            ({"parcel_id": "宗地-1", "权利人": name, "phone": PHONE, "land_use": "0103"}, polygon(0, 0, 512, 256)),
            ({"parcel_id": "宗地-2", "权利人": None, "phone": None, "land_use": "0702"}, polygon(0, 256, 512, 256)),
        ],
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("privacy")
    with client_of(Settings(data=folder / "data")) as made:
        path = write_owned(folder / "parcels.geojson")
        with path.open("rb") as file:
            answer = made.post("/layers/parcels", files={"file": ("parcels.geojson", file)})
        assert answer.status_code == 201, answer.text
        assert answer.json()["report"]["personal"] == ["phone", "权利人"]
        yield made


def test_features_show_a_mask_in_every_form(client: Any) -> None:
    items = client.get("/collections/parcels/items").json()["features"]
    assert [one["properties"]["权利人"] for one in items] == ["***", None]
    assert [one["properties"]["phone"] for one in items] == ["***", None]
    for form in ("csv", "geojsonl", "html"):
        text = client.get("/collections/parcels/items", params={"f": form}).text
        assert NAME not in text and str(PHONE) not in text
    assert client.get("/collections/parcels/items", params={"filter": f"权利人 = '{NAME}'"}).json()["features"] == []


def test_nothing_on_disk_holds_them_in_the_clear(client: Any) -> None:
    data = client.app.state.services.settings.data
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.name == "kancha.sqlite" for path in files)
    wanted = (NAME.encode(), NAME.encode("gbk"), json.dumps(NAME)[1:-1].encode(), str(PHONE).encode())
    for path in files:
        content = path.read_bytes()
        assert not any(one in content for one in wanted), path


def test_who_may_reads_them_with_a_purpose_and_is_recorded(client: Any) -> None:
    path = "/layers/parcels/features/宗地-1/personal"
    answer = client.get(path, params={"purpose": "送达责令停止通知书"})
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.json()["values"] == {"权利人": NAME, "phone": PHONE}
    entry = client.get("/audit-log", params={"action": "personal-read"}).json()["entries"][0]
    assert (entry["target"], entry["details"]["purpose"]) == ("parcels/宗地-1", "送达责令停止通知书")
    assert entry["details"]["columns"] == ["phone", "权利人"] and NAME not in json.dumps(entry, ensure_ascii=False)
    assert client.get(path).status_code == 400 and client.get(path, params={"purpose": "   x  "}).status_code == 400
    assert client.get("/layers/parcels/features/none/personal", params={"purpose": "to look"}).status_code == 404
    assert client.get("/layers/parcels/features/宗地-2/personal", params={"purpose": "to look"}).json()["values"] == {}


@pytest.mark.parametrize("role", ["reader", "analyst", "auditor", "administrator"])
def test_others_get_nothing(client: Any, role: str) -> None:
    key = make_key(client.app.state.services, [role])
    answer = client.get("/layers/parcels/features/宗地-1/personal", params={"purpose": "curious"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden") and NAME not in answer.text


# --- custody, rotation, loss, retention, erasure -------------------------------------------------


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A data folder with a layer that tells of somebody."""
    made = open_services(Settings(data=tmp_path / "data"))
    add_layer_file(made, "parcels", write_owned(tmp_path / "one.geojson"), LayerFacts())
    yield made
    made.close()


def clear(services: Services, fid: str = "宗地-1") -> dict[str, Any]:
    return privacy.read_personal(services, "parcels", fid, "a test").values


def test_the_source_comes_back_byte_for_byte(services: Services, tmp_path: Path) -> None:
    version = services.store.layers.newest("parcels")
    assert version is not None and version.stored_as and version.stored_as != version.sha256
    privacy.open_source(services, version.id, tmp_path / "back.geojson", "to compare")
    assert (tmp_path / "back.geojson").read_bytes() == (tmp_path / "one.geojson").read_bytes()


def test_keys_are_rotated_and_old_ones_dropped(services: Services, tmp_path: Path) -> None:
    file = services.settings.data / "personal-keys.json"
    shutil.copy(file, tmp_path / "old.json")
    assert privacy.rotate(services) == ("k2", 2)
    assert list(json.loads(file.read_bytes())["keys"]) == ["k2"]
    assert clear(services) == {"权利人": NAME, "phone": PHONE}
    version = services.store.layers.newest("parcels")
    assert version is not None
    privacy.open_source(services, version.id, tmp_path / "back", "to compare")
    shutil.copy(tmp_path / "old.json", file)
    with pytest.raises(SealError, match="'k2'"):
        clear(services)


def test_without_the_keys_the_rest_goes_on(services: Services) -> None:
    (services.settings.data / "personal-keys.json").unlink()
    with pytest.raises(SealError, match="There is no file of keys"):
        clear(services)
    assert "***" in services.store.layers.feature(services.store.layers.newest("parcels").id, "宗地-1")  # type: ignore[union-attr]


def test_erased_on_request_in_every_version(services: Services, tmp_path: Path) -> None:
    add_layer_file(services, "parcels", write_owned(tmp_path / "two.geojson", "李四光"), LayerFacts())
    assert len(privacy.erase_personal(services, "parcels", "宗地-1", "请求删除")) == 2
    assert clear(services) == {}
    for version in services.store.layers.page(9).items:
        assert version.file_key is None
        with pytest.raises(NotFoundError, match="was erased"):
            privacy.open_source(services, version.id, tmp_path / "back", "to look")
    with pytest.raises(NotFoundError, match="holds personal data"):
        privacy.erase_personal(services, "parcels", "宗地-1", "again")
    (entry,) = services.store.audit_log.page(9, action="personal-erased").items
    assert entry.entry.details["reason"] == "请求删除" and len(entry.entry.details["versions"]) == 2
    assert services.store.audit_log.verify()[1] is None


def test_kept_no_longer_than_wanted(services: Services, tmp_path: Path) -> None:
    first = services.store.layers.newest("parcels")
    second, _ = add_layer_file(services, "parcels", write_owned(tmp_path / "two.geojson", "李四光"), LayerFacts())
    assert first is not None
    assert privacy.sweep(services) == []
    keeping = Services(
        services.settings.model_copy(update={"privacy": Privacy(keep_days=30)}), services.store, services.blobs
    )
    assert privacy.sweep(keeping) == []
    long_ago = (datetime.now(UTC) - timedelta(days=31)).replace(tzinfo=None)
    with sqlite3.connect(services.settings.data / "kancha.sqlite") as database:
        database.execute("UPDATE layer_versions SET created_at = ? WHERE id = ?", (str(long_ago), second.id))
    database.close()
    assert privacy.sweep(keeping) == [first.id] and privacy.sweep(keeping) == []
    assert services.store.personal.of(first.id, "宗地-1") is None
    assert clear(services)["权利人"] == "李四光"
    assert [one.entry.action for one in services.store.audit_log.page(9, action="personal-expired").items] == [
        "personal-expired"
    ]


def test_from_the_terminal(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = kancha("layers", "add", "parcels", write_owned(tmp_path / "p.geojson"), data=data)
    assert done.returncode == 0 and "sealed as personal data: phone, 权利人" in done.stdout, done.stderr
    shown = kancha("privacy", "show", "parcels", "宗地-1", "--purpose", "a test", data=data)
    assert shown.stdout.splitlines() == [f"权利人: {NAME}", f"phone: {PHONE}"]
    assert kancha("privacy", "rotate", data=data).stdout.startswith("2 seals are made with k2 now.")
    assert kancha("privacy", "erase", "parcels", "宗地-1", "--reason", "on request", data=data).returncode == 0
    assert kancha("privacy", "show", "parcels", "宗地-1", "--purpose", "a test", data=data).stdout == ""
    told = kancha("audit", "verify", data=data)
    assert told.returncode == 0 and told.stdout.startswith("5 entries hold."), told.stdout + told.stderr


def test_personal_columns_cannot_become_others(client: Any, tmp_path: Path) -> None:
    path = write_owned(tmp_path / "p.geojson")
    for wanted in ("village", "parcel_id", "land_use"):
        with path.open("rb") as file:
            answer = client.post(
                "/layers/parcels", files={"file": (path.name, file)}, data={"mapping": json.dumps({wanted: "权利人"})}
            )
        assert answer.status_code == 400 and "权利人" in answer.json()["detail"], answer.text


def test_a_preview_masks_them(client: Any, tmp_path: Path) -> None:
    path = write_owned(tmp_path / "p.geojson")
    with path.open("rb") as file:
        told = client.post("/layers/parcels/preview", files={"file": (path.name, file)})
    assert told.status_code == 200 and NAME not in told.text and str(PHONE) not in told.text and "***" in told.text


def test_rows_of_one_parcel_are_erased_together(tmp_path: Path) -> None:
    services = open_services(Settings(data=tmp_path / "data"))
    try:
        rows = [({"parcel_id": "P", "owner": name}, polygon(row, 0, 9, 9)) for name, row in (("甲某", 0), ("乙某", 50))]
        version, _ = add_layer_file(services, "parcels", write_layer(tmp_path / "two.geojson", rows), LayerFacts())
        assert services.store.personal.of(version.id, "P~2") is not None
        privacy.erase_personal(services, "parcels", "P", "on request")
        assert services.store.personal.of(version.id, "P") is services.store.personal.of(version.id, "P~2") is None
    finally:
        services.close()
