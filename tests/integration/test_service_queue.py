"""The review queue over HTTP and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from service.store.intake_records import IntakeEntry, NightRun
from service.usecases.alarm_sending import Round
from service.usecases.morning import Told, write_report
from service.usecases.verdicts import Judgement
from service.usecases.verdicts import judge as judged
from tests.integration.review_kit import AFTER, a_finding, opened, store_scan
from tests.integration.service_kit import kancha


@pytest.fixture(scope="module", autouse=True)
def findings(settings: Settings) -> None:
    services = opened(settings.data)
    rows = [a_finding(f"f{i:02}", i, confidence=i / 40) for i in range(40)]
    told = {"inputs": [{"role": "before"}, {"role": "after", "acquisition": {"sensor": "GF-2"}}]}
    store_scan(services, "s", rows, told)
    store_scan(services, "t", [a_finding("other", 60, confidence=0.01)])
    services.close()


def judge(client: Any, fid: str, right: bool, **more: Any) -> None:
    body = {"verdict": right, "judged_by": "王", **({} if right else {"reason": "tree"}), **more}
    assert client.post(f"/findings/{fid}/verdicts", json=body).status_code == 201


def test_the_queue_over_http(client: Any, settings: Settings, tmp_path: Path) -> None:
    told = client.get("/queue?capacity=20").json()
    rows = told["rows"]
    assert (told["capacity"], told["learn_share"], len(rows)) == (20, 0.15, 20)
    assert [row["id"] for row in rows[:17]] == [f"f{i:02}" for i in range(39, 22, -1)]
    assert [row["purpose"] for row in rows] == ["enforce"] * 17 + ["learn"] * 3
    assert [row["id"] for row in rows[17:19]] == ["f20", "f21"], "of equals the higher priority"
    assert rows[0]["reason"] == "No permit is on file." and rows[0]["why"].startswith("priority 0.")
    links = {link["rel"]: link["href"] for link in rows[0]["links"]}
    assert client.get(links["related"]).json()["properties"]["priority"] == rows[0]["priority"]
    assert client.get(links["edit"]).json()["verdicts"] == []
    assert client.get("/queue?capacity=20").content == client.get("/queue?capacity=20").content
    out = tmp_path / "queue.json"
    done = kancha("queue", "--capacity", "20", "--json", out, data=settings.data)
    assert done.returncode == 0, done.stderr
    assert "20 findings to look at, 3 of them to learn from" in done.stdout and "f39" in done.stdout
    written = json.loads(out.read_text())
    assert written["rows"] == [{k: v for k, v in row.items() if k != "links"} for row in rows]


def test_what_is_judged_or_a_repeat_leaves_the_queue(client: Any, settings: Settings) -> None:
    before = [row["id"] for row in client.get("/queue?capacity=100&learn_share=0").json()["rows"]]
    assert len(before) == 41
    judge(client, "f39", True)
    judge(client, "f38", False)
    services = opened(settings.data)
    store_scan(services, "again", [a_finding("repeat", 38, confidence=0.9)])
    services.close()
    assert client.get("/findings/repeat").json()["properties"]["suppressed_by"] == "f38"
    after = [row["id"] for row in client.get("/queue?capacity=100&learn_share=0").json()["rows"]]
    assert after == before[2:]


def test_precision_is_told_by_group(client: Any, settings: Settings, tmp_path: Path) -> None:
    judge(client, "f20", True, purpose="learn")
    judge(client, "other", False)
    told = client.get("/queue/precision?capacity=2").json()
    assert [(at["k"], at["rate"]["judged"], at["rate"]["right"]) for at in told["at_k"][:2]] == [(2, 2, 1), (10, 3, 1)]
    assert told["at_k"][0]["rate"] == {"judged": 2, "right": 1, "precision": 0.5, "low": 0.0945, "high": 0.9055}
    sensors = [(g["name"], g["purpose"], g["rate"]["judged"]) for g in told["groups"]["sensor"]]
    assert sensors == [("GF-2", "enforce", 2), ("GF-2", "learn", 1), ("unknown", "enforce", 1)]
    assert [g["name"] for g in told["groups"]["season"]] == ["spring", "spring"]
    assert told["reasons"] == {"tree": 2}
    out = tmp_path / "precision.json"
    done = kancha("queue", "--precision", "--capacity", "2", "--json", out, data=settings.data)
    assert done.returncode == 0, done.stderr
    assert "By sensor" in done.stdout and "GF-2" in done.stdout and "0.09 to 0.91" in done.stdout
    assert json.loads(out.read_text()) == {k: v for k, v in told.items() if k != "links"}


def test_what_cannot_be_asked_is_refused_by_name(client: Any, settings: Settings, tmp_path: Path) -> None:
    for query, code in [
        ("", "bad-query"),
        ("?capacity=x", "bad-query"),
        ("?capacity=0", "option-range"),
        ("?capacity=10&learn_share=1.5", "option-range"),
        ("?capacity=10&share=0.5", "bad-query"),
    ]:
        answer = client.get(f"/queue{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code), query
    assert client.get("/queue/precision?capacity=0").json()["code"] == "option-range"
    for arguments, code in [
        ((), "option-range"),
        (("--capacity", "0"), "option-range"),
        (("--capacity", "5", "--learn-share", "2"), "option-range"),
        (("--capacity", "5", "--json", tmp_path / "no" / "such.json"), "file-not-found"),
    ]:
        done = kancha("queue", *arguments, data=settings.data)
        assert done.returncode == 2 and code in done.stderr, done.stderr


def test_an_empty_store_has_an_empty_queue(tmp_path: Path) -> None:
    done = kancha("queue", "--capacity", "5", data=tmp_path)
    assert done.returncode == 0 and "0 findings to look at" in done.stdout
    assert kancha("queue", "--precision", data=tmp_path).returncode == 0


def test_the_morning_report_lists_by_priority_and_counts_what_was_dismissed_before(tmp_path: Path) -> None:
    services = opened(tmp_path)
    store_scan(services, "s", [a_finding("f", 1)])
    judged(services, Judgement("f", False, "王", reason="tree"))
    site = a_finding("site", 3, confidence=0.4, stage="under_construction")
    store_scan(services, "again", [a_finding("repeat", 1), a_finding("roof", 2, stage="finished"), site])
    run = services.store.intake.open_run(NightRun("n", "/in", AFTER, None))
    scanned = {"before": "a", "after": "b", "scan_id": "again", "counts": {}, "late": False}
    outcome = {"result": "scanned", "scans": [scanned], "failed": [], "hidden_km2": 0.0, "alone_km2": 0.0}
    services.store.intake.put(IntakeEntry("/in", "b.tif", 1, 1, AFTER, "done", "n", "b", outcome))
    report = write_report(services, run, Told([], Round()))
    told = report.body["scanned"][0]
    assert [f["id"] for f in told["findings"]] == ["site", "roof"] and told["dismissed_before"] == 1
    for path in (report.html, report.markdown):
        assert "1 个与已排除图斑相同" in path.read_text(encoding="utf-8")
    services.close()
