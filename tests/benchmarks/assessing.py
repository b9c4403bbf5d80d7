"""Ten thousand structures against a million parcels and eight other layers, beside a plain overlay of the same.

The ground is made: parcels of 24 to 40 m in rows, and permits, known buildings and six kinds of zones over them. The
plain way is what a GIS user would write: every layer to metres, `geopandas.overlay`, areas summed by structure. Both
must give the same ground for each structure and layer.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rich.console import Console
from rich.table import Table

from geodata.assess import assess, shipped_book
from geodata.assess.overlay import joint_share, outlines, overlap
from geodata.assess.tables import shapes_of
from geodata.crs import CRS84, parse_crs
from geodata.repair import to_crs
from geodata.types import Layers

METRIC = "EPSG:4547"
EAST, NORTH = 440_000.0, 4_040_000.0
PITCH_M = 32.0
AS_OF = datetime(2026, 9, 18, 4, tzinfo=UTC)
KINDS = ("permanent_basic_farmland", "ecological_redline", "road_redline", "river", "green", "square")


@dataclass(frozen=True)
class District:
    """What is compared.

    Args:
        structures: New structures, CRS84.
        layers: Parcels, permits, zones and buildings, CRS84.
    """

    structures: gpd.GeoDataFrame
    layers: Layers


def lonlat(shapes: np.ndarray[Any, Any]) -> gpd.GeoSeries:
    """Shapes in metres as lon-lat."""
    return gpd.GeoSeries(to_crs(shapes, parse_crs(METRIC), CRS84), crs=CRS84)


def make_district(parcels: int, structures: int, seed: int = 7) -> District:
    """A made district of about so many parcels and structures."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(parcels)))
    # The corners of the parcels are shaken, so that no line is straight and neighbours share theirs.
    at = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) * PITCH_M
    corners = at + rng.uniform(-4, 4, at.shape) + (EAST, NORTH)
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
    ground = shapely.polygons(rings.reshape(-1, 4, 2))[:parcels]
    extent = side * PITCH_M
    names = np.char.add("P", np.arange(len(ground)).astype(str))
    parcel_frame = gpd.GeoDataFrame(
        {"parcel_id": names, "land_use": np.where(np.arange(len(ground)) % 3 == 0, "0103", "0701"), "accuracy_m": 0.3},
        geometry=lonlat(ground),
    )
    houses = boxes(rng, structures, extent, (6, 40))
    told = gpd.GeoDataFrame(
        {"change": "appeared", "area_m2": shapely.area(houses), "area_error_m2": 8.0, "outline_error_m": 0.5},
        geometry=lonlat(houses),
    )
    near = houses[rng.random(structures) < 0.4]
    permits = gpd.GeoDataFrame(
        {"permit_id": [f"G{i}" for i in range(len(near))], "valid_from": "2025-01-01", "valid_to": None},
        geometry=lonlat(shapely.buffer(near, rng.uniform(-4, 4, len(near)), join_style="mitre")),
    )
    built = boxes(rng, 4 * structures, extent, (8, 30))
    buildings = gpd.GeoDataFrame({"building_id": [f"B{i}" for i in range(len(built))]}, geometry=lonlat(built))
    zones = []
    for kind in KINDS:
        some = boxes(rng, 300, extent, (200, 1500))
        frame = {"zone_id": [f"{kind}-{i}" for i in range(len(some))], "kind": kind}
        zones.append(gpd.GeoDataFrame(frame, geometry=lonlat(some)))
    layers = Layers(parcel_frame, permits, gpd.GeoDataFrame(pd.concat(zones, ignore_index=True), crs=CRS84), buildings)
    return District(told, layers)


def boxes(rng: np.random.Generator, count: int, extent: float, sides: tuple[float, float]) -> np.ndarray[Any, Any]:
    """Turned rectangles anywhere in the district, metres."""
    centre = rng.uniform(0, extent, (count, 2)) + (EAST, NORTH)
    half, angle = rng.uniform(*sides, (count, 2)) / 2, rng.uniform(0, np.pi, count)
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    local = unit[None] * half[:, None]
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(-1, 2, 2)
    return np.asarray(shapely.polygons(np.einsum("nij,nkj->nki", turn, local) + centre[:, None]))


def plain(district: District) -> dict[str, pd.Series]:
    """Ground of each structure in each layer, m², the way a GIS user would get it."""
    houses = district.structures[["geometry"]].to_crs(METRIC).reset_index(names="row")
    given = district.layers
    frames = {kind: getattr(given, kind)[["geometry"]] for kind in ("parcels", "permits", "buildings")}
    assert given.zones is not None
    frames |= {kind: given.zones[given.zones["kind"] == kind][["geometry"]] for kind in KINDS}
    out = {}
    for name, frame in frames.items():
        metric = frame.to_crs(METRIC)
        if name in KINDS:
            metric = metric.dissolve()  # ground under two zones of a kind counts once
        shared = gpd.overlay(houses, metric, how="intersection", keep_geom_type=True)
        out[name] = shared.area.groupby(shared["row"]).sum()
    return out


def ours(district: District) -> dict[str, pd.Series]:
    """The same by the overlay that the assessment is built on."""
    lonlat, given = district.structures.geometry.to_numpy(), district.layers
    here = outlines(lonlat, district.structures["outline_error_m"].to_numpy(), parse_crs(METRIC))
    assert given.zones is not None
    layers = {kind: shapes_of(getattr(given, kind)) for kind in ("parcels", "permits", "buildings")}
    layers |= {kind: shapes_of(given.zones[given.zones["kind"] == kind]) for kind in KINDS}
    out = {}
    for name, shapes in layers.items():
        found = overlap(here, shapes)
        if name in KINDS:
            ground = joint_share(found.part, found, here.shapes) * shapely.area(here.shapes)
            out[name] = pd.Series(ground[ground > 0], index=np.flatnonzero(ground > 0))
        else:
            out[name] = pd.Series(shapely.area(found.part)).groupby(found.structure).sum()
    return out


def assessing(console: Console, workers: int) -> dict[str, Any]:
    """Time the overlay against the plain one, compare their answers, and time the whole assessment."""
    del workers  # an assessment runs in one thread
    parcels, structures = 1_000_000, 10_000
    district = make_district(parcels, structures)
    begun = time.perf_counter()
    mine = ours(district)
    overlay_s = time.perf_counter() - begun
    begun = time.perf_counter()
    found = assess(district.structures, district.layers, as_of=AS_OF, book=shipped_book())
    assess_s = time.perf_counter() - begun
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    reference = plain(district)
    plain_s = time.perf_counter() - begun
    apart = [(mine[name].reindex(reference[name].index, fill_value=0) - reference[name]).abs().max() for name in mine]
    told = {
        "plain_overlay_s": round(plain_s, 1),
        "our_overlay_s": round(overlay_s, 2),
        "times_faster": round(plain_s / overlay_s, 1),
        "largest_difference_m2": round(float(max(apart)), 5),
        "whole_assessment_s": round(assess_s, 1),
        "peak_mib_with_the_district": round(peak_mib),
        "suspected": int((found["status"] == "suspected").sum()),
        "reasons": int(found["reasons"].map(len).sum()),
    }
    table = Table("what", "figure", title=f"{structures:,} structures, {parcels:,} parcels and 8 other layers")
    for name, value in told.items():
        table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    return told
