"""Imagery that arrived is taken in: every file of every source once, whatever its scan comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geodata.errors import KanchaError
from geodata.types import ProgressHook
from service.arrivals.base import Sighting, Source
from service.arrivals.folder import Folder
from service.arrivals.opening import open_sources
from service.errors import SourceUnavailableError, StoreBusyError
from service.files import private_folder, storable
from service.services import Services
from service.store.intake_records import CATALOGUE, IntakeEntry
from service.usecases.pairs import is_model
from service.usecases.scenes import SceneFacts, add_scene

_MOST_AWAY = 3
"""So many files in a row that their source did not give are taken for an outage."""
AWAY = "away"
"""Result of a file that its source did not give."""


@dataclass(frozen=True)
class SourceLook:
    """A source as it was found.

    Args:
        name: Its name.
        files: Files of imagery that lie there.
        new: Files that are new or were not complete at the last look.
        error: Why it could not be looked at.
    """

    name: str
    files: int = 0
    new: int = 0
    error: KanchaError | None = None


def sources_of(services: Services, folder: str) -> Sequence[Source]:
    """The watched folder, or, where none is named, all places of the settings."""
    if folder:
        return [Folder(Path(folder), services.settings.data, services.settings.limits.max_upload_bytes)]
    return open_sources(services.settings)


def look_at(services: Services, source: Source) -> tuple[SourceLook, list[tuple[Sighting, IntakeEntry | None]]]:
    """What is new at a source, with what was known of it; one that cannot be reached says why."""
    try:
        sightings = source.look()
    except KanchaError as error:
        return SourceLook(source.name, error=error), []
    known, terms = services.store.intake.entries(source.name), _terms(services)
    pairs = [(one, known.get(one.name)) for one in sightings]
    new = [pair for pair in pairs if pair[1] is None or not pair[0].same_as(pair[1]) or _is_open(pair[1], terms)]
    # what was not given before comes last, the longest ago first: a few files must not stand before all others for ever
    new.sort(key=lambda pair: pair[1].seen_at.timestamp() if pair[1] and pair[1].outcome.get("result") == AWAY else 0.0)
    return SourceLook(source.name, len(sightings), len(new)), new


def _is_open(entry: IntakeEntry, terms: str) -> bool:
    """Whether a file that looks as before is to be taken: it was not complete, or settings that refused it changed."""
    return entry.state == "waiting" or (entry.state == "rejected" and entry.outcome.get("terms", terms) != terms)


def _terms(services: Services) -> str:
    """A word that changes with the settings by which a file is refused: what a refusal says to change is changed."""
    settings = services.settings
    decide = [one.model_dump_json() for one in (*settings.nightly.sources, settings.limits, settings.uploads)]
    return hashlib.sha256("|".join(decide).encode()).hexdigest()[:16]


def take_in(services: Services, run_id: str, folder: str, progress: ProgressHook) -> list[SourceLook]:
    """Take in all that arrived, and hear of the scenes that came by an upload.

    Args:
        services: The service.
        run_id: The run that takes it.
        folder: The watched folder; empty: all places of the settings.
        progress: Called while it works.
    """
    looks = []
    for source in sources_of(services, folder):
        look, new = look_at(services, source)
        looks.append(look)
        away = 0
        for i, (sighting, before) in enumerate(new):
            progress(i / len(new), f"taking {sighting.name}")
            try:
                _take(services, run_id, source, (sighting, before))
                away = 0
            except SourceUnavailableError as error:
                # no fault of the file: the next night sees it as new
                looks[-1] = replace(look, error=error)
                if before is None or before.state == "waiting":
                    entry = sighting.remembered(source.name, None, datetime.now(UTC))
                    services.store.intake.put(replace(entry, outcome={"result": AWAY}))
                away += 1
            if away == _MOST_AWAY:
                break  # every further file would wait as long for the same answer
    _hear(services, run_id)
    return looks


def _take(services: Services, run_id: str, source: Source, seen: tuple[Sighting, IntakeEntry | None]) -> None:
    """Store the scene of a file that is new and complete; keep what came of it."""
    sighting, before = seen
    _keep_former(services, before)
    now, stable = datetime.now(UTC), timedelta(seconds=services.settings.nightly.stable_s)
    entry = sighting.remembered(source.name, before, now)
    if not sighting.is_complete(before, now, stable):
        services.store.intake.put(entry)
        return
    entry = replace(entry, run_id=run_id)
    try:
        scene_id = _store_scene(services, source, sighting)
    except (StoreBusyError, SourceUnavailableError):
        raise  # no fault of the file: the run is tried again
    except KanchaError as error:
        outcome = {"result": "refused", "error": told(error), "terms": _terms(services)}
        services.store.intake.put(replace(entry, state="rejected", outcome=outcome))
        return
    entry = replace(entry, scene_id=scene_id)
    twins = [e for e in services.store.intake.with_scene(scene_id) if (e.folder, e.name) != (entry.folder, entry.name)]
    if twins:
        of = services.store.scenes.get(scene_id).file_name if twins[0].folder == CATALOGUE else twins[0].name
        outcome = {"result": "duplicate", "of": of}
        services.store.intake.put(replace(entry, state="done", outcome=outcome))
        return
    services.store.intake.put(_as_taken(services, entry))


def _keep_former(services: Services, before: IntakeEntry | None) -> None:
    """Remember the scene of a file in whose place another one lies now: unheard of, it would be compared once more."""
    if before is not None and before.scene_id is not None:
        known = services.store.intake.with_scene(before.scene_id)
        if all((one.folder, one.name) == (before.folder, before.name) for one in known):
            services.store.intake.put(replace(before, folder=CATALOGUE, name=before.scene_id))


def _store_scene(services: Services, source: Source, sighting: Sighting) -> str:
    with private_folder(services.settings.data / "incoming") as folder:
        fetched = source.fetch(sighting, folder)
        facts = SceneFacts(acquired_at=fetched.acquired_at, attributes=dict(fetched.attributes) or None)
        return add_scene(services, fetched.upload, facts)[0].id


def _hear(services: Services, run_id: str) -> None:
    """Scenes that came by an upload wait for their comparison as those that were taken do."""
    for scene_id in services.store.intake.unheard():
        scene = services.store.scenes.get(scene_id)
        at = scene.arrived_at or scene.created_at
        entry = IntakeEntry(CATALOGUE, scene_id, scene.size_bytes, 0, at, "taken", run_id, scene_id)
        services.store.intake.put(_as_taken(services, entry))


def _as_taken(services: Services, entry: IntakeEntry) -> IntakeEntry:
    if is_model(services.store.scenes.get(str(entry.scene_id))):
        return replace(entry, state="done", outcome={"result": "model"})
    return replace(entry, state="taken")


def told(error: KanchaError) -> dict[str, Any]:
    """A named error as it is kept and reported; it may name a file whose name is no text."""
    plain = {name: storable(value) if isinstance(value, str) else value for name, value in error.as_dict().items()}
    return {**plain, "measured": {name: storable(str(value)) for name, value in error.measured.items()}}
