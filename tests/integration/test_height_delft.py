"""Height on a real place: Delft as it was surveyed, and an earlier date made by lowering registered buildings.

The floors are modest; `tests/benchmarks/height.py` measures over more choices of buildings.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.height import CASES, Place, Score, folds, lowered, place, run_case, spoiled, standing, write
from tests.integration.service_kit import kancha


@pytest.fixture(scope="module")
def delft() -> Place:
    found = place("delft")
    if found is None:
        pytest.skip("the surface models of Delft are not there")
    return found


def test_what_the_place_is(delft: Place) -> None:
    rows = standing(delft)
    assert len(delft.footprints) == 160 and len(rows) == 113
    low = lowered(delft, rows[:5])
    inside = delft.mask(delft.footprints[rows[:5]])
    assert np.nanmax(np.abs(low - delft.ground)[inside]) < 0.01
    changed = np.nan_to_num(np.abs(low - delft.surface)) > 0
    assert not (changed & ~delft.mask(delft.footprints[rows[:5]], grown_m=1.5)).any()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_most_changes_are_found_and_few_others(delft: Place, case: object, tmp_path: Path) -> None:
    score = Score()
    chosen, seed = next(folds(delft))
    run_case(delft, case, chosen, seed, tmp_path, score)  # type: ignore[arg-type]
    assert score.true >= 30
    assert score.completeness >= 0.93 and score.correctness >= 0.85
    assert np.median(score.gain_errors_m) < 0.5


def test_the_command_line_writes_findings_and_a_report(delft: Place, tmp_path: Path) -> None:
    rows = standing(delft)[::4]
    early = spoiled(delft, lowered(delft, rows), np.random.default_rng(7))
    write(tmp_path / "dsm_20140101.tif", early, delft)
    write(tmp_path / "dsm_20180101.tif", delft.surface, delft)
    write(tmp_path / "dtm.tif", delft.terrain, delft)
    models = {"--before-dsm": "dsm_20140101.tif", "--after-dsm": "dsm_20180101.tif", "--dtm": "dtm.tif"}
    given = [word for option, name in models.items() for word in (option, tmp_path / name)]
    outputs = ("-o", tmp_path / "found.geojson", "--report", tmp_path / "report.html")
    done = kancha("scan", *given, *outputs, data=tmp_path / "unused")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "found.geojson").read_text(encoding="utf-8"))
    assert len(told["features"]) >= 15
    assert all(f["properties"]["height_gain_m"] > 1.9 for f in told["features"] if f["properties"]["storeys"])
    assert told["provenance"]["heights"]["ground"] == {"before": "terrain model", "after": "terrain model"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "NMAD" in page and "storeys" in page and "后期地表模型" in page
