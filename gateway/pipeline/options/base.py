"""What all options have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class OptionsModel(BaseModel):
    """Base of all options: unknown fields are rejected."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")
