"""The service inside this process, for code without an event loop."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import semblant.in_process
from semblant import local

from gateway.errors import JobsDisabled, NoFaceInTarget
from gateway.media.image import decode_image
from gateway.serving.testing import fake_services
from tests.unit.http.app import black, photograph, saved

SOURCE, TARGET = saved(photograph(seed=1)), saved(photograph())


@pytest.fixture
def built(monkeypatch):
    """Run the service over fake networks; gives every one that was built."""
    built = []

    def build(settings):
        built.append(fake_services(request_deadline_s=settings.request_deadline_s))
        return built[-1]

    monkeypatch.setattr(semblant.in_process, "build_services", build)
    return built


def test_models_are_loaded_once_for_all_calls(built):
    threads = threading.active_count()
    with local(timeout_s=7) as client:
        made = [client.swap(SOURCE, TARGET, media_type="image/png").data for _ in range(2)]
        first, second = (decode_image(data, max_pixels=10**6).rgb for data in made)
        assert np.array_equal(first, second)
        assert len(client.faces(TARGET).faces) == 1
    assert [each.settings.request_deadline_s for each in built] == [7]
    assert threading.active_count() == threads


def test_errors_are_those_of_a_server(built):
    with local() as client:
        with pytest.raises(NoFaceInTarget):
            client.swap(SOURCE, saved(black()))
        with pytest.raises(JobsDisabled):
            list(client.jobs())


def test_several_threads_share_it(built):
    with local() as client, ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: len(client.faces(TARGET).faces), range(6)))
    assert found == [1] * 6


def test_it_works_where_an_event_loop_runs(built):
    async def cell():
        with local() as client:
            return len(client.faces(TARGET).faces)

    assert asyncio.run(cell()) == 1
