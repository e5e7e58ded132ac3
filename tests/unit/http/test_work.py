"""Turns, deadlines, and callers who go away."""

import asyncio
import threading

import pytest

from gateway.http.app import create_app
from gateway.media.image import decode_image
from gateway.serving.testing import fake_services
from tests.unit.http.app import asgi, client, files, server
from tests.unit.http.problem import checked
from tests.waiting import until


def held(**settings):
    services = fake_services(**settings)
    services.backend.hold()
    return services


async def test_too_many_are_refused_at_once_with_advice():
    services = held(max_concurrency=1, max_queue=1)
    async with client(services) as http:
        first, second = (asyncio.create_task(http.post("/v1/swaps", files=files())) for _ in "ab")
        await until(lambda: services.admission.admitted == 2)
        assert (services.admission.running, services.admission.waiting) == (1, 1)
        checked(await http.post("/v1/swaps", files=files()), "overloaded")
        services.backend.release()
        assert [(await task).status_code for task in (first, second)] == [200, 200]
        waited = (await second).headers["server-timing"].split(",")[0]
        assert float(waited.removeprefix("queue;dur=")) > 0
    assert (services.admission.admitted, services.admission.running) == (0, 0)


async def test_who_waits_too_long_is_told_so():
    services = held(max_concurrency=1, max_queue=1)
    async with client(services) as http:
        first = asyncio.create_task(http.post("/v1/swaps", files=files()))
        await until(lambda: services.admission.running == 1)
        answer = await http.post("/v1/swaps", files=files(), headers={"X-Request-Timeout": "0.05"})
        checked(answer, "deadline_exceeded")
        services.backend.release()
        assert (await first).status_code == 200


@pytest.mark.parametrize("header", ["X-Request-Timeout", "Request-Timeout"])
async def test_the_caller_may_shorten_the_deadline(header):
    async with client(held()) as http:
        answer = await http.post("/v1/swaps", files=files(), headers={header: "0.05"})
    checked(answer, "deadline_exceeded")


async def test_but_not_lengthen_it():
    async with client(held(request_deadline_s=0.05)) as http:
        answer = await http.post("/v1/faces", files=files()[1:], headers={"Request-Timeout": "9"})
        checked(answer, "invalid_request")  # its field is called image
        image = {"image": files()[1][1]}
        answer = await http.post("/v1/faces", files=image, headers={"Request-Timeout": "9"})
    checked(answer, "deadline_exceeded")


async def test_even_work_that_ignores_its_deadline_is_ended(monkeypatch):
    services = fake_services(request_deadline_s=0.05)

    async def forever(*args, **kwargs):
        await asyncio.Event().wait()

    monkeypatch.setattr(type(services.fuser), "swap", forever)
    async with client(services) as http:
        checked(await http.post("/v1/swaps", files=files()), "deadline_exceeded")


async def test_a_caller_who_goes_away_ends_the_work():
    services = held()
    app = create_app(services)
    async with client(services) as http:
        request = http.build_request("POST", "/v1/swaps", files=files())
    body, gone = request.read(), asyncio.Event()
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    serving = asyncio.create_task(asgi(app, receive, request.headers))
    await services.backend.under_way("blazeface_short")
    gone.set()
    await serving
    assert services.backend._running["blazeface_short"] == 0
    assert services.admission.admitted == 0
    assert 'semblant_rejections_total{code="request_canceled"} 1.0' in metrics_of(services)


def metrics_of(services) -> str:
    return services.metrics.render().decode()


async def test_a_closed_connection_ends_the_work():
    services = held()
    async with server(services) as http:
        request = asyncio.create_task(http.post("/v1/swaps", files=files()))
        await services.backend.under_way("blazeface_short")
        request.cancel()
        await until(lambda: services.admission.admitted == 0)
    assert services.backend._running["blazeface_short"] == 0
    assert 'code="request_canceled"' in metrics_of(services)


async def test_pictures_are_decoded_and_encoded_in_the_imaging_threads(monkeypatch):
    services = fake_services()
    names = []
    run = type(services.compute).run

    async def spy(self, function, *args, **kwargs):
        names.append(function.__name__)
        return await run(self, function, *args, **kwargs)

    monkeypatch.setattr(type(services.compute), "run", spy)
    async with client(services) as http:
        await http.post("/v1/swaps", files=files())
    assert names.count("decode_image") == 2
    assert names.count("encode_image") == 1


async def test_the_loop_goes_on_while_a_picture_is_decoded(monkeypatch):
    loop = asyncio.get_running_loop()
    beat, met = threading.Event(), []

    def slow(*args, **kwargs):
        loop.call_soon_threadsafe(beat.set)
        met.append(beat.wait(5))
        return decode_image(*args, **kwargs)

    monkeypatch.setattr("gateway.operations.pictures.decode_image", slow)
    async with client() as http:
        assert (await http.post("/v1/swaps", files=files())).status_code == 200
    assert met == [True, True]


async def test_the_service_serves_while_it_drains():
    services = fake_services(shutdown_grace_s=0.3)
    await services.health.look()
    async with server(services) as http:
        assert (await http.get("/readyz")).status_code == 200
        services.health.leave()
        checked(await http.get("/readyz"), "shutting_down")
        assert (await http.post("/v1/swaps", files=files())).status_code == 200
