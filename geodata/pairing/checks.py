"""What is checked of a pair, one function a check: what was measured, its limit, and what follows from it.

Pixel sizes: T/CSGPC 051-2025, 10 % in flat and hilly land, 20 % in mountains. Season, sun and view have no limit in the
standard; theirs are where shadows, leaves and lean begin to differ by more than the detector tolerates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from geodata.io.dates import BEIJING
from geodata.io.rasters import RasterInfo
from geodata.pairing.coregister import Alignment
from geodata.pairing.plan import MIN_OVERLAP, PairPlan

CheckOutcome = Literal["accepted", "warned", "refused", "overridden", "unknown"]
Angle = float | None

MAX_RATIO: Mapping[str, float] = {"flat": 1.10, "hilly": 1.10, "mountain": 1.20}
MAX_SEASON_DAYS = 60.0
MAX_SUN_DEG = 20.0
MAX_VIEW_DEG = 10.0
MAX_OFF_NADIR_DEG = 25.0
MIN_BITS = 6.0
MAX_BITS_APART = 4.0
MAX_RESIDUAL_PX = 2.0
GOOD_USABLE = 0.60
MIN_USABLE = 0.01


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        code: Its name, also for `--accept`.
        measured: What was measured; None where nothing tells.
        limit: What it may be at most (`overlap`, `depth` and `usable`: at least).
        unit: Unit of both, empty for shares and ratios.
        outcome: `accepted`, `warned`, `refused`, `overridden` (a refusal that was accepted), `unknown`.
        message: In words.
        message_zh: The same in Chinese.
    """

    code: str
    measured: float | None
    limit: float
    unit: str
    outcome: CheckOutcome
    message: str
    message_zh: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        measured = None if self.measured is None else round(self.measured, 3)
        return {**self.__dict__, "measured": measured}


@dataclass(frozen=True)
class PairFacts:
    """What the gate judges.

    Args:
        before: First date.
        after: Second date.
        dates: Acquisition times as they are used.
        plan: The common grid with overlap and ratio of the pixel sizes.
        alignment: How the dates were brought together; None before that is known.
        effective_bits: Binary logarithm of the levels in use, per date; None before a pixel is read.
        usable_share: Share of pixels that show the ground at both dates; None before a pixel is read.
    """

    before: RasterInfo
    after: RasterInfo
    dates: tuple[datetime, datetime]
    plan: PairPlan
    alignment: Alignment | None = None
    effective_bits: tuple[float, float] | None = None
    usable_share: float | None = None


def checks_of(facts: PairFacts, terrain: str) -> list[Check]:
    """Every check that what is known allows, in the order of the report, before strictness and overrides."""
    checks = [
        _overlap(facts),
        _pixel_ratio(facts, terrain),
        _season(facts),
        _sun(facts),
        _view(facts),
        _off_nadir(facts),
    ]
    if facts.effective_bits is not None:
        checks.append(_depth(facts, facts.effective_bits))
    if facts.alignment is not None:
        checks += [_alignment(facts.alignment), _residual(facts.alignment)]
    if facts.usable_share is not None:
        checks.append(_usable(facts.usable_share))
    return checks


def _at_most(measured: float, limit: float) -> CheckOutcome:
    return "accepted" if measured <= limit + 1e-9 else "warned"


def _unknown(code: str, limit: float, unit: str, message: str, message_zh: str) -> Check:
    return Check(code, None, limit, unit, "unknown", message, message_zh)


def _overlap(facts: PairFacts) -> Check:
    share = facts.plan.overlap_share
    return Check(
        "overlap",
        share,
        MIN_OVERLAP,
        "",
        "accepted" if share >= MIN_OVERLAP else "refused",
        f"The scenes share {share:.1%} of the smaller one; at least {MIN_OVERLAP:.0%} is needed.",
        f"两景重叠占较小一景的 {share:.1%}，至少需要 {MIN_OVERLAP:.0%}。",
    )


def _pixel_ratio(facts: PairFacts, terrain: str) -> Check:
    ratio, limit = facts.plan.pixel_ratio, MAX_RATIO[terrain]
    sizes = f"{facts.before.gsd_m:.2f} m / {facts.after.gsd_m:.2f} m"
    return Check(
        "pixel-ratio",
        ratio,
        limit,
        "",
        _at_most(ratio, limit),
        f"The pixels measure {sizes}, {ratio - 1:.0%} apart; {limit - 1:.0%} is the limit in {terrain} land "
        f"(T/CSGPC 051-2025).",
        f"像元大小为 {sizes}，相差 {ratio - 1:.0%}；T/CSGPC 051-2025 限值为 {limit - 1:.0%}。",
    )


def season_gap_days(first: datetime, second: datetime) -> float:
    """Days between two days of the year, 0 to 183, whatever the years.

    >>> from datetime import UTC
    >>> season_gap_days(datetime(2024, 12, 25, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    10.0
    """
    days = [moment.astimezone(BEIJING).timetuple().tm_yday for moment in (first, second)]
    apart = abs(days[0] - days[1])
    return float(min(apart, 365 - apart))


def _season(facts: PairFacts) -> Check:
    gap = season_gap_days(*facts.dates)
    return Check(
        "season",
        gap,
        MAX_SEASON_DAYS,
        "d",
        _at_most(gap, MAX_SEASON_DAYS),
        f"The dates lie {gap:.0f} days of the year apart; up to {MAX_SEASON_DAYS:.0f} count as one season.",
        f"两期影像在年内相差 {gap:.0f} 天，{MAX_SEASON_DAYS:.0f} 天以内视为同季。",
    )


def angle_between_deg(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Angle between two directions given as (azimuth, angle from the vertical), all in degrees.

    >>> round(angle_between_deg((0.0, 20.0), (180.0, 25.0)), 6)
    45.0
    """
    a, b = (
        (math.sin(t) * math.sin(z), math.cos(t) * math.sin(z), math.cos(z))
        for t, z in ((math.radians(azimuth), math.radians(tilt)) for azimuth, tilt in (first, second))
    )
    return math.degrees(math.acos(max(-1.0, min(1.0, sum(x * y for x, y in zip(a, b, strict=True))))))


def _apart(tilts: tuple[Angle, Angle], azimuths: tuple[Angle, Angle]) -> Angle:
    """Angle between two directions; with unknown azimuths at least the difference of their tilts."""
    if tilts[0] is None or tilts[1] is None:
        return None
    if azimuths[0] is None or azimuths[1] is None:
        return abs(tilts[0] - tilts[1])
    return angle_between_deg((azimuths[0], tilts[0]), (azimuths[1], tilts[1]))


def _tilt(elevation: Angle) -> Angle:
    return None if elevation is None else 90.0 - elevation


def _sun(facts: PairFacts) -> Check:
    first, second = facts.before.acquisition, facts.after.acquisition
    apart = _apart(
        (_tilt(first.sun_elevation_deg), _tilt(second.sun_elevation_deg)),
        (first.sun_azimuth_deg, second.sun_azimuth_deg),
    )
    if apart is None:
        told = "The files do not tell where the sun stood."
        return _unknown("sun", MAX_SUN_DEG, "°", told, "影像未提供太阳角度，未检查。")
    return Check(
        "sun",
        apart,
        MAX_SUN_DEG,
        "°",
        _at_most(apart, MAX_SUN_DEG),
        f"The sun stood {apart:.0f}° apart; more than {MAX_SUN_DEG:.0f}° moves the shadows.",
        f"两期太阳方向相差 {apart:.0f}°，超过 {MAX_SUN_DEG:.0f}° 时阴影差异明显。",
    )


def _view(facts: PairFacts) -> Check:
    first, second = facts.before.acquisition, facts.after.acquisition
    apart = _apart(
        (first.view_off_nadir_deg, second.view_off_nadir_deg), (first.view_azimuth_deg, second.view_azimuth_deg)
    )
    if apart is None:
        return _unknown(
            "view",
            MAX_VIEW_DEG,
            "°",
            "The files do not tell from where they were taken.",
            "影像未提供观测角度，未检查。",
        )
    return Check(
        "view",
        apart,
        MAX_VIEW_DEG,
        "°",
        _at_most(apart, MAX_VIEW_DEG),
        f"The lines of sight lie {apart:.0f}° apart; more than {MAX_VIEW_DEG:.0f}° makes buildings lean differently.",
        f"两期观测方向相差 {apart:.0f}°，超过 {MAX_VIEW_DEG:.0f}° 时建筑倾斜差异明显。",
    )


def _off_nadir(facts: PairFacts) -> Check:
    angles = [i.acquisition.view_off_nadir_deg for i in (facts.before, facts.after)]
    known = [angle for angle in angles if angle is not None]
    if not known:
        return _unknown(
            "off-nadir",
            MAX_OFF_NADIR_DEG,
            "°",
            "The files do not tell how steeply they were taken.",
            "影像未提供侧摆角，未检查。",
        )
    worst = max(known)
    return Check(
        "off-nadir",
        worst,
        MAX_OFF_NADIR_DEG,
        "°",
        _at_most(worst, MAX_OFF_NADIR_DEG),
        f"The slanted scene was taken {worst:.0f}° off nadir; {MAX_OFF_NADIR_DEG:.0f}° is the limit.",
        f"侧摆角最大 {worst:.0f}°，限值 {MAX_OFF_NADIR_DEG:.0f}°。",
    )


def _depth(facts: PairFacts, bits: tuple[float, float]) -> Check:
    worst = min(bits)
    stored = f"{facts.before.dtype}, {facts.after.dtype}"
    return Check(
        "depth",
        worst,
        MIN_BITS,
        "bit",
        "accepted" if worst >= MIN_BITS and max(bits) - worst <= MAX_BITS_APART else "warned",
        f"The scenes ({stored}) use {bits[0]:.1f} and {bits[1]:.1f} bits of grey levels; at least {MIN_BITS:.0f} are "
        f"wanted, and at most {MAX_BITS_APART:.0f} between them.",
        f"两期影像（{stored}）实际灰度级为 {bits[0]:.1f} 与 {bits[1]:.1f} 位，要求不少于 {MIN_BITS:.0f} 位且相差不超过 "
        f"{MAX_BITS_APART:.0f} 位。",
    )


def _alignment(alignment: Alignment) -> Check:
    return Check(
        "alignment",
        float(alignment.points),
        4.0,
        "",
        "accepted" if alignment.reliable else "refused",
        f"{alignment.points} tie points were found, and they agree on how the dates lie on each other."
        if alignment.reliable
        else "The dates could not be aligned: no shift was found on which at least 4 places agree.",
        f"找到 {alignment.points} 个同名点，配准成功。"
        if alignment.reliable
        else "配准失败：彼此一致的同名点不足 4 个。",
    )


def _residual(alignment: Alignment) -> Check:
    p90 = alignment.residual_p90_px
    if not alignment.reliable or not math.isfinite(p90):
        told = "Without alignment there is no residual shift."
        return _unknown("residual", MAX_RESIDUAL_PX, "px", told, "未能配准，无残差可测。")
    return Check(
        "residual",
        p90,
        MAX_RESIDUAL_PX,
        "px",
        _at_most(p90, MAX_RESIDUAL_PX),
        f"After alignment nine tenths lie within {p90:.1f} px of each other; {MAX_RESIDUAL_PX:.0f} px is the limit.",
        f"配准后 90 % 残差为 {p90:.1f} 像元，限值 {MAX_RESIDUAL_PX:.0f} 像元。",
    )


def _usable(share: float) -> Check:
    outcome: CheckOutcome = "accepted" if share >= GOOD_USABLE else "warned"
    return Check(
        "usable",
        share,
        GOOD_USABLE,
        "",
        "refused" if share < MIN_USABLE else outcome,
        f"{share:.1%} of the sampled ground is seen at both dates; {GOOD_USABLE:.0%} is wanted, "
        f"{MIN_USABLE:.0%} needed.",
        f"抽样中两期均可见的地面占 {share:.1%}，期望 {GOOD_USABLE:.0%}，至少 {MIN_USABLE:.0%}。",
    )
