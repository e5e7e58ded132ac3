"""Results of swaps as messages."""

from __future__ import annotations

from semblant.v1.answers_pb2 import SwapReport
from semblant.v1.fusion_pb2 import SwapResponse

from gateway.operations.exchange import Exchange
from gateway.operations.swaps import SwappedPicture, swap_report
from gateway.pipeline.face.quality import worst
from gateway.rpc.messages import filled


def swap_answer(made: SwappedPicture, exchange: Exchange) -> SwapResponse:
    """Return the answer to a swap."""
    result = made.result
    answer = SwapResponse(
        picture=made.data,
        media_type=made.media_type if made.data else "",
        faces_found=len(result.faces),
        faces_swapped=len(result.swapped),
        warnings=made.warnings,
        quality=worst(face.quality for face in result.swapped),
        timings_ms=exchange.timings.milliseconds(),
    )
    if made.delivery.report:
        report = swap_report(made, exchange, inline=False)
        answer.report.CopyFrom(filled(SwapReport, report))
    return answer
