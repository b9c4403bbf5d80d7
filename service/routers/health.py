"""Routes for supervisors."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from service.dependencies import Kancha
from service.usecases.health import readiness

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive")
def get_health() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz", summary="Ready", responses={503: {"description": "Something is not well."}})
def get_readiness(response: Response, services: Kancha) -> dict[str, Any]:
    """The store answers, the runner takes jobs, the disk has space; 503 if not."""
    checks = readiness(services)
    good = all(check.good for check in checks)
    response.status_code = 200 if good else 503
    return {
        "status": "ready" if good else "not ready",
        "checks": {check.name: {"good": check.good, "detail": check.detail} for check in checks},
    }
