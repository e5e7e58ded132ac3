"""Whatever message comes, its answer has a documented code, and the service lives."""

import asyncio
import os
import threading

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.rpc.server import SERVICES
from tests.unit.rpc.door import door
from tests.unit.rpc.generated import DOCUMENTED, messages

EXAMPLES = int(os.environ.get("SEMBLANT_EXAMPLES", "12"))
"""Messages, of each method."""
METHODS = [method for service in SERVICES for method in service.methods_by_name.values()]


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    """Give a channel to a service that runs in a thread."""
    folder, ready, over = tmp_path_factory.mktemp("jobs"), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    address = ""

    async def serve():
        nonlocal address
        wanted = {"job_execution": "external", "data_dir": folder, "stream_idle_s": 5}
        async with door(**wanted) as each:
            address = f"127.0.0.1:{each.server.port}"
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(60)
    with grpc.insecure_channel(address) as opened:
        yield opened
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def code_of(channel, method, requests) -> str:
    """Return the code of a call with such messages."""
    make = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming]
    path = f"/{method.containing_service.full_name}/{method.name}"
    answer_of = GetMessageClass(method.output_type).FromString
    call = make(path, lambda message: message.SerializeToString(), answer_of)
    given = iter(requests) if method.client_streaming else requests[0]
    try:
        answer = call(given, timeout=20)
        if method.server_streaming:
            list(answer)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_answer_has_a_documented_code(channel, method):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(messages(method.input_type), min_size=1, max_size=3))
    def call(requests):
        assert code_of(channel, method, requests) in DOCUMENTED

    call()
