"""The TypeScript client: built from its folder, tested, and used against the running service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from gateway.models.samples import fetch_samples
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.acceptance.service import Gateway, running_gateway
from tests.acceptance.videos import FRAMES, SIZE, portrait_video
from tests.unit.http.app import opened

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]

CLIENT = PROJECT_ROOT / "clients" / "typescript"
PROGRAM = Path(__file__).with_name("typescript_client.mjs")
DOCUMENT = PROJECT_ROOT / "tests" / "unit" / "http" / "openapi.json"
EXAMPLE = re.compile(r"^```js\n(.+?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    """Return the programs in the client's README."""
    return EXAMPLE.findall((CLIENT / "README.md").read_text(encoding="utf-8"))


def run(folder: Path, *command: object, **environment: str) -> str:
    """Run a command in a folder and return what it writes; it must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Path:
    """A copy of the client's folder, installed and built, with the programs that use it."""
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(CLIENT, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    run(folder, "npm", "ci", "--no-audit", "--no-fund")
    run(folder, "npm", "run", "build")
    # Next to the tests, whose configuration checks their types as well.
    shutil.copy(PROGRAM, folder / "test" / PROGRAM.name)
    for number, text in enumerate(examples()):
        (folder / "test" / f"example_{number}.mjs").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """A folder with `portrait.png`, `photo.jpg` and `video.mp4`, as the examples name them."""
    settings, folder = Settings(), tmp_path_factory.mktemp("inputs")
    samples = fetch_samples(settings.model_repository, settings.cache_dir, folder / "samples")
    shutil.copy(samples["astronaut"], folder / "portrait.png")
    shutil.copy(samples["hopper"], folder / "photo.jpg")
    (folder / "video.mp4").write_bytes(portrait_video())
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(folder, SEMBLANT_BACKEND="local") as made:
        yield made


def test_its_types_are_those_of_the_api(client):
    run(client, "npm", "run", "schema:check", "--", DOCUMENT)


def test_its_own_tests_and_types(client):
    run(client, "npm", "run", "types:check")
    run(client, "npm", "test")


def test_a_program_that_uses_the_service(client, inputs, gateway, tmp_path):
    files = (inputs / name for name in ("photo.jpg", "portrait.png", "video.mp4"))
    output = tmp_path / "result.mp4"
    program = client / "test" / PROGRAM.name
    told = json.loads(run(tmp_path, "node", program, gateway.http.base_url, *files, output))

    assert told["ready"] is True
    assert all(model["ready"] for model in told["models"])
    assert told["swapped"]["mediaType"] == "image/png"
    assert (told["swapped"]["facesFound"], told["swapped"]["facesSwapped"]) == (1, 1)
    assert told["swapped"]["quality"]["seam_ratio"] > 0
    assert {"decode", "swap", "encode"} <= set(told["swapped"]["timingsMs"])
    picture = opened((tmp_path / "result.mp4.png").read_bytes())
    assert picture.size == (told["report"]["size"]["width"], told["report"]["size"]["height"])
    assert len(told["faces"][0]["landmarks"]) == 478
    assert (told["wrong"]["code"], told["wrong"]["status"]) == ("invalid_options", 422)
    assert told["wrong"]["errors"][0]["pointer"] == "/shape"
    assert told["wrong"]["requestId"]

    assert [line["frame"] for line in told["track"]["lines"]] == list(range(0, FRAMES, 10))
    assert any("controls" in line for line in told["track"]["lines"])
    assert told["track"]["warnings"] == []

    job = told["job"]
    assert job["percents"] == sorted(job["percents"])
    assert job["last"]["status"] == job["ended"]["status"] == "succeeded"
    assert job["listed"] == [job["id"]]
    size = output.stat().st_size
    assert job["download"]["sizeBytes"] == job["download"]["received"] == size
    with av.open(str(output)) as video:
        frames = [(frame.height, frame.width) for frame in video.decode(video=0)]
    assert frames == [SIZE] * FRAMES
    assert (told["gone"]["code"], told["gone"]["status"]) == ("job_not_found", 404)


@pytest.mark.parametrize("number", range(len(examples())))
def test_an_example_of_its_readme(client, inputs, gateway, number):
    server = str(gateway.http.base_url)
    assert run(inputs, "node", client / "test" / f"example_{number}.mjs", SEMBLANT_URL=server)
