"""GET /v1/models: the catalogue and what of it answers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.schemas.swaps import ModelInfo, ModelList
from gateway.serving.services import Services


async def get_models(services: Services, request: Request) -> Response:
    """Answer every model with its licence and state."""
    acceptable(request.headers.get("accept"), (JSON,))
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
    return Response(ModelList(models=models).model_dump_json(), media_type=JSON)
