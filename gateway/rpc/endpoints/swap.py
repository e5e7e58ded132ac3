"""FusionService.Swap: a face into a picture."""

from __future__ import annotations

from semblant.v1.fusion_pb2 import SwapRequest, SwapResponse

from gateway.deadline import Deadline
from gateway.media.image import OutputFormat
from gateway.operations.swaps import Delivery, SwapOrder, SwappedPicture, swap
from gateway.pipeline.options.swap import SwapOptions
from gateway.rpc.answers import swap_answer
from gateway.rpc.call import Call
from gateway.rpc.messages import options_of


async def swap_face(call: Call, request: SwapRequest) -> SwapResponse:
    """Put the face of the source pictures into the target picture."""
    options = options_of(request.options, SwapOptions)
    source_id = request.source_id if request.HasField("source_id") else None
    target = request.target or None
    order = SwapOrder(options, target, request.sources, request.references, source_id)
    order.require_pictures()

    def deliver(own: OutputFormat) -> Delivery:
        format = options.output.format or own
        return Delivery(format, picture=not request.without_picture, report=request.report)

    async def work(deadline: Deadline) -> SwappedPicture:
        return await swap(call.services, call.exchange, order, deliver, deadline)

    most_s = call.services.settings.request_deadline_s
    with call.ticket("swap", most_s) as ticket:
        made = await call.perform(work, most_s, ticket)
    return await call.services.compute.run(swap_answer, made, call.exchange)
