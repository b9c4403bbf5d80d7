"""What the use cases ask of a store. Every backend passes the same contract tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from service.auth.sight import Sight
from service.store.alarm_base import AlarmStore, DeliveryStore, EventStore, RuleStore
from service.store.audit_records import Audit, AuditAnswer
from service.store.campaign_base import CampaignStore
from service.store.case_base import CaseNewsStore, CaseStore, ObjectionStore
from service.store.intake_records import IntakeEntry, NightRun
from service.store.job_base import JobStore, RunnerStore, StepStore
from service.store.job_records import Claim
from service.store.lead_base import LeadStore
from service.store.people_base import AccessStore, AuditLogStore, PeopleStore, PersonalStore
from service.store.proof_base import ProofStore
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import (
    Box,
    FeatureRow,
    FindingRow,
    LayerSource,
    LayerVersion,
    Page,
    Scan,
    Scene,
    SceneFrame,
    StructureLook,
)
from service.store.scene_query import SceneQuery
from service.store.verdict_base import VerdictStore
from service.store.watching_records import FailingChannel, JobCount, JobTimes, Nights, ScanCounts, ScanScores


class SceneStore(Protocol):
    """Scenes."""

    def add(self, scene: Scene) -> bool:
        """Store a scene; False where it is there already."""

    def get(self, scene_id: str) -> Scene:
        """One scene; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0) -> Page[Scene]:
        """Scenes in the order of their coming."""

    def frames(self) -> Sequence[SceneFrame]:
        """All scenes in short, in the order of their coming."""

    def meeting(self, box: Box) -> Sequence[Scene]:
        """All scenes whose box meets another, in the order of acquisition."""

    def search(self, query: SceneQuery) -> Page[Scene]:
        """A page of the scenes that a query means, the latest stored first; `next_key` goes on behind the page."""

    def with_content(self, sha256: str) -> Sequence[Scene]:
        """All scenes of one content, in the order of their coming."""


class LayerStore(Protocol):
    """Layer versions and their features."""

    def add(self, version: LayerVersion, rows: Iterable[FeatureRow]) -> bool:
        """Store a version with all its features at once; False where it is there already.

        In the same step, how it was read is kept for the next delivery of its source.
        """

    def sources(self, kind: str) -> Sequence[LayerSource]:
        """Who sent layers of a kind, by name."""

    def get(self, version_id: str) -> LayerVersion:
        """One version; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0, kind: str | None = None) -> Page[LayerVersion]:
        """Versions in the order of their coming."""

    def newest(self, kind: str, near: Box | None = None) -> LayerVersion | None:
        """The standing version that came last, of those whose box meets another."""

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Features of one version as GeoJSON texts; without `count` they are counted only where that costs nothing."""

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All features of one version that a query wants, a portion at a time."""

    def feature(self, version_id: str, fid: str) -> str:
        """One feature as GeoJSON text; `NotFoundError` without it."""

    def newest_feature(self, kind: str, fid: str) -> str | None:
        """One feature of the newest standing version as GeoJSON text; None where there is none."""

    def differing(self, old: str, new: str) -> Iterator[tuple[str | None, str | None]]:
        """Features (by id) of which the texts of two versions differ; None where a version lacks the id."""

    def rows(self, version_id: str, box: Box | None = None, *, unplaced: bool = True) -> Iterator[str]:
        """All features whose box meets another and (if wanted) those that have none, in stored order."""

    def meeting(self, version_id: str, boxes: Sequence[Box]) -> Iterator[str]:
        """The features whose box meets one of many, each at least once, in no order."""

    def values(self, version_id: str, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The id and some properties of all features, in stored order."""

    def named(self, version_id: str, names: Iterable[str]) -> Iterator[str]:
        """The features of ids, with those that repeat one of them (`id~2`), in no order."""

    def rows_with(self, version_id: str, name: str, value: str) -> Iterator[str]:
        """All features whose property has a value, in stored order."""


class ScanStore(Protocol):
    """Scans and their findings."""

    def complete(self, claim: Claim, scan: Scan, findings: Sequence[FindingRow]) -> None:
        """Store a scan, its findings and the success of its job in one step; `LostClaimError` if void.

        Findings that repeat a dismissed one are marked in the same step (`service.review.repeats`).
        """

    def get(self, scan_id: str) -> Scan:
        """One scan; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0) -> Page[Scan]:
        """Scans, the latest first."""

    def findings(self, query: FeatureQuery) -> FeaturePage:
        """Findings as GeoJSON texts."""

    def all_findings(self, query: FeatureQuery) -> Iterator[str]:
        """All findings that a query wants, a portion at a time."""

    def finding(self, finding_id: str) -> str:
        """One finding as GeoJSON text; `NotFoundError` without it."""

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all findings."""


class StructureStore(Protocol):
    """Structures over time: a function of the findings, brought up to date with every scan and verdict."""

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Structures as GeoJSON texts."""

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All structures that a query wants, a portion at a time."""

    def feature(self, structure_id: str) -> str:
        """One structure as GeoJSON text, also by an id that leads to it; `NotFoundError` without it."""

    def looks(self, box: Box) -> Sequence[StructureLook]:
        """The scans of which both scenes meet a box, in the order of their coming."""

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all structures."""

    def catch_up(self) -> int:
        """Follow the findings that belong to no structure yet, as those of an earlier release; how many scans."""


class AuditStore(Protocol):
    """Recall audits and their answers."""

    def add(self, audit: Audit) -> bool:
        """Store an audit; False where it is there already."""

    def get(self, audit_id: str) -> Audit:
        """One audit; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0) -> Page[Audit]:
        """Audits, the latest first."""

    def answer(self, audit_id: str, answer: AuditAnswer) -> None:
        """Store what was said of a cell; `NotFoundError` without the audit."""

    def answers(self, audit_id: str) -> Sequence[AuditAnswer]:
        """The latest answer of each cell, in the order of the cells' first answers."""


class IntakeStore(Protocol):
    """The memory of the nightly batch."""

    def open_run(self, run: NightRun) -> NightRun:
        """Begin a run over a folder, or go on with the unfinished one; of a moment that was due there is one run."""

    def close_run(self, run_id: str, report: Mapping[str, Any]) -> None:
        """Mark a run finished, with what it reported; nothing happens to one that is."""

    def run(self, run_id: str) -> NightRun:
        """One run; `NotFoundError` without it."""

    def runs(self, limit: int, after_key: int = 0) -> Page[NightRun]:
        """Runs, the latest first."""

    def last_scheduled(self) -> NightRun | None:
        """The run of the latest moment of a schedule; None: there was none."""

    def entries(self, folder: str) -> Mapping[str, IntakeEntry]:
        """What is known of the files of a source, by name."""

    def of_run(self, run_id: str) -> Sequence[IntakeEntry]:
        """What a run took or refused."""

    def in_state(self, state: str) -> Sequence[IntakeEntry]:
        """What is in a state, of all sources."""

    def with_scene(self, scene_id: str) -> Sequence[IntakeEntry]:
        """The files that became a scene."""

    def unheard(self) -> Sequence[str]:
        """Ids of the scenes that no run has heard of, the first stored first."""

    def put(self, entry: IntakeEntry) -> None:
        """Keep what is known of a file."""


class WatchingStore(Protocol):
    """Counts for a service that watches itself: of the whole store, whoever asks."""

    def jobs(self) -> Sequence[JobCount]:
        """Jobs by kind and state."""

    def job_times(self, bounds_s: Sequence[float]) -> Sequence[JobTimes]:
        """How long finished jobs took, by kind and how they ended."""

    def oldest_waiting(self) -> datetime | None:
        """Since when the oldest accepted job could be started; None without one."""

    def failed(self, code: str, since: datetime) -> tuple[int, datetime | None]:
        """How many jobs failed with an error of this code since a moment, and when the first of them did."""

    def nights(self) -> Nights:
        """The nightly runs."""

    def scans_after(self, key: int) -> ScanCounts:
        """Scans that were stored after one, with their findings by status."""

    def failing_channels(self, least: int) -> Sequence[FailingChannel]:
        """Channels in use that failed so often since their last message arrived, by name."""

    def scores(self, since: datetime, bins: int) -> Sequence[ScanScores]:
        """Scans since a moment with their findings by confidence; those without findings count too."""


class Store(Protocol):
    """A whole store."""

    @property
    def scenes(self) -> SceneStore:
        """Scenes."""

    @property
    def layers(self) -> LayerStore:
        """Layer versions."""

    @property
    def personal(self) -> PersonalStore:
        """Sealed personal values of layer features."""

    @property
    def jobs(self) -> JobStore:
        """Jobs."""

    @property
    def steps(self) -> StepStore:
        """Steps of jobs that are done."""

    @property
    def runners(self) -> RunnerStore:
        """The processes that take jobs."""

    @property
    def scans(self) -> ScanStore:
        """Scans and findings."""

    @property
    def structures(self) -> StructureStore:
        """Structures over time."""

    @property
    def verdicts(self) -> VerdictStore:
        """Verdicts and the review of findings."""

    @property
    def audits(self) -> AuditStore:
        """Recall audits."""

    @property
    def people(self) -> PeopleStore:
        """People."""

    @property
    def access(self) -> AccessStore:
        """Sessions, keys, links, failed attempts."""

    @property
    def audit_log(self) -> AuditLogStore:
        """The record of what was done."""

    @property
    def intake(self) -> IntakeStore:
        """The memory of the nightly batch."""

    @property
    def watching(self) -> WatchingStore:
        """Counts for a service that watches itself."""

    @property
    def rules(self) -> RuleStore:
        """Rules of alarms, and channels."""

    @property
    def alarms(self) -> AlarmStore:
        """Alarms."""

    @property
    def deliveries(self) -> DeliveryStore:
        """Messages on their way."""

    @property
    def events(self) -> EventStore:
        """What happened."""

    @property
    def case_news(self) -> CaseNewsStore:
        """What happened to cases, for those who look on."""

    @property
    def cases(self) -> CaseStore:
        """Cases."""

    @property
    def objections(self) -> ObjectionStore:
        """Objections."""

    @property
    def leads(self) -> LeadStore:
        """Reports and leads."""

    @property
    def campaigns(self) -> CampaignStore:
        """Campaigns."""

    @property
    def proofs(self) -> ProofStore:
        """Looks at the places of cases."""

    def seen_by(self, sight: Sight) -> Self:
        """The same store as somebody sees it: nothing else is told or counted. Only the store itself is closed."""

    def state(self, *what: str) -> str:
        """A word that changes with `scenes`, `layers`, `findings`, `cases`, `leads` or `people` (and rights)."""

    def ping(self) -> None:
        """See that the store answers; `StoreBusyError` if not."""

    def close(self) -> None:
        """Let go of every connection."""


class BlobStore(Protocol):
    """Files by checksum: each content is stored once and never changes."""

    def put(self, source: Path, sha256: str) -> Path:
        """Take a file over (it is moved) and return where it lies, safely on disk."""

    def path(self, sha256: str) -> Path:
        """Where a content lies; `NotFoundError` without it."""

    def free_bytes(self) -> int:
        """Free space."""

    def passing(self) -> PassingStore:
        """Files beside these that can be made again and go in time; none of these is ever among them."""


class PassingStore(Protocol):
    """Files by checksum that are kept for a while."""

    def put(self, source: Path, sha256: str) -> Path:
        """Take a file over (it is moved) and return where it lies."""

    def path(self, sha256: str) -> Path:
        """Where a content lies; `NotFoundError` without it."""

    def sweep(self, older_s: float) -> int:
        """Remove what was put so long ago; how many."""
