"""/v1/identities: people whose faces may be used."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.errors import ConsentRequired
from gateway.http.request.execution import allowed_seconds, perform
from gateway.http.request.forms import Field, Form, read_form
from gateway.http.request.images import decode_pictures
from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.request_context import Exchange
from gateway.http.schemas.identities import (
    IdentityList,
    IdentityOptions,
    identity_figures,
    identity_report,
)
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services
from gateway.storage.identities import EnrolledIdentity


async def post_identities(services: Services, request: Request) -> Response:
    """Read the form, analyse and store the portraits, and return the identity."""
    acceptable(request.headers.get("accept"), (JSON,))
    settings = services.settings
    fields = {
        "source": Field(least=1, most=settings.max_sources),
        "options": Field(file=False),
    }
    seconds = allowed_seconds(request, settings.request_deadline_s)
    with services.admission.ticket():
        await services.compute.run(services.identities.check_room)
        async with read_form(request, fields) as form:
            options = read_options(IdentityOptions, await form.text("options"))
            if not options.consent:
                raise ConsentRequired(errors=[{"pointer": "/consent", "detail": "must be true"}])

            async def work(deadline: Deadline) -> Response:
                return await _enrol(services, Exchange.of(request), form, options, deadline)

            return await perform(services, request, work, seconds)


async def get_identities(services: Services, request: Request) -> Response:
    """Answer all identities."""
    acceptable(request.headers.get("accept"), (JSON,))
    infos = await services.compute.run(services.identities.infos)
    answer = IdentityList(identities=[identity_figures(info) for info in infos])
    return Response(answer.model_dump_json(), media_type=JSON)


async def get_identity(services: Services, request: Request) -> Response:
    """Answer one identity."""
    acceptable(request.headers.get("accept"), (JSON,))
    kept = await services.compute.run(services.identities.get, request.path_params["id"])
    return Response(identity_report(kept).model_dump_json(), media_type=JSON)


async def delete_identity(services: Services, request: Request) -> Response:
    """Forget an identity."""
    await services.compute.run(services.identities.delete, request.path_params["id"])
    return Response(status_code=204)


async def _enrol(
    services: Services,
    exchange: Exchange,
    form: Form,
    options: IdentityOptions,
    deadline: Deadline,
) -> Response:
    """Decode, analyse, keep, render."""
    files = [(f"Source {n}", data) for n, data in enumerate(await form.files("source"))]
    pictures = await decode_pictures(services, exchange, files)
    portraits = await services.identifier.enrol(
        [picture.rgb for picture in pictures], deadline=deadline, timings=exchange.timings
    )
    kept = EnrolledIdentity.new(options.name, options.statement, portraits)
    await services.compute.run(services.identities.add, kept)
    exchange.faces_found = len(portraits)
    headers = {
        "Location": f"/v1/identities/{kept.id}",
        "Server-Timing": exchange.server_timing(),
    }
    answer = identity_report(kept).model_dump_json()
    return Response(answer, status_code=201, media_type=JSON, headers=headers)
