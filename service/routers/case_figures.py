"""Routes of what is made of many cases: the ledger, the look at even treatment, comparable cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from geodata.io.dates import parse_date
from service.dependencies import Kancha, base_url, only_query
from service.routers.sending import sent_file
from service.schemas.case_figures import AlikeOut, CaseLedgerOut, ComparableOut, EqualTreatmentOut
from service.schemas.common import Link
from service.usecases import case_histories as usecase
from service.usecases.case_ledgers import write_case_ledger

router = APIRouter(tags=["cases"])
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA = {"xlsx": _XLSX, "pdf": "application/pdf"}
_Since = Annotated[str | None, Query(description="Cases opened from when on.")]
_Until = Annotated[str | None, Query(description="Until when, excluded; else now.")]


def _self(request: Request) -> list[Link]:
    return [Link(href=f"{base_url(request)}{request.url.path}", rel="self", type="application/json")]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_date(text)


@router.get("/cases/ledger", summary="The ledger of cases", dependencies=[Depends(only_query("since", "until"))])
def get_case_ledger(request: Request, services: Kancha, since: _Since = None, until: _Until = None) -> CaseLedgerOut:
    """Rates, medians and areas, each with its definition, and by unit, village, category and month."""
    told = usecase.case_ledger(services, _moment(since), _moment(until))
    return CaseLedgerOut.model_validate(told).model_copy(update={"links": _self(request)})


@router.get(
    "/cases/ledger.{form}",
    summary="The ledger of cases as a file",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in _MEDIA.values()}, "description": "The file."}},
    dependencies=[Depends(only_query("since", "until", "language"))],
)
def get_case_ledger_file(
    services: Kancha,
    form: Literal["xlsx", "pdf"],
    since: _Since = None,
    until: _Until = None,
    language: Literal["zh", "en"] = "zh",
) -> Response:
    """A workbook, or pages to print, with the definitions and one row a case."""
    return sent_file(
        services,
        f"cases.{form}",
        _MEDIA[form],
        lambda path: write_case_ledger(services, path, language, _moment(since), _moment(until)),
    )


@router.get("/cases/fairness", summary="Even treatment", dependencies=[Depends(only_query())])
def get_case_fairness(request: Request, services: Kancha) -> EqualTreatmentOut:
    """Time and outcome by category, village, size and path, and the cases that went another way than those alike."""
    found = usecase.even_treatment(services)
    return EqualTreatmentOut.model_validate(found).model_copy(update={"links": _self(request)})


@router.get("/cases/{case_id}/comparable", summary="Comparable cases", dependencies=[Depends(only_query())])
def get_comparable_cases(request: Request, case_id: str, services: Kancha) -> ComparableOut:
    """The decided cases most like it: of its category, path and stage, the nearest in size first."""
    case, alike = usecase.comparable_cases(services, case_id)
    return ComparableOut(case=AlikeOut.of(case), alike=[AlikeOut.of(one) for one in alike], links=_self(request))
