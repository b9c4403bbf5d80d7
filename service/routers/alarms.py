"""Routes of alarms: listed, acknowledged, measured; what was sent of them; pictures of findings."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import GEOJSON, Kancha, Pages, base_url, only_query, page_links
from service.schemas.alarms import (
    AlarmOut,
    AlarmsOut,
    ClockOut,
    ConditionOut,
    ConditionsOut,
    DeliveriesOut,
    DeliveryOut,
    PeriodOut,
)
from service.schemas.common import Link
from service.usecases import alarms as usecase
from service.usecases.alarm_clock import Period, clock
from service.usecases.chips import finding_chip
from service.usecases.system_alarms import list_system_alarms

router = APIRouter(tags=["alarms"])
_Everybody = Annotated[bool, Query(description="Those of everybody: for administrators who work everywhere.")]


def _alarm(request: Request, shown: usecase.Shown) -> AlarmOut:
    base, fid = base_url(request), quote(shown.alarm.finding_id, safe="")
    links = [
        Link(href=f"{base}/findings/{fid}", rel="related", type=GEOJSON),
        Link(href=f"{base}/findings/{fid}/chip.png", rel="preview", type="image/png"),
        Link(href=f"{base}/alarms/{shown.alarm.id}/acknowledgement", rel="edit", type="application/json"),
    ]
    return AlarmOut.of(shown, links)


@router.get(
    "/alarms", summary="List alarms", dependencies=[Depends(only_query("limit", "cursor", "open", "everybody"))]
)
def get_alarms(
    request: Request,
    services: Kancha,
    page: Pages,
    open: Annotated[bool, Query(description="Only those that nobody acknowledged.")] = False,
    everybody: _Everybody = False,
) -> AlarmsOut:
    """One's own alarms, and those that were handed to one because nobody acknowledged them; the latest first."""
    found = usecase.list_alarms(services, page.limit, page.after_key, open_only=open, everybody=everybody)
    return AlarmsOut(
        alarms=[_alarm(request, one) for one in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.post("/alarms/{alarm_id}/acknowledgement", summary="Acknowledge an alarm")
def post_acknowledgement(request: Request, services: Kancha, alarm_id: str) -> AlarmOut:
    """Say that one knows of it: all open alarms of the structure are acknowledged, and handed to nobody any more."""
    return _alarm(request, usecase.acknowledge(services, alarm_id))


@router.get("/alarms/clock", summary="From upload to alarm", dependencies=[Depends(only_query("period", "days"))])
def get_alarm_clock(
    request: Request,
    services: Kancha,
    period: Annotated[Period, Query(description="By what the figures are parted.")] = "week",
    days: Annotated[float, Query(gt=0, description="How far back.")] = 90.0,
) -> ClockOut:
    """How long findings waited from the upload of their later scene to the first alarm: median and p95."""
    periods = [PeriodOut.model_validate(one) for one in clock(services, period, days)]
    return ClockOut(periods=periods, links=page_links(request, None))


@router.get(
    "/alarms/deliveries",
    summary="What was sent",
    dependencies=[Depends(only_query("limit", "cursor", "state", "everybody"))],
)
def get_deliveries(
    request: Request,
    services: Kancha,
    page: Pages,
    state: Annotated[str | None, Query(description="`waiting`, `sending`, `sent`, `failed`, `withdrawn`.")] = None,
    everybody: _Everybody = False,
) -> DeliveriesOut:
    """Messages to oneself or by one's channels, with how they fared; the latest first."""
    found = usecase.list_deliveries(services, page.limit, page.after_key, state=state, everybody=everybody)
    return DeliveriesOut(
        deliveries=[DeliveryOut.of(one) for one in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.get("/alarms/system", summary="Conditions of the system", dependencies=[Depends(only_query("lasting"))])
def get_system_alarms(
    request: Request,
    services: Kancha,
    lasting: Annotated[bool, Query(description="Only those that are not over.")] = False,
) -> ConditionsOut:
    """What the administrators were told of the system itself, the latest first."""
    found = list_system_alarms(services, lasting=lasting)
    return ConditionsOut(conditions=[ConditionOut.of(one) for one in found.items], links=page_links(request, None))


@router.get(
    "/findings/{finding_id}/chip.png",
    summary="A picture of a finding",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "Before and after, side by side."}},
    dependencies=[Depends(only_query())],
)
def get_chip(services: Kancha, finding_id: str) -> Response:
    """The place of a finding at both dates with its outline."""
    content = finding_chip(services, finding_id)
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})
