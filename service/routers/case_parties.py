"""Routes of the parties of a case: masked for all, in the clear with a purpose that is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import Body, Kancha, base_url, only_query
from service.http_guard import address_of
from service.routers.bodies import json_body
from service.schemas.case_files import CasePartiesOut, CasePartyOut
from service.schemas.common import Link
from service.usecases import case_parties as usecase

router = APIRouter(tags=["cases"])
_PARTY = {
    "name": ("string", "Of the person or the organisation."),
    "kind": ("string", "person or organisation."),
    "id_number": ("string", "Identity card, or unified social credit code."),
    "address": ("string", "Home or seat."),
    "phone": ("string", "Telephone."),
    "representative": ("string", "Legal representative of an organisation."),
}
_NAMED = {**_PARTY, "at": ("string", "When it became known, with a zone; else now.")}
_NOTHING = dict.fromkeys(_PARTY)


def _out(request: Request, found: Sequence[usecase.ShownParty]) -> CasePartiesOut:
    told = [
        CasePartyOut(
            id=one.id, erased_at=one.erased_at, **(_NOTHING if one.facts is None else asdict(one.facts))
        )
        for one in found
    ]  # fmt: skip
    return CasePartiesOut(parties=told, links=[Link(href=f"{base_url(request)}{request.url.path}", rel="self")])


@router.post(
    "/cases/{case_id}/parties",
    status_code=201,
    summary="Say who the party is",
    openapi_extra=json_body(_NAMED, ["name"]),
)
def post_case_party(request: Request, case_id: str, form: Body, services: Kancha) -> CasePartiesOut:
    """What is told is sealed; the event `party_known` names nobody."""
    form.only(set(_NAMED))
    told = {name: value for name, value in form.fields.items() if name in _PARTY}
    usecase.name_party(services, case_id, told, form.moment("at"))
    return _out(request, usecase.masked_parties(services, case_id))


@router.get("/cases/{case_id}/parties", summary="The parties, masked", dependencies=[Depends(only_query())])
def get_case_parties(request: Request, case_id: str, services: Kancha) -> CasePartiesOut:
    """The family name, the ends of numbers."""
    return _out(request, usecase.masked_parties(services, case_id))


@router.get(
    "/cases/{case_id}/parties/personal",
    summary="The parties in the clear",
    dependencies=[Depends(only_query("purpose"))],
)
def get_case_personal(
    request: Request,
    response: Response,
    case_id: str,
    services: Kancha,
    purpose: Annotated[str, Query(min_length=4, max_length=300, description="What for, in words; it is recorded.")],
) -> CasePartiesOut:
    """Names, numbers and addresses; the look is recorded."""
    response.headers["Cache-Control"] = "no-store"
    return _out(request, usecase.clear_parties(services, case_id, purpose, address_of(request.scope)))


@router.delete(
    "/cases/{case_id}/parties/{party_id}/personal",
    status_code=204,
    summary="Erase what is known of a party",
    dependencies=[Depends(only_query("reason"))],
)
def delete_case_personal(
    request: Request,
    case_id: str,
    party_id: str,
    services: Kancha,
    reason: Annotated[str, Query(min_length=4, max_length=300, description="Why, in words; it is recorded.")],
) -> None:
    """That there was a party stays in the events of the case."""
    usecase.erase_party(services, case_id, party_id, reason, address_of(request.scope))
