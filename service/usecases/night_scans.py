"""The scans of a night: ordered for what is new, what is owed most first, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from geodata.errors import KanchaError
from geodata.types import ProgressHook
from service.errors import StoreBusyError
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.intake_records import IntakeEntry
from service.store.job_records import Job, Urgency
from service.store.records import Scene
from service.usecases.arrivals import told
from service.usecases.layers import newest_versions
from service.usecases.night_pairs import Pairer, Pairing
from service.usecases.pairs import is_model
from service.usecases.scans import ScanOrder, order_scan

_POLL_S = 0.3
_LONGEST_POLL_S = 30.0
_SHARE = 9
"""Times as long as it asks, it waits."""


@dataclass(frozen=True)
class Ordered:
    """What was ordered for a file.

    Args:
        entry: The file.
        pairing: With what its scene is compared.
        jobs: The job of each comparison, or why there is none, with the earlier and the later scene.
    """

    entry: IntakeEntry
    pairing: Pairing
    jobs: Sequence[tuple[str, str, Job | KanchaError]]


def pairings_of(
    pairer: Pairer, scenes: Sequence[Scene], waited_days: Mapping[str, float] = MappingProxyType({})
) -> list[Pairing]:
    """With what each scene is compared, what is owed most first; but where one is another's partner, that one before.

    So the scenes of a place are compared in the order of their dates, and a structure is named by its first sighting.

    Args:
        pairer: Chooses the partners.
        scenes: What waits for its comparison.
        waited_days: Since when, by scene: what is owed grows with the days, so that nothing is left for ever.
    """

    def owed(one: Pairing) -> float:
        return one.debt_km2 * (1 + waited_days.get(one.scene.id, 0.0))

    by_id = {scene.id: pairer.of(scene) for scene in sorted(scenes, key=lambda one: (one.acquired_at, one.id))}
    out: dict[str, Pairing] = {}
    for pairing in sorted(by_id.values(), key=lambda one: -owed(one)):
        needed, look_at = {pairing.scene.id}, [pairing]
        while look_at:
            new = {p for p in look_at.pop().scenes if p in by_id and p not in out} - needed
            needed |= new
            look_at += [by_id[p] for p in new]
        # the dictionary stands in the order of the dates
        out |= {scene_id: one for scene_id, one in by_id.items() if scene_id in needed and scene_id not in out}
    return list(out.values())


def order_scans(services: Services, run_id: str, detector: str, progress: ProgressHook) -> list[Ordered]:
    """Order the scans of all that is stored and not compared, as many as a night may have.

    What has no partner is done with its reason; what is left over waits for the next night.

    Args:
        services: A service with a line of jobs.
        run_id: The run.
        detector: What judges.
        progress: Called while it works.
    """
    taken = {str(entry.scene_id): entry for entry in services.store.intake.in_state("taken")}
    scenes = [services.store.scenes.get(scene_id) for scene_id in taken]
    pairer, orders = Pairer(services), _Orders(services, detector)
    ordered: list[Ordered] = []
    waited = {scene_id: waited_days(entry.seen_at) for scene_id, entry in taken.items()}
    for i, pairing in enumerate(pairings_of(pairer, scenes, waited)):
        progress(i / len(scenes), f"choosing what {pairing.scene.file_name} is compared with")
        entry = replace(taken[pairing.scene.id], run_id=run_id)
        if orders.full:
            # it keeps its place: the next night begins with what is owed most
            services.store.intake.put(replace(entry, outcome={"result": "left", "debt_km2": pairing.debt_km2}))
            continue
        jobs = [orders.order(before.id, after.id) for before, after in pairer.comparisons(pairing, taken)]
        ordered.append(Ordered(entry, pairing, jobs))
        if not jobs:
            finish(services, ordered[-1], [])
    return [one for one in ordered if one.jobs]


def waited_days(since: datetime) -> float:
    """How long a scene has waited for its comparison, days."""
    return (datetime.now(UTC) - since) / timedelta(days=1)


def order_at_once(services: Services, detector: str, scene_id: str) -> int:
    """Order the scans of a scene that has just come, without waiting for the night.

    The night hears of the scene all the same, finds its comparisons made, and reports them.

    Args:
        services: A service with a line of jobs.
        detector: What judges.
        scene_id: The scene.

    Returns:
        How many were ordered.
    """
    scene = services.store.scenes.get(scene_id)
    if is_model(scene):
        return 0
    pairer, orders = Pairer(services), _Orders(services, detector, Urgency.NORMAL)
    jobs = [orders.order(before.id, after.id) for before, after in pairer.comparisons(pairer.of(scene), ())]
    return sum(isinstance(job, Job) for _, _, job in jobs)


class _Orders:
    """Orders with the layers of this moment.

    Args:
        services: A service with a line of jobs.
        detector: What judges.
        urgency: Which of the waiting goes first.
    """

    def __init__(self, services: Services, detector: str, urgency: Urgency = Urgency.NIGHT) -> None:
        self._services, self._detector, self._urgency = services, detector, urgency
        self._layers = newest_versions(services)
        self._count = 0

    @property
    def full(self) -> bool:
        """Whether the night has as many scans as it may have."""
        most = self._services.settings.nightly.max_scans
        return most > 0 and self._count >= most

    def order(self, before: str, after: str) -> tuple[str, str, Job | KanchaError]:
        """Order a comparison, or say why it is none."""
        order = ScanOrder(before, after, layers=self._layers, options={"detector": self._detector})
        try:
            job, _ = order_scan(self._services, order, self._urgency)
        except StoreBusyError:
            raise  # no fault of the pair: the run is tried again
        except KanchaError as error:
            return before, after, error
        self._count += 1
        return before, after, job


def await_scans(
    services: Services, ordered: Sequence[Ordered], progress: ProgressHook, mark: Callable[[str], None]
) -> None:
    """Wait for the scans, and keep what came of each file as soon as its own are over.

    Args:
        services: The service.
        ordered: What was ordered.
        progress: Called while it waits.
        mark: Told what is done for good.
    """
    left, total = list(ordered), max(1, len(ordered))
    while left:
        waiting, moved, begun = [], 0.0, time.monotonic()
        for one in left:
            jobs = [services.store.jobs.get(job.id) for _, _, job in one.jobs if isinstance(job, Job)]
            if any(job.state in ACTIVE for job in jobs):
                waiting.append(one)
                moved += sum(job.progress if job.state in ACTIVE else 100 for job in jobs) / (100 * len(jobs))
            else:
                finish(services, one, jobs)
                mark(f"{one.entry.folder}/{one.entry.name}")
        left = waiting
        if left:
            done = total - len(left)
            progress((done + moved) / total, f"scanning: {done} of {total} done")
            # to ask of thousands takes long itself: the scans are to have the machine, not the asking
            time.sleep(min(_LONGEST_POLL_S, max(_POLL_S, _SHARE * (time.monotonic() - begun))))


def finish(services: Services, one: Ordered, jobs: Sequence[Job]) -> None:
    """Keep what came of a file: its scans, or why there is none."""
    by_id = {job.id: job for job in jobs}
    scans, failed = [], []
    for before, after, job in one.jobs:
        late = after != one.pairing.scene.id
        if isinstance(job, Job) and (ended := by_id[job.id]).state is JobState.SUCCESSFUL and ended.scan_id:
            counts = dict(services.store.scans.get(ended.scan_id).counts)
            scans.append({"before": before, "after": after, "scan_id": ended.scan_id, "counts": counts, "late": late})
        else:
            error = _why(by_id[job.id]) if isinstance(job, Job) else told(job)
            failed.append({"before": before, "after": after, "error": error})
    choice, refused = one.pairing.choice, one.pairing.refused
    outcome: dict[str, Any] = {
        "result": _result(one.pairing, bool(scans), bool(failed)),
        "scans": scans,
        "failed": failed or [_refusal(pair.scene, one, pair.error) for pair in refused if choice.alone_km2 > 0],
        "shown_km2": round(choice.shown_km2, 6),
        "hidden_km2": round(choice.hidden_km2, 6),
        "alone_km2": round(choice.alone_km2, 6),
        "debt_km2": round(one.pairing.debt_km2, 6),
    }
    services.store.intake.put(replace(one.entry, state="done", outcome=outcome))


def _result(pairing: Pairing, scanned: bool, failed: bool) -> str:
    if scanned:
        return "scanned"
    if failed or pairing.refused:
        return "not-scanned"
    # nothing was refused: no earlier scene shows what this one shows, or there is none
    return "unseen" if pairing.met else "first"


def _refusal(before: Scene, one: Ordered, error: KanchaError) -> dict[str, Any]:
    return {"before": before.id, "after": one.pairing.scene.id, "error": told(error)}


def _why(job: Job) -> dict[str, Any]:
    if job.state is JobState.DISMISSED:
        return {"code": "scan-dismissed", "message": "The scan was stopped on request.", "remedy": ""}
    return dict(job.error or {})
