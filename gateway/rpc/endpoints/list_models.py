"""ModelsService.ListModels: the catalogue and the state of each model."""

from __future__ import annotations

from semblant.v1.models_pb2 import ListModelsRequest, ListModelsResponse

from gateway.operations.models import list_models
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def list_served_models(call: Call, request: ListModelsRequest) -> ListModelsResponse:
    """List the models with their licences and states."""
    return filled(ListModelsResponse, list_models(call.services))
