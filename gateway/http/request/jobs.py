"""What the endpoints of jobs and uploads ask for: engine, tenant, ids and request headers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from gateway.errors import InvalidRequest, JobsDisabled
from gateway.http.dependencies import RunningServices
from gateway.jobs.protocol import JobEngine
from gateway.operations.jobs import ID, duration_s, known_id
from gateway.operations.schemas.examples import JOB_ID

MAX_WAIT_S = 60
"""Seconds that may be waited for a job before it is answered."""


async def engine_of(services: RunningServices) -> JobEngine:
    """Return the engine of jobs.

    Raises:
        JobsDisabled: there is none.
    """
    if services.jobs is None:
        raise JobsDisabled()
    return services.jobs


async def job_id(
    id: Annotated[str, Path(json_schema_extra={"pattern": f"^{ID.pattern}$"}, examples=[JOB_ID])],
) -> str:
    """Return which job a request is about.

    Raises:
        JobNotFound: none has such an id.
    """
    return known_id(id)


def _printable(key: str) -> str:
    if not key.isprintable():
        raise ValueError("it must consist of printable characters")
    return key


async def wait_s(
    prefer: Annotated[
        str,
        Header(
            alias="Prefer",
            description="Seconds to wait for the job, 1-60.",
            examples=["wait=30"],
        ),
    ] = "",
) -> int | None:
    """Return the seconds a caller prefers to wait for a job (RFC 7240); None if it does not.

    Raises:
        InvalidRequest: they are too few or too many.
    """
    for preference in prefer.split(","):
        name, _, value = preference.partition("=")
        if name.strip().lower() == "wait":
            value = value.strip().strip('"') or str(MAX_WAIT_S)
            if not value.isdecimal() or not 1 <= int(value) <= MAX_WAIT_S:
                raise InvalidRequest(f"Prefer: wait must be 1-{MAX_WAIT_S} seconds.")
            return int(value)
    return None


Engine = Annotated[JobEngine, Depends(engine_of)]
JobId = Annotated[str, Depends(job_id)]
WaitSeconds = Annotated[int | None, Depends(wait_s)]
IdempotencyKey = Annotated[
    str | SkipJsonSchema[None],
    AfterValidator(lambda key: key if key is None else _printable(key)),
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Unique key of this request.",
        examples=["a1b2"],
    ),
]
CancelAfter = Annotated[
    Annotated[
        float,
        BeforeValidator(duration_s, json_schema_input_type=str),
        WithJsonSchema({"type": "string", "pattern": "^[\\d.]+[smhd]$"}),
    ]
    | SkipJsonSchema[None],
    Header(
        alias="Cancel-After", description="Time after which the job is canceled.", examples=["5m"]
    ),
]
