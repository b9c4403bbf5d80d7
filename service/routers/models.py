"""Routes of models."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from service.dependencies import Kancha, base_url, only_query, page_links
from service.schemas.common import Link
from service.schemas.models import ModelCard, ModelList, ModelOut, ModelUse
from service.services import Services
from service.usecases import model_changes as changes
from service.usecases import models as usecase

router = APIRouter(tags=["models"])


def _links(request: Request, name: str) -> list[Link]:
    return [Link(href=f"{base_url(request)}/models/{name}", rel="self", type="application/json")]


def _list(request: Request, services: Services) -> ModelList:
    found = [
        ModelOut.model_validate(entry).model_copy(update={"links": _links(request, entry.name)})
        for entry in usecase.list_models(services.settings)
    ]
    return ModelList(models=found, state=changes.state_of(services.settings), links=page_links(request, None))


@router.get("/models", summary="List models", dependencies=[Depends(only_query())])
def get_models(request: Request, services: Kancha) -> ModelList:
    """The training-free detector and every model, by name."""
    return _list(request, services)


@router.put("/models/current", summary="Put a model to use", dependencies=[Depends(only_query())])
def put_model_in_use(request: Request, services: Kancha, body: ModelUse) -> ModelList:
    """Let scans take a model where nobody says otherwise, once it was seen to be whole and to run."""
    changes.put_to_use(services, body.name, body.expected)
    return _list(request, services)


@router.get("/models/{name}", summary="One model", dependencies=[Depends(only_query())])
def get_model(request: Request, name: str, services: Kancha) -> ModelCard:
    """One model with its card."""
    entry = usecase.get_model(services.settings, name)
    return ModelCard.model_validate(entry).model_copy(update={"links": _links(request, name)})
