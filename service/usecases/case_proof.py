"""Closed only with proof: after every scene each case whose place it shows is looked at, and told what it shows.

A look is kept for each case and scene, told or not, so that the same scene twice tells nothing new; what was only kept
is thought over again when the case has gone on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geodata.errors import KanchaError
from service.auth.caller import Caller, Clearance
from service.cases.errors import CaseBehindError, CaseMoveError
from service.cases.proof import (
    DEMOLISHED,
    Meaning,
    Shown,
    is_watched,
    meaning,
    proof_overdue,
    reuse_wanted,
    shown_after,
)
from service.cases.workflow.standing import Standing
from service.errors import NotFoundError
from service.services import Services
from service.store.job_records import Claim, Job, Urgency
from service.store.proof_base import CaseLook
from service.store.queries import FeatureQuery
from service.store.records import Scene
from service.usecases.case_rules import rules_of
from service.usecases.cases import CaseView, Telling, tell, view_case
from service.usecases.pairs import is_model
from service.usecases.proof_looks import SURFACE, Looker, Place, day_of, frames, looking, words_of
from service.usecases.scan_run import run_scan_job
from service.usecases.scans import from_request

if TYPE_CHECKING:
    from geodata.detect.crews import Crew

_LOG = logging.getLogger(__name__)
STRUCTURE, GREEN = "structure", "green"
_TRIES = 5


@dataclass(frozen=True)
class Proof:
    """What was seen of a case from above.

    Args:
        looks: The looks, by the dates of what they showed.
        watched: Whether looks can say anything of its end.
        overdue: Whether a demolition was reported and no proof came within the term of the bureau: one from the field
            is due.
    """

    looks: Sequence[CaseLook]
    watched: bool
    overdue: bool


def proof_of(services: Services, case_id: str) -> Proof:
    """What was seen of a case; `NotFoundError` without it."""
    view = view_case(services, case_id)
    term = services.settings.cases.proof_days
    overdue = proof_overdue(view.standing, term, datetime.now(UTC))
    return Proof(services.store.proofs.of_case(case_id), is_watched(view.standing), overdue)


def run_scan_and_look(
    services: Services, claim: Claim, crew_for: Callable[[Services, Job], Crew | None] | None = None
) -> None:
    """Do a claimed scan, then look at the cases that its later scene shows; a night looks by itself, at its end.

    Args:
        services: The service of a worker.
        claim: The right to do it.
        crew_for: Who works on the windows of its images; None: threads of this process.

    Raises:
        KanchaError: The named refusal of the scan.
        LostClaimError: If the job was taken away meanwhile.
    """
    job = services.store.jobs.get(claim.job_id)
    run_scan_job(services, claim, crew_for)
    if job.urgency is not Urgency.NIGHT:
        look_after_scenes(services, [from_request(job.request).after_scene])


def look_after_scenes(services: Services, scene_ids: Iterable[str]) -> list[CaseLook]:
    """Look at the cases after some scenes, the oldest first; what cannot be looked at is told in the log.

    Args:
        services: The service itself.
        scene_ids: Scenes that were stored.

    Returns:
        The looks that were new.
    """
    found = []
    scenes = [services.store.scenes.get(scene_id) for scene_id in set(scene_ids)]
    for scene in sorted(scenes, key=lambda one: (one.acquired_at, one.id)):
        try:
            found += look_after_scene(services, scene.id)
        except KanchaError as error:
            # its scan is stored: that cases were not looked at is made good by the next night, or by hand
            _LOG.warning("looking at cases after scene %s: %s", scene.id, error.code)
    return found


def overdue_count(services: Services) -> int:
    """How many cases have a demolition reported and no proof within the term of the bureau."""
    count = 0
    for text in services.store.cases.all_features(FeatureQuery()):
        feature = orjson.loads(text)
        if feature["properties"]["state"] == "done":
            view = view_case(services, str(feature["id"]))
            count += proof_overdue(view.standing, services.settings.cases.proof_days, datetime.now(UTC))
    return count


def look_after_scene(services: Services, scene_id: str) -> list[CaseLook]:
    """Look at every case whose place a scene shows.

    Args:
        services: The service itself, which sees everything.
        scene_id: A scene that was stored.

    Returns:
        The looks that were new.
    """
    scene = services.store.scenes.get(scene_id)
    if not _is_proof(scene):
        return []
    found = []
    query = FeatureQuery(boxes=(scene.bbox,))
    with looking(services) as looker:
        for text in services.store.cases.all_features(query):
            try:
                found += _Case(services, str(orjson.loads(text)["id"]), looker).after(scene)
            except KanchaError as error:
                # one case that cannot be looked at keeps no other from its look
                _LOG.warning("looking at a case after scene %s: %s", scene_id, error.code)
    return found


def look_at_case(services: Services, case_id: str) -> list[CaseLook]:
    """Look at a case with every stored scene that could prove its end and was not looked at yet.

    Raises:
        NotFoundError: Without the case.
    """
    view = view_case(services, case_id)
    west, south, east, north = view.row.box
    since = shown_after(view.standing)
    with looking(_kancha(services)) as looker:
        case, found = _Case(_kancha(services), case_id, looker), []
        for scene in services.store.scenes.meeting((west, south, east, north)):
            if scene.acquired_at > since and _is_proof(scene):
                found += case.after(scene)
    return found


def _is_proof(scene: Scene) -> bool:
    """Whether a scene can show a structure: a picture, or a surface model."""
    return not is_model(scene) or scene.attributes.get("kind") == SURFACE


def _kancha(services: Services) -> Services:
    return replace(services, caller=replace(Caller.local(), id="kancha", name="Kancha"))


class _Case:
    """One case and what scenes show of it.

    Args:
        services: The service.
        case_id: The case.
        looker: Who looks.
    """

    def __init__(self, services: Services, case_id: str, looker: Looker) -> None:
        self._services, self._id, self._looker = _kancha(services), case_id, looker

    def after(self, scene: Scene) -> list[CaseLook]:
        """What a scene shows of it, kept and told; nothing where it shows nothing or was looked at before."""
        view = view_case(self._services, self._id)
        if _above(scene.secrecy, view.row.secrecy):
            return []  # a case tells nothing that rests on what is more secret than itself
        self._rebuilt(view)
        self._think_again()
        outline = self._outline(view)
        if outline is None or not frames(scene, outline):
            return []
        looks = [self._structure(view, scene, outline), self._green(view, scene, outline)]
        return [one for one in looks if one is not None]

    def _structure(self, view: CaseView, scene: Scene, outline: shapely.Geometry) -> CaseLook | None:
        standing = view.standing
        known = self._services.store.proofs.known(self._id, scene.id, STRUCTURE)
        if known or not is_watched(standing) or scene.acquired_at <= shown_after(standing):
            return None
        place = Place(self._part(standing) or outline, self._first_seen(view), _stood_until(standing, scene))
        found = self._looker.look(place, scene)
        shown = Shown(found.seen, found.confidence, found.proof, scene.acquired_at, day_of(scene.acquired_at))
        source = f"{scene.id} ({found.earlier_id}): {words_of(found.told)}"
        meant, event = self._tell(shown, source)
        blank = self._blank(scene, STRUCTURE, found.earlier_id)
        told = {**found.told, "proof": found.proof, "why": meant.why}
        look = replace(blank, seen=found.seen, confidence=found.confidence, effect=meant.effect, event=event, told=told)
        return look if self._services.store.proofs.put(look) else None

    def _tell(self, shown: Shown, source: str) -> tuple[Meaning, int | None]:
        """Tell what a look means, of the case as it is at this moment; and the number of the event."""
        for _ in range(_TRIES):
            view = view_case(self._services, self._id)
            meant = meaning(view.standing, shown, rules_of(self._services).options)
            if meant.event is None:
                return meant, None
            telling = Telling(meant.event, _facts(meant, shown, source), expected=view.row.number)
            try:
                return meant, tell(self._services, self._id, telling).row.number
            except CaseBehindError:
                continue
            except CaseMoveError:
                # the table knows no way from here: nobody waits for a proof
                return Meaning(None, "kept", "not_watched", meant.seen), None
        return Meaning(None, "kept", "not_watched", shown.seen), None

    def _think_again(self) -> None:
        """Looks that were only kept, of a case that has gone on since: what they showed may be news now."""
        store = self._services.store.proofs
        for one in store.of_case(self._id):
            if one.kind != STRUCTURE or one.effect != "kept" or one.told.get("why") != "standing":
                continue
            shown = Shown(one.seen, one.confidence, str(one.told["proof"]), one.shown_at, day_of(one.shown_at))
            source = f"{one.scene_id} ({one.earlier_id}): {words_of(one.told)}"
            meant, event = self._tell(shown, source)
            if event is not None:
                store.settle(replace(one, effect=meant.effect, event=event, told={**one.told, "why": ""}))

    def _green(self, view: CaseView, scene: Scene, outline: shapely.Geometry) -> CaseLook | None:
        """The green of the freed land, where green was planned."""
        plan, planned = reuse_wanted(view.standing), view.standing.last("reuse_planned")
        if plan is None or planned is None or is_model(scene) or scene.acquired_at <= planned.at:
            return None
        if self._services.store.proofs.known(self._id, scene.id, GREEN):
            return None
        area = outline if "area" not in plan else shapely.geometry.shape(plan["area"])
        blank = self._blank(scene, GREEN, None)
        try:
            found = self._looker.green(area, scene)
        except KanchaError as error:
            look = replace(blank, told={"reasons": [error.message], "reasons_zh": [error.title_zh], "why": "unseen"})
            return look if self._services.store.proofs.put(look) else None
        told: dict[str, Any] = {
            "reasons": list(found.reasons), "reasons_zh": list(found.reasons_zh), "area_m2": found.area_m2,
            "green_m2": found.green_m2, "error_m2": found.error_m2, "seen_share": found.seen_share,
            "index": found.index, "why": "",
        }  # fmt: skip
        look = replace(blank, seen="green", confidence=found.seen_share, told=told)
        last = view.standing.last("reuse_measured")
        same = last is not None and abs(float(last.facts["area_m2"]) - found.green_m2) <= found.error_m2
        if found.seen_share < 0.5 or same:
            look = replace(look, told={**told, "why": "same" if same else "unseen"})
        else:
            facts = {
                "purpose": "green", "area_m2": found.green_m2, "error_m2": found.error_m2,
                "measured_on": day_of(scene.acquired_at), "source": f"{scene.id}: {words_of(told)}",
            }  # fmt: skip
            number = tell(self._services, self._id, Telling("reuse_measured", facts)).row.number
            look = replace(look, effect="measured", event=number)
        return look if self._services.store.proofs.put(look) else None

    def _blank(self, scene: Scene, kind: str, earlier: str | None) -> CaseLook:
        now = datetime.now(UTC)
        return CaseLook(self._id, scene.id, kind, earlier, scene.acquired_at, now, "unknown", 0.0, "kept", None, {})

    def _rebuilt(self, view: CaseView) -> None:
        """What tracking saw rise where the structure was gone."""
        standing, structure = view.standing, view.row.structure_id
        ended = standing.procedure in ("closed", "proved") and view.row.outcome in DEMOLISHED
        if structure is None or not ended:
            return
        for feature in self._structures(view):
            told = feature["properties"]
            if told["rebuilt_of"] != structure or any(
                str(feature["id"]) in event.facts["source"] for event in standing.all("rebuilding_seen")
            ):
                continue
            seen_on = day_of(datetime.fromisoformat(told["first_seen"]))
            last = standing.last("proof_received", "rebuilding_seen")
            if last is not None and last.kind == "rebuilding_seen" and last.facts["seen_on"] == seen_on:
                continue  # an image told of it already
            facts = {"source": f"structure {feature['id']}", "seen_on": seen_on}
            tell(self._services, self._id, Telling("rebuilding_seen", facts))

    def _structures(self, view: CaseView) -> Iterator[Mapping[str, Any]]:
        page = self._services.store.structures.features(FeatureQuery(boxes=(view.row.box,), limit=200))
        yield from (orjson.loads(text) for text in page.items)

    def _feature(self, view: CaseView) -> Mapping[str, Any] | None:
        if view.row.structure_id is None:
            return None
        try:
            feature: Mapping[str, Any] = orjson.loads(self._services.store.structures.feature(view.row.structure_id))
        except NotFoundError:
            return None
        return feature

    def _outline(self, view: CaseView) -> shapely.Geometry | None:
        """The outline of its structure, else of its place; a point outlines nothing."""
        feature = self._feature(view)
        told = orjson.loads(view.row.geojson)["geometry"] if feature is None else feature["geometry"]
        shape = shapely.geometry.shape(told)
        return shape if shape.geom_type in ("Polygon", "MultiPolygon") else None

    def _first_seen(self, view: CaseView) -> datetime | None:
        feature = self._feature(view)
        told = None if feature is None else feature["properties"]["first_seen"]
        return None if told is None else datetime.fromisoformat(told).astimezone(UTC)

    def _part(self, standing: Standing) -> shapely.Geometry | None:
        """The part that the decision orders down; None: the whole."""
        part = None if standing.decision is None else standing.decision.facts.get("part")
        return None if part is None else shapely.geometry.shape(part)


def _stood_until(standing: Standing, scene: Scene) -> datetime:
    """Before this the structure stood, as far as the case tells."""
    begun = [event.at for event in standing.all("demolition_started", "demolition_done")]
    return min([*begun, scene.acquired_at])


def _above(grade: str, own: str) -> bool:
    return Clearance[grade.upper()] > Clearance[own.upper()]


def _facts(meant: Meaning, shown: Shown, source: str) -> dict[str, Any]:
    if meant.event == "rebuilding_seen":
        return {"source": source, "seen_on": shown.day}
    return {
        "proof": shown.proof,
        "seen": meant.seen,
        "confidence": shown.confidence,
        "shown_on": shown.day,
        "source": source,
    }
