"""Plain values that the stages hand to each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import shapely

from geodata.errors import OptionError

if TYPE_CHECKING:
    from geodata.assess.books import Book

LayerKind = Literal["parcels", "permits", "zones", "buildings", "areas", "patches"]
LAYER_KINDS: tuple[LayerKind, ...] = ("parcels", "permits", "zones", "buildings", "areas", "patches")
SCAN_KINDS: tuple[LayerKind, ...] = ("parcels", "permits", "zones", "buildings", "areas")
"""What a scan keeps with its findings; patches that others hand down are held against findings afterwards."""

Change = Literal["appeared", "disappeared", "altered"]
Status = Literal["suspected", "permitted", "existing", "unassessed"]
STATUSES: tuple[Status, ...] = ("suspected", "permitted", "existing", "unassessed")

DISMISSAL_REASONS = (
    "shadow",
    "tree",
    "vehicle",
    "container",
    "greenhouse",
    "solar_panel",
    "tarpaulin",
    "bare_soil",
    "water",
    "scaffold",
    "registration",
    "edge_of_image",
    "other",
)
"""What a dismissed finding was instead: the words of the cues, so that the two can be compared."""

ProgressHook = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done; may raise `ScanCancelledError` to stop."""

TRAINING_FREE = "training-free"
_RULES = re.compile(r"[a-z0-9][a-z0-9-]*(\+[0-9a-f]{8})?")
_DETECTOR = re.compile(rf"{TRAINING_FREE}|[a-z0-9][a-z0-9._-]+\+[0-9a-f]{{8}}")

Terrain = Literal["flat", "hilly", "mountain"]
TERRAINS: tuple[Terrain, ...] = ("flat", "hilly", "mountain")

CHECKS = (
    "overlap",
    "pixel-ratio",
    "season",
    "sun",
    "view",
    "off-nadir",
    "depth",
    "alignment",
    "residual",
    "usable",
)
"""Codes of what is checked of a pair, in the order of the report (see `geodata.pairing.admissible`)."""


@dataclass(frozen=True)
class ScanOptions:
    """What a user may choose about a scan.

    Args:
        min_area_m2: Smallest structure that is reported, m².
        min_confidence: Findings below this confidence are left out, 0 to 1.
        false_alarms_per_km2: False alarms that are bearable; None: the fixed point of the confidence.
        gsd_m: Working pixel size, m; None: what `min_area_m2` needs (0.5 m for 20 m²).
        window_px: Side of a processing window, px. Never changes the result.
        workers: Threads for the pixel work. Never changes the result.
        detector: What judges images: `training-free`, or a model by name and checksum (`starter-2+abcd1234`), so
            that the options name it for ever.
        thorough: Look at every pixel in full resolution, not only where the first look suspects something; with a
            model the network judges everything.
        terrain: `flat`, `hilly` or `mountain`: how far the pixel sizes may differ (T/CSGPC 051-2025).
        strict: Refuse a pair for every limit that it exceeds, not only where it cannot be compared at all.
        accept: Codes of checks whose refusal is overridden; they stand in the provenance.
        before_date: Acquisition time of the first date, None: from the file.
        after_date: Acquisition time of the second date, None: from the file.
        before_crs: System of the first raster where the file declares none.
        after_crs: System of the second raster where the file declares none.
        min_gain_m: Smallest height change that counts where surface models are given, m.
        rules: What the findings are assessed by: a rulebook by id, or by id and checksum (`cn+abcd1234`), so that the
            options name it for ever.
    """

    min_area_m2: float = 20.0
    min_confidence: float = 0.0
    false_alarms_per_km2: float | None = None
    gsd_m: float | None = None
    window_px: int = 2048
    workers: int = 1
    detector: str = TRAINING_FREE
    thorough: bool = False
    terrain: Terrain = "flat"
    strict: bool = False
    accept: tuple[str, ...] = ()
    before_date: datetime | None = None
    after_date: datetime | None = None
    before_crs: str | None = None
    after_crs: str | None = None
    min_gain_m: float = 2.0
    rules: str = "cn"

    def __post_init__(self) -> None:
        checks = [
            ("min_area_m2", self.min_area_m2, 1.0, 1e6),
            ("min_confidence", self.min_confidence, 0.0, 1.0),
            ("false_alarms_per_km2", 1.0 if self.false_alarms_per_km2 is None else self.false_alarms_per_km2, 0.1, 1e4),
            ("gsd_m", 0.5 if self.gsd_m is None else self.gsd_m, 0.02, 30.0),
            ("min_gain_m", self.min_gain_m, 0.5, 100.0),
            ("window_px", self.window_px, 128, 8192),
            ("workers", self.workers, 1, 256),
        ]
        for name, value, low, high in checks:
            if not low <= value <= high:
                raise OptionError(
                    f"{name} is {value:g}, which is outside {low:g} to {high:g}.",
                    remedy=f"Choose {name} within this range.",
                    **{name: value},
                )
        if not _DETECTOR.fullmatch(self.detector):
            raise OptionError(
                f"There is no detector {self.detector!r}.",
                remedy=f"Known: {TRAINING_FREE}, or a model by name and checksum.",
            )
        if not _RULES.fullmatch(self.rules):
            raise OptionError(
                f"There is no rulebook {self.rules!r}.", remedy="A rulebook is named by its id: `kancha rules list`."
            )
        if self.terrain not in TERRAINS:
            raise OptionError(f"There is no terrain {self.terrain!r}.", remedy=f"Known: {', '.join(TERRAINS)}.")
        unknown = sorted(set(self.accept) - set(CHECKS))
        if unknown:
            raise OptionError(f"There is no check {unknown[0]!r} to accept.", remedy=f"Known: {', '.join(CHECKS)}.")
        object.__setattr__(self, "accept", tuple(code for code in CHECKS if code in self.accept))

    def result_parameters(self) -> dict[str, Any]:
        """The options that can change a result: what provenance and the parameters hash hold."""
        values = asdict(self)
        for name in ("window_px", "workers"):
            del values[name]
        values["accept"] = list(self.accept)
        # 20 and 20.0 are one parameter, and one hash
        numbers = {one.name for one in fields(self) if "float" in str(one.type)}
        values |= {name: float(values[name]) for name in numbers if isinstance(values[name], int)}
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


SurfaceRole = Literal["before_dsm", "after_dsm", "before_dtm", "after_dtm"]
SURFACE_ROLES: tuple[SurfaceRole, ...] = ("before_dsm", "after_dsm", "before_dtm", "after_dtm")
"""Surface (dsm) and terrain (dtm) models of the two dates, as inputs are named everywhere."""


@dataclass(frozen=True)
class SurfaceFiles:
    """Surface models of two dates, heights in metres.

    Args:
        before: Surface model (DSM) of the first date.
        after: Surface model of the second date.
        before_terrain: Terrain model (DTM) of the first date; None: that of the second, else the surface tells.
        after_terrain: Terrain model of the second date; None: the surface tells the ground.
    """

    before: Path
    after: Path
    before_terrain: Path | None = None
    after_terrain: Path | None = None


@dataclass(frozen=True)
class LayerContent:
    """Which content a layer of a scan stands for, told where the layer was read, so that nobody hashes it again.

    Args:
        sha256: Checksum of all features of the layer, whether they are at hand or only those near the scan.
        version: Id of the stored version; None for a plain file.
    """

    sha256: str
    version: str | None = None


@dataclass(frozen=True)
class Layers:
    """The layers a scan is assessed against; each is None or a checked GeoDataFrame (see `features`).

    Administrative areas are kept with the scan; they decide no status. `contents` says what each stands for, where
    that is known.
    """

    parcels: gpd.GeoDataFrame | None = None
    permits: gpd.GeoDataFrame | None = None
    zones: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    areas: gpd.GeoDataFrame | None = None
    contents: Mapping[str, LayerContent] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether there is anything to assess against."""
        return any(getattr(self, kind) is not None for kind in SCAN_KINDS if kind != "areas")


@dataclass(frozen=True)
class LayerReport:
    """What reading a layer did to it: nothing is dropped or repaired silently.

    Args:
        source: Name of the file.
        kind: Which layer it is.
        sha256: Checksum of what was read.
        crs: System the file declared.
        encoding: Text encoding, with how it was found.
        rows: Features read.
        kept: Features kept.
        repaired: Ids of the features whose geometry was repaired.
        dropped: (id, reason) of the features left out.
        duplicated: Ids that occur more than once (all but the first are dropped only where rows are equal).
    """

    source: str
    kind: str
    sha256: str
    crs: str
    encoding: str
    rows: int
    kept: int
    repaired: list[str] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class ScanRequest:
    """What is asked of a scan, whatever is compared.

    Args:
        layers: What the findings are assessed against.
        area: Area of interest in CRS84, None: everything.
        options: The user's choices.
        layer_reports: How the layers were read.
        book: The rulebook that the findings are assessed by.
    """

    layers: Layers
    area: shapely.MultiPolygon | None
    options: ScanOptions
    layer_reports: Sequence[LayerReport]
    book: Book


@dataclass(frozen=True)
class JudgedOutline:
    """A finding that an officer judged.

    Args:
        finding_id: The finding.
        outline: Polygon or MultiPolygon in CRS84: the officer's own where one was given, else that of the finding.
        change: In which direction it changed.
        right: Whether it really did.
        reason: What it was instead, one of `DISMISSAL_REASONS`; None for a right one.
        corrected: Whether the outline is the officer's own.
    """

    finding_id: str
    outline: shapely.Geometry
    change: Change
    right: bool
    reason: str | None
    corrected: bool


@dataclass(frozen=True)
class JudgedPair:
    """Two dates of which findings were judged. What nobody judged counts neither for nor against.

    Args:
        scan_id: The scan that found them.
        before: Raster of the first date; the name of the file tells nothing of its date or system.
        after: Raster of the second date.
        before_crs: System of the first raster where the file declares none, as its sender told it.
        after_crs: System of the second raster where the file declares none.
        before_at: When the first was taken.
        after_at: When the second was taken.
        surfaces: Whether the two are surface models (heights in m) that were compared without imagery.
        judged: The judged findings.
    """

    scan_id: str
    before: Path
    after: Path
    before_crs: str | None
    after_crs: str | None
    before_at: datetime
    after_at: datetime
    surfaces: bool
    judged: tuple[JudgedOutline, ...]
