"""IdentitiesService.WithdrawConsent: the end of a person's consent."""

from __future__ import annotations

from semblant.v1.answers_pb2 import IdentityReport
from semblant.v1.identities_pb2 import WithdrawConsentRequest, WithdrawConsentResponse

from gateway.operations.identities import withdraw
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def withdraw_consent(call: Call, request: WithdrawConsentRequest) -> WithdrawConsentResponse:
    """Withdraw a person's consent."""
    gone = await withdraw(call.services, call.exchange, request.id)
    return WithdrawConsentResponse(identity=filled(IdentityReport, gone))
