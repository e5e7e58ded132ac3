"""The JSON about errors: problem details (RFC 9457), and what their codes mean."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, example


class ProblemPage(Answer):
    """What an error code means."""

    model_config = example(examples.PROBLEM_PAGE)

    code: str
    title: str
    status: int = Field(description="HTTP status.")
    grpc_status: str
    retryable: bool = Field(description="Whether the same request can succeed later.")


class ProblemDetail(Answer):
    """A finding."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the form or the options.")
    detail: str


class Problem(Answer):
    """An error (RFC 9457). Further members may give figures, such as a limit."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="allow")

    type: str = Field(description="Address of a page about the error code.")
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Stable name of the error.")
    retryable: bool = Field(description="Whether the same request can succeed later.")
    request_id: str
    errors: list[ProblemDetail] | None = None
