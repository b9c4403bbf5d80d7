"""Routes of personal data: read with a purpose, erased on request. Each is recorded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import Kancha, only_query
from service.http_guard import address_of
from service.schemas.common import Answer
from service.usecases import privacy as usecase

router = APIRouter(tags=["personal data"])
_Purpose = Annotated[str, Query(min_length=4, max_length=300, description="What for, in words; it is recorded.")]


class PersonalOut(Answer):
    """The personal values of a feature."""

    kind: str
    fid: str
    version: str
    values: dict[str, Any]


@router.get(
    "/layers/{kind}/features/{fid}/personal",
    summary="Personal data of a feature",
    dependencies=[Depends(only_query("purpose"))],
)
def get_personal(
    request: Request, response: Response, kind: str, fid: str, services: Kancha, purpose: _Purpose
) -> PersonalOut:
    """Names, numbers and addresses of people, which everywhere else are masked; every look is recorded."""
    response.headers["Cache-Control"] = "no-store"
    found = usecase.read_personal(services, kind, fid, purpose, address_of(request.scope))
    return PersonalOut.model_validate(found)


@router.delete(
    "/layers/{kind}/features/{fid}/personal",
    summary="Erase the personal data of a feature",
    status_code=204,
    dependencies=[Depends(only_query("reason"))],
)
def delete_personal(
    request: Request,
    kind: str,
    fid: str,
    services: Kancha,
    reason: Annotated[str, Query(min_length=4, max_length=300, description="Why, in words; it is recorded.")],
) -> Response:
    """In every version of the layer, and with them the stored files that hold them."""
    usecase.erase_personal(services, kind, fid, reason, address_of(request.scope))
    return Response(status_code=204)
