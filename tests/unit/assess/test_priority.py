"""Which finding comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.assess.priority import CHANGE_CHANCE, FLAG_LIFT, STAGE_WORTH, STATUS_CHANCE, Lead, priority

SITE = Lead(0.8, "suspected", "appeared", "under_construction", 200.0, (), 90.0)

leads = st.builds(
    Lead,
    st.floats(0, 1),
    st.sampled_from([*STATUS_CHANCE, "odd"]),
    st.sampled_from([*CHANGE_CHANCE, "odd"]),
    st.sampled_from([*STAGE_WORTH, "odd"]),
    st.floats(0, 1e6),
    st.lists(st.sampled_from([*FLAG_LIFT, "within_error"])).map(tuple),
    st.floats(0, 1e4),
)


def test_a_value_that_can_be_checked_by_hand() -> None:
    # 0 m2: 0.4 of the size; a year: 0.75 of the youth; protected land makes good half of what lacks
    told = Lead(0.5, "unassessed", "altered", "finished", 0.0, ("protected_land",), 365.0)
    worth = 0.45 * 0.4 * 0.75
    assert priority(told) == pytest.approx(0.5 * 0.5 * 0.8 * (worth + (1 - worth) / 2), abs=1e-6)


@given(leads)
def test_it_lies_between_0_and_1(lead: Lead) -> None:
    assert 0 <= priority(lead) <= 1


@given(leads, st.floats(0, 1), st.floats(0, 1e6), st.sampled_from([*FLAG_LIFT, "within_error"]))
def test_more_of_what_calls_for_a_visit_never_lowers_it(lead: Lead, confidence: float, area: float, flag: str) -> None:
    assert priority(replace(lead, confidence=max(confidence, lead.confidence))) >= priority(lead)
    assert priority(replace(lead, area_m2=max(area, lead.area_m2))) >= priority(lead)
    assert priority(replace(lead, flags=(*lead.flags, flag))) >= priority(lead)
    assert priority(replace(lead, age_days=lead.age_days + area)) <= priority(lead)


def test_what_is_being_built_comes_first() -> None:
    stages = ["under_construction", "foundation", "earthworks", "unknown", "finished"]
    values = [priority(replace(SITE, stage=stage)) for stage in stages]
    assert values == sorted(values, reverse=True) and len(set(values)) == 5
    statuses = [priority(replace(SITE, status=status)) for status in ("suspected", "unassessed", "existing")]
    assert statuses == sorted(statuses, reverse=True)
    assert priority(replace(SITE, status="existing")) == priority(replace(SITE, status="permitted"))
    # a sure finished building does not pass a less sure one that can still be stopped
    assert priority(replace(SITE, stage="finished", confidence=0.95)) < priority(replace(SITE, confidence=0.5))


def test_it_is_read_from_the_properties_of_a_finding() -> None:
    told = {
        "confidence": 0.8,
        "status": "suspected",
        "change": "appeared",
        "stage": "under_construction",
        "area_m2": 200.0,
        "flags": [],
        "before_acquired_at": "2025-01-01T00:00:00+00:00",
        "after_acquired_at": "2025-04-01T08:00:00+08:00",
    }
    assert Lead.of(told) == SITE
    assert Lead.of({**told, "stage": None, "flags": None}).stage == "unknown"
