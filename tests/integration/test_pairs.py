"""Admissible pairs through the real command line: warned, refused strictly, accepted by name, on the record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.service_kit import draw_pair, kancha


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two dates whose side files put the sun 33° apart."""
    before, after = draw_pair(tmp_path)
    for path, elevation in ((before, 63.0), (after, 30.0)):
        item = {"type": "Feature", "properties": {"view:sun_elevation": elevation, "platform": "GF-2"}}
        path.with_suffix(".json").write_text(json.dumps(item))
    return before, after


def scanned(pair: tuple[Path, Path], tmp_path: Path, *options: str) -> dict[str, Any]:
    target = tmp_path / "found.geojson"
    done = kancha("scan", *pair, "-o", target, *options, data=tmp_path)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))["provenance"]
    return told


def test_a_warning_is_told_with_its_figures(pair: tuple[Path, Path], tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    told = scanned(pair, tmp_path, "--report", str(report))
    gate = told["admissibility"]
    assert gate["outcome"] == "accepted-with-warnings" and gate["overridden"] == []
    sun = next(check for check in gate["checks"] if check["code"] == "sun")
    assert (sun["measured"], sun["limit"], sun["outcome"]) == (33.0, 20.0, "warned")
    page = report.read_text(encoding="utf-8")
    assert "Is the pair admissible?" in page and sun["message"] in page and sun["message_zh"] in page
    first = told["inputs"][0]
    assert first["acquisition"]["sensor"] == "GF-2"
    beside = pair[0].with_suffix(".json")
    assert first["acquisition"]["sidecars"] == {beside.name: hashlib.sha256(beside.read_bytes()).hexdigest()}
    assert 0.9 < first["usable_share"] <= 1 and sum(first["shares"].values()) == pytest.approx(1, abs=0.001)


def test_strict_refuses_and_accept_overrides_by_name(pair: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "never.geojson"
    refused = kancha("scan", *pair, "-o", target, "--strict", data=tmp_path)
    assert refused.returncode == 2 and not target.exists()
    assert "33°" in refused.stderr and "--accept sun" in refused.stderr and "Traceback" not in refused.stderr
    told = scanned(pair, tmp_path, "--strict", "--accept", "sun", "--accept", "depth")
    assert told["admissibility"]["overridden"] == ["sun", "depth"]
    assert told["parameters"]["accept"] == ["sun", "depth"] and told["parameters"]["strict"] is True


def test_a_side_file_changes_the_identity_of_the_scan(pair: tuple[Path, Path], tmp_path: Path) -> None:
    first = scanned(pair, tmp_path)["scan_id"]
    assert scanned(pair, tmp_path)["scan_id"] == first
    pair[0].with_suffix(".json").unlink()
    assert scanned(pair, tmp_path)["scan_id"] != first


def test_an_unknown_code_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = kancha("scan", *pair, "--accept", "weather", data=tmp_path)
    assert done.returncode == 2 and "no check 'weather'" in done.stderr and "residual" in done.stderr
