"""Routes of the field check: the page that works without a line, its worker, and what an officer takes along."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources

from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Kancha, base_url, only_query
from service.routers.html import html_page
from service.schemas.cases import OfficerOut
from service.schemas.common import Link
from service.schemas.field import FieldCaseOut, FieldCasesOut, FieldFormOut
from service.usecases import field as usecase
from service.usecases.cases import officers
from service.version import code_version

router = APIRouter(tags=["cases"])
_WORKER = "field-worker.js"
# a worker may fetch what the policy of its own script allows
_POLICY = "default-src 'self'"


@router.get("/field", include_in_schema=False)
def get_field(request: Request) -> Response:
    """The page of the field check; it holds nothing of anybody, so that a phone may keep it."""
    return html_page("field.html", request)


@router.get("/field-worker.js", include_in_schema=False)
def get_field_worker() -> Response:
    """The worker that keeps the page on the phone; its text changes with every part of the page."""
    text = resources.files("service").joinpath("static").joinpath(_WORKER).read_text("utf-8")
    told = f'"use strict";\nconst VERSION = "{_shell()}";\n{text}'
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
    return Response(told, media_type="text/javascript; charset=utf-8", headers=headers)


@lru_cache(maxsize=1)
def _shell() -> str:
    """A word that changes with the page, its scripts, its style and its icons."""
    digest = hashlib.sha256(code_version().encode())
    for folder, begins in (("static", "field"), ("templates", "field")):
        parts = sorted(resources.files("service").joinpath(folder).iterdir(), key=lambda one: one.name)
        for part in parts:
            if part.name.startswith(begins):
                digest.update(part.name.encode() + part.read_bytes())
    return digest.hexdigest()[:16]


@router.get("/field/cases", summary="What an officer takes into the field", dependencies=[Depends(only_query())])
def get_field_cases(request: Request, services: Kancha) -> FieldCasesOut:
    """The open cases, the caller's own first, with place and next term; the form of the check; the officers."""
    found, left_out = usecase.field_cases(services)
    return FieldCasesOut(
        cases=[FieldCaseOut.of(one) for one in found],
        left_out=left_out,
        form=FieldFormOut.of(usecase.CHECK),
        officers=[OfficerOut.model_validate(one) for one in officers(services)],
        links=[Link(href=f"{base_url(request)}/field/cases", rel="self")],
    )
