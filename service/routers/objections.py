"""Routes of objections for the bureau: listed, read, brought to their case, answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from service.dependencies import Body, Kancha, Pages, base_url, only_query, page_links
from service.errors import BadRequestBodyError
from service.routers.bodies import json_body
from service.schemas.common import Link
from service.schemas.public import ObjectionOut, ObjectionsOut, ObjectionWordsOut
from service.store.case_base import Objection
from service.usecases import objections as usecase

router = APIRouter(tags=["cases"])
_ANSWER = {
    "answer": ("string", "What is answered, as the resident reads it."),
    "upheld": ("boolean", "Whether the objection is right: a decision that stands is overturned by it."),
}
_PLACE = {"case_id": ("string", "The case that it is about.")}


def _out(request: Request, one: Objection) -> ObjectionOut:
    links = [Link(href=f"{base_url(request)}/objections/{one.id}", rel="self")]
    return ObjectionOut.model_validate(one).model_copy(update={"links": links})


@router.get("/objections", summary="List objections", dependencies=[Depends(only_query("limit", "cursor", "open"))])
def get_objections(
    request: Request,
    services: Kancha,
    page: Pages,
    open: Annotated[bool, Query(description="Only those that nobody answered.")] = False,
) -> ObjectionsOut:
    """About the cases that one sees, and about none yet; the latest first, without what was said."""
    found = usecase.list_objections(services, page.limit, page.after_key, open_only=open)
    return ObjectionsOut(
        objections=[_out(request, one) for one in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.get("/objections/{objection_id}", summary="One objection", dependencies=[Depends(only_query())])
def get_objection(request: Request, response: Response, objection_id: str, services: Kancha) -> ObjectionWordsOut:
    """With what was said, and by whom."""
    response.headers["Cache-Control"] = "no-store"
    found, words = usecase.words_of(services, objection_id)
    said = dict.fromkeys(("text", "name", "contact", "about")) if words is None else words.__dict__
    return ObjectionWordsOut(**_out(request, found).model_dump(), **said)


@router.post(
    "/objections/{objection_id}/case",
    summary="Bring an objection to its case",
    openapi_extra=json_body(_PLACE, ["case_id"]),
)
def post_objection_case(request: Request, objection_id: str, form: Body, services: Kancha) -> ObjectionOut:
    """Its term begins with the day on which it was received."""
    form.only(set(_PLACE))
    return _out(request, usecase.place_objection(services, objection_id, form.text("case_id") or ""))


@router.post(
    "/objections/{objection_id}/answer",
    summary="Answer an objection",
    openapi_extra=json_body(_ANSWER, ["answer", "upheld"]),
)
def post_objection_answer(request: Request, objection_id: str, form: Body, services: Kancha) -> ObjectionOut:
    """Who handled the case does not answer; one that is right overturns the decision that stands."""
    form.only(set(_ANSWER))
    upheld = form.fields.get("upheld")
    if not isinstance(upheld, bool):
        raise BadRequestBodyError("Whether it is right is not told.", remedy="Send upheld: true or false.")
    return _out(request, usecase.answer_objection(services, objection_id, form.text("answer") or "", upheld=upheld))
