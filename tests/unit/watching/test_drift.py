"""Drift, with numbers that can be worked out on paper."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from service.watching.conditions import DISMISSALS, SCORES
from service.watching.drift import (
    CHI2_999,
    REFERENCE_MONTHS,
    Look,
    Word,
    conditions_of,
    drifts,
    month_of,
    months,
    stability_index,
)

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def at(month: int, day: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, 4, 0, tzinfo=UTC)


def bins(**counts: int) -> tuple[int, ...]:
    """bins(b2=3): three findings of 0.2 to 0.3."""
    return tuple(counts.get(f"b{i}", 0) for i in range(10))


def looks(month: int, scans: int, counts: tuple[int, ...], detector: str = "net+abc") -> list[Look]:
    return [Look(detector, at(month, 1 + i), counts) for i in range(scans)]


def words(month: int, dismissed: int, kept: int, detector: str = "net+abc") -> list[Word]:
    return [Word(detector, at(month), i < dismissed) for i in range(dismissed + kept)]


def test_the_index_of_two_rows() -> None:
    # p = 0.5, 0.5; q = 80.5 / 101, 20.5 / 101
    q = (80.5 / 101, 20.5 / 101)
    by_hand = (q[0] - 0.5) * math.log(q[0] / 0.5) + (q[1] - 0.5) * math.log(q[1] / 0.5)
    psi, chance = stability_index([50, 50], [80, 20])
    assert psi == pytest.approx(by_hand) == pytest.approx(0.40628, abs=1e-5)
    assert chance == pytest.approx(10.828 * 0.02)


def test_the_same_shares_have_no_index_and_empty_bins_none_either() -> None:
    assert stability_index([50, 50], [50, 50])[0] == 0
    # bins that neither fills change nothing
    assert stability_index([50, 0, 50, 0], [80, 0, 20, 0]) == stability_index([50, 50], [80, 20])
    # 100.5 / 101 beside 0.5 / 101, twice
    assert stability_index([100, 0], [0, 100])[0] == pytest.approx(2 * 100 / 101 * math.log(201))


def test_the_table_of_chi_square() -> None:
    from scipy.stats import chi2

    assert [round(float(chi2.ppf(0.999, k)), 3) for k in range(1, 10)] == list(CHI2_999[1:])


def test_months_are_those_of_beijing() -> None:
    assert month_of(datetime(2026, 10, 31, 16, 30, tzinfo=UTC)) == "2026-11"
    assert month_of(datetime(2026, 10, 31, 15, 30, tzinfo=UTC)) == "2026-10"


def test_findings_and_verdicts_come_together_by_detector_and_month() -> None:
    told = months(
        [*looks(10, 2, bins(b5=3)), *looks(10, 1, bins(b9=1), "training-free"), *looks(11, 1, bins())],
        [*words(10, dismissed=1, kept=3), *words(9, dismissed=2, kept=0)],
    )
    assert [(one.detector, one.month, one.scans, one.findings) for one in told] == [
        ("net+abc", "2026-09", 0, 0),
        ("net+abc", "2026-10", 2, 6),
        ("net+abc", "2026-11", 1, 0),
        ("training-free", "2026-10", 1, 1),
    ]
    share = told[1].dismissed
    assert (share.judged, share.right, share.precision) == (4, 1, 0.25)
    assert (share.low, share.high) == (0.0456, 0.6994)  # Wilson, 1 of 4


def test_scores_that_move_are_told() -> None:
    before = [one for month in (8, 9, 10) for one in looks(month, 3, bins(b5=25, b6=25))]
    told = months([*before, *looks(11, 4, bins(b5=40, b6=10))], [])
    (found,) = drifts(told, NOW, 0.25)
    assert (found.recent.month, found.reference.month, found.reference.findings) == ("2026-11", "2026-08/2026-10", 450)
    # 160 and 40 beside 225 and 225
    assert found.psi == pytest.approx(0.41, abs=0.01) and found.chance == pytest.approx(
        10.828 * (1 / 450 + 1 / 200), abs=1e-4
    )
    assert found.scores_moved is True and found.dismissals_rose is None
    (condition,) = conditions_of([found])
    assert condition.code == SCORES and "net" in condition.title and "abc" not in condition.title
    assert "2026-11" in condition.title_zh and condition.measured["findings"] == 200
    assert drifts(told, NOW, 0.5)[0].scores_moved is False


def test_what_chance_may_do_is_not_told() -> None:
    before = looks(10, 3, (10,) * 10)
    odd = (4, 6, 6, 6, 5, 5, 5, 5, 5, 3)
    (found,) = drifts(months([*before, *looks(11, 3, odd)], []), NOW, 0.02)
    assert found.psi is not None and found.psi > 0.02
    assert found.chance == pytest.approx(27.877 * (1 / 300 + 1 / 150), abs=1e-4) and found.psi < found.chance
    assert found.scores_moved is False and conditions_of([found]) == []


@pytest.mark.parametrize(
    ("recent", "before"),
    [
        (looks(11, 3, bins(b5=33)), looks(10, 3, bins(b5=100))),  # 99 findings
        (looks(11, 2, bins(b5=200)), looks(10, 3, bins(b5=100))),  # two scans
        (looks(11, 3, bins(b5=100)), looks(10, 3, bins(b5=99))),  # 297 before
        (looks(11, 3, bins(b5=100)), looks(10, 2, bins(b5=200))),  # of two scans
        (looks(11, 3, bins(b5=100)), []),
    ],
)
def test_too_few_give_no_word(recent: list[Look], before: list[Look]) -> None:
    (found,) = drifts(months([*recent, *before], []), NOW, 0.25)
    assert (found.psi, found.chance, found.scores_moved) == (None, None, None)


def test_the_last_month_is_told_of_while_this_one_has_too_few() -> None:
    told = months([*looks(11, 1, bins(b1=5)), *looks(10, 3, bins(b1=50)), *looks(9, 3, bins(b8=100))], [])
    (found,) = drifts(told, NOW, 0.25)
    assert found.recent.month == "2026-10" and found.scores_moved is True


def test_what_is_older_than_the_reference_and_who_does_not_work_any_more_have_no_part() -> None:
    old = [Look("net+abc", at(4), bins(b0=9)), *looks(11, 3, bins(b5=100)), Look("gone", at(9), bins(b5=9))]
    (found,) = drifts(months(old, []), NOW, 0.25)
    assert found.reference.findings == 0 and REFERENCE_MONTHS == 6
    (found,) = drifts(months([*old, Look("net+abc", at(5), bins(b0=9))], []), NOW, 0.25)
    assert found.reference.month == "2026-05/2026-05"


def test_detectors_are_not_mixed() -> None:
    told = months([*looks(11, 3, bins(b5=100), "new+1"), *looks(10, 3, bins(b1=200), "old+1")], [])
    found = drifts(told, NOW, 0.25)
    assert [(one.recent.detector, one.scores_moved) for one in found] == [("new+1", None), ("old+1", None)]


def test_dismissals_that_rise_beyond_their_intervals_are_told() -> None:
    scans = [*looks(11, 1, bins(b5=60)), *looks(10, 1, bins(b5=60))]
    # 30 of 50: 0.462 to 0.724 (Wilson); 10 of 50: 0.112 to 0.330
    told = months(scans, [*words(11, 30, 20), *words(10, 10, 40)])
    (found,) = drifts(told, NOW, 0.25)
    assert (found.recent.dismissed.low, found.reference.dismissed.high) == (0.4618, 0.3304)
    assert found.dismissals_rose is True
    (condition,) = conditions_of([found])
    assert condition.code == DISMISSALS and "60 % in 2026-11, 20 % before" in condition.title
    assert "60%" in condition.title_zh and condition.measured["dismissed"] == 30
    # fewer dismissals are no alarm, intervals that meet neither, nor 29 judged
    for recent, before, rose in [((10, 40), (30, 20), False), ((20, 30), (15, 35), False), ((29, 0), (10, 40), None)]:
        told = months(scans, [*words(11, *recent), *words(10, *before)])
        assert drifts(told, NOW, 0.25)[0].dismissals_rose is rose
