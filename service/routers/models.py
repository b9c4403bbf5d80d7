"""Routes of models; they are added and put to use on the command line."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from service.dependencies import Kancha, base_url, only_query, page_links
from service.schemas.common import Link
from service.schemas.models import ModelCard, ModelList, ModelOut
from service.usecases import models as usecase

router = APIRouter(tags=["models"])


def _links(request: Request, name: str) -> list[Link]:
    return [Link(href=f"{base_url(request)}/models/{name}", rel="self", type="application/json")]


@router.get("/models", summary="List models", dependencies=[Depends(only_query())])
def get_models(request: Request, services: Kancha) -> ModelList:
    """The training-free detector and every model, by name."""
    found = [
        ModelOut.model_validate(entry).model_copy(update={"links": _links(request, entry.name)})
        for entry in usecase.list_models(services.settings)
    ]
    return ModelList(models=found, links=page_links(request, None))


@router.get("/models/{name}", summary="One model", dependencies=[Depends(only_query())])
def get_model(request: Request, name: str, services: Kancha) -> ModelCard:
    """One model with its card."""
    entry = usecase.get_model(services.settings, name)
    return ModelCard.model_validate(entry).model_copy(update={"links": _links(request, name)})
