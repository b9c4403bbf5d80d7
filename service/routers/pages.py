"""Pages for people: everything on them comes from this service alone."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import jinja2
from fastapi import APIRouter, Request, Response

from service.errors import NotFoundError
from service.routers.collections import OPENAPI_JSON
from service.version import code_version

router = APIRouter(include_in_schema=False)
_KINDS = MappingProxyType({"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"})
_POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
_METHODS = ("get", "post", "put", "patch", "delete")


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("service", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )


def _page(name: str, **values: Any) -> Response:
    content = _templates().get_template(name).render(version=code_version(), **values)
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/map")
def get_map() -> Response:
    """The map page."""
    return _page("map.html")


@router.get("/api")
def get_api(request: Request) -> Response:
    """The OpenAPI document."""
    import orjson

    return Response(orjson.dumps(request.app.openapi()), media_type=OPENAPI_JSON)


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
    return _page("api.html", info=document["info"], groups=groups)


@router.get("/static/{name}")
def get_static(name: str) -> Response:
    """A script or style sheet of the pages."""
    kind = _KINDS.get(name.rpartition(".")[2])
    found = {entry.name: entry for entry in resources.files("service").joinpath("static").iterdir()}
    if kind is None or name not in found:
        raise NotFoundError(f"There is no file {name[:80]!r}.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return Response(found[name].read_bytes(), media_type=kind, headers=headers)
