"""What a look from above means for a case, by where the case stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.cases.events import CaseEvent
from service.cases.proof import Shown, is_watched, meaning, proof_overdue, reuse_wanted, shown_after
from service.cases.workflow.replay import stand
from service.cases.workflow.standing import Options, Standing

DAY = timedelta(days=1)
START = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)
OPTIONS = Options()
OPENED = ("opened", {"lead_ids": ["l1"], "stage": "finished", "path": "slow", "categories": ["no_permit"]})
DONE = ("demolition_done", {"by_whom": "self", "extent": "full"})
CLOSED = ("closed", {"outcome": "demolished", "summary": "拆除完毕"})


def proof(seen: str, day: int, confidence: float = 0.9, by: str = "image") -> tuple[str, dict[str, Any]]:
    told = {"seen": seen, "confidence": confidence, "proof": by, "shown_on": f"{START + day * DAY:%Y-%m-%d}"}
    return "proof_received", {**told, "source": "scene"}


GONE, COVERED = proof("gone", 15), proof("covered", 15, by="surface_model")


def case(*told: tuple[str, dict[str, Any]]) -> Standing:
    """A case whose events happened on days 0, 10, 20 ..."""
    events = [
        CaseEvent("c1", k + 1, kind, START + 10 * k * DAY, START + 10 * k * DAY, "p1", facts)
        for k, (kind, facts) in enumerate(told)
    ]
    return stand(events, OPTIONS)


def shown(seen: str, day: int, confidence: float = 0.9, by: str = "image") -> Shown:
    at = START + day * DAY
    return Shown(seen, confidence, by, at, f"{at:%Y-%m-%d}")


@pytest.mark.parametrize(
    ("standing", "look", "event", "effect", "why"),
    [
        # a demolition was reported on day 10
        (case(OPENED, DONE), shown("gone", 30), "proof_received", "proved", ""),
        (case(OPENED, DONE), shown("gone", 30, 0.7), "proof_received", "noted", ""),
        (case(OPENED, DONE), shown("refilled", 30), "proof_received", "reopened", ""),
        (case(OPENED, DONE), shown("covered", 30, 0.5), "proof_received", "noted", ""),
        (case(OPENED, DONE), shown("gone", 9), None, "kept", "older"),
        (case(OPENED, DONE), shown("unknown", 30, 0.0), None, "kept", "unseen"),
        # it was proved on day 15; a picture of day 12 comes late
        (case(OPENED, DONE, proof("gone", 15)), shown("still_there", 12), None, "kept", "older"),
        (case(OPENED, DONE, proof("gone", 15)), shown("gone", 40), None, "kept", "same"),
        (case(OPENED, DONE, proof("gone", 15)), shown("refilled", 40), "proof_received", "reopened", ""),
        (case(OPENED, DONE, proof("gone", 15)), shown("still_there", 40), "rebuilding_seen", "rebuilding", ""),
        # an unsure proof is told once, whatever scenes follow, and never stands in the way of a sure one
        (case(OPENED, DONE, proof("gone", 15, 0.6)), shown("gone", 40, 0.7), None, "kept", "same"),
        (case(OPENED, DONE, proof("gone", 15, 0.6)), shown("gone", 40, 0.9), "proof_received", "proved", ""),
        (case(OPENED, DONE, proof("gone", 15, 0.6)), shown("covered", 12, 0.9), "proof_received", "reopened", ""),
        # cloth over a house keeps its height: the picture of the same day tells nothing, the model does
        (case(OPENED, DONE, COVERED), shown("gone", 15), None, "kept", "model_decides"),
        (case(OPENED, DONE, GONE), shown("covered", 15, by="surface_model"), "rebuilding_seen", "rebuilding", ""),
        (case(OPENED, DONE, COVERED), shown("gone", 60), None, "kept", "model_decides"),
        (case(OPENED, DONE, COVERED, DONE), shown("gone", 60), "proof_received", "proved", ""),
        # nobody has reported anything
        (case(OPENED), shown("still_there", 30), None, "kept", "standing"),
        (case(OPENED), shown("gone", 30), "proof_received", "proved", ""),
        (case(OPENED), shown("partly_gone", 30), "proof_received", "noted", ""),
        # closed
        (case(OPENED, DONE, proof("gone", 15), CLOSED), shown("covered", 60), "rebuilding_seen", "rebuilding", ""),
        (case(OPENED, DONE, proof("gone", 15), CLOSED), shown("refilled", 60), "proof_received", "reopened", ""),
        (case(OPENED, DONE, proof("gone", 15), CLOSED), shown("gone", 60), None, "kept", "same"),
    ],
)  # fmt: skip
def test_what_a_look_means(standing: Standing, look: Shown, event: str | None, effect: str, why: str) -> None:
    meant = meaning(standing, look, OPTIONS)
    assert (meant.event, meant.effect, meant.why) == (event, effect, why)


def test_rebuilding_is_told_once() -> None:
    seen = ("rebuilding_seen", {"source": "s", "seen_on": "2025-04-20"})
    again = case(OPENED, DONE, proof("gone", 15), CLOSED, seen)
    assert meaning(again, shown("still_there", 90), OPTIONS).why == "same"


def test_a_case_whose_end_no_image_shows_is_not_watched() -> None:
    fined = case(OPENED, ("correction_done", {"what": "改为绿地"}))
    assert not is_watched(fined) and meaning(fined, shown("still_there", 30), OPTIONS).why == "not_watched"
    assert is_watched(case(OPENED)) and is_watched(case(OPENED, DONE))


def test_of_a_part_that_was_ordered_down_only_the_part_counts() -> None:
    part = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    decided = ("decided", {"outcome": "partly_demolished", "reason": "r", "part": part})
    standing = stand(
        [
            CaseEvent("c1", k + 1, kind, START + k * DAY, START, "p1", facts)
            for k, (kind, facts) in enumerate([OPENED, decided, DONE])
        ],
        OPTIONS,
    )
    assert meaning(standing, shown("gone", 30), OPTIONS).seen == "partly_gone"
    assert meaning(standing, shown("gone", 30), OPTIONS).effect == "proved"
    assert meaning(standing, shown("partly_gone", 30), OPTIONS).effect == "reopened"


def test_when_proof_is_overdue() -> None:
    done = case(OPENED, DONE)
    assert shown_after(done) == START + 10 * DAY
    assert not proof_overdue(done, 30, START + 39 * DAY) and proof_overdue(done, 30, START + 41 * DAY)
    assert not proof_overdue(case(OPENED, DONE, proof("gone", 15)), 30, START + 90 * DAY)


def test_only_planned_green_is_measured() -> None:
    plan = {"purpose": "green", "area_m2": 100.0, "due_on": "2025-12-01"}
    ended = (OPENED, DONE, proof("gone", 15), CLOSED)
    assert reuse_wanted(case(*ended)) is None
    assert (reuse_wanted(case(*ended, ("reuse_planned", plan))) or {})["area_m2"] == 100.0
    assert reuse_wanted(case(*ended, ("reuse_planned", {**plan, "purpose": "road"}))) is None
