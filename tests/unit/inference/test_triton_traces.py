"""Triton is told the trace in which it is called, and the trace which Triton was."""

from contextlib import asynccontextmanager

import grpc
import numpy as np
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc

from gateway.deadline import Deadline
from gateway.inference.on_demand import OnDemandModels
from gateway.inference.triton import TritonInference
from gateway.telemetry.otlp import OtlpTracer
from gateway.telemetry.spans import Kind, entered, summarized

IN = {"x": np.ones((3, 2), np.float32)}


class Triton(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers with what it is sent, and keeps the metadata of calls."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []

    async def ModelConfig(self, request, context):  # noqa: N802 - its name
        tensor = {"data_type": model_config_pb2.TYPE_FP32, "dims": [2]}
        config = model_config_pb2.ModelConfig(
            name="m",
            max_batch_size=8,
            input=[model_config_pb2.ModelInput(name="x", **tensor)],
            output=[model_config_pb2.ModelOutput(name="x", **tensor)],
        )
        return service_pb2.ModelConfigResponse(config=config)

    async def ModelInfer(self, request, context):  # noqa: N802 - its name
        self.told.append(dict(context.invocation_metadata()))
        answer = service_pb2.ModelInferResponse(model_name="m")
        output = answer.outputs.add(name="x", datatype="FP32", shape=request.inputs[0].shape)
        assert output.name
        answer.raw_output_contents.append(request.raw_input_contents[0])
        return answer


@asynccontextmanager
async def served():
    """Give a Triton, what calls it, and its port."""
    server, triton = grpc.aio.server(), Triton()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(triton, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    inference = OnDemandModels(
        TritonInference(f"127.0.0.1:{port}", shared_memory="off"), sizes={}, budget=0
    )
    try:
        yield triton, inference, port
    finally:
        await inference.close()
        await server.stop(0)


def tracer(share, sent):
    made = OtlpTracer("", sample_share=share, resource={}, timeout_s=5, exporter=sent)
    made.start()
    return made


async def test_a_call_is_a_span_that_triton_is_told_of():
    sent = InMemorySpanExporter()
    made = tracer(1, sent)
    async with served() as (triton, inference, port):
        with entered(made.root("root", Kind.SERVER, {})) as root:
            await inference.infer("m", IN, deadline=Deadline.after(20))
    made.close()
    (span,) = [one for one in sent.get_finished_spans() if one.name == "infer m"]
    assert dict(span.attributes) == {
        "semblant.model": "m",
        "semblant.rows": 3,
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    version, trace_id, span_id, flags = triton.told[0]["traceparent"].split("-")
    assert (version, trace_id) == ("00", root.trace_id)
    assert span_id == f"{span.context.span_id:016x}"
    assert int(flags, 16) & 1


async def test_triton_is_not_told_of_what_nobody_samples_or_is_summarized():
    async with served() as (triton, inference, _):
        await inference.infer("m", IN, deadline=Deadline.after(20))
        with entered(tracer(0, InMemorySpanExporter()).root("root", Kind.SERVER, {})):
            await inference.infer("m", IN, deadline=Deadline.after(20))
        with entered(tracer(1, InMemorySpanExporter()).root("root", Kind.SERVER, {})):  # noqa: SIM117
            with summarized():
                await inference.infer("m", IN, deadline=Deadline.after(20))
    assert len(triton.told) == 3
    assert all("traceparent" not in told for told in triton.told)
