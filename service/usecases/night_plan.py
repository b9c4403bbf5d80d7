"""What a night would do, without doing it: nothing is stored, nothing is ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from service.arrivals.base import Sighting, Source, too_large
from service.arrivals.folder import Folder, unreadable
from service.services import Services
from service.store.intake_records import IntakeEntry
from service.store.records import Scene
from service.usecases.arrivals import SourceLook, look_at, sources_of
from service.usecases.expiries import Expiry, ending, expiries
from service.usecases.models import detector_for
from service.usecases.night_pairs import Pairer, Pairing
from service.usecases.night_scans import pairings_of, waited_days
from service.usecases.pairs import is_model
from service.usecases.scenes import draft_scene

Compared = tuple[Pairing, Sequence[tuple[Scene, Scene]]]


@dataclass(frozen=True)
class PlannedFile:
    """A new file.

    Args:
        source: Where it lies.
        name: Its name there.
        what: `take`, `wait` (not complete) or `refuse`.
        why: Why it would be refused, as far as its header tells.
    """

    source: str
    name: str
    what: str
    why: KanchaError | None = None


@dataclass(frozen=True)
class NightPlan:
    """What a night would do.

    Args:
        detector: What would judge.
        sources: The places as they were found.
        files: What is new there.
        comparisons: What would be compared for each scene that is stored and not compared, or that lies in a folder,
            as (earlier, later); of files elsewhere that can be told only when they are here.
        left: Scenes that the limit of a night would leave for the next.
        expired: Permits that ran out since yesterday.
    """

    detector: str
    sources: Sequence[SourceLook]
    files: Sequence[PlannedFile]
    comparisons: Sequence[Compared]
    left: int
    expired: Sequence[Expiry]


def plan_night(services: Services, folder: Path | None = None) -> NightPlan:
    """Say what a night would do now.

    Args:
        services: The service; it needs no runner.
        folder: Watched folder, None: all places of the settings.

    Raises:
        OptionError: If there is no such detector as the settings say.
        MissingFileError: If there is no such folder.
    """
    detector = detector_for(services.settings, services.settings.nightly.detector)
    looks, files, drafts = [], [], dict[str, Scene]()
    for source in sources_of(services, "" if folder is None else str(folder.resolve())):
        look, new = look_at(services, source)
        if folder is not None and look.error is not None:
            raise look.error
        looks.append(look)
        for sighting, before in new:
            planned, draft = _planned(services, source, sighting, before)
            files.append(planned)
            if draft is not None:
                drafts[draft.id] = draft
    waiting = {str(entry.scene_id): entry.seen_at for entry in services.store.intake.in_state("taken")}
    stored = [services.store.scenes.get(scene_id) for scene_id in [*waiting, *services.store.intake.unheard()]]
    waited = {one.id: waited_days(waiting.get(one.id, one.arrived_at or one.created_at)) for one in stored}
    scenes = {one.id: one for one in (*stored, *drafts.values()) if not is_model(one)}
    pairer = Pairer(services, tuple(drafts.values()))
    compared = [(one, pairer.comparisons(one, scenes)) for one in pairings_of(pairer, list(scenes.values()), waited)]
    fit, left = _within_limit(compared, services.settings.nightly.max_scans)
    yesterday = datetime.now(BEIJING).date() - timedelta(days=1)
    return NightPlan(detector, looks, files, fit, left, expiries(services, ending(services, yesterday, yesterday)))


def _planned(
    services: Services, source: Source, sighting: Sighting, before: IntakeEntry | None
) -> tuple[PlannedFile, Scene | None]:
    stable = timedelta(seconds=services.settings.nightly.stable_s)
    if not sighting.is_complete(before, datetime.now(UTC), stable):
        return PlannedFile(source.name, sighting.name, "wait"), None
    if not isinstance(source, Folder):
        return PlannedFile(source.name, sighting.name, "take"), None
    try:
        too_large(sighting, services.settings.limits.max_upload_bytes)
        draft = draft_scene(services, source.path(sighting))
    except OSError as error:
        return PlannedFile(source.name, sighting.name, "refuse", unreadable(sighting.name, error)), None
    except KanchaError as error:
        return PlannedFile(source.name, sighting.name, "refuse", error), None
    return PlannedFile(source.name, sighting.name, "take"), None if is_model(draft) else draft


def _within_limit(compared: Sequence[Compared], most: int) -> tuple[list[Compared], int]:
    """What one night may have, and how many scenes are left for the next."""
    fit, scans = list[Compared](), 0
    for one in compared:
        if most and scans >= most:
            return fit, len(compared) - len(fit)
        fit.append(one)
        scans += len(one[1])
    return fit, 0
