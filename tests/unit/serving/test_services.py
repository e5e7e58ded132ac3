import cv2
import pytest

from gateway.errors import ModelNotReady, SetupIncomplete
from gateway.inference.balanced import BalancedInference
from gateway.inference.local import LocalInference
from gateway.main import work
from gateway.serving.embedded import EmbeddedInference
from gateway.serving.services import build_services, running
from gateway.serving.testing import fake_services
from gateway.settings import Settings
from tests.waiting import until


@pytest.mark.parametrize(
    ("backend", "kind"),
    [("embedded", EmbeddedInference), ("triton", BalancedInference), ("local", LocalInference)],
)
def test_the_settings_choose_the_backend(backend, kind):
    services = build_services(Settings(backend=backend))
    assert isinstance(services.backend, kind)
    assert "face_mesh" in services.models


def test_a_repository_without_a_catalogue_is_named(tmp_path):
    with pytest.raises(SetupIncomplete, match=str(tmp_path)):
        build_services(Settings(model_repository=tmp_path))


async def test_opencv_has_its_threads_back_when_the_last_service_has_ended():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        async with running(fake_services()):
            async with running(fake_services()):
                assert cv2.getNumThreads() == 1
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_a_worker_executes_jobs_whatever_the_settings_say(monkeypatch):
    asked = []

    def build(settings):
        asked.append(settings.job_execution)
        raise SetupIncomplete()

    monkeypatch.setattr("gateway.main.build_services", build)
    monkeypatch.setattr("gateway.main.share_heaps", lambda: None)
    with pytest.raises(SetupIncomplete):
        work(Settings(job_execution="external"))
    assert asked == ["embedded"]


async def test_a_backend_of_our_own_must_be_ready_at_the_start():
    services = fake_services()
    await services.backend.close()
    with pytest.raises(ModelNotReady):
        async with running(services):
            pass


async def test_a_triton_elsewhere_may_come_later():
    services = fake_services(backend="triton")
    services.backend._closed = True
    async with running(services):
        assert isinstance(services.health.problem, ModelNotReady)
        services.backend._closed = False
        await services.health.look()
        assert services.health.problem is None


@pytest.mark.logs_errors
async def test_health_goes_on_looking_whatever_happens(caplog):
    services = fake_services(health_interval_s=0.005)
    async with running(services):
        broken = services.backend.models.pop("iris")
        services.backend.model_states = None
        await until(lambda: "looking at the models failed" in caplog.text)
        del services.backend.model_states
        services.backend.models["iris"] = broken
        await until(lambda: services.health.problem is None)
