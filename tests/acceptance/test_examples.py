"""The programs in examples/ run as they stand."""

import base64
import os
import subprocess
import sys

import pytest

from gateway.models.samples import fetch_samples
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.acceptance.service import free_port, running_gateway
from tests.acceptance.videos import portrait_video
from tests.unit.http.app import opened

pytestmark = pytest.mark.models

EXAMPLES = PROJECT_ROOT / "examples"
SECRET = "whsec_" + base64.b64encode(b"an example's secret, 32 bytes...").decode()
TESTED = {
    "arrays",
    "enrolled_identity",
    "restore",
    "stream_frames",
    "swap_picture",
    "video_job",
}


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    settings = Settings()
    folder = tmp_path_factory.mktemp("samples")
    return fetch_samples(settings.model_repository, settings.cache_dir, folder)


@pytest.fixture
def run(tmp_path):
    def run(name, *arguments):
        environment = os.environ | {
            "SEMBLANT_DATA_DIR": str(tmp_path / "data"),
            "SEMBLANT_WEBHOOK_SECRETS": SECRET,
        }
        done = subprocess.run(
            [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)],
            capture_output=True,
            check=False,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_all_examples_are_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == TESTED


def test_a_picture(run, portraits, tmp_path):
    said = run("swap_picture", portraits["astronaut"], portraits["hopper"], "out.png")
    assert "1 of 1 faces swapped" in said
    assert "seam_ratio: " in said
    assert opened((tmp_path / "out.png").read_bytes()).format == "PNG"


def test_restoration(run, portraits, tmp_path):
    assert "1 faces" in run("restore", portraits["hopper"], "restored.webp")
    assert opened((tmp_path / "restored.webp").read_bytes()).format == "WEBP"


def test_arrays(run, portraits):
    assert "% of the pixels changed" in run("arrays", portraits["astronaut"], portraits["hopper"])


def test_a_service(run, portraits, tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(portrait_video())
    grpc_port = free_port()
    with running_gateway(
        tmp_path,
        SEMBLANT_BACKEND="local",
        SEMBLANT_PROTOCOLS="both",
        SEMBLANT_GRPC_PORT=str(grpc_port),
        SEMBLANT_WEBHOOK_SECRETS=SECRET,
        SEMBLANT_WEBHOOK_ALLOW="127.0.0.1",
        SEMBLANT_WEBHOOK_SCHEMES="http",
        SEMBLANT_WEBHOOK_PORTS="8899",
    ) as gateway:
        server = str(gateway.http.base_url)
        pictures = (portraits["astronaut"], portraits["hopper"])
        said = run("enrolled_identity", server, *pictures, "enrolled.png")
        assert said.startswith("enrolled idn_")
        said = run("video_job", server, portraits["hopper"], video, "result.mp4")
        assert "frames changed" in said
        live = f"grpc://127.0.0.1:{grpc_port}"
        said = run("stream_frames", live, portraits["hopper"], video, "live.mp4")
        assert " of " in said
        assert "frames changed" in said
    assert (tmp_path / "result.mp4").stat().st_size > 1000
    assert (tmp_path / "live.mp4").stat().st_size > 1000
