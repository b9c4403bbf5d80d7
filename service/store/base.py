"""What the use cases ask of a store. Every backend passes the same contract tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from service.auth.patience import Failures
from service.auth.people import ApiKey, OnceLink, Person, Session
from service.auth.record import Break, Entry, Head, Sealed
from service.auth.sight import Sight
from service.jobs.states import JobState
from service.store.audit_records import Audit, AuditAnswer
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import (
    Box,
    Claim,
    FeatureRow,
    FindingRow,
    IntakeEntry,
    Job,
    JudgedRow,
    LayerSource,
    LayerVersion,
    NightRun,
    Page,
    ReviewRow,
    Scan,
    Scene,
    StructureLook,
    Verdict,
)
from service.store.scene_query import SceneQuery


class SceneStore(Protocol):
    """Scenes."""

    def add(self, scene: Scene) -> bool:
        """Store a scene; False where it is there already."""

    def get(self, scene_id: str) -> Scene:
        """One scene; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0) -> Page[Scene]:
        """Scenes in the order of their coming."""

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

    def personal(self, version_id: str, fid: str) -> str | None:
        """The sealed personal values of a feature; None without any; `NotFoundError` without the feature."""

    def sealed(self, after_key: int, limit: int) -> Sequence[tuple[int, str, str, str]]:
        """Key, version, id and sealed values of the features behind a key that have some."""

    def reseal(self, values: Mapping[int, str]) -> None:
        """Put other seals in the place of those of some features, by their key; what was erased meanwhile stays so."""

    def erase_personal(self, kind: str, fid: str, entry: Entry) -> Sequence[str]:
        """Erase the personal values of a feature in all versions of a kind; the ids of the versions that had some."""

    def erase_version(self, version_id: str, entry: Entry) -> None:
        """Erase all personal values of a version, and what opens its file."""

    def keep_file_key(self, version_id: str, sealed: str | None) -> None:
        """Put another seal in the place of that of a version's file; None: nothing opens it any more."""

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


class JobStore(Protocol):
    """Jobs."""

    def submit(self, job: Job) -> tuple[Job, bool]:
        """Store a job, unless one with the same inputs is active or successful: then that one and False."""

    def get(self, job_id: str) -> Job:
        """One job; `NotFoundError` without it."""

    def page(self, limit: int, after_key: int = 0, state: JobState | None = None) -> Page[Job]:
        """Jobs, the latest first."""

    def claim(self, runner: str, kind: str | None = None) -> tuple[Job, Claim] | None:
        """Start the oldest accepted job of a runner, of one kind or of any; None without one."""

    def progress(self, claim: Claim, percent: int, message: str) -> None:
        """Note how far a running job is; `LostClaimError` once the claim is void."""

    def succeed(self, claim: Claim, message: str) -> None:
        """End a running job well that has no scan for its result; `LostClaimError` once the claim is void."""

    def fail(self, claim: Claim, error: Mapping[str, Any]) -> None:
        """End a running job with a named error; `LostClaimError` once the claim is void."""

    def dismiss(self, job_id: str) -> Job:
        """Stop an active job; `IllegalMoveError` for a finished one."""

    def give_back(self, claim: Claim, *, count_attempt: bool) -> None:
        """Put a running job back to accepted; nothing happens once the claim is void."""

    def foreign_runners(self, runner: str) -> Sequence[str]:
        """The other runners that have active jobs."""

    def adopt(
        self, dead: str, heir: str, max_attempts: int, error: Mapping[str, Any]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Give the active jobs of a dead runner to another: (adopted ids, ids failed with `error`)."""


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


class VerdictStore(Protocol):
    """Verdicts, and the findings as their review sees them."""

    def add(self, verdict: Verdict, *, timed: bool) -> tuple[Verdict, bool]:
        """Store a verdict and bring its finding and the repeats of it up to date in one step.

        False where it is there already: the same id, or, unless `timed`, the same words as the latest verdict.
        `NotFoundError` without the finding.
        """

    def of(self, finding_id: str) -> Sequence[Verdict]:
        """All verdicts on a finding, the one that counts last; `NotFoundError` without the finding."""

    def open(self) -> Sequence[ReviewRow]:
        """Findings that are neither judged nor suppressed, the highest priority first."""

    def judged(self) -> Sequence[JudgedRow]:
        """Judged findings with their latest verdict, the highest priority first."""

    def last_key(self) -> int:
        """Grows with every verdict. Stored findings change by verdicts, and by scans that show more of structures."""


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


class PeopleStore(Protocol):
    """People. Every change is recorded in the same step, where an entry is given."""

    def add(self, person: Person, password_hash: str | None, entry: Entry, *, link: str | None = None) -> None:
        """Store a person; `ConflictError` if the name is taken.

        With the digest of a link for the first administrator the link is used up in the same step; `LinkError` if it
        opens nothing any more or there is an administrator already.
        """

    def get(self, person_id: str) -> Person:
        """One person; `NotFoundError` without them."""

    def named(self, name: str) -> Person | None:
        """Who signs in with a name, whatever the case."""

    def of_subject(self, subject: str) -> Person | None:
        """Who somebody is to the bureau's own sign-in."""

    def page(self, limit: int, after_key: int = 0) -> Page[Person]:
        """People in the order of their coming."""

    def change(self, person: Person, entry: Entry) -> None:
        """Replace a person's facts; `ConflictError` if no active administrator would be left."""

    def has_administrator(self) -> bool:
        """Whether an active person may give rights."""

    def password_hash(self, person_id: str) -> str | None:
        """What is stored of a password."""

    def set_password(self, person_id: str, password_hash: str, at: datetime, entry: Entry | None) -> None:
        """Store a password's hash; with an entry every session of the person ends."""


class AccessStore(Protocol):
    """Sessions, keys, links that work once, and failed attempts to sign in."""

    def open_session(self, session: Session, entry: Entry) -> None:
        """Store a session."""

    def session(self, digest: str) -> tuple[Session, Person] | None:
        """A session and who signed in."""

    def end_session(self, digest: str, at: datetime, entry: Entry) -> None:
        """End a session."""

    def add_key(self, key: ApiKey, entry: Entry) -> None:
        """Store a key."""

    def key(self, digest: str) -> tuple[ApiKey, Person | None] | None:
        """A key by the digest of its secret, and its owner."""

    def keys(self, limit: int, after_key: int = 0) -> Page[ApiKey]:
        """Keys, the latest first."""

    def revoke_key(self, key_id: str, at: datetime, entry: Entry) -> ApiKey:
        """End a key for ever; `NotFoundError` without it."""

    def seen(self, kind: Literal["session", "key"], digest: str, at: datetime) -> None:
        """Note that a session or a key was used."""

    def forget_ended(self, before: datetime) -> int:
        """Drop sessions and links that ended before a time, and failed attempts of before it; how many."""

    def add_link(self, link: OnceLink, entry: Entry) -> None:
        """Store a link that works once; for the first administrator it replaces the unused ones."""

    def link(self, digest: str) -> OnceLink | None:
        """A link."""

    def use_link(self, digest: str, at: datetime) -> OnceLink | None:
        """Use a link up; None where it opens nothing any more. Of two that try at once one succeeds."""

    def failures(self, subjects: Iterable[str]) -> Mapping[str, Failures]:
        """Failed attempts in a row, by what they are counted under."""

    def count_failures(self, subjects: Mapping[str, bool], at: datetime) -> None:
        """Count one more failure each; true: begin anew, for those before are forgotten."""

    def forget_failures(self, subjects: Iterable[str]) -> None:
        """Somebody has signed in."""


class AuditLogStore(Protocol):
    """The record of what was done."""

    def append(self, entry: Entry) -> Sealed:
        """Put an entry behind the last."""

    def page(
        self, limit: int, after_key: int = 0, *, action: str | None = None, actor: str | None = None
    ) -> Page[Sealed]:
        """Entries, the latest first; of an action, or of a person or key, if wanted."""

    def head(self) -> Head:
        """Where the record ends."""

    def verify(self) -> tuple[int, Break | None]:
        """How many entries hold, and the first that does not."""


class IntakeStore(Protocol):
    """The memory of the nightly batch."""

    def open_run(self, run: NightRun) -> NightRun:
        """Begin a run over a folder, or go on with the unfinished one."""

    def close_run(self, run_id: str) -> None:
        """Mark a run finished."""

    def entries(self, folder: str) -> Mapping[str, IntakeEntry]:
        """What is known of a folder's files, by name."""

    def put(self, entry: IntakeEntry) -> None:
        """Keep what is known of a file."""


class Store(Protocol):
    """A whole store."""

    @property
    def scenes(self) -> SceneStore:
        """Scenes."""

    @property
    def layers(self) -> LayerStore:
        """Layer versions."""

    @property
    def jobs(self) -> JobStore:
        """Jobs."""

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

    def seen_by(self, sight: Sight) -> Self:
        """The same store as somebody sees it: nothing else is told or counted. Only the store itself is closed."""

    def state(self, *what: str) -> str:
        """A word that changes with `scenes`, `layers`, `findings` (and structures) or `people` (and rights)."""

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
