"""One request and its answer, as log, metrics and response headers see them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.pipeline.timings import Timings

_KEY = "semblant.exchange"
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(slots=True)
class Exchange:
    """The record of one request. No file names, images or faces.

    Attributes:
        request_id: The caller's, if it is short and harmless, else ours.
        timings: Seconds by stage.
        code: Error code of the answer; empty if there was no error.
        faces_found: Faces of the target, or of the analysed picture.
        faces_swapped: Faces that were changed.
        headers: Headers of the response, of any status.
    """

    request_id: str
    timings: Timings = field(default_factory=Timings)
    code: str = ""
    faces_found: int = 0
    faces_swapped: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, scope: Scope) -> Exchange:
        """Open the record of a request and leave it in the request's scope."""
        asked = Headers(scope=scope).get("x-request-id", "")
        exchange = cls(asked if _SAFE_ID.fullmatch(asked) else secrets.token_hex(16))
        scope[_KEY] = exchange
        return exchange

    @classmethod
    def of(cls, request: HTTPConnection) -> Exchange:
        """Return the record of a request."""
        exchange: Exchange = request.scope[_KEY]
        return exchange

    def server_timing(self) -> str:
        """Return the stages as a `Server-Timing` header, in milliseconds."""
        return ", ".join(
            f"{stage};dur={milliseconds:g}"
            for stage, milliseconds in self.timings.milliseconds().items()
        )
