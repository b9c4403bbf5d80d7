"""Routes of verdicts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from geodata.types import DISMISSAL_REASONS
from service.dependencies import GEOJSON, Body, Kancha, base_url, only_query
from service.errors import BadRequestBodyError
from service.review.second_look import Pair
from service.routers.bodies import multipart_body
from service.schemas.common import Link
from service.schemas.verdicts import Judged, PairOut, VerdictList, VerdictOut, Withdrawn
from service.store.records import PURPOSES, Verdict
from service.uploads import Form
from service.usecases import verdicts as usecase
from service.usecases.second_looks import pair_with

router = APIRouter(tags=["findings"])
_TEXTS = {
    "verdict": "true or false: whether the finding is right.",
    "reason": f"With false: what it was instead, one of {', '.join(DISMISSAL_REASONS)}.",
    "judged_by": "Who judged it; needed from a key, else whoever has signed in.",
    "judged_at": "When; else now.",
    "outline": "With true: corrected outline, a GeoJSON polygon in longitude and latitude.",
    "note": "Anything else.",
    "purpose": f"{' or '.join(PURPOSES)}, as the queue says; else as the verdict before, else enforce.",
}
_WORDS = {"true": True, "false": False}


def _verdict_out(request: Request, verdict: Verdict) -> VerdictOut:
    finding = f"{base_url(request)}/findings/{quote(verdict.finding_id, safe='')}"
    links = [
        Link(href=f"{finding}/verdicts", rel="collection", type="application/json"),
        Link(href=finding, rel="related", type=GEOJSON),
    ]
    return VerdictOut.model_validate(verdict).model_copy(update={"links": links})


def pair_out(request: Request, pair: Pair) -> PairOut:
    """What two people said, as it goes over the wire."""
    first, second = _verdict_out(request, pair.first), _verdict_out(request, pair.second)
    return PairOut(result=pair.result, first=first, second=second)


def _right(form: Form) -> bool:
    value: Any = form.fields.get("verdict")
    right = value if isinstance(value, bool) else _WORDS.get(str(value).lower())
    if right is None:
        raise BadRequestBodyError(
            "The verdict is missing." if value in (None, "") else f"{str(value)[:40]!r} is no verdict.",
            remedy="Send verdict: true or false.",
        )
    return right


@router.post(
    "/findings/{finding_id}/verdicts",
    status_code=201,
    summary="Judge a finding",
    responses={200: {"model": Judged, "description": "The same verdict is stored already."}},
    openapi_extra=multipart_body({}, _TEXTS, required=["verdict"], json=True),
)
def post_verdict(request: Request, response: Response, finding_id: str, form: Body, services: Kancha) -> Judged:
    """Say whether a finding is right; the latest verdict counts. Whoever judges second is told what the first said."""
    form.only(set(_TEXTS))
    told = usecase.Judgement(
        finding_id=finding_id,
        verdict=_right(form),
        judged_by=form.text("judged_by"),
        reason=form.text("reason"),
        outline=None if form.fields.get("outline") in (None, "") else form.mapping("outline"),
        judged_at=form.moment("judged_at"),
        note=form.text("note"),
        purpose=form.text("purpose"),
    )
    verdict, new = usecase.judge(services, told)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"{base_url(request)}{request.url.path}"
    pair = pair_with(services, verdict)
    out = _verdict_out(request, verdict)
    return Judged(**dict(out), pair=None if pair is None else pair_out(request, pair))


@router.delete(
    "/findings/{finding_id}/verdicts/{verdict_id}", summary="Take back a verdict of one's own",
    dependencies=[Depends(only_query())],
)  # fmt: skip
def delete_verdict(request: Request, finding_id: str, verdict_id: str, services: Kancha) -> Withdrawn:
    """What counted before counts again; without any the finding is open again."""
    taken, counts = usecase.withdraw(services, finding_id, verdict_id)
    told = None if counts is None else _verdict_out(request, counts)
    return Withdrawn(withdrawn=_verdict_out(request, taken), counts=told)


@router.get(
    "/findings/{finding_id}/verdicts", summary="The verdicts on a finding", dependencies=[Depends(only_query())]
)
def get_verdicts(request: Request, finding_id: str, services: Kancha) -> VerdictList:
    """The verdicts on a finding that stand, the one that counts last."""
    found = usecase.verdicts_of(services, finding_id)
    return VerdictList(
        verdicts=[_verdict_out(request, verdict) for verdict in found],
        numberMatched=len(found),
        numberReturned=len(found),
        links=[Link(href=f"{base_url(request)}{request.url.path}", rel="self", type="application/json")],
    )
