"""The built wheel, installed into empty environments, far from any checkout."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from gateway.models.samples import fetch_samples
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.acceptance.service import free_port, running_gateway, until

pytestmark = pytest.mark.models

PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
LIGHT_MB = 100
"""What the environment of a client may take, pip and setuptools included."""


def said(*command, **more) -> str:
    done = subprocess.run(
        [*map(str, command)], check=False, capture_output=True, text=True, timeout=900, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    said(sys.executable, *build, "-w", folder, PROJECT_ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    settings = Settings()
    folder = tmp_path_factory.mktemp("samples")
    return fetch_samples(settings.model_repository, settings.cache_dir, folder)


class Environment:
    """A virtual environment, and a home of its own."""

    def __init__(self, folder: Path, requirement: str) -> None:
        self.folder, self.home = folder / "venv", folder / "home"
        self.home.mkdir()
        venv.create(self.folder, with_pip=True)
        said(self.folder / "bin" / "python", *PIP, requirement)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SEMBLANT_", "PYTHON"))}
        self.variables = kept | {
            "HOME": str(self.home),
            "SEMBLANT_CACHE_DIR": str(Settings().cache_dir),  # what was downloaded before
        }
        self.variables.pop("XDG_DATA_HOME", None)

    def run(self, *arguments, **variables: str) -> str:
        program = self.folder / "bin" / "semblant"
        return said(program, *arguments, env=self.variables | variables, cwd=self.home)

    def python(self, program: str) -> str:
        python = self.folder / "bin" / "python"
        return said(python, "-c", program, env=self.variables, cwd=self.home)


@pytest.fixture(scope="module")
def light(wheel, tmp_path_factory) -> Environment:
    return Environment(tmp_path_factory.mktemp("light"), str(wheel))


@pytest.fixture(scope="module")
def local(wheel, tmp_path_factory) -> Environment:
    return Environment(tmp_path_factory.mktemp("local"), f"semblant[local] @ file://{wheel}")


@pytest.fixture(scope="module")
def server(wheel, local) -> Environment:
    """Add what serves to the environment that has its models."""
    python = local.folder / "bin" / "python"
    said(python, *PIP, f"semblant[server] @ file://{wheel}")
    local.run("models", "build")
    return local


def test_the_client_is_light(light):
    size = sum(
        p.stat().st_size for p in light.folder.rglob("*") if p.is_file() and not p.is_symlink()
    )
    assert size < LIGHT_MB * 2**20
    loaded = light.python(
        "import semblant, sys; semblant.Client, semblant.run, semblant.process_image;"
        "print([m for m in ('numpy', 'PIL', 'fastapi', 'cv2') if m in sys.modules])"
    )
    assert loaded == "[]\n"


def test_the_client_asks_a_server(light, portraits, tmp_path):
    with running_gateway(tmp_path, SEMBLANT_BACKEND="local") as gateway:
        server = str(gateway.http.base_url)
        output = tmp_path / "result.png"
        pictures = (portraits["astronaut"], portraits["hopper"])
        light.run("swap", *pictures, "-o", output, "--server", server)
    assert output.read_bytes().startswith(b"\x89PNG")


def test_without_an_extra_the_error_names_it(light, portraits, tmp_path):
    program = light.folder / "bin" / "semblant"
    pictures = (portraits["astronaut"], portraits["hopper"])
    done = subprocess.run(
        [program, "swap", *pictures, "-o", tmp_path / "out.png"],
        capture_output=True,
        check=False,
        text=True,
        env=light.variables,
    )
    assert done.returncode == 6
    assert "pip install 'semblant[local]'" in done.stderr


def test_models_are_built_and_used_without_a_checkout(local, portraits, tmp_path):
    assert "face_mesh: built" in local.run("models", "build")
    assert "face_mesh: up to date" in local.run("models", "build")
    models = local.home / ".local" / "share" / "semblant"
    assert [path.name for path in models.iterdir()] == ["models-0.2"]
    output = tmp_path / "result.png"
    local.run("swap", portraits["astronaut"], portraits["hopper"], "-o", output)
    assert output.read_bytes().startswith(b"\x89PNG")


def test_a_server_without_a_checkout(server, light, portraits):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = server.folder / "bin" / "semblant"
    environment = server.variables | {"SEMBLANT_SHUTDOWN_GRACE_S": "0"}
    process = subprocess.Popen(
        [program, "serve", "--port", str(port)], env=environment, cwd=server.home
    )
    try:
        ready = f"import httpx; httpx.get('{address}/readyz').raise_for_status()"
        python = light.folder / "bin" / "python"
        until(
            lambda: (
                subprocess.run([python, "-c", ready], check=False, capture_output=True).returncode
                == 0
            )
        )
        said_json = light.run("faces", portraits["hopper"], "--json", "--server", address)
        assert '"faces"' in said_json
    finally:
        process.terminate()
        process.wait(40)


def test_a_folder_that_cannot_be_written_is_named(local, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    program = local.folder / "bin" / "semblant"
    done = subprocess.run(
        [program, "models", "build"],
        capture_output=True,
        check=False,
        text=True,
        env=local.variables | {"SEMBLANT_MODEL_REPOSITORY": str(blocked / "models")},
    )
    assert done.returncode == 6
    assert "setup_incomplete" in done.stderr
    assert "SEMBLANT_MODEL_REPOSITORY" in done.stderr
