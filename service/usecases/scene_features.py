"""Scenes as features: where there is imagery, and of when."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import shapely

from service.ogc.lists import page_of_list
from service.ogc.properties import SCENES
from service.services import Services
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, Scene
from service.usecases.listing import every


def page(services: Services, query: FeatureQuery) -> FeaturePage:
    """A page of scenes in the order of their coming."""
    boxes = [shapely.box(*box) for box in query.boxes]
    found = [
        scene
        for scene in every(services.store.scenes.page)
        if _within(scene.acquired_at, query.interval)
        and (not boxes or any(shapely.geometry.shape(scene.footprint).intersects(box) for box in boxes))
        and all(_as_text(getattr(scene, name)) == value for name, value in query.equals.items() if name in SCENES)
    ]
    return page_of_list(found, query, text_of)


def one(services: Services, fid: str) -> str:
    """One scene; `NotFoundError` without it."""
    return text_of(services.store.scenes.get(fid))


def extent(services: Services) -> tuple[Box | None, tuple[str, str] | None]:
    """Box and time span of all scenes."""
    scenes = list(every(services.store.scenes.page))
    if not scenes:
        return None, None
    west, south, east, north = zip(*(scene.bbox for scene in scenes), strict=True)
    times = [scene.acquired_at for scene in scenes]
    return (min(west), min(south), max(east), max(north)), (_iso(min(times)), _iso(max(times)))


def text_of(scene: Scene) -> str:
    """A scene as finished GeoJSON."""
    told = {name: getattr(scene, name) for name in SCENES}
    told |= {"acquired_at": _iso(scene.acquired_at), "created_at": _iso(scene.created_at)}
    if scene.usable_share is not None:
        told["usable_share"] = round(scene.usable_share, 4)
    feature = {"type": "Feature", "id": scene.id, "bbox": scene.bbox, "geometry": scene.footprint, "properties": told}
    return orjson.dumps(feature).decode()


def _within(moment: datetime, interval: tuple[datetime | None, datetime | None] | None) -> bool:
    start, end = interval or (None, None)
    return (start is None or moment >= start) and (end is None or moment <= end)


def _as_text(value: object) -> str:
    return _iso(value) if isinstance(value, datetime) else str(value)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
