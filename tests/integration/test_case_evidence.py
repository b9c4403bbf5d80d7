"""The evidence package of a case: gathered from a real scan, photograph and document, checked offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from service.cases.evidence.verifying import verify
from service.settings import Alarms, Settings
from service.usecases.evidence_keys import bureau_key
from tests.access import TestClient, client_of, make_key
from tests.integration.service_kit import ROOT, draw_pair, environment, finished, post_pair, write_parcels
from tests.integration.test_case_documents import BUREAU
from tests.integration.test_cases_http import SERVED, photo, send, tell
from tests.unit.cases.evidence.evidence_kit import authority
from tests.unit.cases.evidence.test_time_stamp_http import plain, served

Held = tuple[TestClient, dict[str, Any], Path, bytes | None]
OPENSSL = shutil.which("openssl") is not None


@contextmanager
def stamping(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    """Address and certificate of a local authority; neither where there is no openssl."""
    if not OPENSSL:
        yield "", None
        return
    root, ask = authority(folder, "authority")
    with served(lambda handler, request: plain(ask(request))(handler, request)) as url:
        yield url.replace("tsa.example", "127.0.0.1"), root


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder = tmp_path_factory.mktemp("evidence")
    with stamping(folder) as (url, root):
        settings = Settings(
            data=folder / "data",
            cases=BUREAU.model_copy(update={"stamp_url": url}),
            alarms=Alarms(networks=(ip_network("127.0.0.0/8"),)),
        )
        with client_of(settings) as client:
            before, after = draw_pair(folder / "pair")
            with write_parcels(folder / "parcels.geojson").open("rb") as file:
                layer = client.post("/layers/parcels", files={"file": ("parcels.geojson", file)}).json()["id"]
            order = post_pair(client, before, after, detector="training-free", parcels_layer=layer).json()
            job = finished(client, order["jobID"])
            assert job["status"] == "successful", job
            finding = client.get(f"/scans/{job['scan_id']}/findings").json()["features"][0]
            facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"],
                     "structure_id": finding["properties"]["structure_id"]}  # fmt: skip
            body = {"facts": facts, "geometry": finding["geometry"], "at": "2026-03-02T09:00:00+08:00"}
            case = client.post("/cases", json=body).json()
            client.post(f"/cases/{case['id']}/parties", json={"name": "赵德柱"})
            tell(client, case, "handler_set", "2026-03-02T09:30", handlers=["王", "李"])
            tell(client, case, "inspected", "2026-03-02T11:00", officers=["王", "李"], stage="under_construction",
                 result="正在砌筑墙体")  # fmt: skip
            assert send(client, case, photo(11)).status_code == 201
            order = {"kind": "stop_order", "day": "2026-03-02"}
            paper = client.post(f"/cases/{case['id']}/documents", json=order).json()
            tell(client, case, "stop_order_served", "2026-03-02T15:00", **SERVED, served_on="2026-03-02",
                 document_id=paper["id"])  # fmt: skip
            answer = client.post(f"/cases/{case['id']}/evidence")
            assert answer.status_code == 200, answer.text
            path = folder / "evidence.zip"
            path.write_bytes(answer.content)
            yield client, case | {"paper": paper, "finding": finding}, path, root


def test_it_holds_what_the_case_rests_on_and_is_signed_by_the_bureau(
    sealed: Held,
) -> None:
    client, case, path, root = sealed
    settings = client.app.state.services.settings  # type: ignore[attr-defined]
    key = bureau_key(settings).public.pem
    found = verify(path, trusted=[key], authorities=[] if root is None else [root])
    assert found.holds, found.as_dict()
    assert root is None or found.stamp_checked
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        kinds = [one["kind"] for one in manifest["parts"]]
        assert set(kinds) >= {
            "chip", "parameters", "measurement", "photo", "document", "event_history", "audit_extract", "layer",
            "rulebook",
        }  # fmt: skip
        chip = next(one for one in manifest["parts"] if one["kind"] == "chip")
        assert archive.read(chip["path"])[:8] == b"\x89PNG\r\n\x1a\n" and len(chip["about"]["inputs"]) == 2
        layer = next(one for one in manifest["parts"] if one["kind"] == "layer")
        assert "宗地-2" in archive.read(layer["path"]).decode() and layer["about"]["sha256"]
        picture = next(one for one in manifest["parts"] if one["kind"] == "photo")
        assert archive.read(picture["path"]) == photo(11)
        assert [one["code"] for one in picture["about"]["doubts"]]
        extract = next(one["path"] for one in manifest["parts"] if one["kind"] == "audit_extract")
        audit = json.loads(archive.read(extract))
        assert {"post_case_event", "evidence-sealed"} <= {one["action"] for one in audit}
    events = client.get(f"/cases/{case['id']}/events").json()["events"]
    assert events[-1]["event"] == "evidence_added" and events[-1]["facts"]["kind"] == "package"


def test_kancha_evidence_verify_passes_it_and_fails_it_once_a_byte_is_changed(sealed: Held, tmp_path: Path) -> None:
    content = sealed[2].read_bytes()
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(content)
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    bad.write_bytes(bytes(changed))
    for path, code in ((good, 0), (bad, 1)):
        command = [sys.executable, "-m", "scripts.main", "evidence", "verify", str(path)]
        # no data folder, no service: the package alone
        run = subprocess.run(
            command, cwd=ROOT, env=environment(tmp_path / "none"), capture_output=True, text=True, check=False
        )
        assert run.returncode == code, run.stdout + run.stderr
    assert not (tmp_path / "none").exists()


def test_whoever_may_not_see_people_gets_no_package(
    sealed: Held,
) -> None:
    client, case, _, _ = sealed
    reader = make_key(client.app.state.services, ["analyst"])  # type: ignore[attr-defined]
    assert client.post(f"/cases/{case['id']}/evidence", headers=reader).status_code == 403
