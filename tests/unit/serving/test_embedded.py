"""Watching the embedded server, with a server that is a plain object."""

import threading

import pytest

from gateway.deadline import Deadline
from gateway.errors import InferenceUnavailable
from gateway.inference.protocol import ModelState
from gateway.serving import embedded
from gateway.serving.admission import Admission
from gateway.serving.embedded import EmbeddedInference
from gateway.serving.metrics import Metrics
from gateway.testing import FakeInference
from tests.waiting import until


class FakeTriton:
    grpc_url = "127.0.0.1:1"

    def __init__(self, failures=()):
        self.starts, self.stops, self.alive = 0, 0, False
        self.failures = list(failures)

    def start(self, *, give_up: threading.Event | None = None):
        self.starts += 1
        if self.failures:
            raise self.failures.pop(0)
        self.alive = True

    def stop(self):
        self.stops += 1
        self.alive = False

    def is_alive(self):
        return self.alive

    def error_text(self):
        return "killed"


class Answering(FakeInference):
    def __init__(self):
        super().__init__([])
        self.ready, self.looks = True, 0

    async def model_states(self):
        self.looks += 1
        return [ModelState("m", "1", self.ready)]


@pytest.fixture
def made(monkeypatch):
    answering = Answering()
    monkeypatch.setattr(embedded, "TritonInference", lambda *args, **kwargs: answering)
    monkeypatch.setattr(embedded, "_LOOK_S", 0.005)
    monkeypatch.setattr(embedded, "_FIRST_PAUSE_S", 0.001)

    def make(triton, **options):
        return EmbeddedInference(triton, Metrics(Admission(1, 1)), **options), answering

    return make


@pytest.mark.logs_errors
async def test_a_dead_server_is_restarted_until_it_starts(made, caplog):
    triton = FakeTriton()
    inference, _ = made(triton)
    await inference.start()
    triton.failures = [InferenceUnavailable("port taken")] * 3
    triton.alive = False
    await until(lambda: triton.starts == 5)
    assert triton.alive
    await inference.close()
    assert not triton.alive
    assert "killed" in caplog.text


@pytest.mark.logs_errors
async def test_a_silent_server_is_restarted(made):
    triton = FakeTriton()
    inference, answering = made(triton, hang_s=0.02)
    await inference.start()
    answering.ready = False
    await until(lambda: triton.starts == 2)
    answering.ready = True
    await inference.close()


async def test_a_server_that_answers_is_left_alone(made):
    triton = FakeTriton()
    inference, answering = made(triton, hang_s=0.02)
    await inference.start()
    await until(lambda: answering.looks > 10)
    assert triton.starts == 1
    await inference.close()
    await inference.close()


async def test_a_fault_at_the_start_is_raised(made):
    inference, _ = made(FakeTriton([InferenceUnavailable("no")]))
    with pytest.raises(InferenceUnavailable, match="no"):
        await inference.start()
    with pytest.raises(InferenceUnavailable):
        await inference.infer("m", {}, deadline=Deadline.after(1))
    assert await inference.model_states() == []
    await inference.close()
