"""GET /problems/{code}: what an error code means; the `type` of every problem points here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import NotFound, error_class
from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.response.pages import HTML, page
from gateway.http.schemas.swaps import ProblemPage
from gateway.serving.services import Services


async def get_problem(services: Services, request: Request) -> Response:
    """Answer one row of the error table, as JSON or as a page."""
    kind = acceptable(request.headers.get("accept"), (JSON, HTML)).best((JSON, HTML))
    known = error_class(request.path_params["code"])
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
