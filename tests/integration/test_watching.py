"""The service watches itself: metrics, readiness, ids, conditions, the files for Prometheus and Grafana."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.settings import Auth, Jobs, Limits, Settings, Watching
from service.store.intake_records import NightRun
from tests.access import TestClient, client_of, make_key
from tests.integration.service_kit import draw_pair, finished, post_pair, until
from tests.postgres import cluster

ROOT = Path(__file__).parents[2]
OFTEN = Watching(every_s=0.1, answer_s=1.0)
Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(told: dict[Sample, float], name: str, **labels: str) -> float | None:
    return told.get((name, tuple(sorted(labels.items()))))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = Settings(data=tmp_path_factory.mktemp("watched"), watching=OFTEN, auth=Auth(rate_per_s=0))
    with client_of(settings, fails=False) as client:
        yield client


def metrics(client: Any, **headers: str) -> dict[Sample, float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    return samples(answer.text)


# --- metrics -------------------------------------------------------------------------------------


def test_metrics_count_what_was_done(watched: Any, tmp_path: Path) -> None:
    before = metrics(watched)
    for _ in range(3):
        assert watched.get("/collections/findings/items?limit=1").status_code == 200
    assert watched.get("/collections/findings/items/none").status_code == 404
    assert watched.head("/scenes").status_code == 200
    assert watched.get("/no/such/path/5f0c").status_code == 404
    assert watched.get("/scenes", headers={"Authorization": "Bearer none"}).status_code == 401
    assert watched.request("BREW", "/scenes").status_code in (401, 405)
    job = finished(watched, post_pair(watched, *draw_pair(tmp_path)).json()["jobID"])
    assert job["status"] == "successful", job
    told = until(lambda: value(now := metrics(watched), "kancha_scans") == 1 and now, 10)

    def more(**labels: str) -> float:
        name = "kancha_http_requests_total"
        return (value(told, name, **labels) or 0) - (value(before, name, **labels) or 0)

    items = "/collections/{collection_id}/items"
    # the short way for map clients is counted as the long one is
    assert more(route=items, method="GET", status="2xx") == 3
    assert more(route=f"{items}/{{fid}}", method="GET", status="4xx") == 1
    assert more(route="/scenes", method="HEAD", status="2xx") == 1
    assert more(route="none", method="GET", status="4xx") == 2
    assert more(route="none", method="other", status="4xx") + more(route="/scenes", method="other", status="4xx") == 1
    assert more(route="/scans", method="POST", status="2xx") == 1
    assert value(told, "kancha_http_request_duration_seconds_count", route="/scans", method="POST") == 1
    assert value(told, "kancha_jobs", kind="scan", state="successful") == 1
    assert value(told, "kancha_job_duration_seconds_count", kind="scan", state="successful") == 1
    took = value(told, "kancha_job_duration_seconds_sum", kind="scan", state="successful")
    assert took is not None and 0 < took < 120
    assert value(told, "kancha_job_duration_seconds_bucket", kind="scan", state="successful", le="21600.0") == 1
    assert value(told, "kancha_job_queue_age_seconds") == 0
    stored = watched.get("/scans").json()["scans"][0]["counts"]
    assert sum(stored.values()) > 0
    assert {status: value(told, "kancha_findings", status=status) for status in stored} == stored
    assert (value(told, "kancha_store_up"), value(told, "kancha_runner_alive")) == (1, 1)
    assert value(told, "kancha_runner_slots") == 1 and value(told, "kancha_uploads_open") == 0
    free = value(told, "kancha_disk_free_bytes")
    assert free is not None and free > 0


def test_no_label_holds_a_path_or_an_id(watched: Any) -> None:
    watched.get("/scenes/0123456789abcdef0123")
    watched.get("/jobs/0123456789abcdef0123")
    labels = {text for (_, pairs) in metrics(watched) for _, text in pairs}
    assert not [one for one in labels if "0123456789" in one]
    assert "/scenes/{scene_id}" in labels


def test_unfinished_uploads_and_nights_are_told(watched: Any) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "filename YV8yMDI0MDQxMi50aWY="}
    made = watched.post("/uploads", headers=headers)
    assert made.status_code == 201, made.text
    chunk = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert watched.patch(made.headers["location"], content=b"1234", headers=chunk).status_code == 204
    until(lambda: value(metrics(watched), "kancha_uploads_open_bytes") == 4, 10)
    assert watched.delete(made.headers["location"], headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    until(lambda: value(metrics(watched), "kancha_uploads_open") == 0, 10)


def test_metrics_are_for_keys_that_may(watched: Any) -> None:
    services = watched.app.state.services
    assert watched.get("/metrics", headers={"Authorization": ""}).status_code == 401
    for roles, areas, status in [
        (["monitor"], None, 200),
        (["administrator"], None, 200),
        (["chief", "auditor", "officer"], None, 403),
        # they count what lies everywhere
        (["monitor"], ["somewhere"], 403),
    ]:
        key = make_key(services, roles, areas)
        assert watched.get("/metrics", headers=key).status_code == status, roles
    monitor = make_key(services, ["monitor"])
    for path in ("/scenes", "/status/conditions", "/status/detector", "/jobs"):
        assert watched.get(path, headers=monitor).status_code == 403


def test_metrics_may_be_opened(tmp_path: Path) -> None:
    opened = Settings(data=tmp_path, watching=Watching(metrics_open=True))
    with TestClient(create_app(opened)) as client:
        assert value(metrics(client), "kancha_build_info", version=client.app.version) == 1
        assert client.get("/status/conditions").status_code == 401
        assert client.post("/metrics").status_code == 401


# --- what names metrics --------------------------------------------------------------------------


def families(client: Any) -> set[str]:
    """Names that a question may use."""
    found = set()
    for family in text_string_to_metric_families(client.get("/metrics").text):
        if family.type == "counter":
            found.add(f"{family.name}_total")
        elif family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
        else:
            found.add(family.name)
    return {name for name in found if name.startswith("kancha_")} - {"kancha_http_requests_created"}


def named(text: str) -> set[str]:
    return set(re.findall(r"\bkancha_\w+", text))


def test_dashboard_and_rules_name_what_there_is(watched: Any) -> None:
    known = families(watched)
    assert len(known) > 20
    board = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yaml").read_text(encoding="utf-8"))
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    for expr in [*shown, *alerts]:
        assert named(expr) or "up{" in expr, expr
        assert named(expr) <= known, named(expr) - known
        assert expr.count("(") == expr.count(")") and expr.count("{") == expr.count("}")
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and panel["title"]
    # every family is shown somewhere, or it is not worth its place
    told = named(" ".join([*shown, *alerts]))
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in told} >= {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in known if not name.endswith("_created")
    }


def test_every_metric_and_condition_is_documented(watched: Any) -> None:
    from service.watching.conditions import SEVERITIES

    page = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    known = {re.sub(r"_(bucket|sum|count)$", "", name) for name in families(watched) if not name.endswith("_created")}
    assert {name for name in named(page) if name != "kancha_session"} == known
    assert set(re.findall(r"^\| `([a-z-]+)` \| (?:warning|critical)", page, re.M)) == set(SEVERITIES)


# --- readiness -----------------------------------------------------------------------------------


def codes(client: Any) -> set[str]:
    return {one["code"] for one in client.get("/status/conditions").json()["conditions"]}


def test_ready_when_all_is_well(watched: Any) -> None:
    told = watched.get("/readyz", headers={"Authorization": ""})
    assert told.status_code == 200 and told.json()["warnings"] == []
    assert watched.get("/status/conditions").json()["conditions"] == []


def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "service.watcher"):
        with client_of(Settings(data=tmp_path, limits=Limits(min_free_bytes=1 << 60), watching=OFTEN)) as client:
            told = client.get("/readyz", headers={"Authorization": ""})
            assert told.status_code == 503 and told.json()["checks"]["disk"]["good"] is False
            assert "GiB is the least" in told.json()["checks"]["disk"]["detail"]
            (one,) = client.get("/status/conditions").json()["conditions"]
            assert (one["code"], one["severity"], one["blocking"]) == ("disk-full", "critical", True)
            assert one["measured"]["min_free_bytes"] == 1 << 60 and "磁盘" in one["title_zh"] and one["since"]
            until(lambda: value(metrics(client), "kancha_conditions", code="disk-full", severity="critical") == 1, 10)
            assert client.get("/status/conditions").json()["conditions"][0]["since"] <= one["since"]
    lines = [one for one in caplog.records if one.name == "service.watcher"]
    assert [one.levelname for one in lines] == ["ERROR"], "told once, not at every look"


def test_a_dead_runner(tmp_path: Path) -> None:
    with client_of(Settings(data=tmp_path, watching=OFTEN)) as client:
        assert client.get("/readyz").status_code == 200
        client.app.state.services.runner.close()  # type: ignore[attr-defined]
        told = client.get("/readyz")
        assert told.status_code == 503 and told.json()["checks"]["runner"]["good"] is False
        assert codes(client) == {"runner-stopped"}
        until(lambda: value(metrics(client), "kancha_runner_alive") == 0, 10)


def test_warnings_do_not_stop_the_service(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, watching=Watching(every_s=0.1, night_hours=1e-6), jobs=Jobs())
    with client_of(settings) as client:
        services = client.app.state.services  # type: ignore[attr-defined]
        assert codes(client) == set(), "nobody expects a night where none was ever begun"
        run = services.store.intake.open_run(NightRun("n", "/in", datetime.now(UTC), None))
        services.store.intake.close_run(run.id, {})
        until(lambda: codes(client) == {"night-overdue"}, 10)
        told = client.get("/readyz")
        assert told.status_code == 200
        assert told.json()["warnings"] == [{"code": "night-overdue", "severity": "critical"}]


def test_a_sqlite_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with client_of(Settings(data=tmp_path, watching=OFTEN), fails=False) as client:
        assert client.get("/readyz").status_code == 200
        engine = client.app.state.services.store.engine  # type: ignore[attr-defined]
        file = tmp_path / "kancha.sqlite"
        file.rename(tmp_path / "away")
        file.mkdir()  # not even root opens a folder as a database
        engine.dispose()
        told = client.get("/readyz")
        assert told.status_code == 503 and told.json()["checks"]["store"]["good"] is False
        assert "Traceback" not in told.text and str(tmp_path) not in told.text and "sqlite" not in told.text.lower()
        file.rmdir()
        (tmp_path / "away").rename(file)
        assert client.get("/readyz").status_code == 200


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """A server that this test may stop: others use the shared one."""
    with cluster() as running:
        yield running


def test_a_database_that_hangs_comes_back_and_stops(tmp_path: Path, own_postgres: Any) -> None:
    settings = Settings(
        data=tmp_path,
        store=own_postgres.new_database(),
        watching=Watching(every_s=0.2, answer_s=0.5, metrics_open=True),
    )
    with client_of(settings, fails=False) as client:
        assert client.get("/readyz").status_code == 200
        postmaster = own_postgres.process.pid
        backends = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _parent(p) == postmaster]
        assert len(backends) > 3
        hung = [postmaster, *backends]
        for pid in hung:
            own_postgres.process.send_signal(0)
            _signal(pid, signal.SIGSTOP)
        try:
            for _ in range(3):
                began = time.monotonic()
                told = client.get("/readyz", headers={"Authorization": ""})
                assert told.status_code == 503 and time.monotonic() - began < 2.0
                assert "within 0.5 s" in told.json()["checks"]["store"]["detail"]
                # the metrics are told from the last look
                began = time.monotonic()
                assert client.get("/metrics").status_code == 200 and time.monotonic() - began < 2.0
        finally:
            for pid in hung:
                _signal(pid, signal.SIGCONT)
        until(lambda: client.get("/readyz").status_code == 200, 20)
        own_postgres.process.send_signal(signal.SIGINT)
        own_postgres.process.wait(30)
        told = client.get("/readyz", headers={"Authorization": ""})
        assert told.status_code == 503 and "127.0.0.1" not in told.text and "Traceback" not in told.text
        until(lambda: value(metrics(client), "kancha_store_up") == 0, 10)
        refused = client.get("/scenes")
        assert refused.status_code == 503 and refused.json()["code"] == "store-unavailable"


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def _signal(pid: int, what: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)


# --- ids -----------------------------------------------------------------------------------------


def test_every_answer_carries_its_request_id(watched: Any) -> None:
    given = {"X-Request-Id": "from-a-client-1"}
    for path in (
        "/scenes",
        "/collections/findings/items",
        "/healthz",
        "/nowhere",
        "/scenes/none",
        "/static/nothing.js",
    ):
        answer = watched.get(path, headers=given)
        assert answer.headers.get_list("x-request-id") == ["from-a-client-1"], path
        if answer.status_code >= 400:
            assert answer.json()["request_id"] == "from-a-client-1"
    refused = watched.get("/scenes", headers={**given, "Authorization": "Bearer none"})
    assert refused.status_code == 401 and refused.headers["x-request-id"] == refused.json()["request_id"]
    made = [watched.get("/scenes/none", headers={"X-Request-Id": "bad id"}) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in made}
    assert len(ids) == 2 and all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)
    assert {answer.json()["request_id"] for answer in made} == ids


def test_an_unforeseen_error_carries_it_too(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, watching=OFTEN))

    async def broken() -> None:
        raise RuntimeError("nobody foresaw this")

    app.router.add_api_route("/broken", broken, name="get_health")
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken", headers={"X-Request-Id": "broken-request"})
        assert answer.status_code == 500 and answer.headers["x-request-id"] == "broken-request"
        assert answer.json()["request_id"] == "broken-request" and "nobody" not in answer.text


# --- the detector --------------------------------------------------------------------------------


def test_the_detectors_are_told_by_month(watched: Any) -> None:
    told = watched.get("/status/detector").json()["detectors"]
    assert len(told) == 1
    (month,) = told[0]["months"]
    assert month["scans"] == 1 and month["findings"] == sum(month["bins"]) > 0 and len(month["bins"]) == 10
    assert month["dismissals"] == {"judged": 0, "dismissed": 0, "share": None, "low": 0.0, "high": 1.0}
    assert told[0]["drift"]["psi"] is None and told[0]["drift"]["scores_moved"] is None
    finding = watched.get("/collections/findings/items?limit=1").json()["features"][0]["id"]
    body = {"verdict": False, "reason": "shadow", "judged_by": "王五"}
    assert watched.post(f"/findings/{finding}/verdicts", json=body).status_code == 201
    (month,) = watched.get("/status/detector").json()["detectors"][0]["months"]
    assert month["dismissals"]["judged"] == month["dismissals"]["dismissed"] == 1
    assert watched.get("/status/detector?month=3").status_code == 400
