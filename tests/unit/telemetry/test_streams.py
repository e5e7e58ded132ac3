"""A live stream is one span, however many frames it has."""

from semblant.v1 import fusion_pb2 as fusion

from gateway.rpc.streams import EVERY_FRAMES, note_outcome
from gateway.serving.testing import fake_services
from gateway.telemetry.otlp import OtlpTracer
from gateway.telemetry.spans import Kind, entered
from tests.unit.rpc.door import door
from tests.unit.rpc.test_streams import frame, sent, start
from tests.unit.telemetry.collector import collecting, tracer_to


async def test_its_frames_are_no_spans():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with door(services) as there:
            messages = [
                start(drop=fusion.DROP_BLOCK),
                *(frame(n) for n in range(5)),
                frame(5, b"?"),
            ]
            answers = [answer async for answer in there.fusion.SwapStream(sent(*messages))]
    assert len(answers) == 6
    stream = collector.one("semblant.v1.FusionService/SwapStream")
    assert stream.attributes["semblant.frames"] == 6
    assert stream.attributes["semblant.faces.swapped"] == 5
    assert [(name, told["semblant.frame"]) for name, told in stream.events] == [
        ("frame", 0),
        ("frame failed", 5),
    ]
    within = {span.name for span in collector.spans} - {stream.name}
    assert within <= {"decode"}  # of its portraits, before the first frame


class Outcome:
    error = None
    latency_s = 0.02

    def __init__(self, index: int, dropped: bool) -> None:
        self.index, self.dropped = index, dropped


def test_drops_are_events_and_of_other_frames_some():
    with collecting() as collector:
        tracer: OtlpTracer = tracer_to(collector.endpoint)
        tracer.start()
        with entered(tracer.root("stream", Kind.SERVER, {})) as span:
            for index in range(2 * EVERY_FRAMES):
                note_outcome(span, Outcome(index, dropped=index == 7))
        tracer.close()
    assert [(name, told["semblant.frame"]) for name, told in collector.one("stream").events] == [
        ("frame", 0),
        ("frame dropped", 7),
        ("frame", EVERY_FRAMES),
    ]
