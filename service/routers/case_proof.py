"""Routes of proof: what later scenes showed of a case."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from service.dependencies import Kancha, base_url, only_query
from service.schemas.case_proof import CaseProofOut
from service.schemas.common import Link
from service.usecases import case_proof as usecase

router = APIRouter(tags=["cases"])


def _out(request: Request, services: Kancha, case_id: str) -> CaseProofOut:
    here = f"{base_url(request)}/cases/{case_id}"
    links = [Link(href=f"{here}/proof", rel="self"), Link(href=here, rel="up", type="application/json")]
    return CaseProofOut.of(usecase.proof_of(services, case_id), links)


@router.get("/cases/{case_id}/proof", summary="What scenes showed of a case", dependencies=[Depends(only_query())])
def get_case_proof(request: Request, case_id: str, services: Kancha) -> CaseProofOut:
    """Every look at its place, told or only kept, and whether proof from the field is due."""
    return _out(request, services, case_id)


@router.post("/cases/{case_id}/proof", summary="Look at a case now", dependencies=[Depends(only_query())])
def post_case_proof(request: Request, case_id: str, services: Kancha) -> CaseProofOut:
    """Look at it with every stored scene that could prove its end and was not looked at yet."""
    usecase.look_at_case(services, case_id)
    return _out(request, services, case_id)
