"""A library call leaves neither threads nor networks behind in its caller's process."""

import gc
import os
import threading
import weakref

import av
import cv2
import numpy as np
import pytest
from semblant import process_image, run

from gateway.inference import local
from gateway.models.samples import fetch_samples
from gateway.settings import Settings

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    settings = Settings()
    return fetch_samples(settings.model_repository, settings.cache_dir, folder)


@pytest.fixture
def sessions(monkeypatch):
    """Every network's session that is opened, without keeping it."""
    opened = []
    really = local._open_session

    def noting(*arguments):
        session = really(*arguments)
        opened.append(weakref.ref(session))
        return session

    monkeypatch.setattr(local, "_open_session", noting)
    return opened


def settings_of_the_process():
    """Return what belongs to the caller, but for what pytest notes of its own."""
    environment = {name: v for name, v in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return environment, cv2.getNumThreads()


@pytest.fixture(autouse=True)
def unchanged():
    """Check that the process is afterwards what it was before."""
    threads, before = set(threading.enumerate()), settings_of_the_process()
    yield
    assert set(threading.enumerate()) <= threads
    assert settings_of_the_process() == before


def released(sessions):
    gc.collect()
    return sessions and not any(session() for session in sessions)


def test_a_picture(portraits, sessions, tmp_path):
    process_image(portraits["hopper"], portraits["astronaut"], tmp_path / "result.png")
    assert released(sessions)


def test_a_video(portraits, sessions, tmp_path, monkeypatch):
    monkeypatch.setenv("SEMBLANT_DATA_DIR", str(tmp_path / "data"))
    with av.open(str(portraits["astronaut"])) as picture:
        frame = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    target = tmp_path / "video.mp4"
    with av.open(str(target), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.height, stream.width = (side // 2 * 2 for side in frame.shape[:2])
        even = np.ascontiguousarray(frame[: stream.height, : stream.width])
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        file.mux(stream.encode())
    run(source=portraits["hopper"], targets=target, output=tmp_path / "result.mp4")
    assert (tmp_path / "result.mp4").exists()
    assert released(sessions)
