"""Routes of structures over time; lists of them are a collection."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request

from service.dependencies import GEOJSON, Kancha, base_url, only_query
from service.routers.jobs import job_out
from service.schemas.common import Link
from service.schemas.structures import EarliestOrdered, EarliestOut, LookOut, StructureOut
from service.usecases import structures as usecase

router = APIRouter(tags=["structures"])


def _links(request: Request, structure_id: str, own: str) -> list[Link]:
    base = f"{base_url(request)}/structures/{structure_id}"
    return [
        Link(href=f"{base}{own}", rel="self", type="application/json"),
        Link(href=f"{base_url(request)}/collections/structures/items/{structure_id}", rel="item", type=GEOJSON),
        *([Link(href=f"{base}/earliest", rel="related", type="application/json")] if not own else []),
    ]


@router.get("/structures/{structure_id}", summary="One structure over time", dependencies=[Depends(only_query())])
def get_structure(request: Request, structure_id: str, services: Kancha) -> StructureOut:
    """Its dates, its growth, its findings, and in how many of the usable looks it was seen.

    An id that is none any more, since a later scan showed two structures to be one, gives the one that it leads to.
    """
    found = usecase.get_structure(services, structure_id)
    feature = orjson.loads(found.geojson)
    return StructureOut(
        structure=feature,
        seen=found.seen,
        usable_looks=found.usable,
        unknown_looks=found.unknown,
        looks=[LookOut.model_validate(look) for look in found.looks],
        links=_links(request, feature["id"], ""),
    )


@router.get(
    "/structures/{structure_id}/earliest", summary="When a structure began", dependencies=[Depends(only_query())]
)
def get_earliest(request: Request, structure_id: str, services: Kancha) -> EarliestOut:
    """What is known of its beginning, and which stored scenes could tell more."""
    found = usecase.earliest(services, structure_id)
    told = EarliestOut.model_validate(found)
    return told.model_copy(update={"links": _links(request, found.structure_id, "/earliest")})


@router.post(
    "/structures/{structure_id}/earliest",
    status_code=202,
    summary="Look for the beginning in older scenes",
    dependencies=[Depends(only_query("scene"))],
)
def post_earliest(
    request: Request,
    structure_id: str,
    services: Kancha,
    scene: Annotated[str | None, Query(description="The scene to compare, else that which halves most.")] = None,
) -> EarliestOrdered:
    """Order the comparisons that halve what is not known; again, until no scene can tell more."""
    jobs = usecase.order_earliest(services, structure_id, scene)
    return EarliestOrdered(jobs=[job_out(request, job) for job, _ in jobs])
