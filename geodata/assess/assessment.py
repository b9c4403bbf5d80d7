"""What the layers say of every structure on a day: status, reasons, parcels, permits, who is competent.

The status is tried in the order existing, permitted, suspected. Covered means that at least 80 % of the
outline, within its error, lies in the building or permit polygon: of the outline as it was measured
(certain), or of its core that is left when it is shrunk by its own error (flag `within_error`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.assess import rules
from geodata.assess.facts import (
    BuildingFacts,
    ParcelFacts,
    PermitFacts,
    ZoneFacts,
    building_facts,
    parcel_facts,
    permit_facts,
    zone_facts,
)
from geodata.assess.overlay import Outlines, outlines, places
from geodata.assess.register import Permits, resolve_permits
from geodata.assess.rules import Reason
from geodata.crs import CRS84, parse_crs, require_same
from geodata.errors import GeometryError, LayerColumnsError
from geodata.features import parse_day
from geodata.types import LAYER_KINDS, Layers, Status

_NEEDED = ("change", "area_m2", "outline_error_m")
ADDED = ("status", "reasons", "parcel_ids", "permit_ids", "authority", "flags")
"""The columns that an assessment adds."""


@dataclass(frozen=True)
class Assessment:
    """What is said of one structure: a lead with its reasons, never a verdict.

    Args:
        status: `suspected`, `permitted`, `existing` or `unassessed`.
        reasons: What speaks against it, what concerns its papers first.
        parcel_ids: Parcels it stands on, the one with most of it first.
        permit_ids: Permits that cover it, or cover it in part or at another time.
        authority: Who is competent.
        flags: What calls for attention.
    """

    status: Status
    reasons: list[Reason] = field(default_factory=list)
    parcel_ids: list[str] = field(default_factory=list)
    permit_ids: list[str] = field(default_factory=list)
    authority: str = rules.URBAN_MANAGEMENT
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Facts:
    """All that the layers say of the structures of one place; None where there is no such layer."""

    parcels: ParcelFacts | None
    permits: PermitFacts | None
    zones: ZoneFacts | None
    buildings: BuildingFacts | None

    @property
    def any(self) -> bool:
        """Whether there was anything to assess against."""
        return any(f is not None for f in (self.parcels, self.permits, self.zones, self.buildings))


def assess(structures: gpd.GeoDataFrame, layers: Layers, *, as_of: datetime) -> gpd.GeoDataFrame:
    """Say of every structure what is on file for it.

    Args:
        structures: Polygons in CRS84 with the columns `change` (appeared, altered, disappeared), `area_m2`
            (ellipsoidal) and `outline_error_m` (standard error of the outline's position). Further columns
            are kept; words in a column `flags` stay in front.
        layers: What to assess against (see `features.SCHEMAS`), each in CRS84 or absent.
        as_of: When the structures stood; its day in Beijing counts.

    Returns:
        The structures with the columns of `ADDED`; `reasons` holds lists of
        `{code, message, message_zh, basis, area_m2, certainty}`, `in_zone` also `zone_kind` and `zone_id`.

    Raises:
        LayerColumnsError: If the structures lack a column.
        GeometryError: If a structure has no area.
        MissingCRSError: If the structures or a layer declare no system.
        CRSMismatchError: If one of them is not in CRS84.
    """
    _check(structures, layers)
    day = parse_day(as_of)
    assert day is not None  # a datetime always has a day; tells the type checker
    findings: list[Assessment] = [Assessment("unassessed")] * len(structures)
    lonlat = structures.geometry.to_numpy()
    errors_m = np.nan_to_num(structures["outline_error_m"].to_numpy(dtype=np.float64))
    permits = resolve_permits(layers.permits, layers.parcels)
    for metric, rows in places(lonlat):
        here = outlines(lonlat[rows], errors_m[rows], metric)
        facts = _facts(here, layers, permits, day)
        for i, row in enumerate(rows.tolist()):
            findings[row] = _judge(i, _Structure.of(structures.iloc[row]), here, facts)
    return _with_columns(structures, findings)


def _check(structures: gpd.GeoDataFrame, layers: Layers) -> None:
    missing = [name for name in _NEEDED if name not in structures.columns]
    if missing:
        raise LayerColumnsError(
            f"The structures lack {', '.join(missing)}.",
            remedy=f"An assessment needs {', '.join(_NEEDED)} and polygons.",
            missing=missing,
        )
    if len(structures):
        if not (shapely.area(structures.geometry.to_numpy()) > 0).all():
            raise GeometryError(
                "A structure has no area.", remedy="Leave out structures without a polygon before assessing."
            )
        require_same(parse_crs(structures.crs), CRS84, "The structures")
    for kind in LAYER_KINDS:
        layer = getattr(layers, kind)
        if layer is not None and len(layer) and not layer.geometry.isna().all():
            require_same(parse_crs(layer.crs), CRS84, f"The {kind} layer")


def _facts(here: Outlines, layers: Layers, permits: Permits | None, day: date) -> _Facts:
    return _Facts(
        None if layers.parcels is None else parcel_facts(here, layers.parcels),
        None if permits is None else permit_facts(here, permits, day),
        None if layers.zones is None else zone_facts(here, layers.zones, day),
        None if layers.buildings is None else building_facts(here, layers.buildings, day),
    )


@dataclass(frozen=True)
class _Structure:
    """What of a structure decides its status: how it changed, its area, whether a picture may hide it."""

    change: str
    area_m2: float
    lower: bool
    hidden: bool

    @classmethod
    def of(cls, row: Any) -> _Structure:
        """From a row; heights and flags may be missing."""
        gain, flags = row.get("height_gain_m"), row.get("flags")
        lower = str(row["change"]) == "altered" and gain is not None and float(gain) < 0
        hidden = isinstance(flags, (list, tuple)) and "concealment" in flags
        return cls(str(row["change"]), float(row["area_m2"]), lower, hidden)

    @property
    def harmless(self) -> Reason | None:
        """The reason why it needs no permit, None where it may need one."""
        if self.change == "disappeared":
            return rules.gone(self.area_m2)
        return rules.lowered(self.area_m2) if self.lower else None


def _judge(i: int, what: _Structure, here: Outlines, facts: _Facts) -> Assessment:
    """The one structure `i` of a place, and what a picture may hide of it."""
    judged = _status(i, what, here, facts)
    return replace(judged, reasons=[*judged.reasons, rules.concealment(what.area_m2)]) if what.hidden else judged


def _status(i: int, what: _Structure, here: Outlines, facts: _Facts) -> Assessment:
    """Status by the order existing, permitted, suspected."""
    area_m2 = what.area_m2
    if not facts.any:
        return Assessment("unassessed", [what.harmless or rules.no_layers()])
    parcels = facts.parcels.ids(i, area_m2) if facts.parcels else []
    village = facts.zones is not None and bool(facts.zones.village[i])
    farmland = facts.zones is not None and bool(facts.zones.farmland[i])
    authority = rules.authority(village=village, farmland=farmland)
    if what.harmless is not None:
        return Assessment("unassessed", [what.harmless], parcels, [], authority)
    # What was put on top of a registered building is not what is registered.
    if what.change != "altered" and facts.buildings and facts.buildings.covered(i):
        flags = [] if facts.buildings.certain(i) else ["within_error"]
        return Assessment("existing", [], parcels, [], authority, flags)
    place = facts.parcels.reasons(i, area_m2, here) if facts.parcels else []
    flags = []
    if facts.zones:
        zoned = facts.zones.reasons(i, area_m2)
        place += zoned
        flags += ["protected_land"] if {r.zone_kind for r in zoned} & rules.PROTECTED_KINDS else []
    if facts.permits is None:
        missing = rules.no_register(area_m2, rules.planning_basis(village=village))
        return Assessment("suspected", [missing, *place], parcels, [], authority, flags)
    covering = facts.permits.covering(i)
    if covering:
        flags += [] if facts.permits.certain(i) else ["within_error"]
        return Assessment("permitted", place, parcels, covering, authority, flags)
    papers, named = facts.permits.reasons(i, area_m2, here, village)
    return Assessment("suspected", [*papers, *place], parcels, named, authority, flags)


def _with_columns(structures: gpd.GeoDataFrame, findings: list[Assessment]) -> gpd.GeoDataFrame:
    given = list(structures["flags"]) if "flags" in structures.columns else [None] * len(structures)
    flags = [
        list(dict.fromkeys([*(before if isinstance(before, (list, tuple)) else ()), *f.flags]))
        for before, f in zip(given, findings, strict=True)
    ]
    columns: Mapping[str, list[Any]] = {
        "status": [f.status for f in findings],
        "reasons": [[reason.as_dict() for reason in f.reasons] for f in findings],
        "parcel_ids": [f.parcel_ids for f in findings],
        "permit_ids": [f.permit_ids for f in findings],
        "authority": [f.authority for f in findings],
        "flags": flags,
    }
    result = structures.copy()
    for name, values in columns.items():
        column = np.empty(len(values), dtype=object)
        column[:] = values
        result[name] = column
    return result
