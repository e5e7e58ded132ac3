"""What the endpoints of jobs and uploads ask for: engine, tenant, ids and request headers."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from gateway.access.caller import DEFAULT_TENANT
from gateway.errors import InvalidRequest, JobNotFound, JobsDisabled
from gateway.http.dependencies import RunningServices
from gateway.http.schemas.examples import JOB_ID
from gateway.jobs.protocol import JobEngine

MAX_WAIT_S = 60
"""Seconds that may be waited for a job before it is answered."""
_ID = r"job_[0-9a-f]{32}"
_DURATION = r"(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)"
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


async def engine_of(services: RunningServices) -> JobEngine:
    """Return the engine of jobs.

    Raises:
        JobsDisabled: there is none.
    """
    if services.jobs is None:
        raise JobsDisabled()
    return services.jobs


async def job_id(
    id: Annotated[str, Path(json_schema_extra={"pattern": f"^{_ID}$"}, examples=[JOB_ID])],
) -> str:
    """Return which job a request is about.

    Raises:
        JobNotFound: none has such an id.
    """
    if not re.fullmatch(_ID, id):
        raise JobNotFound()
    return id


def _printable(key: str) -> str:
    if not key.isprintable():
        raise ValueError("it must consist of printable characters")
    return key


def duration_s(text: str) -> float:
    """Return the seconds of a duration such as `90s`, `5m`, `2h` or `7d`.

    Raises:
        ValueError: it is none, or none at all.
    """
    match = re.fullmatch(_DURATION, text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise ValueError("it must be a duration such as 90s, 5m, 2h or 7d")
    return seconds


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
Tenant = Annotated[
    str,
    Header(
        alias="X-Semblant-Tenant",
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Tenant that owns the jobs and uploads.",
        examples=[DEFAULT_TENANT],
    ),
]
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


@dataclass(frozen=True, slots=True)
class PageToken:
    """The cursor of the next page of a list; opaque to callers.

    Attributes:
        created: Creation time of the last job that was listed.
        id: Its id.
    """

    created: float
    id: str

    def written(self) -> str:
        """Return what callers see."""
        text = json.dumps([self.created, self.id])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> PageToken:
        """Return what it stands for.

        Raises:
            InvalidRequest: for nothing.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            created, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            return cls(float(created), str(id))
        except (binascii.Error, ValueError, TypeError):
            raise InvalidRequest("The page token is none of ours.") from None
