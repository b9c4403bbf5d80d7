"""Routes of rulebooks; they are added and put to use on the command line."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from service.dependencies import Kancha, base_url, only_query, page_links
from service.schemas.common import Link
from service.schemas.rulebooks import (
    ConditionOut,
    ExplanationOut,
    RulebookContent,
    RulebookList,
    RulebookOut,
    TrialOut,
)
from service.usecases import rulebooks as usecase

router = APIRouter(tags=["rulebooks"])


def _self(request: Request, path: str) -> list[Link]:
    return [Link(href=f"{base_url(request)}{path}", rel="self", type="application/json")]


@router.get("/rulebooks", summary="List rulebooks", dependencies=[Depends(only_query())])
def get_rulebooks(request: Request, services: Kancha) -> RulebookList:
    """Every version of every rulebook, by id and day."""
    found = [
        RulebookOut.model_validate(entry).model_copy(update={"links": _self(request, f"/rulebooks/{entry.name}")})
        for entry in usecase.list_books(services.settings)
    ]
    return RulebookList(rulebooks=found, links=page_links(request, None))


@router.get("/rulebooks/{name}", summary="One rulebook", dependencies=[Depends(only_query())])
def get_rulebook(request: Request, name: str, services: Kancha) -> RulebookContent:
    """A rulebook by its id, with or without its checksum, or `current`, with everything that it extends."""
    book = usecase.get_book(services.settings, name)
    content = book.rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return RulebookContent(name=book.name, content=content, links=_self(request, f"/rulebooks/{book.name}"))


@router.get(
    "/findings/{finding_id}/explanation", summary="Why a finding is assessed so", dependencies=[Depends(only_query())]
)
def get_explanation(request: Request, finding_id: str, services: Kancha) -> ExplanationOut:
    """Every rule tried on a finding, with what was measured for each condition."""
    found = usecase.explain_finding(services, finding_id)
    trials = [
        TrialOut(
            rule=trial.rule.name,
            about=trial.rule.about,
            conditions=[ConditionOut(condition=what, grade=grade.name.lower()) for what, grade in trial.held],
            reason=None if trial.reason is None else trial.reason.as_dict(),
            why_not=trial.why_not,
        )
        for trial in found.trials
    ]
    told = found.assessment
    return ExplanationOut(
        finding_id=finding_id,
        rulebook=found.book.name,
        status=told.status,
        severity=told.severity,
        consequence=told.consequence,
        authority=told.authority,
        trials=trials,
        links=_self(request, f"/findings/{finding_id}/explanation"),
    )
