"""Routes of jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse

from service.dependencies import Kancha, Pages, base_url, only_query, page_links
from service.schemas.common import Link
from service.schemas.jobs import JobEventOut, JobHistory, JobList, JobOut
from service.store.job_records import Job
from service.usecases import jobs as usecase

router = APIRouter(tags=["jobs"])
_RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"


def job_out(request: Request, job: Job) -> JobOut:
    """A job with its links."""
    base = base_url(request)
    links = [Link(href=f"{base}/jobs/{job.id}", rel="self", type="application/json")]
    if job.scan_id is not None:
        links.append(Link(href=f"{base}/scans/{job.scan_id}", rel="related", type="application/json"))
        findings = f"{base}/scans/{job.scan_id}/findings"
        links.append(Link(href=findings, rel=_RESULTS, type="application/geo+json"))
    if job.kind == "export" and job.result is not None:
        content = f"{base}/exports/{job.id}/content"
        links.append(Link(href=content, rel=_RESULTS, type=job.result["media_type"], title=job.result["name"]))
    return JobOut.model_validate(job).model_copy(update={"links": links})


@router.get("/jobs", summary="List jobs", dependencies=[Depends(only_query("limit", "cursor", "status"))])
def get_jobs(
    request: Request,
    services: Kancha,
    page: Pages,
    status: Annotated[str | None, Query(description="accepted, running, successful, failed, dismissed.")] = None,
) -> JobList:
    """Jobs, the latest first."""
    found = usecase.list_jobs(services, page.limit, page.after_key, status)
    return JobList(
        jobs=[job_out(request, job) for job in found.items],
        numberMatched=found.matched,
        numberReturned=len(found.items),
        links=page_links(request, found.next_key),
    )


@router.get("/jobs/{job_id}", summary="One job")
def get_job(request: Request, job_id: str, services: Kancha) -> JobOut:
    """Where a job stands."""
    return job_out(request, usecase.get_job(services, job_id))


@router.get("/jobs/{job_id}/history", summary="What happened to a job")
def get_job_history(request: Request, job_id: str, services: Kancha) -> JobHistory:
    """Its starts, setbacks and end, and the steps that are kept for the next start."""
    events, steps = usecase.history_of(services, job_id)
    link = Link(href=f"{base_url(request)}/jobs/{job_id}", rel="up", type="application/json")
    return JobHistory(events=[JobEventOut.model_validate(one) for one in events], steps=list(steps), links=[link])


@router.get(
    "/jobs/{job_id}/log",
    summary="What a job said",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "The log."}},
)
def get_job_log(job_id: str, services: Kancha) -> PlainTextResponse:
    """The last 64 KiB of each start."""
    return PlainTextResponse(usecase.log_of(services, job_id), headers={"Cache-Control": "no-store"})


@router.delete("/jobs/{job_id}", summary="Stop a job")
def delete_job(request: Request, job_id: str, services: Kancha) -> JobOut:
    """Stop a job that waits or runs; one that has come to another end answers 409."""
    return job_out(request, usecase.dismiss_job(services, job_id))
