"""Routes of raster tiles: scenes, masks, the two dates of a scan; and WMTS over the scenes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathPart

from service.dependencies import Kancha, base_url, etag_of, only_query, unchanged
from service.errors import BadQueryError
from service.render.raster_tiles import TYPES, VERSION, Form, Renderer
from service.render.schemes import MAX_ZOOM, SCHEMES, Scheme
from service.routers.html import xml_page
from service.store.records import Scene
from service.store.scene_query import SceneQuery
from service.usecases import raster_tiles as usecase
from service.usecases import scenes
from service.usecases.evidence_tiles import evidence_tile

router = APIRouter(tags=["tiles"])
T = TypeVar("T")
_FOR_EVER = "private, max-age=31536000, immutable"
_Level = Annotated[int, PathPart(ge=0, le=MAX_ZOOM, description="Level.")]
_Number = Annotated[int, PathPart(ge=0, description="Column or row.")]
_Scale = Annotated[int, Query(ge=1, le=2, description="1: 256 px, 2: 512 px.")]
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in TYPES.values()}, "description": "The tile."},
    304: {"description": "The client has it."},
}
_WMTS = "application/xml"
_MOST_LAYERS = 1000
"""The latest scenes that the capabilities list; `layer=ID,ID` lists others."""
_forms: dict[str, Form] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class Drawing:
    """What draws tiles for one application: threads of its own, each with its open files."""

    def __init__(self, threads: int) -> None:
        self.renderer = Renderer()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="tiles")
        # a network takes seconds where a picture takes milliseconds: it keeps nobody from the map
        self._judging = ThreadPoolExecutor(1, thread_name_prefix="evidence")

    async def run(self, work: Callable[[], T], *, judging: bool = False) -> T:
        """Do something in one of the threads; where pixels are judged for it, in one apart."""
        pool = self._judging if judging else self._threads
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def begin(self, *work: Callable[[], object]) -> None:
        """Let the threads do what the first tiles need, before anybody asks for them."""
        for one in work:
            self._threads.submit(one)

    def close(self) -> None:
        """Let the threads end."""
        for pool in (self._threads, self._judging):
            pool.shutdown(wait=False, cancel_futures=True)


def drawing_of(request: Request) -> Drawing:
    """What draws tiles for the application that answers."""
    found: Drawing = request.app.state.drawing
    return found


def _tile_answer(content: bytes, form: str, etag: str) -> Response:
    headers = {"ETag": etag, "Cache-Control": _FOR_EVER}
    return Response(content, media_type=TYPES[form], headers=headers)


@router.get("/scenes/{scene_id}/tiles/{scheme}/{z}/{x}/{y}.{form}", summary="A tile of a scene",
            response_class=Response, responses=_PICTURE,
            dependencies=[Depends(only_query("bands", "stretch", "scale"))])  # fmt: skip
async def get_scene_tile(
    request: Request,
    scene_id: str,
    scheme: str,
    z: _Level,
    x: _Number,
    y: _Number,
    form: Form,
    services: Kancha,
    bands: Annotated[str | None, Query(description="One or three bands, by name or number.")] = None,
    stretch: Annotated[str | None, Query(description="`none`, `auto`, or low,high.")] = None,
    scale: _Scale = 1,
) -> Response:
    """Natural colours unless `bands` says otherwise; it never changes, so a client may keep it for ever."""
    etag = etag_of(request, scene_id, VERSION)
    if (same := unchanged(request, etag)) is not None:
        return same
    wanted = usecase.Wanted(usecase.place_of(scheme, z, x, y), form, bands, stretch, scale)
    drawing = drawing_of(request)

    def work() -> bytes:
        scene = scenes.get_scene(services, scene_id)
        return usecase.scene_tile(services, drawing.renderer, scene, wanted)

    return _tile_answer(await drawing.run(work), form, etag)


@router.get("/scenes/{scene_id}/mask/tiles/{scheme}/{z}/{x}/{y}.png", summary="A tile of a scene's mask",
            response_class=Response, responses=_PICTURE, dependencies=[Depends(only_query())])  # fmt: skip
async def get_mask_tile(
    request: Request, scene_id: str, scheme: str, z: _Level, x: _Number, y: _Number, services: Kancha
) -> Response:
    """Usable ground, cloud, haze, shadow, water, vegetation, in the colours of the mask."""
    etag = etag_of(request, scene_id, "mask", VERSION)
    if (same := unchanged(request, etag)) is not None:
        return same
    place = usecase.place_of(scheme, z, x, y)

    def work() -> bytes:
        return usecase.mask_tile(services, scenes.get_scene(services, scene_id), place)

    return _tile_answer(await drawing_of(request).run(work), "png", etag)


@router.get("/scans/{scan_id}/tiles/{side}/{scheme}/{z}/{x}/{y}.{form}", summary="A tile of a date of a scan",
            response_class=Response, responses=_PICTURE, dependencies=[Depends(only_query())])  # fmt: skip
async def get_scan_tile(
    request: Request,
    scan_id: str,
    side: Literal["before", "after"],
    scheme: str,
    z: _Level,
    x: _Number,
    y: _Number,
    form: Form,
    services: Kancha,
) -> Response:
    """The two dates as they lie on each other: the earlier is moved by the shift field that the scan found."""
    etag = etag_of(request, scan_id, VERSION)
    if (same := unchanged(request, etag)) is not None:
        return same
    wanted = usecase.Wanted(usecase.place_of(scheme, z, x, y), form)
    drawing = drawing_of(request)
    content = await drawing.run(lambda: usecase.scan_tile(services, drawing.renderer, scan_id, side, wanted))
    return _tile_answer(content, form, etag)


@router.get("/scans/{scan_id}/shift/tiles/{scheme}/{z}/{x}/{y}.png", summary="A tile of a scan's shift field",
            response_class=Response, responses=_PICTURE, dependencies=[Depends(only_query())])  # fmt: skip
async def get_shift_tile(
    request: Request, scan_id: str, scheme: str, z: _Level, x: _Number, y: _Number, services: Kancha
) -> Response:
    """Where the later date lies relative to the earlier: colours by length, 0 to 5 m, arrows by direction."""
    place = usecase.place_of(scheme, z, x, y)
    return await _overlay(request, "shift", scan_id, lambda: usecase.shift_tile(services, scan_id, place))


@router.get("/scans/{scan_id}/evidence/tiles/{scheme}/{z}/{x}/{y}.png", summary="A tile of a scan's evidence",
            response_class=Response, responses=_PICTURE, dependencies=[Depends(only_query())])  # fmt: skip
async def get_evidence_tile(
    request: Request, scan_id: str, scheme: str, z: _Level, x: _Number, y: _Number, services: Kancha
) -> Response:
    """What the scan's detector says of every pixel, before anything was cut off: yellow from 10 %, red at 95 %."""
    place = usecase.place_of(scheme, z, x, y)
    return await _overlay(request, "evidence", scan_id, lambda: evidence_tile(services, scan_id, place), judging=True)


async def _overlay(
    request: Request, kind: str, scan_id: str, draw: Callable[[], bytes], *, judging: bool = False
) -> Response:
    """A picture with transparency that lies over the dates of a scan."""
    etag = etag_of(request, scan_id, kind, VERSION)
    if (same := unchanged(request, etag)) is not None:
        return same
    return _tile_answer(await drawing_of(request).run(draw, judging=judging), "png", etag)


@router.get("/scenes/{scene_id}/tiles/{scheme}/tilejson.json", summary="Where the tiles of a scene are",
            dependencies=[Depends(only_query())])  # fmt: skip
def get_scene_tilejson(request: Request, scene_id: str, scheme: str, services: Kancha) -> dict[str, Any]:
    """TileJSON 3.0."""
    usecase.scheme_of(scheme)
    scene = scenes.get_scene(services, scene_id)
    return {
        "tilejson": "3.0.0",
        "name": scene.file_name,
        "scheme": "xyz",
        "tiles": [f"{base_url(request)}/scenes/{scene_id}/tiles/{scheme}/{{z}}/{{x}}/{{y}}.webp"],
        "minzoom": SCHEMES[scheme].first,
        "maxzoom": deepest(scene),
        "bounds": list(scene.bbox),
    }


def deepest(scene: Scene) -> int:
    """The level at which a tile's pixel is about as large as the scene's."""
    return next((z for z in range(MAX_ZOOM) if 156_543.0 / (1 << z) <= scene.gsd_m * 1.2), MAX_ZOOM)


def limits(scheme: Scheme, z: int, scene: Scene) -> tuple[int, int, int, int]:
    """The tiles of a level that show something of a scene: first column and row, last column and row."""
    west, south, east, north = scene.bbox
    columns, rows = scheme.tiles(np.array([west, east]), np.array([north, south]), z)
    first, last = np.floor(columns), np.floor(rows)
    return int(first[0]), int(last[0]), int(first[1]), int(last[1])


# --- WMTS ----------------------------------------------------------------------------------------


@router.get("/wmts", summary="WMTS over the scenes", response_class=Response,
            responses={200: {"content": {_WMTS: {}, **{k: {} for k in TYPES.values()}},
                             "description": "Capabilities, or a tile."}})  # fmt: skip
async def get_wmts(request: Request, services: Kancha) -> Response:
    """WMTS 1.0.0 by KVP (`REQUEST=GetCapabilities`, `GetTile`) and, as the capabilities tell, by REST."""
    asked = {name.upper(): value for name, value in request.query_params.items()}
    wanted = asked.get("REQUEST", "GetCapabilities").lower()
    if wanted == "getcapabilities":
        return await _capabilities(request, services, asked.get("LAYER"))
    if wanted != "gettile":
        raise BadQueryError(f"There is no REQUEST={wanted[:40]}.", remedy="Known: GetCapabilities, GetTile.")
    try:
        numbers = [int(asked[name]) for name in ("TILEMATRIX", "TILECOL", "TILEROW")]
        scene_id, scheme = asked["LAYER"], asked["TILEMATRIXSET"]
    except (KeyError, ValueError) as error:
        raise BadQueryError(
            f"The tile is not named: {error}.", remedy="LAYER, TILEMATRIXSET, TILEMATRIX, TILEROW, TILECOL"
        ) from error
    if asked.get("FORMAT", "image/png") not in _forms:
        raise BadQueryError(f"There is no FORMAT={asked['FORMAT'][:40]}.", remedy=f"Known: {', '.join(_forms)}.")
    form = _forms[asked.get("FORMAT", "image/png")]
    wanted_tile = usecase.Wanted(usecase.place_of(scheme, *numbers), form)
    drawing = drawing_of(request)

    def work() -> bytes:
        return usecase.scene_tile(services, drawing.renderer, scenes.get_scene(services, scene_id), wanted_tile)

    return _tile_answer(await drawing.run(work), form, etag_of(request, scene_id, VERSION))


async def _capabilities(request: Request, services: Kancha, only: str | None = None) -> Response:
    ids = None if only is None else only.split(",")
    query = SceneQuery(_MOST_LAYERS, ids=ids)
    told = await drawing_of(request).run(lambda: services.store.scenes.search(query).items)
    return xml_page(
        "wmts.xml", request, scenes=told, schemes=list(SCHEMES.values()), types=TYPES, deepest=deepest, limits=limits
    )


@router.get("/wmts/1.0.0/WMTSCapabilities.xml", summary="WMTS capabilities", response_class=Response,
            responses={200: {"content": {_WMTS: {}}, "description": "Capabilities."}},
            dependencies=[Depends(only_query())])  # fmt: skip
async def get_wmts_capabilities(request: Request, services: Kancha) -> Response:
    """The same by REST."""
    return await _capabilities(request, services)
