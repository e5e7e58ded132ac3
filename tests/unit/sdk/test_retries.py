"""Calls that find the server busy or away are repeated, but for those that make something."""

import httpx
import pytest
from semblant.client import AsyncClient, Client

from gateway.errors import InferenceUnavailable, Overloaded
from tests.unit.sdk.answers import problem

BUSY = {"retry-after": "0"}


class Busy:
    """Answers that it is busy a few times, then as it is to."""

    def __init__(self, times, answer=None, error=None):
        self.times, self.answer, self.error, self.calls = times, answer, error, 0

    def __call__(self, request):
        self.calls += 1
        request.read()
        if self.calls <= self.times:
            if self.error is not None:
                raise self.error
            busy = problem("overloaded")
            return httpx.Response(429, headers={**busy.headers, **BUSY}, content=busy.content)
        return self.answer or httpx.Response(200, json={"libraries": []})


def test_a_busy_server_is_asked_again():
    server = Busy(2)
    with Client(transport=httpx.MockTransport(server)) as client:
        assert client.expressions() == []
    assert server.calls == 3


async def test_in_an_event_loop_too():
    server = Busy(2)
    async with AsyncClient(transport=httpx.MockTransport(server)) as client:
        assert await client.expressions() == []
    assert server.calls == 3


def test_not_for_ever():
    server = Busy(99)
    transport = httpx.MockTransport(server)
    with Client(retries=1, transport=transport) as client, pytest.raises(Overloaded):
        client.expressions()
    assert server.calls == 2


def test_what_would_be_made_twice_is_asked_once():
    server = Busy(1)
    with Client(transport=httpx.MockTransport(server)) as client:
        with pytest.raises(Overloaded):
            client.enrol_identity([b"portrait"], consent=True)
        server.times = 9
        with pytest.raises(Overloaded):
            client.enrol_expressions([b"frame"])
    assert server.calls == 2


def test_a_server_that_is_away():
    server = Busy(9, error=httpx.ConnectError("refused"))
    transport = httpx.MockTransport(server)
    with Client(retries=1, transport=transport) as client, pytest.raises(InferenceUnavailable):
        client.expressions()
    assert server.calls == 2
