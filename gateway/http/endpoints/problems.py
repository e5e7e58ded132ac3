"""GET /problems/{code}: what an error code means; the `type` of every problem points here."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import Response

from gateway.errors import NotFound, error_class
from gateway.http.dependencies import accepting
from gateway.http.request.negotiate import JSON, Accepted
from gateway.http.response.error_docs import PAGE_ERRORS
from gateway.http.response.pages import HTML, page
from gateway.http.routing import Router, responses
from gateway.operations.schemas.problems import ProblemPage

router = Router("documentation")


@router.get(
    "/problems/{code}",
    responses=responses(*PAGE_ERRORS, model=ProblemPage, media_types=[HTML]),
)
async def get_problem(
    code: Annotated[str, Path(examples=["no_face_in_target"])],
    accepted: Annotated[Accepted, Depends(accepting(JSON, HTML))],
) -> Response:
    """Explain an error code; the `type` of every problem points here."""
    kind = accepted.best((JSON, HTML))
    known = error_class(code)
    if known is None:
        raise NotFound("There is no such error code.")
    spec = known.spec
    row = ProblemPage(
        code=spec.code,
        title=spec.title,
        status=spec.http,
        grpc_status=spec.grpc,
        retryable=spec.retryable,
    )
    if kind == JSON:
        return Response(row.model_dump_json(), media_type=JSON, headers={"Vary": "Accept"})
    rows = [(name, str(value)) for name, value in row.model_dump().items()]
    return page(spec.code, spec.title, [("", rows)])
