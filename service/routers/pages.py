"""Pages for people: everything on them comes from this service alone."""

from __future__ import annotations

from importlib import resources
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from geodata.io import warp
from service.errors import NotFoundError
from service.routers.collections import OPENAPI_JSON
from service.routers.html import html_page
from service.routers.openapi import as_oas30
from service.routers.raster_tiles import drawing_of

router = APIRouter(include_in_schema=False)
_KINDS = MappingProxyType(
    {
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "png": "image/png",
        "webmanifest": "application/manifest+json",
    }
)
_WEB = resources.files("service").joinpath("web")
_ENTRY = "src/main.tsx"
_TYPED = "script-src 'self'; style-src 'self' 'unsafe-inline'; require-trusted-types-for 'script'; trusted-types 'none'"
_TIANDITU = "https://*.tianditu.gov.cn"
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/map")
def get_map(request: Request) -> Response:
    """The map page: the frame alone; what it shows, it asks for as whoever has signed in."""
    # its first tiles follow at once
    drawing_of(request).begin(warp.ready)
    key = request.app.state.services.settings.tianditu_key
    answer = html_page("map.html", request, entry=_built().get(_ENTRY), tianditu=key)
    # nothing but the page's own files makes script, and no text becomes markup
    policy = f"{answer.headers['Content-Security-Policy']}; {_TYPED}"
    answer.headers["Content-Security-Policy"] = policy.replace("img-src", f"img-src {_TIANDITU}") if key else policy
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _built() -> dict[str, Any]:
    """The files of the page by their source, as its build lists them; empty where it was not built."""
    manifest = _WEB.joinpath("manifest.json")
    found: dict[str, Any] = orjson.loads(manifest.read_bytes()) if manifest.is_file() else {}
    return found


@router.get("/web/assets/{name}")
def get_web_asset(name: str) -> Response:
    """A file of the map page; its name changes with its content, so that browsers keep it for good."""
    kind, folder = _KINDS.get(name.rpartition(".")[2]), _WEB.joinpath("assets")
    found = {entry.name: entry for entry in folder.iterdir()} if folder.is_dir() else {}
    if kind is None or name not in found:
        raise NotFoundError(f"There is no file {name[:80]!r}.", remedy="Load the page again: it was built anew.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found[name].read_bytes(), media_type=kind, headers=headers)


@router.get("/api")
def get_api(request: Request) -> Response:
    """The OpenAPI document in version 3.0, which map clients read."""
    return Response(orjson.dumps(as_oas30(request.app.openapi())), media_type=OPENAPI_JSON)


@router.get("/openapi.json")
def get_openapi(request: Request) -> Response:
    """The OpenAPI document in version 3.1."""
    return Response(orjson.dumps(request.app.openapi()), media_type="application/vnd.oai.openapi+json;version=3.1")


@router.get("/api.html")
def get_api_page(request: Request) -> Response:
    """The API for people."""
    document = request.app.openapi()
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(operation)
    return html_page("api.html", request, info=document["info"], groups=groups)


@router.get("/static/{name}")
def get_static(name: str) -> Response:
    """A script, a style sheet or an icon of the pages."""
    kind = _KINDS.get(name.rpartition(".")[2])
    found = {entry.name: entry for entry in resources.files("service").joinpath("static").iterdir()}
    if kind is None or name not in found:
        raise NotFoundError(f"There is no file {name[:80]!r}.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return Response(found[name].read_bytes(), media_type=kind, headers=headers)
