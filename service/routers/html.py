"""Pages for people: everything on them comes from this service alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jinja2
from fastapi import Request, Response

from service.dependencies import base_url
from service.version import code_version

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("service", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )


def ready() -> None:
    """Compile the first page that people see, so that whoever opens it first does not wait for it."""
    _templates().get_template("map.html")


def xml_page(name: str, request: Request, **values: Any) -> Response:
    """A document from a template."""
    content = _templates().get_template(name).render(version=code_version(), root=base_url(request), **values)
    return Response(content, media_type="application/xml")


def html_page(template: str, request: Request, **values: Any) -> Response:
    """A page from a template.

    Args:
        template: Its name.
        request: The request; in the template `root` is the address of the service and `who` sends it, if anybody.
        values: What else the template shows.
    """
    who = request.scope["state"]["caller"]
    told = {"version": code_version(), "root": base_url(request), "who": who}
    content = _templates().get_template(template).render(**told, **values)
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Vary": "Accept"}
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)
