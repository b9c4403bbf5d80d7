"""Structures over time as finished features: what `geodata.track` makes of the findings of many scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import orjson
import pyproj
import shapely

from geodata.crs import CGCS2000_GEOD, CRS84, metric_crs_at
from geodata.repair import to_crs
from geodata.track import Sighting, Track, follow, named
from geodata.types import Change

StructureState = Literal["standing", "gone", "merged"]
STATES: tuple[StructureState, ...] = ("standing", "gone", "merged")
REBUILT = "rebuilt"
"""Flag of a finding: a structure stood there before and was gone (复建)."""
_OUTLINE_ERROR_M = 0.5
_APART_DEG = 0.05
"""So far apart findings are followed by themselves: about 5 km."""
_DIGITS = 8


@dataclass(frozen=True)
class Seen:
    """A finding as a store knows it.

    Args:
        fid: Its id.
        scan_id: Its scan.
        change: What changed.
        before_at: Time of the earlier scene.
        after_at: Time of the later scene.
        outline: Its outline in CRS84, the officer's where one was drawn.
        told: Its properties.
    """

    fid: str
    scan_id: str
    change: Change
    before_at: datetime
    after_at: datetime
    outline: shapely.Geometry
    told: Mapping[str, Any]


@dataclass(frozen=True)
class Structure:
    """A structure ready to be stored.

    Args:
        id: Its id.
        founder: The finding that the id was given for.
        state: Whether it stands, is gone, or became a part of another.
        status: What its last finding is to the papers.
        first_seen: When it was first seen.
        last_seen: When it was last seen.
        gone_on: When its place was seen without it again.
        bbox: Box around it, degrees.
        geojson: The finished feature.
        findings: Its findings.
        rebuilt: Whether it stands where one was gone.
    """

    id: str
    founder: str
    state: StructureState
    status: str
    first_seen: datetime
    last_seen: datetime
    gone_on: datetime | None
    bbox: tuple[float, float, float, float]
    geojson: str
    findings: tuple[str, ...]
    rebuilt: bool


def structures_of(seen: Sequence[Seen], founders: Mapping[str, str]) -> tuple[list[Structure], dict[str, str]]:
    """The structures that findings are of.

    Args:
        seen: The findings of touching scans, without those that were judged wrong.
        founders: Ids given so far, by the finding that each was given for.

    Returns:
        The structures, and for each id that is none any more the id that it leads to.
    """
    made: list[Structure] = []
    led: dict[str, str] = {}
    given = {sid: fid for fid, sid in founders.items()}
    for some in _neighbourhoods(seen):
        crs = _metric(some)
        outlines = to_crs(np.array([_polygon(one.outline) for one in some], dtype=object), CRS84, crs)
        tracks = follow([_sighting(one, outline) for one, outline in zip(some, outlines, strict=True)])
        ids, leading = named(tracks, founders)
        led |= leading
        by_id = {one.fid: one for one in some}
        for track, sid, shapes in zip(tracks, ids, _shapes(tracks, crs), strict=True):
            made.append(_structure(track, sid, given.get(sid, track.keys[0]), (ids, by_id, shapes)))
    return made, led


def _neighbourhoods(seen: Sequence[Seen]) -> list[list[Seen]]:
    """Findings parted where kilometres of ground without any lie between: there nothing hangs on the others.

    Ground is divided into squares of `_APART_DEG`; those that hold findings and touch at a side or a corner belong
    together, so the cost grows with the findings and not with their pairs.
    """
    if not seen:
        return []
    # loaded where something is compared: most commands compare nothing, and begin sooner
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    corners = shapely.bounds([one.outline for one in seen]).reshape(-1, 2, 2)
    cells, at = np.unique(np.floor(corners / _APART_DEG).astype(np.int64).reshape(-1, 2), axis=0, return_inverse=True)
    first, last = at.reshape(-1, 2).T
    near = cKDTree(cells).query_pairs(1.5, output_type="ndarray").T
    row, col = np.concatenate([first, near[0]]), np.concatenate([last, near[1]])
    links = coo_array((np.ones(len(row), np.int8), (row, col)), (len(cells), len(cells)))
    _, of = connected_components(links, directed=False)
    parts: dict[int, list[Seen]] = {}
    for one, part in zip(seen, of[first].tolist(), strict=True):
        parts.setdefault(part, []).append(one)
    return list(parts.values())


def _metric(seen: Sequence[Seen]) -> pyproj.CRS:
    """One system in metres for all of them."""
    boxes = shapely.bounds([one.outline for one in seen])
    west, south, east, north = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    return metric_crs_at(float(west + east) / 2, float(south + north) / 2)


def _polygon(outline: shapely.Geometry) -> shapely.Polygon:
    """One polygon: of an outline in parts, as of one that crosses itself, the largest."""
    whole = shapely.make_valid(outline)
    parts = [part for part in shapely.get_parts(whole) if isinstance(part, shapely.Polygon)]
    if not parts:
        parts = [shapely.Polygon(shapely.buffer(outline, 1e-6).exterior)]
    return max(parts, key=lambda part: part.area)


def _sighting(one: Seen, outline: shapely.Polygon) -> Sighting:
    error, gain = one.told.get("outline_error_m"), one.told.get("height_gain_m")
    return Sighting(
        one.fid,
        one.change,
        one.before_at,
        one.after_at,
        outline,
        _OUTLINE_ERROR_M if error is None else float(error),
        # what appeared is as high as the ground rose; of a loss or an alteration the gain is no height
        float(gain) if gain is not None and one.change == "appeared" else None,
        one.scan_id,
    )


def _shapes(tracks: Sequence[Track], crs: pyproj.CRS) -> list[list[shapely.Geometry]]:
    """The outlines of every structure in longitude and latitude, state by state."""
    every = np.array([state.outline for track in tracks for state in track.states], dtype=object)
    placed = iter(shapely.transform(to_crs(every, crs, CRS84), lambda c: np.round(c, _DIGITS)).tolist())
    return [[next(placed) for _ in track.states] for track in tracks]


def _structure(
    track: Track, sid: str, founder: str, among: tuple[Sequence[str], Mapping[str, Seen], Sequence[shapely.Geometry]]
) -> Structure:
    ids, by_id, shapes = among
    state: StructureState = "gone" if track.gone_on else "merged" if track.merged_into is not None else "standing"
    status = str(by_id[track.states[-1].key].told.get("status", "unassessed"))
    growth = [
        {"on": _iso(s.on), "area_m2": _area_m2(shape), "height_m": s.height_m, "finding_id": s.key}
        for s, shape in zip(track.states, shapes, strict=True)
    ]
    last_seen = track.states[-1].on
    west, south, east, north = (float(v) for v in shapely.bounds(shapes[-1]))
    feature = {
        "type": "Feature",
        "id": sid,
        "bbox": (west, south, east, north),
        "geometry": orjson.Fragment(shapely.to_geojson(shapes[-1])),
        "properties": {
            "state": state,
            "status": status,
            "first_seen": _iso(track.first_seen),
            "last_absent": _iso(track.absent_on),
            "last_seen": _iso(last_seen),
            "gone_on": _iso(track.gone_on),
            "area_m2": growth[-1]["area_m2"],
            "height_m": growth[-1]["height_m"],
            "merged_into": None if track.merged_into is None else ids[track.merged_into],
            "split_from": None if track.split_from is None else ids[track.split_from],
            "rebuilt_of": None if track.rebuilt_of is None else ids[track.rebuilt_of],
            "growth": growth,
            "finding_ids": list(track.keys),
        },
    }
    return Structure(
        sid,
        founder,
        state,
        status,
        track.first_seen,
        last_seen,
        track.gone_on,
        (west, south, east, north),
        orjson.dumps(feature).decode(),
        track.keys,
        track.rebuilt_of is not None,
    )


def _area_m2(shape: shapely.Geometry) -> float:
    return round(abs(float(CGCS2000_GEOD.geometry_area_perimeter(shape)[0])), 1)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
