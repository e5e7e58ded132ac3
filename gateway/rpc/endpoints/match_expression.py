"""ExpressionsService.MatchExpression: the entry of a library nearest to an expression."""

from __future__ import annotations

from semblant.v1.answers_pb2 import LibraryMatch
from semblant.v1.expressions_pb2 import MatchExpressionRequest, MatchExpressionResponse

from gateway.operations.expressions import match
from gateway.operations.schemas.libraries import MatchRequest
from gateway.rpc.call import Call
from gateway.rpc.messages import filled, options_of


async def match_expression(call: Call, request: MatchExpressionRequest) -> MatchExpressionResponse:
    """Find the entry of a library that is nearest to an expression."""
    wanted = options_of(request.options, MatchRequest, controls={})
    kept = await call.services.compute.run(call.services.expressions.get, call.tenant, request.id)
    found = await call.services.compute.run(match, kept, wanted)
    return MatchExpressionResponse(match=filled(LibraryMatch, found))
