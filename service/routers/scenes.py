"""Routes of scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from geodata.errors import OptionError
from service.dependencies import (
    Body,
    Kancha,
    Pages,
    base_url,
    etag_of,
    only_query,
    page_links,
    parse_bbox,
    unchanged,
)
from service.errors import BadRequestBodyError
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.scenes import SceneList, SceneOut, UsableOut
from service.store.records import Scene
from service.usecases import scenes as usecase

router = APIRouter(tags=["scenes"])
_FIELDS = {"raster", "acquired_at", "date", "crs", "attributes", "secrecy"}
_GEOTIFF = "image/tiff; application=geotiff"
_FOR_EVER = "private, max-age=31536000, immutable"


def scene_out(request: Request, scene: Scene) -> SceneOut:
    """A scene with its links."""
    base = f"{base_url(request)}/scenes/{scene.id}"
    links = [
        Link(href=base, rel="self", type="application/json"),
        Link(href=f"{base}/preview.png", rel="preview", type="image/png"),
        *([Link(href=f"{base}/mask", rel="mask", type=_GEOTIFF)] if scene.mask_sha256 else []),
    ]
    return SceneOut.model_validate(scene).model_copy(update={"links": links})


@router.post(
    "/scenes",
    status_code=201,
    summary="Store a raster of one date",
    responses={200: {"model": SceneOut, "description": "The same raster is stored already."}},
    openapi_extra=multipart_body(
        {"raster": "GeoTIFF or COG."},
        {
            "acquired_at": "Date or time; else the TIFF tag, else the file's name tells it.",
            "date": "The same as acquired_at.",
            "crs": "System of a file that declares none, EPSG:4547.",
            "attributes": "JSON object, kept as it is; view:sun_elevation, view:off_nadir, ... of STAC are understood.",
            "secrecy": "public, internal (default) or secret.",
        },
        required=["raster"],
    ),
)
def post_scene(request: Request, response: Response, form: Body, services: Kancha) -> SceneOut:
    """Check a raster and store it; the same file, date and system give the same scene."""
    form.only(_FIELDS)
    upload = form.files.get("raster")
    if upload is None:
        raise BadRequestBodyError("The part raster is missing.", remedy="Send the GeoTIFF as the file part raster.")
    facts = usecase.SceneFacts(
        acquired_at=form.moment("acquired_at") or form.moment("date"),
        crs=form.text("crs"),
        attributes=form.mapping("attributes"),
        secrecy=form.text("secrecy"),
    )
    scene, new = usecase.add_scene(services, upload, facts)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/scenes/{scene.id}"
    return scene_out(request, scene)


@router.get("/scenes", summary="List scenes", dependencies=[Depends(only_query("limit", "cursor"))])
def get_scenes(request: Request, services: Kancha, page: Pages) -> SceneList:
    """Scenes in the order of their coming."""
    found = usecase.list_scenes(services, page.limit, page.after_key)
    return SceneList(
        scenes=[scene_out(request, scene) for scene in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.get("/scenes/{scene_id}", summary="One scene", response_model=SceneOut)
def get_scene(request: Request, response: Response, scene_id: str, services: Kancha) -> Any:
    """One scene; it never changes."""
    scene = usecase.get_scene(services, scene_id)
    etag = etag_of(request, scene.id)
    response.headers["ETag"] = etag
    return unchanged(request, etag) or scene_out(request, scene)


@router.get(
    "/scenes/{scene_id}/preview.{form}",
    summary="A picture of a scene in lon-lat",
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/jpeg": {}}, "description": "The picture."}},
    dependencies=[Depends(only_query("bbox", "width"))],
)
def get_preview(
    request: Request,
    scene_id: str,
    form: Literal["png", "jpg"],
    services: Kancha,
    bbox: Annotated[str | None, Query(description="west,south,east,north; else the whole scene.")] = None,
    width: Annotated[int, Query(ge=1, description="Longer side, px.")] = 1024,
) -> Response:
    """Natural colours, 8 bit, exactly of the wanted box, equirectangular."""
    scene = usecase.get_scene(services, scene_id)
    etag = etag_of(request, scene.id, form)
    if (same := unchanged(request, etag)) is not None:
        return same
    boxes = parse_bbox(bbox)
    if len(boxes) > 1:
        raise OptionError("A preview cannot cross the antimeridian.", remedy="Ask for the two sides.")
    content = usecase.preview(services, scene_id, form, boxes[0] if boxes else None, width)
    kind = "image/png" if form == "png" else "image/jpeg"
    return Response(content, media_type=kind, headers={"ETag": etag, "Cache-Control": _FOR_EVER})


@router.get(
    "/scenes/{scene_id}/mask",
    summary="Which pixels of a scene show the ground",
    response_class=Response,
    responses={200: {"content": {_GEOTIFF: {}}, "description": "GeoTIFF of codes with a colour table."}},
    dependencies=[Depends(only_query())],
)
def get_mask(request: Request, scene_id: str, services: Kancha) -> Response:
    """Codes, at most 2048 px a side: usable, nodata, saturated, cloud, haze, deep shadow, water, vegetation."""
    path = usecase.whole_mask_path(services, scene_id)
    etag = etag_of(request, scene_id, "mask")
    if (same := unchanged(request, etag)) is not None:
        return same
    headers = {"ETag": etag, "Cache-Control": _FOR_EVER}
    return Response(path.read_bytes(), media_type=_GEOTIFF, headers=headers)


@router.get(
    "/scenes/{scene_id}/usable",
    summary="How much of a box shows the ground",
    dependencies=[Depends(only_query("bbox"))],
)
def get_usable(
    request: Request,
    scene_id: str,
    services: Kancha,
    bbox: Annotated[str | None, Query(description="West, south, east, north in lon-lat; else all of it.")] = None,
) -> UsableOut:
    """Share of a box that is neither cloud nor shadow nor without data; null where the scene shows nothing of it."""
    share = usecase.usable_within(services, scene_id, parse_bbox(bbox))
    return UsableOut(usable_share=share, links=[Link(href=f"{base_url(request)}/scenes/{scene_id}/mask", rel="mask")])


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_GEOTIFF: {}}, "description": "The file."},
    206: {"content": {_GEOTIFF: {}}, "description": "The part that a Range request asks for."},
    304: {"description": "The client has it."},
    416: {"content": {"text/plain": {}}, "description": "The file has no such part."},
}


@router.get("/scenes/{scene_id}/file", summary="The source of a scene", response_class=FileResponse, responses=_FILE,
            dependencies=[Depends(only_query())])  # fmt: skip
def get_source(request: Request, scene_id: str, services: Kancha) -> Response:
    """GeoTIFF, byte for byte as it came; Range requests are answered, so that GDAL reads it in parts."""
    return _file(request, *usecase.content_path(services, scene_id))


@router.get("/scenes/{scene_id}/cog", summary="A scene in blocks with overviews", response_class=FileResponse,
            responses=_FILE, dependencies=[Depends(only_query())])  # fmt: skip
def get_cog(request: Request, scene_id: str, services: Kancha) -> Response:
    """The copy without loss that tiles are drawn from; Range requests are answered."""
    return _file(request, *usecase.content_path(services, scene_id, cog=True))


def _file(request: Request, scene: Scene, path: Path) -> Response:
    etag = f'"{path.name}"'  # a stored content is named by its checksum
    if (same := unchanged(request, etag)) is not None:
        return same
    headers = {"ETag": etag, "Cache-Control": _FOR_EVER}
    return FileResponse(path, media_type=_GEOTIFF, filename=scene.file_name, headers=headers)
