"""The ledger of the area of responsibility: what was seen when, by what, and why not; what needs a look."""

from __future__ import annotations

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.coverage import (
    DUE_DAYS,
    REASONS,
    Answer,
    Cells,
    Figures,
    Ledger,
    Look,
    due_days,
    excluded_share,
    look_at,
    read_look,
    write_look,
)
from geodata.crs import CRS84, metric_crs_at, transform_xy
from geodata.errors import OptionError
from geodata.io.dates import BEIJING
from geodata.pairing.scene_mask import SceneMask
from geodata.repair import to_crs
from service.errors import NotFoundError
from service.services import Services
from service.store.records import Box, Scene
from service.usecases.layer_rows import to_frame
from service.usecases.pairs import is_model

_KEPT_LEDGERS = 2
_PAGE = 1000
WHY: Mapping[str, tuple[str, str]] = {
    "cloud": ("云遮挡", "cloud"),
    "haze": ("雾霾", "haze"),
    "shadow": ("阴影遮挡", "shadow"),
    "saturated": ("过饱和", "saturated"),
    "nodata": ("影像缺失", "nodata within images"),
    "no_image": ("无影像", "no image"),
    "excluded": ("不得拍摄", "not to be looked at"),
}
"""Why ground was not seen, in both languages."""


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
    key = (services.settings.data, services.settings.coverage.model_dump_json(), names, state, day)
    with _lock:
        if key in _ledgers:
            _ledgers.move_to_end(key)
            return _ledgers[key]
    made = _made(services, day)
    with _lock:
        _ledgers[key] = made
        while len(_ledgers) > _KEPT_LEDGERS:
            _ledgers.popitem(last=False)
    return made


def _made(services: Services, day: date) -> Covered:
    pictures = [scene for scene in _scenes(services) if not is_model(scene)]
    areas = _areas(services)
    outlines = [one.outline for one in areas] or [shapely.geometry.shape(scene.footprint) for scene in pictures]
    if not outlines:
        raise NotFoundError(
            "There is no area of responsibility: neither administrative areas nor scenes are stored.",
            remedy="Store the areas: POST /layers/areas, or `kancha layers add areas FILE`.",
        )
    cells = _cells(services, _whole(outlines))
    looks, without = _looks(services, pictures, cells, day)
    zones = _layer(services, "zones")
    table = {**DUE_DAYS, **services.settings.coverage.due_days}
    end = datetime.combine(day, time(23, 59, 59), BEIJING).astimezone(UTC)
    ledger = Ledger(cells, looks, end, due_days(cells, zones, day, table), excluded_share(cells, zones, day))
    return Covered(ledger, day, tuple(areas), "areas" if areas else "scenes", tuple(without))


def _whole(outlines: list[shapely.Geometry]) -> shapely.MultiPolygon:
    whole = shapely.make_valid(shapely.union_all(outlines))
    return shapely.MultiPolygon([p for p in shapely.get_parts(whole) if isinstance(p, shapely.Polygon)])


def _cells(services: Services, area: shapely.MultiPolygon) -> Cells:
    cell_m, most = services.settings.coverage.cell_m, services.settings.coverage.max_cells
    middle = area.centroid
    west, south, east, north = area.bounds
    x, y = transform_xy(CRS84, metric_crs_at(middle.x, middle.y), [west, east], [south, north])
    count = abs(float(x[1] - x[0]) * float(y[1] - y[0])) / cell_m**2
    if count > most:
        raise OptionError(
            f"The area of responsibility spans {count:,.0f} cells of {cell_m:g} m; at most {most:,} are kept.",
            remedy="Store the areas that you answer for (POST /layers/areas), or set KANCHA_COVERAGE__CELL_M larger.",
            cells=round(count),
        )
    return Cells.over(area, cell_m)


def _areas(services: Services) -> list[Area]:
    frame = _layer(services, "areas")
    if frame is None:
        return []
    rows = zip(frame["area_id"], frame["name"], frame.geometry, strict=True)
    return [Area(str(fid), str(name), outline) for fid, name, outline in rows]


def _layer(services: Services, kind: str) -> gpd.GeoDataFrame | None:
    version = services.store.layers.newest(kind)
    return None if version is None else to_frame(services.store.layers.rows(version.id), version.columns)


def _scenes(services: Services) -> Iterator[Scene]:
    key: int | None = 0
    while key is not None:
        page = services.store.scenes.page(_PAGE, key)
        yield from page.items
        key = page.next_key


def _looks(services: Services, scenes: list[Scene], cells: Cells, day: date) -> tuple[list[Look], list[str]]:
    """The looks at the cells, kept as files of the data folder, and the scenes of which nobody knows what they show."""
    folder = services.settings.data / "coverage" / _name_of(cells)
    folder.mkdir(parents=True, exist_ok=True)
    looks, without = [], []
    for scene in scenes:
        if scene.acquired_at.astimezone(BEIJING).date() > day:
            continue
        if scene.mask_sha256 is None:
            without.append(scene.id)
            continue
        path = folder / f"{scene.id}.npz"
        if not path.is_file():
            _keep_look(services, scene, cells, path)
        look = read_look(path)
        if look.framed.any():
            looks.append(look)
    return looks, without


def _keep_look(services: Services, scene: Scene, cells: Cells, path: Path) -> None:
    mask = SceneMask.read(services.blobs.path(str(scene.mask_sha256)))
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        write_look(look_at(mask.codes, mask.grid, cells, scene.id, scene.acquired_at), beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _name_of(cells: Cells) -> str:
    """A name for looks at these cells: another area or another side has others."""
    grid = cells.grid
    told = [grid.crs.to_wkt(), *map(str, grid.transform[:6]), *map(str, grid.shape)]
    return hashlib.sha256("|".join(told).encode()).hexdigest()[:16]


def keep_look(services: Services, scene: Scene) -> None:
    """Enter a new scene in the ledger, so that nobody waits for it later; without areas it is entered when asked."""
    if scene.mask_sha256 is None or is_model(scene):
        return
    areas = _areas(services)
    if areas:
        try:
            cells = _cells(services, _whole([one.outline for one in areas]))
        except OptionError:
            return  # told whenever the ledger is asked; a scene is stored all the same
        _looks(services, [scene], cells, scene.acquired_at.astimezone(BEIJING).date())


# --- figures -------------------------------------------------------------------------------------


def summary(services: Services, as_of: date | None = None) -> Summary:
    """The figures of a day, of all and by administrative area."""
    told = covered(services, as_of)
    whole = told.ledger.figures()
    areas = tuple(
        AreaFigures(one.id, one.name, told.ledger.figures(told.ledger.cells.share_in(one.outline)))
        for one in told.areas
    )
    zh, en = sentences(whole, told)
    return Summary(told.as_of, told.whence, whole, areas, zh, en, told.without_mask)


def sentences(whole: Figures, told: Covered) -> tuple[str, str]:
    """What to say of the coverage, in both languages."""
    share = _percent(whole.seen_share)
    zh = [f"截至{told.as_of:%Y-%m-%d}，辖区{whole.area_km2:.2f}平方公里中有{share}在规定期限内看过"]
    en = [f"As of {told.as_of:%Y-%m-%d} {share} of {whole.area_km2:.2f} km2 was seen in time"]
    for reason, km2 in sorted(whole.blind_km2.items(), key=lambda one: -one[1]):
        last = _last_seen(told.ledger, REASONS.index(reason))
        since = f"自{last:%Y-%m-%d}起" if last else ""
        zh.append(f"{since}{km2:.2f}平方公里未看到（{WHY[reason][0]}）")
        en.append(f"{km2:.2f} km2 not {f'since {last:%Y-%m-%d}' if last else 'in time'}: {WHY[reason][1]}")
    if whole.never_km2:
        zh.append(f"其中{whole.never_km2:.2f}平方公里从未看到")
        en.append(f"{whole.never_km2:.2f} km2 of that never")
    return "；".join(zh) + "。", "; ".join(en) + "."


def _percent(share: float) -> str:
    shown = f"{100 * share:.1f}"
    return ("99.9" if shown == "100.0" and share < 1 else shown) + " %"


def _last_seen(ledger: Ledger, reason: int) -> datetime | None:
    """When ground of a reason was last seen, of what was seen at all."""
    ages = ledger.age_days[(ledger.reason == reason) & (ledger.cells.share > 0)]
    ages = ages[np.isfinite(ages)]
    return (ledger.as_of - timedelta(days=float(ages.min()))).astimezone(BEIJING) if len(ages) else None


def at(services: Services, lon: float, lat: float, as_of: date | None = None) -> Answer:
    """What is known of the cell of a place.

    Raises:
        NotFoundError: If the place lies outside the area of responsibility.
    """
    found = covered(services, as_of).ledger.at(lon, lat)
    if found is None:
        raise NotFoundError(
            f"{lon:.6f}, {lat:.6f} lies outside the area of responsibility.", remedy="GET /coverage tells the area."
        )
    return found


def extent(services: Services) -> tuple[Box | None, tuple[str, str] | None]:
    """Box of the area of responsibility and time span of the looks; nothing where there is none."""
    try:
        ledger = covered(services).ledger
    except NotFoundError:
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
    then = Ledger(now.cells, now.looks, day, now.due_days, now.excluded)
    lost = (then.reason < 0) & (now.reason >= 0)
    return float(now.cells.area_m2[lost].sum() / 1e6)
