"""The plain values that a store keeps and gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from geodata.pairing.usable import usable_share

T = TypeVar("T")
Box = tuple[float, float, float, float]
"""(west, south, east, north) in degrees, west never above east."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list.

    Args:
        items: What is on the page.
        matched: How many there are on all pages.
        next_key: Give it back to get the following page; None on the last.
    """

    items: Sequence[T]
    matched: int
    next_key: int | None


@dataclass(frozen=True)
class SceneFrame:
    """The little of a scene that the ledger of an area needs, so that ten thousand of them are read at once.

    Args:
        id: Its id.
        acquired_at: When it was taken.
        bbox: Box around it, degrees.
        mask_sha256: Content of its mask, None: it has none.
        kind: What its sender called it (`surface`, `terrain`), None: a picture.
    """

    id: str
    acquired_at: datetime
    bbox: Box
    mask_sha256: str | None
    kind: str | None


@dataclass(frozen=True)
class Scene:
    """A stored raster of one date. Never changes.

    Args:
        id: Derived from content, date and declared system.
        file_name: Name under which it came, made safe.
        sha256: Checksum of the content; names the stored file.
        size_bytes: Size of the file.
        acquired_at: Time of acquisition, UTC.
        declared_at: The time its sender named; None where the file or its name told it.
        declared_crs: The system its sender named for a file without one.
        crs: Its system, `EPSG:4547`.
        crs_wkt: The same in full.
        transform: Affine from pixel to ground: a, b, c, d, e, f.
        nodata: Declared nodata value.
        overviews: Decimation factors stored in the file.
        width: Columns.
        height: Rows.
        bands: Name of each band.
        dtype: Type of the samples.
        gsd_m: Ground size of a pixel, m.
        footprint: GeoJSON polygon, lon-lat.
        bbox: Box around the footprint.
        attributes: What the sender said about it.
        created_at: When it was stored.
        shares: Share of each kind of pixel (usable, cloud, ...); None where no mask was made.
        mask_sha256: Names the stored mask; None where none was made.
        cog_sha256: Names the copy in blocks with overviews; None where the source is so itself, or none was made.
        cog_overviews: Decimation factors of the copy.
        secrecy: `public`, `internal` or `secret`.
        arrived_at: When its last byte was there, or its file was seen; None: as it was stored.
    """

    id: str
    file_name: str
    sha256: str
    size_bytes: int
    acquired_at: datetime
    declared_at: datetime | None
    declared_crs: str | None
    crs: str
    crs_wkt: str
    transform: tuple[float, ...]
    nodata: float | None
    overviews: tuple[int, ...]
    width: int
    height: int
    bands: tuple[str, ...]
    dtype: str
    gsd_m: float
    footprint: Mapping[str, Any]
    bbox: Box
    attributes: Mapping[str, Any]
    created_at: datetime
    shares: Mapping[str, float] | None = None
    mask_sha256: str | None = None
    cog_sha256: str | None = None
    cog_overviews: tuple[int, ...] | None = None
    secrecy: str = "internal"
    arrived_at: datetime | None = None

    @property
    def usable_share(self) -> float | None:
        """Share of the scene's frame that shows the ground."""
        return None if self.shares is None else usable_share(self.shares)


@dataclass(frozen=True)
class LayerVersion:
    """One import of a layer. Never changes.

    Args:
        id: Derived from kind, content and the way it was read.
        kind: `parcels`, `permits`, `zones`, `buildings` or `areas`.
        file_name: Name under which it came.
        sha256: Checksum of the file; names the stored file.
        content_sha256: Checksum of the features as they are stored: the GeoJSON texts in their order, each with a line
            feed behind it.
        read_as: How it was read: `crs`, `mapping`, `encoding`, `transformation` as declared; `place`: `accepted`
            where it was not held against what is on file.
        source: Who sent it; None: not told.
        as_of: The day in Beijing whose state the data show; None: not told.
        valid_from: Since when it holds; None: not told.
        valid_to: Until when it holds, the day included; None: open.
        secrecy: `public`, `internal` or `secret`.
        stored_as: Checksum of the stored file where that is sealed; empty: it is the file itself.
        file_key: What seals the stored file, itself sealed; None: it is not, or was erased with it.
        standing: Whether later scans may take it as the newest; False for a layer sent with one scan.
        columns: Type of each column, to restore the table exactly.
        report: What reading did to it.
        features: How many features it has.
        bbox: Box around them; None for an empty layer.
        created_at: When it was stored.
    """

    id: str
    kind: str
    file_name: str
    sha256: str
    content_sha256: str
    read_as: Mapping[str, Any]
    valid_from: datetime | None
    standing: bool
    columns: Mapping[str, str]
    report: Mapping[str, Any]
    features: int
    bbox: Box | None
    created_at: datetime
    source: str | None = None
    as_of: date | None = None
    valid_to: datetime | None = None
    secrecy: str = "internal"
    stored_as: str = ""
    file_key: str | None = None


@dataclass(frozen=True)
class LayerSource:
    """Who sends layers of a kind, and how its files are read unless told otherwise.

    Args:
        kind: Kind of the layers.
        name: Who sends them.
        read_as: What was declared with its last delivery, as `LayerVersion.read_as`.
        updated_at: When it was last declared.
        versions: How many versions came from it.
        newest: Id of the version that came last.
        as_of: The day whose state that one shows; None: not told.
    """

    kind: str
    name: str
    read_as: Mapping[str, Any]
    updated_at: datetime
    versions: int
    newest: str
    as_of: date | None


@dataclass(frozen=True)
class FeatureRow:
    """A feature ready to be stored and served.

    Args:
        fid: Its id, unique within its layer version; unique everywhere for a finding.
        bbox: Box around its geometry; None where it has none.
        geojson: The finished GeoJSON text; personal values are masked in it.
        personal: The personal values, sealed; None without any.
    """

    fid: str
    bbox: Box | None
    geojson: str
    personal: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class FindingRow(FeatureRow):
    """A finding ready to be stored, with the columns that lists are filtered and sorted by."""

    status: str
    change: str
    confidence: float
    before_at: datetime
    after_at: datetime
    priority: float = 0.0
    suppressed_by: str | None = None


@dataclass(frozen=True)
class StructureLook:
    """A scan that could have seen something of a structure.

    Args:
        scan_id: The scan.
        before_scene: Its earlier scene.
        after_scene: Its later scene.
        before_at: Time of the earlier scene.
        after_at: Time of the later scene.
        area: The area of interest to which it was narrowed, as WKT in lon-lat; None: all that both scenes cover.
    """

    scan_id: str
    before_scene: str
    after_scene: str
    before_at: datetime
    after_at: datetime
    area: str | None = None


Purpose = Literal["enforce", "learn"]
"""Why a finding was looked at: it came first, or there is something to learn from it."""
PURPOSES: tuple[Purpose, ...] = ("enforce", "learn")


@dataclass(frozen=True)
class Verdict:
    """What an officer says of a finding. Its words never change: another is added, and the latest that stands counts.

    Args:
        id: Its id.
        finding_id: What it is about.
        verdict: Whether the finding is right.
        reason: What it was instead, one of `DISMISSAL_REASONS`; None for a right one.
        outline: The corrected outline as a GeoJSON polygon in lon-lat; None: the finding's own is right.
        judged_by: Who says so.
        judged_at: When it was judged.
        note: Anything else.
        purpose: Why it was looked at; None: as with the verdict before, else `enforce`.
        created_at: When it was stored.
        person_id: The person who had signed in; None: `judged_by` was written by hand (a key, the command line).
        withdrawn_at: When its judge took it back; None: it stands.
    """

    id: str
    finding_id: str
    verdict: bool
    reason: str | None
    outline: Mapping[str, Any] | None
    judged_by: str
    judged_at: datetime
    note: str | None
    purpose: Purpose | None
    created_at: datetime
    person_id: str | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Speaker:
    """Somebody who has signed in, as their verdicts name them.

    Args:
        person_id: Their id.
        name: How they are called: a verdict that names nobody else than this was theirs too.
    """

    person_id: str
    name: str


@dataclass(frozen=True)
class AwaitingRow:
    """A finding that one person has judged.

    Args:
        key: Its place in the order in which findings came to wait.
        geojson: Its GeoJSON text, verdict and all.
        before_scene: Scene of its first date.
        after_scene: Scene of its second date.
    """

    key: int
    geojson: str
    before_scene: str
    after_scene: str


@dataclass(frozen=True)
class TwiceRow:
    """A finding that more than one person has judged.

    Args:
        key: Place of its latest verdict among all.
        fid: Its id.
        told: Its verdicts that stand, the one that counts last.
    """

    key: int
    fid: str
    told: Sequence[Verdict]


@dataclass(frozen=True)
class ReviewRow:
    """A finding as its review needs it.

    Args:
        key: Its place in the order of coming.
        fid: Its id.
        scan_id: The scan that found it.
        status: Its status.
        change: Its direction.
        stage: Stage of the building.
        confidence: Its confidence.
        priority: Its priority.
        area_m2: Its area, m².
        cues: What speaks against it.
        flags: What calls for attention.
        reason: The first of its reasons, in words.
        place: Middle of its box, lon and lat.
        after_at: Time of its second date.
    """

    key: int
    fid: str
    scan_id: str
    status: str
    change: str
    stage: str
    confidence: float
    priority: float
    area_m2: float
    cues: tuple[str, ...]
    flags: tuple[str, ...]
    reason: str
    place: tuple[float, float]
    after_at: datetime


@dataclass(frozen=True)
class JudgedRow:
    """A judged finding.

    Args:
        row: The finding.
        verdict: Its latest verdict.
        geojson: Its GeoJSON text.
    """

    row: ReviewRow
    verdict: Verdict
    geojson: str


@dataclass(frozen=True)
class Scan:
    """A finished comparison of two scenes. Never changes.

    Args:
        id: Stable: the same inputs give the same id.
        inputs_key: Hash of everything that decided the result.
        before_scene: Id of the earlier scene.
        after_scene: Id of the later scene.
        layers: Layer version per kind.
        options: The options that can change a result.
        provenance: Inputs, parameters, model, residual shift, usable share.
        counts: Findings per status.
        bbox: Box around the findings; None without any.
        created_at: When it was stored.
        secrecy: The highest of its scenes and layers.
    """

    id: str
    inputs_key: str
    before_scene: str
    after_scene: str
    layers: Mapping[str, str]
    options: Mapping[str, Any]
    provenance: Mapping[str, Any]
    counts: Mapping[str, int]
    bbox: Box | None
    created_at: datetime
    secrecy: str = "internal"
