"""Routes by which the service tells of itself: metrics, what is not well, the detectors."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Kancha, only_query
from service.schemas.watching import (
    ConditionList,
    ConditionOut,
    DetectorList,
    DetectorOut,
    DriftOut,
    MonthOut,
    ShareOut,
)
from service.usecases import watching as usecase
from service.watcher import Watcher
from service.watching.drift import Drift, Month, by_detector
from service.watching.metrics import TEXT, Metrics

router = APIRouter(tags=["watching"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The text format."}},
)
async def get_metrics(request: Request) -> Response:
    """What was counted since the start, and the last look of the service at itself; the database is not asked."""
    metrics: Metrics = request.app.state.metrics
    # in a thread of its own kind: those of the routes may all wait for a database that hangs
    text = await asyncio.to_thread(metrics.text)
    return Response(text, headers={"Content-Type": TEXT, "Cache-Control": "no-store"})


@router.get("/status/conditions", summary="What is not well", dependencies=[Depends(only_query())])
async def get_conditions(request: Request) -> ConditionList:
    """Store, disk and runner as they are now, everything else as of the last look."""
    watcher: Watcher = request.app.state.watcher
    told = await watcher.conditions()
    looked_at = None if watcher.figures is None else watcher.figures.at
    return ConditionList(looked_at=looked_at, conditions=[ConditionOut.model_validate(one) for one in told])


@router.get("/status/detector", summary="Whether the detectors drift", dependencies=[Depends(only_query())])
def get_detectors(services: Kancha) -> DetectorList:
    """Every detector by month: findings by confidence, share dismissed; and its latest month beside those before."""
    found = usecase.detectors(services, datetime.now(UTC))
    drifts = {one.recent.detector: one for one in found.drifts}
    told = [
        DetectorOut(detector=name, months=[_month(one) for one in months], drift=_drift(drifts.get(name)))
        for name, months in by_detector(found.months).items()
    ]
    return DetectorList(looked_at=found.at, detectors=told)


def _month(one: Month) -> MonthOut:
    share = one.dismissed
    said = ShareOut(judged=share.judged, dismissed=share.right, share=share.precision, low=share.low, high=share.high)
    return MonthOut(month=one.month, scans=one.scans, findings=one.findings, bins=list(one.bins), dismissals=said)


def _drift(one: Drift | None) -> DriftOut | None:
    if one is None:
        return None
    return DriftOut(
        recent=_month(one.recent),
        reference=_month(one.reference),
        psi=one.psi,
        chance=one.chance,
        scores_moved=one.scores_moved,
        dismissals_rose=one.dismissals_rose,
    )
