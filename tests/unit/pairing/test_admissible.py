"""The gate, check by check: accepted, warned, refused, strict, overridden; and what no file tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from geodata.errors import (
    AlignmentError,
    InadmissiblePairError,
    NoOverlapError,
    OptionError,
    PixelSizeError,
    UsablePixelsError,
)
from geodata.io.sidecars import Acquisition
from geodata.io.warp import ShiftField
from geodata.pairing.admissible import judge_pair
from geodata.pairing.checks import PairFacts, angle_between_deg, season_gap_days
from geodata.pairing.coregister import Alignment
from geodata.pairing.plan import PairPlan, plan_pair
from geodata.pairing.ties import Ties
from geodata.types import CHECKS, ScanOptions
from tests.unit.pairing.test_plan import DAY, info

ZERO = ShiftField(np.zeros((2, 2)), np.zeros((2, 2)), 64)
ALIGNED = Alignment(ZERO, (0.0, 0.0), 40, 0.3, 0.8, True, 0.5, Ties.none(), np.zeros(0, bool))


def plan(overlap: float = 1.0, ratio: float = 1.0) -> PairPlan:
    return replace(plan_pair(info(), info(), min_area_m2=20), overlap_share=overlap, pixel_ratio=ratio)


def taken(**angles: float) -> Any:
    return info(acquisition=Acquisition(**angles))  # type: ignore[arg-type]


def facts(**changed: Any) -> PairFacts:
    values: dict[str, Any] = {
        "before": taken(sun_elevation_deg=50, sun_azimuth_deg=150, view_off_nadir_deg=5, view_azimuth_deg=90),
        "after": taken(sun_elevation_deg=55, sun_azimuth_deg=155, view_off_nadir_deg=6, view_azimuth_deg=80),
        "dates": (DAY, DAY + timedelta(days=370)),
        "plan": plan(),
        "alignment": ALIGNED,
        "effective_bits": (7.5, 7.0),
        "usable_share": 0.95,
    }
    return PairFacts(**{**values, **changed})


def unaligned() -> Alignment:
    return replace(ALIGNED, reliable=False, points=2, residual_median_px=float("nan"), residual_p90_px=float("nan"))


WORSE: dict[str, tuple[dict[str, Any], str]] = {
    "overlap": ({"plan": plan(overlap=0.03)}, "refused"),
    "pixel-ratio": ({"plan": plan(ratio=1.15)}, "warned"),
    "season": ({"dates": (DAY, DAY + timedelta(days=500))}, "warned"),
    "sun": ({"after": taken(sun_elevation_deg=20, view_off_nadir_deg=6)}, "warned"),
    "view": ({"after": taken(sun_elevation_deg=50, view_off_nadir_deg=20, view_azimuth_deg=270)}, "warned"),
    "off-nadir": ({"before": taken(view_off_nadir_deg=28), "after": taken(view_off_nadir_deg=27)}, "warned"),
    "depth": ({"effective_bits": (7.5, 4.2)}, "warned"),
    "alignment": ({"alignment": unaligned()}, "refused"),
    "residual": ({"alignment": replace(ALIGNED, residual_p90_px=3.4)}, "warned"),
    "usable": ({"usable_share": 0.4}, "warned"),
}


def outcomes(changed: dict[str, Any], **options: Any) -> dict[str, str]:
    return {c.code: c.outcome for c in judge_pair(facts(**changed), ScanOptions(**options)).checks}


def test_a_good_pair_is_accepted_with_every_check_in_order() -> None:
    gate = judge_pair(facts(), ScanOptions())
    assert gate.outcome == "accepted" and gate.overridden == ()
    assert tuple(check.code for check in gate.checks) == CHECKS
    assert {check.outcome for check in gate.checks} == {"accepted"}
    assert gate.logit_penalty == 0 and gate.lowered(0.7) == 0.7
    gate.require()


@pytest.mark.parametrize("code", CHECKS)
def test_each_check_warns_or_refuses_strictly_refuses_and_can_be_overridden(code: str) -> None:
    changed, by_default = WORSE[code]
    assert outcomes(changed)[code] == by_default
    assert [c for c, o in outcomes(changed).items() if o not in ("accepted", "unknown")] == [code]
    assert outcomes(changed, strict=True)[code] == "refused"
    strict = judge_pair(facts(**changed), ScanOptions(strict=True, accept=(code,)))
    assert strict.overridden == (code,) and strict.outcome == "accepted-with-warnings"
    strict.require()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("overlap", NoOverlapError),
        ("alignment", AlignmentError),
        ("pixel-ratio", PixelSizeError),
        ("season", InadmissiblePairError),
        ("residual", InadmissiblePairError),
    ],
)
def test_a_refusal_names_the_figure_and_the_way_out(code: str, error: type[Exception]) -> None:
    gate = judge_pair(facts(**WORSE[code][0]), ScanOptions(strict=True))
    with pytest.raises(error, match=r"\d") as caught:
        gate.require()
    assert f"--accept {code}" in caught.value.remedy  # type: ignore[attr-defined]
    assert caught.value.measured["accept"] == [code]  # type: ignore[attr-defined]


def test_almost_no_usable_pixel_is_refused() -> None:
    gate = judge_pair(facts(usable_share=0.004), ScanOptions())
    with pytest.raises(UsablePixelsError, match=r"0\.4%"):
        gate.require()


def test_several_refusals_are_told_at_once() -> None:
    gate = judge_pair(facts(alignment=unaligned(), usable_share=0.0), ScanOptions())
    with pytest.raises(InadmissiblePairError, match="could not be aligned.*seen at both") as caught:
        gate.require()
    assert caught.value.measured["accept"] == ["alignment", "usable"]


def test_mountains_allow_a_fifth() -> None:
    changed = {"plan": plan(ratio=1.15)}
    assert outcomes(changed, terrain="hilly")["pixel-ratio"] == "warned"
    assert outcomes(changed, terrain="mountain")["pixel-ratio"] == "accepted"
    assert outcomes({"plan": plan(ratio=1.21)}, terrain="mountain")["pixel-ratio"] == "warned"


def test_what_no_file_tells_is_unknown_and_costs_nothing() -> None:
    gate = judge_pair(facts(before=info(), after=info()), ScanOptions(strict=True))
    told = {c.code: c.outcome for c in gate.checks}
    assert told["sun"] == told["view"] == told["off-nadir"] == "unknown"
    assert gate.outcome == "accepted" and gate.logit_penalty == 0


def test_before_a_pixel_is_read_only_the_catalogue_is_judged() -> None:
    early = facts(alignment=None, effective_bits=None, usable_share=None)
    assert [c.code for c in judge_pair(early, ScanOptions()).checks] == list(CHECKS[:6])


def test_warnings_lower_the_confidence_and_never_below_zero_or_order() -> None:
    gate = judge_pair(facts(plan=plan(ratio=1.5), alignment=replace(ALIGNED, residual_p90_px=3.0)), ScanOptions())
    assert gate.outcome == "accepted-with-warnings" and gate.logit_penalty == pytest.approx(0.6)
    assert gate.lowered(0.5) == pytest.approx(1 / (1 + np.exp(0.6)))
    assert 0 < gate.lowered(0.1) < gate.lowered(0.9) < 0.9
    assert gate.lowered(0.0) == 0.0 and gate.lowered(1.0) == 1.0


def test_the_report_is_plain_values() -> None:
    told = judge_pair(facts(**WORSE["season"][0]), ScanOptions()).as_dict()
    assert told["outcome"] == "accepted-with-warnings" and told["overridden"] == []
    season = next(check for check in told["checks"] if check["code"] == "season")
    assert season["measured"] == 135.0 and season["limit"] == 60.0 and season["outcome"] == "warned"
    assert "135" in season["message"] and "135" in season["message_zh"]


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [((2024, 4, 12), (2026, 4, 12), 1), ((2025, 12, 25), (2026, 1, 4), 10), ((2025, 1, 1), (2025, 7, 2), 182)],
)
def test_the_gap_of_seasons(first: tuple[int, int, int], second: tuple[int, int, int], days: int) -> None:
    assert season_gap_days(datetime(*first, tzinfo=UTC), datetime(*second, tzinfo=UTC)) == days


def test_the_angle_between_two_lines_of_sight() -> None:
    assert angle_between_deg((90, 10), (90, 25)) == pytest.approx(15)
    assert angle_between_deg((90, 10), (270, 10)) == pytest.approx(20)
    assert angle_between_deg((0, 0), (123, 0)) == pytest.approx(0, abs=1e-6)


def test_unknown_terrain_and_unknown_codes_are_refused() -> None:
    with pytest.raises(OptionError, match="no terrain 'moon'"):
        ScanOptions(terrain="moon")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="no check 'weather'"):
        ScanOptions(accept=("weather",))
    assert ScanOptions(accept=("residual", "season", "season")).accept == ("season", "residual")
