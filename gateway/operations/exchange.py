"""One request and its answer, as log and metrics see them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from gateway.access.caller import DEFAULT_TENANT
from gateway.pipeline.timings import Timings

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id_of(asked: str) -> str:
    """Return the id of a request: the caller's, if it is short and harmless, else a new one."""
    return asked if _SAFE_ID.fullmatch(asked) else secrets.token_hex(16)


@dataclass(slots=True)
class Exchange:
    """The record of one request. No file names, images or faces.

    Attributes:
        request_id: The caller's, if it is short and harmless, else ours.
        tenant: Whose request it is; set when the caller is let in.
        actor: The caller's name, never a secret; empty if nobody had to authenticate.
        timings: Seconds by stage.
        code: Error code of the answer; empty if there was no error.
        faces_found: Faces of the target, or of the analysed picture.
        faces_swapped: Faces that were changed.
        headers: Headers of the response, of any status.
    """

    request_id: str
    tenant: str = DEFAULT_TENANT
    actor: str = ""
    timings: Timings = field(default_factory=Timings)
    code: str = ""
    faces_found: int = 0
    faces_swapped: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def server_timing(self) -> str:
        """Return the stages as a `Server-Timing` header, in milliseconds."""
        return ", ".join(
            f"{stage};dur={milliseconds:g}"
            for stage, milliseconds in self.timings.milliseconds().items()
        )
