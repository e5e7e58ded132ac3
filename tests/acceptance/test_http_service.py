"""The service as a user starts it: a process, the real embedded Triton, real portraits."""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from gateway.models.samples import fetch_samples
from gateway.settings import Settings
from tests.acceptance.service import Gateway, running_gateway, until
from tests.unit.http.app import black, saved
from tests.unit.http.problem import checked

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def gateway(tmp_path_factory) -> Iterator[Gateway]:
    with running_gateway(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture(scope="module")
def portraits(tmp_path_factory) -> dict[str, bytes]:
    settings = Settings()
    paths = fetch_samples(
        settings.model_repository, settings.cache_dir, tmp_path_factory.mktemp("samples")
    )
    return {name: path.read_bytes() for name, path in paths.items()}


@pytest.fixture
def form(portraits) -> dict[str, bytes]:
    return {"source": portraits["hopper"], "target": portraits["astronaut"]}


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_picture_with_another_face(gateway, form, format):
    answer = gateway.http.post("/v1/swaps", files=form, headers={"Accept": f"image/{format}"})
    assert answer.status_code == 200
    before = np.asarray(Image.open(io.BytesIO(form["target"])).convert("RGB")).astype(int)
    after = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
    assert after.shape == before.shape
    difference = np.abs(after - before).mean(2)
    assert difference[90:170, 190:260].mean() > 5  # the face
    if format == "png":
        assert difference[250:].max() == 0


def test_a_report_with_the_picture(gateway, form):
    answer = gateway.http.post(
        "/v1/swaps?inline=true", files=form, headers={"Accept": "application/json"}
    )
    report = answer.json()
    (face,) = report["faces"]
    assert abs(face["pose"]["yaw"]) < 15
    assert face["warnings"] == []
    picture = Image.open(io.BytesIO(base64.b64decode(report["image"]["base64"])))
    assert picture.size == (report["size"]["width"], report["size"]["height"])


def test_the_points_of_a_face(gateway, portraits):
    (face,) = gateway.http.post("/v1/faces", files={"image": portraits["hopper"]}).json()["faces"]
    assert len(face["landmarks"]) == 478
    (left, *_), (right, *_) = face["landmarks_5"][:2]
    assert face["box"]["left"] < left < right < face["box"]["right"]


def test_a_picture_without_a_face(gateway, form):
    answer = gateway.http.post("/v1/swaps", files=form | {"target": saved(black())})
    checked(answer, "no_face_in_target")


def test_all_models_are_ready(gateway):
    models = gateway.http.get("/v1/models").json()["models"]
    assert len(models) >= 6
    assert all(model["ready"] for model in models)


def _ask(gateway: Gateway, form: dict[str, bytes], seconds: float) -> httpx.Response:
    return gateway.http.post("/v1/swaps", files=form, headers={"X-Request-Timeout": str(seconds)})


def test_a_stopped_triton_costs_no_more_than_the_deadline(gateway, form):
    triton = gateway.triton_pid
    os.kill(triton, signal.SIGSTOP)
    try:
        began = time.monotonic()
        checked(_ask(gateway, form, 1.0), "deadline_exceeded")
        assert time.monotonic() - began < 2
        assert gateway.http.get("/livez").status_code == 200
    finally:
        os.kill(triton, signal.SIGCONT)
    gateway.wait_until_ready()
    assert _ask(gateway, form, 20).status_code == 200


def _admitted(gateway) -> float:
    text = gateway.http.get("/metrics").text
    counts = re.findall(r"^semblant_requests_(?:running|waiting) (\S+)$", text, re.MULTILINE)
    return sum(map(float, counts))


def test_a_killed_triton_comes_back_without_us_being_restarted(gateway, form):
    triton = gateway.triton_pid
    os.kill(triton, signal.SIGSTOP)  # so that the requests are surely under way
    with ThreadPoolExecutor(4) as pool:
        under_way: list[Future[httpx.Response]] = [
            pool.submit(_ask, gateway, form, 5.0) for _ in range(4)
        ]
        until(lambda: _admitted(gateway) == 4)
        began = time.monotonic()
        os.kill(triton, signal.SIGKILL)
        for answer in under_way:
            assert answer.result().status_code in (503, 504)
        assert time.monotonic() - began < 5.5
    # Readiness is looked at now and then: until the next look, the dead server counts as ready.
    until(lambda: gateway.find_triton() not in (None, triton), log=gateway.log)
    until(lambda: _ask(gateway, form, 20).is_success, log=gateway.log)
    gateway.wait_until_ready()
    assert "semblant_triton_restarts_total 1.0" in gateway.http.get("/metrics").text


def test_told_to_stop_it_turns_unready_finishes_and_leaves_nothing(gateway, form):
    triton = gateway.triton_pid
    gateway.process.send_signal(signal.SIGTERM)
    left = until(lambda: answer if (answer := gateway.http.get("/readyz")).is_error else None)
    checked(left, "shutting_down")
    gateway.process.send_signal(signal.SIGTERM)  # told twice, it does the same
    assert _ask(gateway, form, 20).status_code == 200
    assert gateway.process.wait(20) == 0
    assert not Path(f"/proc/{triton}").exists()
    assert "Traceback" not in gateway.log.read_text()
