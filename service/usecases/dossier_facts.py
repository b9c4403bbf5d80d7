"""What a dossier says of a finding beside its pictures: measures, what it rests on, history, sources; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import shapely

from geodata.assess.grades import Measure
from geodata.china import M2_PER_MU
from geodata.crs import CRS84, crs_label, metric_crs_at, transform_xy
from geodata.errors import KanchaError
from geodata.report import words
from geodata.report.view import beijing
from geodata.report.words import Text, term
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.errors import NotFoundError
from service.services import Services
from service.store.records import Scan
from service.usecases.rulebooks import Explained, explain_finding
from service.usecases.structures import get_structure

SHOWN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "parcels": ("parcel_id", "land_use", "owner_kind", "village"),
    "permits": ("permit_id", "kind", "use", "area_m2", "height_m", "valid_from", "valid_to"),
}
"""What of a layer's features is printed, and nothing else: a column that tells of people may bear any name."""
_ABOUT = {"zone": "zone.share", "permit": "permit.share", "parcel": "parcel.share", "line": "line.distance_m"}


def place(feature: Mapping[str, Any]) -> dict[str, Any]:
    """Where a finding is: a point within it in degrees and in the metric system of the place, its corners likewise."""
    outline = shapely.geometry.shape(feature["geometry"])
    point = shapely.get_coordinates(shapely.point_on_surface(outline))
    metric = metric_crs_at(float(point[0, 0]), float(point[0, 1]))
    rings = [ring for polygon in shapely.get_parts(outline) for ring in [polygon.exterior]]
    corners = [shapely.get_coordinates(ring)[:-1] for ring in rings][0]
    x, y = transform_xy(CRS84, metric, point[:, 0], point[:, 1])
    east, north = transform_xy(CRS84, metric, corners[:, 0], corners[:, 1])
    listed = zip(corners.tolist(), east.tolist(), north.tolist(), strict=True)
    return {
        "lon": float(point[0, 0]),
        "lat": float(point[0, 1]),
        "x": float(x[0]),
        "y": float(y[0]),
        "system": f"{metric.name} ({crs_label(metric)})",
        "corners": [(lon, lat, e, n) for (lon, lat), e, n in listed],
        "parts": len(rings),
    }


def measures(feature: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a finding that the report does not show, with their errors."""
    told = feature["properties"]
    area, error = float(told["area_m2"]), told.get("area_error_m2")
    return {
        "mu": area / M2_PER_MU,
        "mu_error": None if error is None else float(error) / M2_PER_MU,
        "band_m2": None if error is None else (max(0.0, area - 1.96 * float(error)), area + 1.96 * float(error)),
        "outline_error_m": told.get("outline_error_m"),
        "priority": told.get("priority"),
    }


# --- what it rests on ------------------------------------------------------------------------------


def explained(services: Services, finding_id: str) -> Explained | None:
    """Every rule tried on it again; None where a layer or the rulebook is not to be had."""
    try:
        return explain_finding(services, finding_id)
    except KanchaError:
        return None


def shares(found: Explained | None) -> list[dict[str, Any]]:
    """How much of it lies on zones, permits and parcels, and how near it is to lines that ask for a distance."""
    listed: dict[tuple[str, str, str], dict[str, Any]] = {}
    for trial in () if found is None else found.trials:
        about = trial.rule.about
        measured = trial.facts.get(_ABOUT[about]) if about in _ABOUT else None
        if not isinstance(measured, Measure):
            continue
        own = {name: trial.facts.get(f"{about}.{name}") for name in ("id", "kind", "area_m2", "setback_m")}
        key = about, str(own["kind"] or ""), str(own["id"] or "")
        listed[key] = {
            "about": about,
            "kind": key[1],
            "id": key[2],
            "share": None if about == "line" else measured.value,
            "distance": measured if about == "line" else None,
            "area": own["area_m2"] if about == "zone" and isinstance(own["area_m2"], Measure) else None,
            "setback": own["setback_m"] if isinstance(own["setback_m"], Measure) else None,
        }
    return [listed[key] for key in sorted(listed)]


def tried(found: Explained | None) -> int:
    """How many rules were tried on it."""
    return 0 if found is None else len({one.rule.name for one in found.trials})


def zone_words(found: Explained | None) -> dict[str, Text]:
    """Names of codes in the words of the rulebook."""
    return {} if found is None else {name: Text(one.zh, one.en) for name, one in found.book.rules.words.items()}


def layers(services: Services, scan: Scan) -> list[dict[str, Any]]:
    """The versions that the scan read, with the checksums of their content."""
    listed = []
    for kind, told in (scan.provenance.get("layers") or {}).items():
        version = told.get("version") if isinstance(told, Mapping) else scan.layers.get(kind)
        row: dict[str, Any] = {
            "kind": kind,
            "title": term(words.LAYER, kind),
            "version": version,
            "sha256": told.get("sha256") if isinstance(told, Mapping) else told,
        }
        try:
            known = services.store.layers.get(str(version))
        except NotFoundError:
            known = None
        row |= {"as_of": known and known.as_of, "source": known and known.source}
        listed.append(row)
    return listed


def on_file(services: Services, feature: Mapping[str, Any], scan: Scan) -> dict[str, list[dict[str, Any]]]:
    """The parcels and permits that it names, without anything that tells of people."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, columns in SHOWN_COLUMNS.items():
        ids = feature["properties"].get(f"{kind.removesuffix('s')}_ids") or []
        version, rows = scan.layers.get(kind), []
        if version is not None and ids:
            try:
                texts = list(services.store.layers.named(version, ids))
            except NotFoundError:
                texts = []
            rows = [orjson.loads(text)["properties"] for text in texts]
        key = columns[0]
        known = {str(row.get(key)): {name: row.get(name) for name in columns} for row in rows}
        found[kind] = [known.get(str(one), {name: None for name in columns} | {key: one}) for one in ids]
    return found


# --- history ---------------------------------------------------------------------------------------


def history(services: Services, feature: Mapping[str, Any]) -> dict[str, Any]:
    """The structure over time, the verdicts, and the cases about it: no names of anybody."""
    told, structure_id = feature["properties"], feature["properties"].get("structure_id")
    out: dict[str, Any] = {"structure": None, "cases": [], "looks": None}
    if structure_id:
        try:
            found = get_structure(services, str(structure_id))
        except NotFoundError:
            found = None  # a part of what it rests on is too secret for this caller
        if found is not None:
            structure = orjson.loads(found.geojson)
            out["structure"] = {"id": structure["id"], **structure["properties"]}
            out["looks"] = {"seen": found.seen, "usable": found.usable}
        out["cases"] = [
            {
                "serial": row.serial,
                "state": Text(REGIONS[PROCEDURE][row.state][1], REGIONS[PROCEDURE][row.state][0]),
                "opened": beijing(row.opened_at.isoformat()),
            }
            for row in services.store.cases.of_structure([str(structure_id)])
        ]
    out["verdicts"] = [
        {
            "at": beijing(one.judged_at.isoformat()),
            "right": one.verdict,
            "reason": None if one.reason is None else term(words.CUES, one.reason),
            "corrected": one.outline is not None,
        }
        for one in services.store.verdicts.of(str(feature["id"]))
    ]
    out["suppressed_by"] = told.get("suppressed_by")
    return out


def sources(scan: Scan) -> dict[str, Any]:
    """The imagery and everything else from which the finding can be made again."""
    told = scan.provenance
    inputs = [
        {
            "role": term(words.ROLE, str(one.get("role"))),
            "name": one.get("name"),
            "sha256": one.get("sha256"),
            "at": beijing(str(one["acquired_at"])),
            "sensor": (one.get("acquisition") or {}).get("sensor"),
            "off_nadir": (one.get("acquisition") or {}).get("view_off_nadir_deg"),
            "gsd_m": one.get("gsd_m"),
            "crs": one.get("crs"),
            "usable": one.get("usable_share"),
        }
        for one in told.get("inputs") or []
    ]
    return {
        "inputs": inputs,
        "scan_id": scan.id,
        "model": told.get("model"),
        "rulebook": told.get("rulebook") or {},
        "parameters_sha256": told.get("parameters_sha256"),
        "code_version": told.get("code_version"),
        "alignment": told.get("alignment") or {},
        "usable_share": told.get("usable_share"),
    }
