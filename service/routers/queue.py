"""Routes of the review queue."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request

from service.dependencies import GEOJSON, Kancha, base_url, only_query, page_links
from service.review.draw import Drawn
from service.schemas.common import Link
from service.schemas.queue import PrecisionOut, Queue, QueueRow
from service.usecases import queue as usecase

router = APIRouter(tags=["queue"])


def _row(request: Request, drawn: Drawn) -> QueueRow:
    finding = f"{base_url(request)}/findings/{quote(drawn.row.fid, safe='')}"
    links = [
        Link(href=finding, rel="related", type=GEOJSON),
        Link(href=f"{finding}/verdicts", rel="edit", type="application/json"),
    ]
    return QueueRow(**usecase.row_values(drawn), links=links)


@router.get(
    "/queue",
    summary="What officers look at this week",
    dependencies=[Depends(only_query("capacity", "learn_share"))],
)
def get_queue(
    request: Request,
    services: Kancha,
    capacity: Annotated[int, Query(le=1_000_000, description="How many findings can be looked at.")],
    learn_share: Annotated[
        float, Query(description="Share of them that is drawn for learning, 0 to 1.")
    ] = usecase.LEARN_SHARE,
) -> Queue:
    """Open findings, the first by priority, then what is drawn for learning; the same until the store changes."""
    rows = [_row(request, drawn) for drawn in usecase.review_queue(services, capacity, learn_share)]
    return Queue(capacity=capacity, learn_share=learn_share, rows=rows, links=page_links(request, None))


@router.get("/queue/precision", summary="How right the findings are", dependencies=[Depends(only_query("capacity"))])
def get_precision(
    request: Request,
    services: Kancha,
    capacity: Annotated[int | None, Query(le=1_000_000, description="A further k.")] = None,
) -> PrecisionOut:
    """Precision of what was judged: of the first k, by change, stage, sensor, season and month."""
    told = PrecisionOut.model_validate(usecase.precision(services, capacity))
    return told.model_copy(update={"links": page_links(request, None)})
