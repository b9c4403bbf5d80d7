"""Routes for supervisors."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.usecases.health import readiness
from service.watcher import Watcher

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive")
async def get_health() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


# asynchronous, so that it is answered while every thread waits for a database that hangs
@router.get("/readyz", summary="Ready", responses={503: {"description": "It cannot do its work."}})
async def get_readiness(request: Request, response: Response) -> dict[str, Any]:
    """The store answers, the runner takes jobs, the disk has space; 503 if not. What else is not well is a warning."""
    watcher: Watcher = request.app.state.watcher
    told = readiness(await watcher.conditions())
    response.status_code = 200 if told.ready else 503
    response.headers["Cache-Control"] = "no-store"
    return {
        "status": "ready" if told.ready else "not ready",
        "checks": {check.name: {"good": check.good, "detail": check.detail} for check in told.checks},
        # the figures are for those who have signed in: /status/conditions
        "warnings": [{"code": one.code, "severity": one.severity} for one in told.warnings],
    }
