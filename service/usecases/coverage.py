"""The ledger of the area of responsibility: what was seen when, by what, and why not; what needs a look."""

from __future__ import annotations

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.coverage import (
    DUE_DAYS,
    Answer,
    Cells,
    Figures,
    KeptLook,
    Ledger,
    PackedLook,
    due_by_zone,
    excluded_by_zone,
    frame_of,
    gaps,
    look_at,
    sentences,
    write_look,
)
from geodata.crs import CRS84, metric_crs_at, transform_xy
from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from geodata.pairing.scene_mask import SceneMask
from geodata.repair import to_crs
from service.errors import NotFoundError
from service.services import Services
from service.store.records import Box, Scene, SceneFrame
from service.usecases.layer_rows import to_frame
from service.usecases.listing import every
from service.usecases.pairs import MODELS, is_model

_KEPT_LEDGERS = 2


@dataclass(frozen=True)
class Area:
    """An administrative area.

    Args:
        id: Its id.
        name: Its name.
        outline: In CRS84.
    """

    id: str
    name: str
    outline: shapely.Geometry


@dataclass(frozen=True)
class Covered:
    """The ledger of a day.

    Args:
        ledger: The ledger.
        as_of: The day.
        areas: The administrative areas, none where no layer of them is stored.
        whence: What the area of responsibility is: `areas` or `scenes`.
        without_mask: Scenes that have no mask, so that nobody knows what they show.
    """

    ledger: Ledger
    as_of: date
    areas: tuple[Area, ...]
    whence: str
    without_mask: tuple[str, ...]


@dataclass(frozen=True)
class AreaFigures:
    """Figures of an administrative area, or of all (`id` None)."""

    id: str | None
    name: str | None
    figures: Figures


@dataclass(frozen=True)
class Summary:
    """The figures of a day.

    Args:
        as_of: The day.
        whence: What the area of responsibility is.
        all: All of it.
        areas: By administrative area.
        sentence_zh: What to say of it.
        sentence: The same in English.
        without_mask: Scenes that have no mask.
    """

    as_of: date
    whence: str
    all: Figures
    areas: tuple[AreaFigures, ...]
    sentence_zh: str
    sentence: str
    without_mask: tuple[str, ...]


# --- the ledger ----------------------------------------------------------------------------------

_ledgers: OrderedDict[tuple[Any, ...], Covered] = OrderedDict()
_lock = Lock()


def covered(services: Services, as_of: date | None = None) -> Covered:
    """The ledger as of the end of a day in Beijing, None: today.

    The area of responsibility is the newest layer of administrative areas, or, without one, what the stored scenes
    cover.

    Raises:
        NotFoundError: If there are neither areas nor scenes.
        OptionError: If the area has more cells than are allowed.
    """
    day = as_of or datetime.now(BEIJING).date()
    versions = tuple(services.store.layers.newest(kind) for kind in ("areas", "zones"))
    names = tuple(None if version is None else version.id for version in versions)
    state = services.store.scenes.page(1).matched
    key = (services.settings.data, services.settings.coverage.model_dump_json(), names, state, day, services.sight.key)
    # one at a time: of many who ask at the same moment the first makes it, and the others find it made
    with _lock:
        if key in _ledgers:
            _ledgers.move_to_end(key)
            return _ledgers[key]
        made = _ledgers[key] = _made(services, day)
        while len(_ledgers) > _KEPT_LEDGERS:
            _ledgers.popitem(last=False)
        return made


def _made(services: Services, day: date) -> Covered:
    areas = _areas(services)
    outlines = [one.outline for one in areas] or _footprints(services)
    if not outlines:
        raise NotFoundError(
            "There is no area of responsibility: neither administrative areas nor scenes are stored.",
            remedy="Store the areas: POST /layers/areas, or `kancha layers add areas FILE`.",
        )
    whole = _whole(outlines, services.sight.ground)
    cells = Cells.over(whole, services.settings.coverage.cell_m)
    here = [one for one in services.store.scenes.frames() if one.kind not in MODELS and _meets(one, whole)]
    looks, without = _looks(services, here, cells.grid.crs, day)
    end = datetime.combine(day, time(23, 59, 59), BEIJING).astimezone(UTC)
    zones = zones_of(services)
    excluded = excluded_by_zone(cells, whole, zones, day)
    ledger = Ledger(cells, looks, end, demands_of(services, zones, cells, day), excluded)
    return Covered(ledger, day, tuple(areas), "areas" if areas else "scenes", tuple(without))


def _footprints(services: Services) -> list[shapely.Geometry]:
    pictures = (scene for scene in every(services.store.scenes.page) if not is_model(scene))
    return [shapely.geometry.shape(scene.footprint) for scene in pictures]


def _whole(outlines: list[shapely.Geometry], ground: shapely.Geometry | None) -> shapely.MultiPolygon:
    """All that is to be seen, and of it what the caller may know of."""
    whole = shapely.make_valid(shapely.union_all(outlines))
    if ground is not None:
        whole = shapely.intersection(whole, ground)
    return shapely.MultiPolygon([p for p in shapely.get_parts(whole) if isinstance(p, shapely.Polygon)])


def _meets(scene: Scene | SceneFrame, area: shapely.MultiPolygon) -> bool:
    """Whether a scene may show some of the area; one of another country has no place in its lattice."""
    return bool(shapely.box(*scene.bbox).intersects(area))


def _areas(services: Services) -> list[Area]:
    frame = _layer(services, "areas")
    if frame is None:
        return []
    rows = zip(frame["area_id"], frame["name"], frame.geometry, strict=True)
    return [Area(str(fid), str(name), outline) for fid, name, outline in rows]


def _layer(services: Services, kind: str) -> gpd.GeoDataFrame | None:
    version = services.store.layers.newest(kind)
    return None if version is None else to_frame(services.store.layers.rows(version.id), version.columns)


def _looks(
    services: Services, scenes: list[SceneFrame], crs: pyproj.CRS, day: date
) -> tuple[list[KeptLook], list[str]]:
    """What the scenes show of the lattice of a system, and the scenes of which nobody knows what they show."""
    looks, without = [], []
    for scene in scenes:
        if scene.acquired_at.astimezone(BEIJING).date() > day:
            continue
        if scene.mask_sha256 is None:
            without.append(scene.id)
        else:
            looks.append(look_of(services, scene, crs))
    return looks, without


def look_of(services: Services, scene: Scene | SceneFrame, crs: pyproj.CRS) -> KeptLook:
    """What a scene shows of the lattice: kept in the data folder, and made again from its mask where it is not."""
    cell_m = services.settings.coverage.cell_m
    lattice = hashlib.sha256(f"{crs.to_wkt()}|{cell_m}".encode()).hexdigest()[:12]
    path = services.settings.data / "coverage" / lattice / f"{scene.id}.look"
    if not path.is_file():
        mask = SceneMask.read(services.blobs.path(str(scene.mask_sha256)))
        cells = frame_of(mask.grid, crs, cell_m)
        look = PackedLook.of(look_at(mask.codes, mask.grid, cells, scene.id, scene.acquired_at), cells)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            write_look(look, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    return KeptLook(scene.id, scene.acquired_at, path)


def lattice_of(services: Services) -> tuple[shapely.MultiPolygon, pyproj.CRS] | None:
    """The administrative areas as one, and the metric system of their cells; None without areas."""
    areas = _areas(services)
    if not areas:
        return None
    whole = _whole([one.outline for one in areas], services.sight.ground)
    middle = whole.centroid
    return whole, metric_crs_at(middle.x, middle.y)


def keep_look(services: Services, scene: Scene) -> None:
    """Enter a new scene in the ledger, so that nobody waits for it later; without areas it is entered when asked."""
    if scene.mask_sha256 is None or is_model(scene):
        return
    lattice = lattice_of(services)
    if lattice is not None and _meets(scene, lattice[0]):
        look_of(services, scene, lattice[1])


def zones_of(services: Services) -> gpd.GeoDataFrame | None:
    """The zones of plan and law that are on file; None without a layer of them."""
    return _layer(services, "zones")


def demands_of(services: Services, zones: gpd.GeoDataFrame | None, cells: Cells, day: date) -> npt.NDArray[np.float64]:
    """How old a look at each cell may be on a day, days: by the zones (`zones_of`), and by the settings."""
    table = {**DUE_DAYS, **services.settings.coverage.due_days}
    return due_by_zone(cells, zones, day, table)


# --- figures -------------------------------------------------------------------------------------


def summary(services: Services, as_of: date | None = None) -> Summary:
    """The figures of a day, of all and by administrative area."""
    told = covered(services, as_of)
    whole = told.ledger.figures()
    areas = tuple(AreaFigures(one.id, one.name, told.ledger.figures_in(one.outline)) for one in told.areas)
    en, zh = sentences(whole, gaps(told.ledger), None)
    day = f"{told.as_of:%Y-%m-%d}"
    return Summary(told.as_of, told.whence, whole, areas, f"截至{day}，{zh}", f"As of {day} {en}", told.without_mask)


@dataclass(frozen=True)
class CellLook:
    """What one scene showed of a cell.

    Args:
        scene: The scene.
        on: When it was taken.
        seen: Share of the cell that it showed.
        hidden: Share of the cell that it should have shown and did not, by what hid it.
    """

    scene: str
    on: datetime
    seen: float
    hidden: Mapping[str, float]


@dataclass(frozen=True)
class Place:
    """What is known of the cell of a place.

    Args:
        answer: Last seen when, by what, why not since.
        looks: Every scene that framed it, the latest first.
    """

    answer: Answer
    looks: tuple[CellLook, ...]


def at(services: Services, lon: float, lat: float, as_of: date | None = None) -> Place:
    """What is known of the cell of a place, and what each scene showed of it.

    Raises:
        NotFoundError: If the place lies outside the area of responsibility.
    """
    ledger = covered(services, as_of).ledger
    found = ledger.at(lon, lat)
    if found is None:
        raise NotFoundError(
            f"{lon:.6f}, {lat:.6f} lies outside the area of responsibility.", remedy="GET /coverage tells the area."
        )
    grid = ledger.cells.grid
    x, y = transform_xy(CRS84, grid.crs, [lon], [lat])
    col, row = (int(np.floor(v)) for v in ~grid.transform @ (float(x[0]), float(y[0])))
    looks = []
    for packed in reversed(ledger.looks):
        look = packed.over(grid)
        if look is None:
            continue
        here = row - look.slices[0].start, col - look.slices[1].start
        if not (0 <= here[0] < look.seen.shape[0] and 0 <= here[1] < look.seen.shape[1]) or look.framed[here] == 0:
            continue
        hidden: dict[str, float] = {
            name: round(float(share[here]), 4) for name, share in look.hidden.items() if share[here] > 0
        }
        looks.append(CellLook(look.scene, look.on, round(float(look.seen[here]), 4), hidden))
    return Place(found, tuple(looks))


def extent(services: Services) -> tuple[Box | None, tuple[str, str] | None]:
    """Box of the area of responsibility and time span of the looks; nothing where no ledger can be kept."""
    try:
        ledger = covered(services).ledger
    except KanchaError:
        # scenes of two countries and no areas: whoever asks for the ledger is told why, the other collections stay
        return None, None
    (outline,) = to_crs(np.array([shapely.box(*ledger.cells.grid.bounds)], dtype=object), ledger.cells.grid.crs, CRS84)
    west, south, east, north = (float(v) for v in outline.bounds)
    span = (ledger.looks[0].on.isoformat(), ledger.looks[-1].on.isoformat()) if ledger.looks else None
    return (west, south, east, north), span


# --- staleness -----------------------------------------------------------------------------------


def newly_overdue_km2(services: Services, since: date, as_of: date | None = None) -> float:
    """Ground that was seen in time on an earlier day and is not any more, km²."""
    now = covered(services, as_of).ledger
    day = datetime.combine(since, time(23, 59, 59), BEIJING).astimezone(UTC)
    then = now.on(day)
    lost = (then.reason < 0) & (now.reason >= 0)
    return float(now.cells.area_m2[lost].sum() / 1e6)
