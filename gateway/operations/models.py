"""The catalogue and the state of each model."""

from __future__ import annotations

from gateway.operations.schemas.operations import ModelInfo, ModelList
from gateway.serving.services import Services


def list_models(services: Services) -> ModelList:
    """Return the models with their licences and states."""
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
