"""The catalogue of scenes as a SpatioTemporal Asset Catalog: STAC 1.1.0, STAC API 1.0.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.io.sidecars import acquisition_from_mapping
from service.errors import BadQueryError, NotFoundError
from service.services import Services
from service.store.records import Box, Scene
from service.store.scene_query import SceneQuery

COLLECTION = "scenes"
CONFORMANCE = (
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
_VERSION = "1.1.0"
_EXTENSIONS = (
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
)
_COLOURS = {"red": "red", "green": "green", "blue": "blue", "nir": "nir"}
_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_TIFF = "image/tiff; application=geotiff"


@dataclass(frozen=True)
class ItemSearch:
    """What a search asks for.

    Args:
        limit: Items of the page.
        token: Key behind which the page begins; None: at the latest scene.
        boxes: Meet one of these; empty: anywhere.
        intersects: GeoJSON geometry that the footprint meets.
        interval: Taken from and to, both included.
        ids: Of these ids; None: any.
        collections: Of these collections; None: any.
    """

    limit: int
    token: int | None = None
    boxes: Sequence[Box] = ()
    intersects: Mapping[str, Any] | None = None
    interval: tuple[datetime | None, datetime | None] | None = None
    ids: Sequence[str] | None = None
    collections: Sequence[str] | None = None


@dataclass(frozen=True)
class Found:
    """A page of a search.

    Args:
        scenes: The scenes, the latest stored first.
        matched: How many there are on all pages; None where it was not counted.
        token: Leads to the next page; None on the last.
    """

    scenes: list[Scene] = field(default_factory=list)
    matched: int | None = 0
    token: int | None = None


def search(services: Services, ask: ItemSearch) -> Found:
    """The scenes of a search.

    Raises:
        BadQueryError: If `intersects` is no geometry, or comes with `bbox`.
    """
    if ask.collections is not None and COLLECTION not in ask.collections:
        return Found()
    query = SceneQuery(ask.limit, ask.token, tuple(ask.boxes), ask.interval, ask.ids)
    if ask.intersects is None:
        page = services.store.scenes.search(query)
        return Found(list(page.items), page.matched, page.next_key)
    if ask.boxes:
        raise BadQueryError("bbox and intersects exclude each other.", remedy="Name one of them.")
    wanted = _geometry(ask.intersects)
    west, south, east, north = wanted.bounds
    # the store goes by boxes alone, so a page may hold fewer than it may; an empty one is passed over
    query = replace(query, boxes=((west, south, east, north),))
    while True:
        page = services.store.scenes.search(query)
        found = [scene for scene in page.items if wanted.intersects(shapely.geometry.shape(scene.footprint))]
        if found or page.next_key is None:
            return Found(found, None, page.next_key)
        query = replace(query, after_key=page.next_key)


def _geometry(told: Mapping[str, Any]) -> shapely.Geometry:
    try:
        geometry = shapely.from_geojson(orjson.dumps(told))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError) as error:
        raise BadQueryError("intersects is no GeoJSON geometry.", remedy="Send a geometry, not a feature.") from error
    if geometry is None or geometry.is_empty or not geometry.is_valid:
        raise BadQueryError("intersects is empty or crosses itself.", remedy="Send a valid geometry.")
    return geometry


def item_of(services: Services, scene_id: str, base: str) -> dict[str, Any]:
    """One scene as a STAC item.

    Raises:
        NotFoundError: Without it.
    """
    return item(services.store.scenes.get(scene_id), base)


def item(scene: Scene, base: str) -> dict[str, Any]:
    """A scene as a STAC item.

    Args:
        scene: The scene.
        base: Address of the service without a slash at the end.
    """
    here = f"{base}/stac/collections/{COLLECTION}"
    tiles = f"{base}/scenes/{scene.id}/tiles/WebMercatorQuad"
    return {
        "type": "Feature",
        "stac_version": _VERSION,
        "stac_extensions": list(_EXTENSIONS),
        "id": scene.id,
        "collection": COLLECTION,
        "geometry": scene.footprint,
        "bbox": list(scene.bbox),
        "properties": _properties(scene),
        "links": [
            _link("self", f"{here}/items/{scene.id}", "application/geo+json"),
            _link("root", f"{base}/stac", "application/json"),
            _link("parent", here, "application/json"),
            _link("collection", here, "application/json"),
            _link("tilejson", f"{tiles}/tilejson.json", "application/json"),
            _link("xyz", f"{tiles}/{{z}}/{{x}}/{{y}}.webp", "image/webp"),
            _link("wmts", f"{base}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&layer={scene.id}", "application/xml"),
        ],
        "assets": _assets(scene, f"{base}/scenes/{scene.id}"),
    }


def _properties(scene: Scene) -> dict[str, Any]:
    told: dict[str, Any] = {
        "datetime": _utc(scene.acquired_at),
        "created": _utc(scene.created_at),
        "title": scene.file_name,
        "gsd": scene.gsd_m,
        "license": str(scene.attributes.get("license") or "other"),
        "kancha:usable_share": scene.usable_share,
        "kancha:secrecy": scene.secrecy,
        "proj:shape": [scene.height, scene.width],
        "proj:transform": [*scene.transform, 0.0, 0.0, 1.0],
    }
    if scene.crs.startswith("EPSG:"):
        told["proj:code"] = scene.crs
    else:
        told |= {"proj:code": None, "proj:wkt2": scene.crs_wkt}
    said = acquisition_from_mapping(scene.attributes, "attributes").as_stac()
    told |= {name: value for name, value in said.items() if value is not None and name != "datetime"}
    instruments = scene.attributes.get("instruments") or scene.attributes.get("sensor")
    if instruments:
        told["instruments"] = [str(i) for i in instruments] if isinstance(instruments, list) else [str(instruments)]
    return told


def _assets(scene: Scene, base: str) -> dict[str, Any]:
    bands = [_band(scene, name) for name in scene.bands]
    assets: dict[str, Any] = {
        "source": {
            "href": f"{base}/file",
            "type": _TIFF if scene.cog_sha256 else _COG,
            "roles": ["data"],
            "title": scene.file_name,
            "bands": bands,
            "file:checksum": f"1220{scene.sha256}",
            "file:size": scene.size_bytes,
        },
        "thumbnail": {"href": f"{base}/preview.jpg?width=512", "type": "image/jpeg", "roles": ["thumbnail"]},
    }
    if scene.cog_sha256:
        assets["cog"] = {
            "href": f"{base}/cog",
            "type": _COG,
            "roles": ["data", "overview"],
            "bands": bands,
            "file:checksum": f"1220{scene.cog_sha256}",
        }
    if scene.mask_sha256:
        checksum = f"1220{scene.mask_sha256}"
        assets["mask"] = {"href": f"{base}/mask", "type": _TIFF, "roles": ["data-mask"], "file:checksum": checksum}
    return assets


def _band(scene: Scene, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "data_type": scene.dtype, "raster:spatial_resolution": scene.gsd_m}
    if scene.nodata is not None:
        told["nodata"] = scene.nodata if scene.nodata == scene.nodata else "nan"
    if name in _COLOURS:
        told["eo:common_name"] = _COLOURS[name]
    return told


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _link(rel: str, href: str, kind: str) -> dict[str, Any]:
    return {"rel": rel, "href": href, "type": kind}


def landing(base: str) -> dict[str, Any]:
    """The root catalogue."""
    find = f"{base}/stac/search"
    return {
        "type": "Catalog",
        "stac_version": _VERSION,
        "id": "kancha",
        "title": "Kancha 勘查",
        "description": "Rasters of one date each, as they were stored.",
        "conformsTo": list(CONFORMANCE),
        "links": [
            _link("self", f"{base}/stac", "application/json"),
            _link("root", f"{base}/stac", "application/json"),
            _link("conformance", f"{base}/stac/conformance", "application/json"),
            _link("data", f"{base}/stac/collections", "application/json"),
            _link("child", f"{base}/stac/collections/{COLLECTION}", "application/json"),
            _link("search", find, "application/geo+json") | {"method": "GET"},
            _link("search", find, "application/geo+json") | {"method": "POST"},
            _link("service-desc", f"{base}/api", "application/vnd.oai.openapi+json;version=3.0"),
            _link("service-doc", f"{base}/api.html", "text/html"),
        ],
    }


def collection(base: str, name: str = COLLECTION) -> dict[str, Any]:
    """The one collection.

    Raises:
        NotFoundError: If another is meant.
    """
    if name != COLLECTION:
        raise NotFoundError(f"There is no collection {name[:80]!r}.", remedy=f"{COLLECTION} is the only one.")
    here = f"{base}/stac/collections/{COLLECTION}"
    return {
        "type": "Collection",
        "stac_version": _VERSION,
        "id": COLLECTION,
        "title": "Scenes 影像",
        "description": "Orthorectified rasters of one date each: images, surface models and terrain models.",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]]}, "temporal": {"interval": [[None, None]]}},
        "links": [
            _link("self", here, "application/json"),
            _link("root", f"{base}/stac", "application/json"),
            _link("parent", f"{base}/stac", "application/json"),
            _link("items", f"{here}/items", "application/geo+json"),
        ],
    }
