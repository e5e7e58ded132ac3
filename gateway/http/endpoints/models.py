"""GET /v1/models: the catalogue and the state of each model."""

from __future__ import annotations

from gateway.http.dependencies import AnswersJson, MayUseModels, RunningServices
from gateway.http.response.error_docs import READ_ERRORS
from gateway.http.routing import Router, responses
from gateway.operations.models import list_models
from gateway.operations.schemas.operations import ModelList

router = Router("operations")


@router.get(
    "/v1/models", dependencies=[AnswersJson, MayUseModels], responses=responses(*READ_ERRORS)
)
async def get_models(services: RunningServices) -> ModelList:
    """List the models with their licenses and states."""
    return list_models(services)
