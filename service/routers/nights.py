"""Routes of nights: the batch of every night and its morning report."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import Kancha, Pages, base_url, only_query, page_links
from service.routers.jobs import job_out
from service.schemas.common import Link
from service.schemas.jobs import JobOut
from service.schemas.nights import NightList, NightOut
from service.store.intake_records import NightRun
from service.usecases import nights as usecase
from service.usecases.nightly import order_night
from service.usecases.schedule import next_due

router = APIRouter(tags=["nights"])
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {}, "text/html": {}, "text/markdown": {}},
        "description": "The morning report.",
    }
}


def _out(request: Request, run: NightRun) -> NightOut:
    here = f"{base_url(request)}/nights/{run.id}"
    links = [Link(href=here, rel="self", type="application/json")]
    if run.report is not None:
        kinds = {"json": "application/json", "html": "text/html", "md": "text/markdown"}
        links += [Link(href=f"{here}/report?f={f}", rel="alternate", type=kind) for f, kind in kinds.items()]
    told = {name: getattr(run, name) for name in ("id", "folder", "due_at", "started_at", "finished_at")}
    return NightOut(**told, summary=None if run.report is None else run.report["summary"], links=links)


@router.get("/nights", summary="List nights", dependencies=[Depends(only_query("limit", "cursor"))])
def get_nights(request: Request, services: Kancha, page: Pages) -> NightList:
    """Nights, the latest first, and when the next one is due."""
    found = usecase.list_nights(services, page.limit, page.after_key)
    schedule = services.settings.nightly.schedule
    return NightList(
        nights=[_out(request, run) for run in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        schedule=schedule,
        next_due=next_due(schedule, datetime.now(UTC)) if schedule else None,
        links=page_links(request, found.next_key),
    )


@router.get("/nights/{night_id}", summary="One night", dependencies=[Depends(only_query())])
def get_night(request: Request, night_id: str, services: Kancha) -> NightOut:
    """A night; `latest` is the last that has ended."""
    return _out(request, usecase.get_night(services, night_id))


@router.get(
    "/nights/{night_id}/report",
    summary="The morning report",
    response_class=Response,
    responses=_REPORT,
    dependencies=[Depends(only_query("f"))],
)
def get_night_report(
    night_id: str,
    services: Kancha,
    f: Annotated[Literal["json", "html", "md"], Query(description="json, html (for people) or md (for messages).")] = (
        "json"
    ),
) -> Response:
    """Found, stopped, closed; what was not scanned and why; blind spots; the queue; how the system is."""
    run = usecase.get_night(services, night_id)
    if f == "json":
        return Response(orjson.dumps(usecase.whole_report(run)), media_type="application/json")
    content = usecase.report_of(run, f)
    return Response(content, media_type=usecase.REPORT_FORMS[f][1], headers=_policy(content) if f == "html" else {})


def _policy(content: bytes) -> dict[str, str]:
    """The page may do nothing but look as its own style says, which is named by its checksum."""
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in _STYLE.findall(content)]
    styles = " ".join(f"'sha256-{one}'" for one in hashes)
    policy = f"default-src 'none'; style-src {styles}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}


@router.post("/nights", summary="Begin a night now", status_code=201, dependencies=[Depends(only_query())])
def post_night(request: Request, response: Response, services: Kancha) -> JobOut:
    """Begin a night over the places of the settings; the one that is under way is given where there is one."""
    job, new = order_night(services)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/jobs/{job.id}"
    return job_out(request, job)
