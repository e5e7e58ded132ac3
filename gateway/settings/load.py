"""Settings of how much is done at the same time, and of what happens under overload."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LoadSettings(BaseModel):
    """What admission control needs to know."""

    max_concurrency: int = Field(
        8, ge=1, description="Requests processed at the same time; the next ones queue."
    )
    min_concurrency: int = Field(
        2,
        ge=1,
        description="Requests processed at the same time, at the least, however long they wait for "
        "one another.",
    )
    queue_delay_target_ms: float = Field(
        5.0,
        ge=0,
        description="Milliseconds that the steps of requests may wait for a thread: where they "
        "wait longer on average, fewer requests are processed at the same time. 0: always as many "
        "as may be.",
    )
    max_queue: int = Field(
        32, ge=0, description="Requests that may wait for a slot; beyond it 429 is answered."
    )
