"""Closed only with proof, over real nights: what later scenes show of cases, told once and never by an older scene."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geodata.demo.fates import FateFiles, draw_fates
from service.services import Services
from service.store.proof_base import CaseLook
from service.usecases.case_proof import look_after_scene, look_at_case, proof_of
from service.usecases.cases import Opening, Telling, open_case, tell, view_case
from tests.integration.night_kit import arrive, night, nights
from tests.integration.test_nights import store

OPENED = {"lead_ids": ["l1"], "path": "slow", "stage": "finished", "categories": ["no_permit"]}
BEGUN, ENDED = datetime(2023, 6, 1, 2, 0, tzinfo=UTC), datetime(2024, 6, 1, 2, 0, tzinfo=UTC)
WEEDS, SHEET, SOIL, STANDS = 10, 8, 9, 2
"""Places in the truth of the drawn district."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[FateFiles, Any]:
    files = draw_fates(tmp_path_factory.mktemp("fates"), seed=3, size_px=768, most=20)
    return files, gpd.read_file(files.truth)


def opened(services: Services, truth: Any, place: int, *, done: bool = True) -> str:
    shape = truth.geometry[place]
    case_id = open_case(services, Opening(OPENED, shapely.geometry.mapping(shape), BEGUN)).row.id
    if done:
        told = {"by_whom": "self", "extent": "full"}
        tell(services, case_id, Telling("demolition_done", told, ENDED))
    return case_id


def proofs(services: Services, case_id: str) -> list[tuple[str, str, str]]:
    events = [e for e in view_case(services, case_id).events if e.kind in ("proof_received", "rebuilding_seen")]
    return [(e.facts.get("seen", "rebuilt"), e.facts.get("proof", ""), e.by) for e in events]


def state(services: Services, case_id: str) -> str:
    return view_case(services, case_id).standing.procedure


def test_a_night_proves_reopens_and_notes_and_models_decide(drawn: Any, tmp_path: Path) -> None:
    files, truth = drawn
    folder = tmp_path / "in"
    with nights(tmp_path / "data") as services:
        store(services, files.before)
        cases = {name: opened(services, truth, place) for name, place in
                 (("weeds", WEEDS), ("sheet", SHEET), ("soil", SOIL))}  # fmt: skip
        cases["stands"] = opened(services, truth, STANDS, done=False)
        arrive(folder, files.after)
        report = night(services, folder)

        # the roof is gone, and weeds grow there
        assert proofs(services, cases["weeds"]) == [("gone", "image", "kancha")]
        assert state(services, cases["weeds"]) == "proved"
        # a sheet is no demolition
        assert proofs(services, cases["sheet"]) == [("covered", "image", "kancha")]
        assert state(services, cases["sheet"]) == "open"
        # soil on a slab: an image cannot tell what is beneath, and leaves the case where it was
        assert proofs(services, cases["soil"]) == [("refilled", "image", "kancha")]
        assert state(services, cases["soil"]) == "done"
        # nobody has reported anything of the last: it was looked at, and nothing told
        assert proofs(services, cases["stands"]) == [] and looks(services, cases["stands"])[0].effect == "kept"
        assert {k: report["cases"][k] for k in ("proved", "reopened", "noted", "rebuilding", "overdue")} == {
            "proved": 1, "reopened": 1, "noted": 1, "rebuilding": 0, "overdue": 1,
        }  # fmt: skip
        assert proof_of(services, cases["soil"]).overdue and not proof_of(services, cases["weeds"]).overdue

        # the same scene again tells nothing new
        (scene_id,) = {one.scene_id for one in looks(services, cases["weeds"])}
        assert look_after_scene(services, scene_id) == [] and look_at_case(services, cases["weeds"]) == []

        # what was only kept is thought over again: its end was reported as of a day before that scene
        told = {"by_whom": "self", "extent": "full"}
        tell(services, cases["stands"], Telling("demolition_done", told, ENDED))
        look_after_scene(services, scene_id)
        assert proofs(services, cases["stands"]) == [("still_there", "image", "kancha")]
        assert state(services, cases["stands"]) == "open"

        # surface models decide: the slab stands half a metre high
        store(services, files.before_dsm, attributes={"kind": "surface"})
        model = store(services, files.after_dsm, attributes={"kind": "surface"})
        seen = {one.case_id: one for one in look_after_scene(services, model)}
        assert seen[cases["soil"]].seen == "refilled" and seen[cases["soil"]].effect == "reopened"
        assert state(services, cases["soil"]) == "open" and state(services, cases["weeds"]) == "proved"
        assert seen[cases["weeds"]].seen == "gone" and seen[cases["weeds"]].told["why"] == "same"


def looks(services: Services, case_id: str) -> list[CaseLook]:
    return list(services.store.proofs.of_case(case_id))


def test_an_older_scene_that_comes_late_reopens_nothing(drawn: Any, tmp_path: Path) -> None:
    files, truth = drawn
    with nights(tmp_path / "data") as services:
        first = store(services, files.before)
        case_id = opened(services, truth, WEEDS)
        told = {"proof": "field", "seen": "gone", "confidence": 1.0, "shown_on": "2024-07-01", "source": "照片"}
        tell(services, case_id, Telling("proof_received", told))
        assert state(services, case_id) == "proved"
        # before the demolition was reported it stood: that proves nothing
        assert look_after_scene(services, first) == [] and state(services, case_id) == "proved"
        # a case that rests on less secret scenes tells nothing of a secret one
        secret = store(services, files.after, secrecy="secret")
        assert look_after_scene(services, secret) == []
