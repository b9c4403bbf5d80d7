"""The dossier of a finding: what stands in it, what never does, and who gets it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from scripts.main import app as command_line
from service.case_settings import Cases
from service.cases.documents import pdf_text
from service.settings import Settings
from tests.access import TestClient, client_of, make_key
from tests.integration.alarm_kit import store_areas
from tests.integration.service_kit import NEW_ROOF, draw_pair, finished, polygon, post_pair, write_layer

PARCEL = "宗<b>&1</b>"
NAME, NUMBER = "赵德柱", "13912345678"
Held = tuple[TestClient, dict[str, Any], dict[str, Any]]


def layer(client: TestClient, folder: Path, kind: str, told: list[Any]) -> str:
    with write_layer(folder / f"{kind}.geojson", told).open("rb") as file:
        answer = client.post(f"/layers/{kind}", files={"file": (f"{kind}.geojson", file)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder = tmp_path_factory.mktemp("dossier")
    settings = Settings(data=folder / "data", cases=Cases(bureau="示范县综合行政执法局"))
    row, col, height, width = NEW_ROOF
    with client_of(settings) as client:
        people = {"权利人": NAME, "phone": NUMBER, "remark": f"户主{NAME}"}
        parcels = [({"parcel_id": PARCEL, "land_use": "0103", **people}, polygon(200, 200, 300, 300))]
        # the west half of the new roof is farmland; a river that asks for 30 m runs 20 m to the east of it
        zones = [
            ({"zone_id": "YJNT-1", "kind": "permanent_basic_farmland"}, polygon(250, 200, 200, col - 200 + width / 2)),
            ({"zone_id": "HD-1", "kind": "river", "setback_m": 30.0}, polygon(100, col + width + 40, 350, 20)),
            ({"zone_id": "SECRET-1", "kind": "secret"}, polygon(row - 40, col, 20, 20)),
        ]  # fmt: skip
        chosen = {
            "parcels_layer": layer(client, folder, "parcels", parcels),
            "zones_layer": layer(client, folder, "zones", zones),
        }
        order = post_pair(client, *draw_pair(folder / "pair"), detector="training-free", **chosen).json()
        job = finished(client, order["jobID"])
        assert job["status"] == "successful", str(job)
        finding = client.get(f"/scans/{job['scan_id']}/findings").json()["features"][0]
        facts = {"lead_ids": ["l1"], "path": "fast", "stage": "under_construction", "categories": ["no_permit"],
                 "structure_id": finding["properties"]["structure_id"]}  # fmt: skip
        case = client.post("/cases", json={"facts": facts, "geometry": finding["geometry"]}).json()
        assert client.post(f"/cases/{case['id']}/parties", json={"name": NAME}).status_code == 201
        body = {"verdict": True, "judged_by": "王警官", "note": f"见到{NAME}"}
        assert client.post(f"/findings/{finding['id']}/verdicts", json=body).status_code == 201
        yield client, finding, case


def test_it_tells_the_lead_with_its_errors_and_sources_and_never_of_people(held: Held) -> None:
    client, finding, case = held
    answer = client.get(f"/findings/{finding['id']}/dossier.pdf")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf", answer.text
    text = "".join(pdf_text(answer.content))
    told = finding["properties"]
    scan = client.get(f"/scans/{told['scan_id']}").json()
    expected = [
        "示范县综合行政执法局", finding["id"], "疑似违法建设（未经认定）", "不是违法认定", "第四十一条",
        f"{told['area_m2']:,.1f}m²±{told['area_error_m2']:,.1f}", "亩", "CGCS2000", "2025-04-12", "永久基本农田",
        "YJNT-1", "退让控制线河道HD-1", "/30.0m", "本线索轮廓永久基本农田河道所在地块",
        case["serial"], "属实", "10m", "N",
        *(one["sha256"] for one in scan["provenance"]["inputs"]), scan["provenance"]["parameters_sha256"],
        *(one["sha256"] for one in scan["provenance"]["layers"].values()),
    ]  # fmt: skip
    assert [one for one in expected if one not in text] == []
    # once on the map, and in the tables: escaped, as it is
    assert text.count(PARCEL) >= 3
    for never in (NAME, NUMBER, "户主", "王警官", "SECRET-1", "***"):
        assert never not in text, never
    assert _share(text, "永久基本农田YJNT-1") == pytest.approx(50, abs=6)


def _share(text: str, behind: str) -> float:
    """The percentage that stands behind some words of the table of shares."""
    return float(text.split(behind)[-1].split("%")[0])


def test_the_command_writes_it_in_english(held: Held, tmp_path: Path) -> None:
    client, finding, _ = held
    path, data = tmp_path / "lead.pdf", client.app.state.services.settings.data  # type: ignore[attr-defined]
    line = ["export", "dossier", finding["id"], str(path), "--language", "en", "--data", str(data)]
    done = CliRunner().invoke(command_line, line)
    assert done.exit_code == 0, done.output
    text = "".join(pdf_text(path.read_bytes()))
    assert "seemtolieinpermanentbasicfarmland" in text and "noverdictandnogroundofapenalty" in text
    assert "AdministrativePenaltyLawArt.41" in text and PARCEL in text
    assert CliRunner().invoke(command_line, [*line[:5], "fr", *line[6:]]).exit_code != 0


def test_it_goes_to_those_who_may_and_shows_no_more_than_they_see(held: Held) -> None:
    client, finding, _ = held
    services, path = client.app.state.services, f"/findings/{finding['id']}/dossier.pdf"  # type: ignore[attr-defined]
    points = np.array(finding["geometry"]["coordinates"][0])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    middle = float(west + east) / 2
    store_areas(services, half=(float(west) - 0.01, float(south) - 0.01, middle, float(north) + 0.01),
                away=(float(east) + 0.1, float(south), float(east) + 0.2, float(north)))  # fmt: skip
    assert client.get(path, headers=make_key(services, ["reader"])).status_code == 403
    assert client.get(path, headers=make_key(services, ["officer"], areas=["away"])).status_code == 404
    assert client.get("/findings/none/dossier.pdf").status_code == 404
    assert client.get(path, params={"language": "fr"}).status_code == 400
    answer = client.get(path, headers=make_key(services, ["officer"], areas=["half"]))
    assert answer.status_code == 200, answer.text
    text = "".join(pdf_text(answer.content))
    # the reason was stored with the finding; what is measured and drawn anew leaves the river out, which lies beyond
    assert "退让控制线河道HD-1" not in text and "本线索轮廓永久基本农田所在地块" in text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    pictures = {image.name: image.image for page in pages for image in page.images}  # pages share them
    assert sorted(one.size[0] for one in pictures.values()) == [640, 640, 1000]
    for one in pictures.values():
        pixels = np.asarray(one.convert("L"))
        side = pixels.shape[1]
        assert (pixels[:, int(0.53 * side) :] < 12).mean() > 0.99, "nothing of what lies beyond"
        assert (pixels[200:-200, int(0.25 * side) : int(0.47 * side)] > 30).mean() > 0.95
