"""GET /v1/models: the catalogue and the state of each model."""

from __future__ import annotations

from gateway.http.dependencies import AnswersJson, RunningServices
from gateway.http.response.error_docs import READ_ERRORS
from gateway.http.routing import Router, responses
from gateway.http.schemas.operations import ModelInfo, ModelList

router = Router("operations")


@router.get("/v1/models", dependencies=[AnswersJson], responses=responses(*READ_ERRORS))
async def get_models(services: RunningServices) -> ModelList:
    """List the models with their licenses and states."""
    states = {s.name: s for s in (*services.health.seen.values(), *services.health.states)}
    models = []
    for entry in services.models.values():
        state = states.get(entry.name)
        models.append(
            ModelInfo(
                name=entry.name,
                title=entry.title,
                task=entry.task,
                license=entry.license,
                credit=entry.credit,
                commercial=entry.commercial,
                version=state.version if state else "",
                ready=state.ready if state else False,
                reason=state.reason if state else "not in the model repository",
            )
        )
    return ModelList(models=models)
