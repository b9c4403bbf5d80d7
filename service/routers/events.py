"""Routes of what happened: GeoJSON to go on from, and an Atom feed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

import anyio
import orjson
import shapely
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from service.dependencies import GEOJSON, Kancha, Pages, base_url, only_query
from service.ogc.cursors import decode, encode
from service.routers.addresses import with_query
from service.routers.html import xml_page
from service.schemas.common import Link
from service.services import Services
from service.store.alarm_base import Event
from service.usecases import events as usecase
from service.usecases import live

router = APIRouter(tags=["alarms"])
ATOM = "application/atom+xml"
_SSE = "text/event-stream"
_UNKEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_STREAM_S, _LOOK_S, _STEP_S, _SILENCE_S = 300.0, 2.0, 0.5, 20.0
_Types = Annotated[str | None, Query(description="Types of events, commas between; else all.")]
_PAGES = {"finding.appeared": "findings", "finding.judged": "findings", "alarm.raised": "findings",
          "scan.completed": "scans", "scene.stored": "scenes"}  # fmt: skip
_TITLES = {
    "finding.appeared": "A finding 新发现",
    "finding.judged": "A verdict 核查结论",
    "alarm.raised": "An alarm 告警",
    "scan.completed": "A scan 扫描完成",
    "scene.stored": "A scene 影像入库",
}


def _id(event: Event) -> str:
    return f"urn:kancha:event:{event.type}:{event.key}"


def _href(request: Request, event: Event) -> str:
    subject = event.subject
    return f"{base_url(request)}/{_PAGES[event.type]}/{quote(subject, safe='')}"


def _feature(request: Request, event: Event) -> dict[str, Any]:
    told = {"type": event.type, "time": event.at.isoformat(), "subject": event.subject, **event.told}
    link = {"href": _href(request, event), "rel": "related", "type": "application/json"}
    return {"type": "Feature", "id": _id(event), "geometry": event.geometry, "properties": told, "links": [link]}


def _links(request: Request, page: usecase.EventPage, kind: str) -> list[Link]:
    here, asked = f"{base_url(request)}{request.url.path}", dict(request.query_params)
    links = [Link(href=with_query(here, asked), rel="self", type=kind)]
    if page.more:
        links.append(Link(href=with_query(here, asked | {"cursor": encode(page.after)}), rel="next", type=kind))
    return links


@router.get(
    "/events",
    summary="What happened",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}, "description": "FeatureCollection of events."}},
    dependencies=[Depends(only_query("limit", "cursor", "type"))],
)
def get_events(request: Request, services: Kancha, page: Pages, type: _Types = None) -> Response:
    """Events in the order in which they happened. `cursor` of the answer goes on behind it, also after days."""
    found = usecase.list_events(services, usecase.parse_types(type), page.limit, page.key)
    told = {
        "type": "FeatureCollection",
        "cursor": encode(found.after),
        "numberReturned": len(found.events),
        "links": [one.model_dump() for one in _links(request, found, GEOJSON)],
        "features": [_feature(request, one) for one in found.events],
    }
    return Response(orjson.dumps(told), media_type=GEOJSON, headers={"Cache-Control": "no-store"})


@router.get("/events/stream", include_in_schema=False)
async def get_event_stream(request: Request, services: Kancha) -> StreamingResponse:
    """The same as it happens, with cases and jobs, as server-sent events; `Last-Event-ID` goes on behind it.

    It ends after some minutes, and the browser begins anew: by then a right may be another, or a session over.
    """
    last = request.headers.get("last-event-id")
    if last is None:
        seen = await run_in_threadpool(live.from_now, services)
    else:
        seen = await run_in_threadpool(live.from_key, services, decode(last))
    return StreamingResponse(_stream(request, services, seen), media_type=_SSE, headers=_UNKEPT)


async def _stream(request: Request, services: Services, seen: live.Seen) -> AsyncIterator[bytes]:
    closing, end = request.app.state.closing, time.monotonic() + _STREAM_S
    told = time.monotonic()
    yield b"retry: 2000\n\n"
    while time.monotonic() < end and not closing.is_set() and not await request.is_disconnected():
        found = await run_in_threadpool(live.news, services, seen)
        seen = found.seen
        lines = [_message(one.type, one.subject, one.told, encode(seen.place)) for one in found.messages]
        if lines or time.monotonic() - told > _SILENCE_S:
            # a comment keeps proxies from cutting a line on which nothing is said
            yield "".join(lines or [": \n\n"]).encode()
            told = time.monotonic()
        for _ in range(int(_LOOK_S / _STEP_S)):
            if closing.is_set():
                return
            await anyio.sleep(_STEP_S)


def _message(kind: str, subject: str, told: Mapping[str, Any], key: str) -> str:
    body = orjson.dumps({"subject": subject, "told": told}, default=str).decode()
    return f"event: {kind}\nid: {key}\ndata: {body}\n\n"


@router.get(
    "/events.atom",
    summary="What happened, as a feed",
    response_class=Response,
    responses={200: {"content": {ATOM: {}}, "description": "Atom (RFC 4287) with GeoRSS points."}},
    dependencies=[Depends(only_query("limit", "cursor", "type"))],
)
def get_events_atom(request: Request, services: Kancha, page: Pages, type: _Types = None) -> Response:
    """The latest events first; `next` leads to older ones (RFC 5005)."""
    found = usecase.list_events(services, usecase.parse_types(type), page.limit, page.key, falling=True)
    entries = [_entry(request, one) for one in found.events]
    updated = max((one["updated"] for one in entries), default="1970-01-01T00:00:00+00:00")
    answer = xml_page("events.atom", request, entries=entries, updated=updated, links=_links(request, found, ATOM))
    answer.headers["Content-Type"] = f"{ATOM}; charset=utf-8"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _printable(text: str) -> str:
    """A text without what XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable())


def _entry(request: Request, event: Event) -> dict[str, Any]:
    point = None
    if event.geometry is not None:
        middle = shapely.geometry.shape(event.geometry).representative_point()
        # GeoRSS writes the latitude first
        point = f"{middle.y:.6f} {middle.x:.6f}"
    told = event.told
    words = [str(told[name]) for name in ("status", "change", "stage", "step") if told.get(name)]
    words += [str(one.get("message_zh") or one.get("message") or "") for one in told.get("reasons") or ()][:3]
    return {
        "id": _id(event),
        "title": f"{_TITLES[event.type]}: {event.subject}",
        "updated": event.at.isoformat(),
        "href": _href(request, event),
        "type": event.type,
        "summary": _printable(" · ".join(word for word in words if word)) or event.type,
        "point": point,
    }
