"""Routes of campaigns: begun from a baseline, followed to zero."""

from __future__ import annotations

from datetime import date
from typing import Any

import shapely
from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Body, Kancha, Pages, base_url, only_query, page_links
from service.errors import BadRequestBodyError
from service.routers.bodies import json_body
from service.schemas.campaigns import CampaignList, CampaignOut, CampaignStateOut
from service.schemas.common import Link
from service.uploads import Form
from service.usecases import campaigns as usecase

router = APIRouter(tags=["campaigns"])
_BEGINNING: dict[str, tuple[str, str]] = {
    "name": ("string", "What it is called."),
    "as_of": ("string", "The day of the baseline (YYYY-MM-DD); else that of the survey, else today."),
    "targets": ("array", "`village` (empty: everywhere), `open_at_most`, `by` (YYYY-MM-DD)."),
    "area": ("object", "GeoJSON polygon in longitude and latitude: only structures that meet it."),
    "survey": ("object", "What `kancha survey -o` wrote; else the suspected structures of the store."),
}


def _links(request: Request, campaign_id: str) -> list[Link]:
    return [Link(href=f"{base_url(request)}/campaigns/{campaign_id}", rel="self", type="application/json")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequestBodyError(f"{text[:40]!r} is no day.", remedy="Write it as 2026-12-31.") from error


def _area(form: Form) -> shapely.Geometry | None:
    if not form.fields.get("area"):
        return None
    try:
        shape = shapely.geometry.shape(form.mapping("area"))
        sound = shape.geom_type in ("Polygon", "MultiPolygon") and shape.is_valid and not shape.is_empty
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException):
        sound = False
    if not sound:
        raise BadRequestBodyError("The area is no GeoJSON polygon.", remedy="Send a polygon in lon-lat.")
    return shape


def _targets(form: Form) -> list[dict[str, Any]]:
    told: Any = form.fields.get("targets") or []
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise BadRequestBodyError("The targets are no list of objects.", remedy="Send village, open_at_most, by.")
    return told


@router.get("/campaigns", summary="List campaigns", dependencies=[Depends(only_query("limit", "cursor"))])
def get_campaigns(request: Request, services: Kancha, page: Pages) -> CampaignList:
    """Campaigns, the latest first."""
    found = usecase.list_campaigns(services, page.limit, page.after_key)
    return CampaignList(
        campaigns=[CampaignOut.of(row, _links(request, row.id)) for row in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.post("/campaigns", status_code=201, summary="Begin a campaign", openapi_extra=json_body(_BEGINNING, ["name"]))
def post_campaign(request: Request, response: Response, form: Body, services: Kancha) -> CampaignStateOut:
    """Fix its baseline and its targets; the baseline never changes."""
    form.only(set(_BEGINNING))
    as_of = form.text("as_of")
    told = usecase.Beginning(
        name=form.text("name") or "",
        as_of=None if as_of is None else _day(as_of),
        targets=_targets(form),
        area=_area(form),
        survey=form.mapping("survey") if form.fields.get("survey") else None,
    )
    view = usecase.begin(services, told)
    response.headers["Location"] = f"{base_url(request)}/campaigns/{view.campaign.id}"
    return CampaignStateOut.of(view, _links(request, view.campaign.id))


@router.get("/campaigns/{campaign_id}", summary="A campaign today", dependencies=[Depends(only_query())])
def get_campaign(request: Request, campaign_id: str, services: Kancha) -> CampaignStateOut:
    """Its figures by village, each with its definition, the burn-down to zero, and its targets."""
    return CampaignStateOut.of(usecase.view_campaign(services, campaign_id), _links(request, campaign_id))
