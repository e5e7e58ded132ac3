"""Networks that were added: from the command line to pictures and videos of a real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.models.zoo import ZOO_FILE
from gateway.paths import PROJECT_ROOT
from tests import standins
from tests.acceptance.service import PROGRAM, Gateway, running_gateway, until
from tests.acceptance.videos import portrait_video
from tests.integration.portraits import paths

pytestmark = pytest.mark.server

ADDED = (
    "arcface_w600k_r50",
    "hyperswap_1a_256",
    "inswapper_128",
    "gfpgan_1.4",
    "real_esrgan_x2",
    "live_portrait_feature_extractor",
    "live_portrait_motion_extractor",
    "live_portrait_generator",
)
ALL = ["face_swapper", "expression_restorer", "face_enhancer", "frame_enhancer"]


def semblant(*arguments: object, repository: Path) -> subprocess.CompletedProcess[str]:
    """Run a command on a model repository."""
    environment = {"SEMBLANT_MODEL_REPOSITORY": str(repository), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """Our own networks, and stand-ins of others that were added by hand."""
    root = tmp_path_factory.mktemp("models")
    for path in (PROJECT_ROOT / "model_repository").iterdir():
        embedded = path.is_dir() and not (path / "1" / "install.json").exists()
        if embedded or path.name in ("catalog.toml", ZOO_FILE):
            (root / path.name).symlink_to(path)
    files = tmp_path_factory.mktemp("files")
    for name in ADDED:
        (files / "network.onnx").write_bytes(standins.build(name, rows=1))
        added = semblant(
            "models",
            "add",
            files / "network.onnx",
            "--as",
            name,
            "--accept-license",
            repository=root,
        )
        assert added.returncode == 0, added.stderr
    return root


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, repository) -> Iterator[Gateway]:
    settings = {
        "SEMBLANT_MODEL_REPOSITORY": str(repository),
    }
    with running_gateway(tmp_path_factory.mktemp("gateway"), **settings) as made:
        yield made


def swapped(gateway: Gateway, **options: object) -> httpx.Response:
    files = {
        "source": ("source", paths()["hopper"].read_bytes()),
        "target": ("target", paths()["astronaut"].read_bytes()),
    }
    data = {"options": json.dumps(options)}
    headers = {"Accept": "application/json"}
    return gateway.http.post("/v1/swaps", files=files, data=data, headers=headers)


def test_the_list_tells_what_is_there(repository):
    listed = json.loads(semblant("models", "list", "--json", repository=repository).stdout)
    states = {row["name"]: row["state"] for row in listed}
    assert {name for name in ADDED if states[name] != "present"} == set()
    assert states["uniface_256"] == "missing"
    assert semblant("models", "verify", *ADDED, repository=repository).returncode == 0


def test_the_best_networks_do_all_of_it_and_the_report_names_them(gateway):
    answer = swapped(gateway, processors=ALL, frame_enhancer_scale=2)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    (face,) = (face for face in report["faces"] if face["source"] is not None)
    assert (face["swapper"], face["restorer"], face["enhancer"]) == (
        "hyperswap_1a_256",
        "live_portrait",
        "gfpgan_1.4",
    )
    assert report["frame_enhancer"] == "real_esrgan_x2"
    assert report["size"] == {"width": 1024, "height": 1024}


def test_models_come_when_they_are_needed(gateway):
    for name in ("inswapper_128", "hyperswap_1a_256", "inswapper_128"):
        answer = swapped(gateway, swapper_model=name)
        assert answer.status_code == 200, answer.text
        assert answer.json()["swapper"] == name

    def ready() -> bool:
        models = gateway.http.get("/v1/models").json()["models"]
        return {m["name"]: m["ready"] for m in models}["inswapper_128"]

    until(ready, 10, gateway.log)


def test_a_server_that_was_killed_gets_its_networks_back(gateway):
    assert swapped(gateway).status_code == 200
    os.kill(gateway.triton_pid, signal.SIGKILL)
    until(lambda: gateway.http.get("/readyz").status_code != 200, 20, gateway.log)
    gateway.wait_until_ready()
    answer = swapped(gateway)
    assert answer.status_code == 200, answer.text
    assert answer.json()["swapper"] == "hyperswap_1a_256"


def test_what_is_not_there_is_told(gateway):
    answer = swapped(gateway, swapper_model="uniface_256")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_model")


def test_a_video_is_made_with_networks(gateway, tmp_path):
    options = {"processors": ["face_swapper", "face_enhancer"], "video": {"encoder": "ffv1"}}
    files = [
        ("source", ("source", paths()["hopper"].read_bytes())),
        ("target", ("target", portrait_video())),
        ("options", (None, json.dumps(options))),
    ]
    job = gateway.http.post("/v1/jobs", files=files).json()

    def final() -> dict[str, object] | None:
        now = gateway.http.get(job["urls"]["get"]).json()
        return None if now["status"] in ("queued", "processing") else now

    done = until(final, 120, gateway.log)
    assert done["status"] == "succeeded", done
    assert done["report"]["models"]["swapper_model"] == "hyperswap_1a_256"
    assert done["report"]["models"]["enhancer_model"] == "gfpgan_1.4"
    assert done["report"]["changed_faces"] > 0
