import asyncio
import socket

import httpx
import pytest

from gateway.errors import InferenceFailed
from gateway.main import answering_probes
from gateway.models.catalog import load_catalog
from gateway.paths import PROJECT_ROOT
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from tests.unit.http.app import client
from tests.unit.http.problem import checked
from tests.waiting import until


async def test_alive_whatever_the_models_do():
    async with client() as http:
        assert (await http.get("/livez")).json() == {"status": "alive"}


async def test_ready_once_all_models_are_and_not_any_more_when_leaving():
    services = fake_services()
    async with client(services) as http:
        checked(await http.get("/readyz"), "model_not_ready")
        await services.health.look()
        assert (await http.get("/readyz")).json() == {"status": "ready"}
        services.health.leave()
        checked(await http.get("/readyz"), "shutting_down")
        assert (await http.get("/livez")).status_code == 200


async def test_not_ready_while_the_models_are_gone_or_unsound():
    services = fake_services()
    await services.health.look()
    services.backend._closed = True
    async with client(services) as http:
        await services.health.look()
        assert "face_mesh" in checked(await http.get("/readyz"), "model_not_ready")["detail"]
        services.backend._closed = False
        services.backend.models["iris"].failures.append(InferenceFailed("iris: empty"))
        await services.health.look()
        assert "iris" in checked(await http.get("/readyz"), "model_not_ready")["detail"]
        await services.health.look()
        assert (await http.get("/readyz")).status_code == 200


async def test_running_services_are_ready_and_then_closed():
    services = fake_services(health_interval_s=0.01)
    async with running(services), client(services) as http:
        assert (await http.get("/readyz")).status_code == 200
    async with client(services) as http:
        checked(await http.get("/readyz"), "shutting_down")
        answer = await http.post("/v1/faces", files={"image": b"x"})
        checked(answer, "shutting_down")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


async def alive(http) -> bool:
    try:
        return (await http.get("/livez")).json() == {"status": "alive"}
    except httpx.ConnectError:
        return False


async def test_a_worker_answers_probes_and_metrics_alone_on_a_port_of_its_own():
    services = fake_services(worker_probe_port=free_port())
    address = f"http://127.0.0.1:{services.settings.worker_probe_port}"
    async with httpx.AsyncClient(base_url=address) as http:
        async with running(services), answering_probes(services):
            await until(lambda: alive(http))
            assert (await http.get("/readyz")).json() == {"status": "ready"}
            assert "semblant_jobs_total" in (await http.get("/metrics")).text
            checked(await http.post("/v1/swaps"), "not_found")
        assert not await alive(http)


async def test_a_worker_listens_on_nothing_unless_told_to():
    async with answering_probes(fake_services()):
        assert [task.get_name() for task in asyncio.all_tasks()].count("probes") == 0


async def test_the_models_are_listed_with_license_and_state():
    services = fake_services(models=load_catalog(PROJECT_ROOT / "model_repository").models)
    await services.health.look()
    async with client(services) as http:
        models = {m["name"]: m for m in (await http.get("/v1/models")).json()["models"]}
    assert models["face_mesh"]["ready"]
    assert models["face_mesh"]["license"] == "Apache-2.0"
    assert models["face_mesh"]["version"] == "1"
    assert not models["open_nsfw"]["ready"]  # the fake has no such network
    assert models["open_nsfw"]["reason"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_probes_are_read_only(method):
    async with client() as http:
        checked(await http.request(method, "/readyz"), "method_not_allowed")
