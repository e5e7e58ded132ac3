"""The closed list of what spans may say.

Spans leave the installation, often for a service of somebody else's. What callers send is therefore
in none of them: no names of files, identities or tenants, no address with its query, no message of
an exception. A value is a number, or one of a set that this program knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

Value = str | int | float | bool


class Attribute(StrEnum):
    """Names of attributes of spans and of their events; there are no others."""

    # OpenTelemetry's semantic conventions.
    ERROR_TYPE = "error.type"
    HTTP_METHOD = "http.request.method"
    HTTP_ROUTE = "http.route"
    HTTP_STATUS = "http.response.status_code"
    RPC_METHOD = "rpc.method"
    RPC_STATUS = "rpc.response.status_code"
    RPC_SYSTEM = "rpc.system.name"
    SERVER_ADDRESS = "server.address"
    SERVER_PORT = "server.port"
    URL_SCHEME = "url.scheme"
    # Our own.
    ATTEMPTS = "semblant.attempts"
    CODE = "semblant.code"
    DURATION_MS = "semblant.duration_ms"
    FACES_FOUND = "semblant.faces.found"
    FACES_SWAPPED = "semblant.faces.swapped"
    FRAME = "semblant.frame"
    FRAMES = "semblant.frames"
    JOB_ID = "semblant.job.id"
    JOB_STEP = "semblant.job.step"
    MODEL = "semblant.model"
    ROWS = "semblant.rows"
    SEGMENT = "semblant.segment"
    STAGE = "semblant.stage"


Attributes = Mapping[Attribute, Value]
