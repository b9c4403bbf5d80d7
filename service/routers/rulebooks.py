"""Routes of rulebooks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from geodata.assess import Book
from service.dependencies import Kancha, base_url, only_query, page_links
from service.schemas.common import Link
from service.schemas.rulebooks import (
    ConditionOut,
    DifferenceOut,
    ExplanationOut,
    NewRulebook,
    RulebookContent,
    RulebookDiff,
    RulebookList,
    RulebookOut,
    RulebookProposal,
    RulebookText,
    RulebookUse,
    TrialOut,
)
from service.services import Services
from service.usecases import rulebook_changes as changes
from service.usecases import rulebooks as usecase

router = APIRouter(tags=["rulebooks"])


def _self(request: Request, path: str) -> list[Link]:
    return [Link(href=f"{base_url(request)}{path}", rel="self", type="application/json")]


def _out(request: Request, entry: usecase.BookEntry) -> RulebookOut:
    links = _self(request, f"/rulebooks/{entry.name}")
    return RulebookOut.model_validate(entry).model_copy(update={"links": links})


def _content(book: Book) -> dict[str, Any]:
    return book.rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _list(request: Request, services: Services) -> RulebookList:
    found = [_out(request, entry) for entry in usecase.list_books(services.settings)]
    return RulebookList(rulebooks=found, state=changes.state_of(services.settings), links=page_links(request, None))


@router.get("/rulebooks", summary="List rulebooks", dependencies=[Depends(only_query())])
def get_rulebooks(request: Request, services: Kancha) -> RulebookList:
    """Every version of every rulebook, by id and day."""
    return _list(request, services)


@router.post("/rulebooks/check", summary="What putting a rulebook in would do", dependencies=[Depends(only_query())])
def post_rulebook_check(request: Request, services: Kancha, body: RulebookText) -> RulebookProposal:
    """Check a rulebook as putting it in would, and compare it with the one that it takes over from; nothing is kept."""
    found = changes.propose(services.settings, body.text, body.since)
    return RulebookProposal(
        **_out(request, found.entry).model_dump(exclude={"links"}),
        is_new=found.is_new,
        holds_now=found.holds_now,
        against=found.against.name,
        differences=[DifferenceOut.model_validate(one) for one in found.differences],
        content=_content(found.book),
    )


@router.post(
    "/rulebooks",
    status_code=201,
    summary="Put a rulebook in",
    responses={200: {"model": RulebookOut, "description": "The same rulebook is kept already."}},
    dependencies=[Depends(only_query())],
)
def post_rulebook(request: Request, response: Response, services: Kancha, body: NewRulebook) -> RulebookOut:
    """Keep a rulebook for ever; `use` puts its id to use, and scans take it from the day on which it holds."""
    entry, new = changes.put_in(services, body.text, body.since, use=body.use, expected=body.expected)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}/rulebooks/{entry.name}"
    return _out(request, entry)


@router.put("/rulebooks/current", summary="Put a rulebook to use", dependencies=[Depends(only_query())])
def put_rulebook_in_use(request: Request, services: Kancha, body: RulebookUse) -> RulebookList:
    """Let scans take a rulebook where nobody says otherwise: of its versions the one that holds on their day."""
    changes.put_to_use(services, body.id, body.expected)
    return _list(request, services)


@router.get("/rulebooks/{name}/diff/{other}", summary="How two rulebooks differ", dependencies=[Depends(only_query())])
def get_rulebook_diff(request: Request, name: str, other: str, services: Kancha) -> RulebookDiff:
    """What the second says otherwise than the first; each by its id, with or without its checksum, or `current`."""
    before, after, found = changes.differences(services.settings, name, other)
    return RulebookDiff(
        before=before.name,
        after=after.name,
        differences=[DifferenceOut.model_validate(one) for one in found],
        links=_self(request, f"/rulebooks/{before.name}/diff/{after.name}"),
    )


@router.get("/rulebooks/{name}", summary="One rulebook", dependencies=[Depends(only_query())])
def get_rulebook(request: Request, name: str, services: Kancha) -> RulebookContent:
    """A rulebook by its id, with or without its checksum, or `current`, with everything that it extends."""
    book = usecase.get_book(services.settings, name)
    return RulebookContent(name=book.name, content=_content(book), links=_self(request, f"/rulebooks/{book.name}"))


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
