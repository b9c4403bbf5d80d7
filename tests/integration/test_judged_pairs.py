"""What training gets of the verdicts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import shapely

from service.errors import NotFoundError
from service.services import Services
from service.usecases.judged_pairs import judged_pairs
from service.usecases.verdicts import Judgement, judge
from tests.integration.review_kit import AFTER, BEFORE, a_finding, a_scene, opened, store_scan


def stored(services: Services, folder: Path, name: str) -> str:
    content = name.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    services.blobs.put(folder / name, sha256)
    return sha256


def test_each_scan_with_verdicts_is_a_pair(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    assert judged_pairs(services) == []
    first, second = (stored(services, tmp_path / "files", name) for name in ("one", "two"))
    services.store.scenes.add(a_scene("a", BEFORE, sha256=first, declared_crs="EPSG:4547"))
    services.store.scenes.add(a_scene("b", AFTER, sha256=second))
    rows = [a_finding("f1", 1), a_finding("f2", 2, change="disappeared"), a_finding("f3", 3)]
    store_scan(services, "s", rows, {"inputs": [{"role": "before"}, {"role": "after"}]})
    store_scan(services, "nothing-judged", [a_finding("g", 9)])
    store_scan(services, "heights", [a_finding("h", 5)], {"inputs": [{"role": "before_dsm"}, {"role": "after_dsm"}]})
    own = shapely.box(114.0012, 36.001, 114.00125, 36.00105)
    outline: dict[str, Any] = shapely.geometry.mapping(own)
    judge(services, Judgement("f1", False, "王", reason="tree"))
    judge(services, Judgement("f1", True, "王", outline=outline))
    judge(services, Judgement("f2", False, "王", reason="shadow"))
    judge(services, Judgement("h", True, "王"))
    heights, pair = judged_pairs(services)
    assert (pair.scan_id, pair.surfaces, heights.scan_id, heights.surfaces) == ("s", False, "heights", True)
    assert (pair.before.read_bytes(), pair.after.read_bytes()) == (b"one", b"two")
    assert (pair.before_at, pair.after_at, pair.before_crs, pair.after_crs) == (BEFORE, AFTER, "EPSG:4547", None)
    told = [(j.finding_id, j.change, j.right, j.reason, j.corrected) for j in pair.judged]
    assert told == [("f1", "appeared", True, None, True), ("f2", "disappeared", False, "shadow", False)]
    assert pair.judged[0].outline.equals(own)
    west = 114.001 + 0.0002 * 2
    assert pair.judged[1].outline.equals_exact(shapely.box(west, 36.001, west + 0.0001, 36.0011), 1e-9, normalize=True)
    services.close()


def test_a_raster_that_is_gone_is_named(tmp_path: Path) -> None:
    services = opened(tmp_path)
    store_scan(services, "s", [a_finding("f")])
    judge(services, Judgement("f", True, "王"))
    with pytest.raises(NotFoundError, match="not on disk"):
        judged_pairs(services)
    services.close()
