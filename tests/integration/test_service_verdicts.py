"""Verdicts over HTTP and on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from tests.integration.review_kit import a_finding, opened, store_scan
from tests.integration.service_kit import kancha


@pytest.fixture(scope="module", autouse=True)
def findings(settings: Settings) -> None:
    services = opened(settings.data)
    rows = [a_finding(f"f{i}", i, confidence=i / 10) for i in range(10)]
    store_scan(services, "s", rows)
    services.close()


def outline_of(client: Any, fid: str) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"/findings/{fid}").json()["geometry"]
    return told


def post(client: Any, fid: str, **body: Any) -> Any:
    return client.post(f"/findings/{fid}/verdicts", json={"judged_by": "王五", **body})


def test_a_verdict_is_stored_once_and_the_finding_says_so(client: Any) -> None:
    before = client.get("/findings/f1")
    listed = client.get("/scans/s/findings")
    first = post(client, "f1", verdict=False, reason="shadow")
    again = post(client, "f1", verdict=False, reason="shadow")
    assert (first.status_code, again.status_code) == (201, 200), first.text
    told = first.json()
    assert told == again.json()
    assert (told["verdict"], told["reason"], told["judged_by"], told["purpose"]) == (False, "shadow", "王五", "enforce")
    assert first.headers["location"].endswith("/findings/f1/verdicts")
    tagged = {"if-none-match": before.headers["etag"]}
    after = client.get("/findings/f1", headers=tagged)
    assert after.status_code == 200
    properties = after.json()["properties"]
    assert (properties["judged"], properties["judged_reason"]) == (False, "shadow")
    assert before.json()["properties"]["structure_id"] is not None
    told = {"judged": False, "judged_reason": "shadow", "structure_id": None}
    assert before.json()["properties"] | told == properties, "what was judged wrong is no sighting of a structure"
    fresh = client.get("/scans/s/findings", headers={"if-none-match": listed.headers["etag"]})
    assert fresh.status_code == 200, "a tag of before the verdict is no longer good"
    assert next(f for f in fresh.json()["features"] if f["id"] == "f1")["properties"] == properties


def test_the_latest_counts_and_the_history_stays(client: Any) -> None:
    days = [datetime(2025, 5, d, tzinfo=UTC).isoformat() for d in (1, 2)]
    assert post(client, "f2", verdict="false", reason="tree", judged_at=days[0], purpose="learn").status_code == 201
    corrected = outline_of(client, "f2")
    corrected["coordinates"][0][2][0] += 1e-5
    body = {"verdict": True, "outline": {"type": "Feature", "geometry": corrected, "properties": {}}}
    assert post(client, "f2", **body, judged_at=days[1]).status_code == 201
    assert post(client, "f2", **body, judged_at=days[1]).status_code == 200
    told = client.get("/findings/f2/verdicts").json()
    assert [v["verdict"] for v in told["verdicts"]] == [False, True] and told["numberMatched"] == 2
    assert told["verdicts"][1]["outline"] == corrected
    assert told["verdicts"][1]["purpose"] == "learn"
    properties = client.get("/findings/f2").json()["properties"]
    assert (properties["judged"], properties["judged_reason"]) == (True, None)


def test_a_form_does_too(client: Any) -> None:
    answer = client.post(
        "/findings/f3/verdicts",
        data={"verdict": "true", "judged_by": "李", "outline": json.dumps(outline_of(client, "f3")), "note": " x "},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["note"] == "x" and answer.json()["outline"]["type"] == "Polygon"


def bow(told: dict[str, Any]) -> dict[str, Any]:
    a, b, c, d, _ = told["coordinates"][0]
    return {"type": "Polygon", "coordinates": [[a, c, b, d, a]]}


def ring(corner: list[Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[corner, [114.1, 36.0], [114.1, 36.1], corner]]}


def test_what_is_no_verdict_is_refused_by_name(client: Any) -> None:
    own = outline_of(client, "f4")
    far = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    beside = outline_of(client, "f5")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"verdict": False}, 422, "verdict-unusable"),
        ({"verdict": False, "reason": "ufo"}, 422, "verdict-unusable"),
        ({"verdict": False, "reason": "no_height_gain"}, 422, "verdict-unusable"),
        ({"verdict": True, "reason": "shadow"}, 422, "verdict-unusable"),
        ({"verdict": False, "reason": "tree", "outline": own}, 422, "verdict-unusable"),
        ({"verdict": True, "judged_by": " "}, 422, "verdict-unusable"),
        ({"verdict": True, "judged_by": "x" * 201}, 422, "verdict-unusable"),
        ({"verdict": True, "judged_at": later}, 422, "verdict-unusable"),
        ({"verdict": True, "purpose": "fun"}, 422, "verdict-unusable"),
        ({"verdict": True, "outline": bow(own)}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": far}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": beside}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Point", "coordinates": [1, 1]}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Polygon", "coordinates": [[1, 2]]}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Polygon", "coordinates": []}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Polygon", "coordinates": "x"}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Feature", "geometry": None}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Polygon"}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": {"type": "Polygon", "coordinates": None}}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": ring([None, None])}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": ring([1e300, 1e300])}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": ring(["a", "b"])}, 422, "geometry-unusable"),
        ({"verdict": True, "outline": [1]}, 400, "bad-body"),
        ({"verdict": "perhaps"}, 400, "bad-body"),
        ({}, 400, "bad-body"),
        ({"verdict": True, "judge": "x"}, 400, "bad-body"),
        ({"verdict": True, "judged_at": "someday"}, 400, "option-range"),
    ]
    for body, status, code in cases:
        answer = post(client, "f4", **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["remedy"] and answer.json()["title_zh"], body
    assert post(client, "zz", verdict=True).status_code == 404
    assert client.get("/findings/zz/verdicts").json()["code"] == "not-found"
    assert client.get("/findings/f4/verdicts?limit=3").status_code == 400
    assert client.get("/findings/f4/verdicts").json()["verdicts"] == []
    assert client.get("/findings/f4").json()["properties"]["judged"] is None


def ids(client: Any, url: str) -> list[str]:
    seen: list[str] = []
    while url:
        page = client.get(url).json()
        seen += [f["id"] for f in page["features"]]
        url = {link["rel"]: link["href"] for link in page["links"]}.get("next", "")
    return seen


@pytest.mark.parametrize("sortby", ["priority", "-priority", "%2Bpriority", "+priority"])
def test_findings_are_sorted_by_priority(client: Any, sortby: str) -> None:
    seen = ids(client, f"/collections/findings/items?sortby={sortby}&limit=3")
    want = [f"f{i}" for i in range(10)]
    assert seen == (want[::-1] if sortby.startswith("-") else want)


def test_another_order_is_refused_by_name(client: Any) -> None:
    for key in ("colour", "--priority", "", "priority,", "reasons"):
        answer = client.get("/collections/findings/items", params={"sortby": key})
        assert (answer.status_code, answer.json()["code"]) == (400, "sort-key")
        assert "priority" in answer.json()["remedy"]
    assert client.get("/collections/findings/items?cursor=999&sortby=priority").json()["code"] == "bad-query"
    assert client.get("/collections/findings/items?sortby=-confidence,id&limit=2").json()["numberReturned"] == 2


def test_the_command_line_judges_too(client: Any, settings: Settings, tmp_path: Path) -> None:
    outline = tmp_path / "outline.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": outline_of(client, "f6")}
    outline.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    arguments = ("judge", "f6", "true", "--by", "赵", "--outline", outline)
    done = kancha(*arguments, data=settings.data)
    assert done.returncode == 0 and done.stdout == "judged: f6 true, by 赵\n", done.stderr
    assert kancha(*arguments, data=settings.data).stdout == "already judged: f6 true, by 赵\n"
    assert client.get("/findings/f6/verdicts").json()["verdicts"][0]["outline"] == outline_of(client, "f6")
    (tmp_path / "no.geojson").write_text("{")
    for more, code in [
        (("f6", "false", "--by", "赵"), "verdict-unusable"),
        (("f6", "maybe", "--by", "赵"), "option-range"),
        (("zz", "true", "--by", "赵"), "not-found"),
        (("f6", "true", "--by", "赵", "--outline", tmp_path / "no.geojson"), "geometry-unusable"),
        (("f6", "true", "--by", "赵", "--outline", tmp_path / "none.geojson"), "file-not-found"),
    ]:
        done = kancha("judge", *more, data=settings.data)
        assert done.returncode == 2 and code in done.stderr, (more, done.stderr)
