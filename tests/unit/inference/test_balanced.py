"""Several servers as one: spread, tried elsewhere, left alone, replaced, all within the budget."""

import asyncio

import numpy as np
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.deadline import Deadline
from gateway.errors import (
    ContractViolation,
    DeadlineExceeded,
    InferenceOverloaded,
    InferenceRejected,
    InferenceUnavailable,
)
from gateway.inference.addresses import Addresses
from gateway.inference.balanced import BalancedInference, BalancingRules
from gateway.inference.breaker import FAILURES
from gateway.inference.protocol import ModelState
from gateway.telemetry.otlp import OtlpTracer
from gateway.telemetry.spans import Kind, entered
from tests.waiting import until

IN = {"x": np.zeros((1, 2), np.float32)}


class Server:
    """A server that answers with its name, or as it is told."""

    def __init__(self, name: str) -> None:
        self.name, self.asked, self.loaded, self.closed = name, 0, [], 0
        self.error: Exception | None = None
        self.ready = self.answers = True
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def infer(self, model, inputs, *, deadline):
        self.asked += 1
        try:
            async with asyncio.timeout(deadline.check()):
                await self.let_go.wait()
        except TimeoutError:
            raise DeadlineExceeded from None
        if self.error is not None:
            raise self.error
        return {"y": np.array([self.name])}

    async def model_states(self):
        if not self.answers:
            return [ModelState("m", "", False, "away")]
        return [ModelState("m", "1" if self.ready else "", self.ready), ModelState("n", "1", True)]

    async def load(self, model, *, deadline):
        if self.error is not None:
            raise self.error
        self.loaded.append(model)

    async def unload(self, model, *, deadline):
        self.loaded.remove(model)

    async def close(self):
        self.closed += 1


class Seen:
    def __init__(self) -> None:
        self.codes, self.used, self.left_alone = [], 0, 0

    def servers(self, *, used, left_alone):
        self.used, self.left_alone = used, left_alone

    def retried(self, code):
        self.codes.append(code)


class Fleet:
    """Servers behind one name."""

    def __init__(self, *names: str, **rules) -> None:
        self.servers = {name: Server(name) for name in names}
        self.there, self.seen = list(names), Seen()
        self.balanced = BalancedInference(
            self, lambda name: self.servers[name], BalancingRules(**rules), self.seen
        )

    async def current(self):
        return tuple(self.there)

    async def ask(self, seconds: float = 5.0) -> str:
        out = await self.balanced.infer("m", IN, deadline=Deadline.after(seconds))
        return str(out["y"][0])

    async def look(self):
        return await self.balanced.model_states()


async def test_calls_go_to_all_in_turn():
    fleet = Fleet("a", "b", "c")
    assert sorted([await fleet.ask() for _ in range(9)]) == sorted("abc" * 3)


async def test_a_busy_one_gets_fewer():
    fleet = Fleet("a", "b")
    fleet.servers["a"].let_go.clear()
    stuck = asyncio.ensure_future(fleet.ask())
    other = asyncio.ensure_future(fleet.ask())
    await until(lambda: sum(one.asked for one in fleet.servers.values()) == 2)
    assert {await fleet.ask() for _ in range(5)} == {"b"}
    fleet.servers["a"].let_go.set()
    assert {await stuck, await other} == {"a", "b"}


@pytest.mark.parametrize("error", [InferenceUnavailable, InferenceOverloaded, ContractViolation])
async def test_what_one_cannot_do_another_does(error):
    fleet = Fleet("a", "b")
    fleet.servers["a"].error = error("no")
    assert {await fleet.ask() for _ in range(6)} == {"b"}
    assert set(fleet.seen.codes) == {error.spec.code}


async def test_a_trace_tells_whom_was_asked_and_why_again():
    fleet, sent = Fleet("a", "b"), InMemorySpanExporter()
    fleet.servers["a"].error = InferenceUnavailable("no")
    tracer = OtlpTracer("", sample_share=1, resource={}, timeout_s=5, exporter=sent)
    tracer.start()
    with entered(tracer.root("infer m", Kind.CLIENT, {})):
        await fleet.ask()
    tracer.close()
    (span,) = sent.get_finished_spans()
    assert [(event.name, *event.attributes.values()) for event in span.events] == [
        ("attempt", "a"),
        ("retry", "inference_unavailable"),
        ("attempt", "b"),
    ]
    assert span.attributes["semblant.attempts"] == 2


async def test_a_faulty_request_is_not_made_again():
    fleet = Fleet("a", "b")
    for one in fleet.servers.values():
        one.error = InferenceRejected("no")
    with pytest.raises(InferenceRejected):
        await fleet.ask()
    assert sum(one.asked for one in fleet.servers.values()) == 1


async def test_one_that_fails_is_left_alone_and_taken_back():
    fleet = Fleet("a", "b")
    fleet.servers["a"].error = InferenceUnavailable("gone")
    for _ in range(2 * FAILURES + 2):
        assert await fleet.ask() == "b"
    assert fleet.servers["a"].asked == FAILURES
    assert (fleet.seen.used, fleet.seen.left_alone) == (1, 1)
    fleet.servers["a"].error = None
    await until(lambda: not fleet.balanced._servers["a"].breaker.is_open)
    await until_asked(fleet, "a")


async def until_asked(fleet, name):
    async def asked():
        return await fleet.ask() == name

    await until(asked)


async def test_one_that_hangs_costs_an_attempt_and_is_left_alone():
    fleet = Fleet("a", "b", attempt_s=0.02)
    fleet.servers["a"].let_go.clear()
    assert {await fleet.ask() for _ in range(2 * FAILURES + 2)} == {"b"}
    assert fleet.servers["a"].asked == FAILURES


async def test_the_only_one_has_all_the_time_there_is():
    fleet = Fleet("a", attempt_s=0.01)
    fleet.servers["a"].let_go.clear()
    asking = asyncio.ensure_future(fleet.ask())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asking), 0.1)
    fleet.servers["a"].let_go.set()
    assert await asking == "a"


async def test_retries_are_no_more_than_their_share():
    fleet = Fleet("a", "b", retry_share=0.1)
    for one in fleet.servers.values():
        one.error = InferenceOverloaded("full")
    calls = 400
    for _ in range(calls):
        with pytest.raises(InferenceOverloaded):
            await fleet.ask()
    made = sum(one.asked for one in fleet.servers.values())
    assert calls < made <= 1.1 * calls + 10


async def test_one_whose_model_is_not_ready_is_not_asked_for_it():
    fleet = Fleet("a", "b")
    fleet.servers["a"].ready = False
    states = {state.name: state.ready for state in await fleet.look()}
    assert states == {"m": True, "n": True}
    assert {await fleet.ask() for _ in range(4)} == {"b"}
    assert fleet.servers["a"].asked == 0


async def test_looking_finds_those_that_do_not_answer():
    fleet = Fleet("a", "b")
    fleet.servers["a"].answers = False
    for _ in range(FAILURES):
        await fleet.look()
    assert (fleet.seen.used, fleet.seen.left_alone) == (1, 1)
    fleet.servers["b"].answers = False
    assert [state.ready for state in await fleet.look()] == [False]


async def test_if_all_are_left_alone_one_is_asked_all_the_same():
    fleet = Fleet("a", "b", retry_share=1.0)
    for one in fleet.servers.values():
        one.error = InferenceUnavailable("gone")
    for _ in range(2 * FAILURES):
        with pytest.raises(InferenceUnavailable):
            await fleet.ask()
    before = sum(one.asked for one in fleet.servers.values())
    with pytest.raises(InferenceUnavailable):
        await fleet.ask()
    assert sum(one.asked for one in fleet.servers.values()) > before


async def test_one_that_was_left_alone_is_the_last_resort():
    fleet = Fleet("a", "b")
    fleet.servers["a"].error = InferenceUnavailable("gone")
    for _ in range(2 * FAILURES):
        await fleet.ask()
    fleet.servers["a"].error, fleet.servers["b"].error = None, InferenceUnavailable("gone")
    assert await fleet.ask() == "a"


async def test_one_that_answers_again_is_tried_at_once():
    fleet = Fleet("a", "b")
    fleet.servers["a"].error = InferenceUnavailable("gone")
    for _ in range(2 * FAILURES):
        await fleet.ask()
    fleet.servers["a"].error = None
    await fleet.look()
    assert {await fleet.ask() for _ in range(2)} == {"a", "b"}


async def test_those_that_leave_finish_their_calls_and_are_closed_then():
    fleet = Fleet("a", "b")
    fleet.servers["a"].let_go.clear()
    calls = [asyncio.ensure_future(fleet.ask()) for _ in range(2)]
    await until(lambda: sum(one.asked for one in fleet.servers.values()) == 2)
    fleet.there = ["b"]
    await fleet.look()
    assert fleet.servers["a"].closed == 0
    assert {await fleet.ask() for _ in range(3)} == {"b"}
    fleet.servers["a"].let_go.set()
    assert sorted(await asyncio.gather(*calls)) == ["a", "b"]
    await until(lambda: fleet.servers["a"].closed == 1)


async def test_those_that_come_are_called():
    fleet = Fleet("a", "b")
    fleet.there = ["a"]
    assert await fleet.ask() == "a"
    fleet.there = ["a", "b"]
    await fleet.look()
    assert {await fleet.ask() for _ in range(2)} == {"a", "b"}


async def test_old_connections_are_replaced():
    fleet = Fleet("a", connection_age_s=1e-9)
    await fleet.look()
    await fleet.look()
    await until(lambda: fleet.servers["a"].closed >= 1)


async def test_a_hedge_asks_a_second_one_and_the_first_answer_counts():
    fleet = Fleet("a", "b", hedge_s=0.01)
    fleet.servers["a"].let_go.clear()
    assert {await fleet.ask() for _ in range(4)} == {"b"}
    assert fleet.servers["a"].asked > 0
    assert all(server.calls == 0 for server in fleet.balanced._servers.values())


async def test_loading_is_for_all_and_fails_if_nobody_can():
    fleet = Fleet("a", "b")
    fleet.servers["a"].error = InferenceUnavailable("gone")
    await fleet.balanced.load("m", deadline=Deadline.after(5))
    assert fleet.servers["b"].loaded == ["m"]
    fleet.servers["b"].error = InferenceUnavailable("gone")
    with pytest.raises(InferenceUnavailable):
        await fleet.balanced.load("m", deadline=Deadline.after(5))


async def test_closed_it_refuses_and_all_are_closed():
    fleet = Fleet("a", "b")
    await fleet.look()
    await fleet.balanced.close()
    await fleet.balanced.close()
    assert [one.closed for one in fleet.servers.values()] == [1, 1]
    with pytest.raises(InferenceUnavailable):
        await fleet.ask()


async def test_addresses_are_those_of_the_name_and_last_while_it_has_none(monkeypatch):
    answers = [["10.0.0.2", "10.0.0.1"], [], ["10.0.0.3"]]

    async def lookup(host, port, *, type):
        found = answers.pop(0)
        if not found:
            raise OSError("no such name")
        return [(2, 1, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    addresses = Addresses("triton.test:8001", every_s=0)
    both = ("10.0.0.1:8001", "10.0.0.2:8001")
    assert await addresses.current() == both
    assert await addresses.current() == both
    assert await addresses.current() == ("10.0.0.3:8001",)


@pytest.mark.parametrize("url", ["127.0.0.1:8001", "[::1]:8001", "unix:/run/triton.sock"])
async def test_some_addresses_are_taken_as_they_are(url):
    assert await Addresses(url, every_s=60).current() == (url,)


async def test_a_list_of_addresses_is_several():
    found = await Addresses("127.0.0.1:1, 127.0.0.1:2", every_s=60).current()
    assert found == ("127.0.0.1:1", "127.0.0.1:2")
