"""The JSON about models and the state of the service."""

from __future__ import annotations

from pydantic import Field

from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, example


class ModelInfo(Answer):
    """A model and its state."""

    name: str
    title: str
    task: str
    license: str = Field(description="SPDX identifier of the weights' licence.")
    credit: str
    commercial: bool = Field(description="Whether the license allows commercial use.")
    version: str = Field(description="The version that is served; empty when none is.")
    ready: bool
    reason: str = Field(description="Why it is not ready; empty when it is.")


class ModelList(Answer):
    """All models of the catalogue."""

    model_config = example(examples.MODEL_LIST)

    models: list[ModelInfo]


class HealthState(Answer):
    """State of the service."""

    model_config = example({"status": "ready"})

    status: str
