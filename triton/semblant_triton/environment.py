"""Requirements and layout of the embedded server's virtual environment."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import PlatformUnsupported, SetupIncomplete
from gateway.paths import triton_backends, triton_requirements

_MINIMUM_GLIBC = (2, 35)
_OTHERWISE = "The models also run in the gateway's own process: backend=local."
_SETUP = "run `semblant setup`, or choose backend=local"

# Asked of the environment's own interpreter, as only it knows where its libraries are.
_QUERY = """
import importlib.metadata, json, sys, sysconfig
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
print(json.dumps({
    "site_packages": sysconfig.get_path("purelib"),
    "libdir": sysconfig.get_config_var("LIBDIR") or "",
    "python": "%d.%d" % sys.version_info[:2],
    "versions": {n: version(n) for n in ("numpy", "onnxruntime", "nvidia-pytriton")},
}))
"""


@dataclass(frozen=True, slots=True)
class TritonEnvironment:
    """The server's files in its virtual environment.

    Attributes:
        binary: The `tritonserver` program.
        python_backend: Folder of Triton's Python backend.
        stub: The program that hosts one Python model, for this environment's Python version.
        library_path: Folders for the dynamic linker, `:`-separated.
        programs: The environment's `bin` folder.
    """

    binary: Path
    python_backend: Path
    stub: Path
    library_path: str
    programs: Path

    def variables(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the server's environment variables, on top of `base` (default: ours).

        Variables that would make the server's Python use the gateway's environment are dropped.
        """
        kept = dict(os.environ if base is None else base)
        for name in (
            "PYTHONHOME",
            "PYTHONPATH",
            "VIRTUAL_ENV",
            "PYTHONSTARTUP",
            "__PYVENV_LAUNCHER__",
        ):
            kept.pop(name, None)
        inherited = kept.get("LD_LIBRARY_PATH", "")
        kept["LD_LIBRARY_PATH"] = ":".join(filter(None, (self.library_path, inherited)))
        # The stub's interpreter ignores PYTHONPATH. It takes the first `python3` of PATH for
        # its program and, finding a virtual environment around it, uses that one's packages.
        kept["PATH"] = ":".join(filter(None, (str(self.programs), kept.get("PATH", ""))))
        kept["PYTHONNOUSERSITE"] = "1"
        kept["PYTHONDONTWRITEBYTECODE"] = "1"
        return kept

    def lay_out_backends(self, target: Path) -> None:
        """Install Triton's Python backend and ours into `target`, as the server expects them."""
        python = target / "python"
        shutil.copytree(self.python_backend, python, ignore=shutil.ignore_patterns("__pycache__"))
        stub = python / self.stub.name
        shutil.copyfile(self.stub, stub)
        stub.chmod(0o755)
        for folder in sorted(triton_backends().iterdir()):
            if folder.is_dir() and not folder.name.startswith(("_", ".")):
                shutil.copytree(
                    folder, target / folder.name, ignore=shutil.ignore_patterns("__pycache__")
                )


def environment_exists(venv: Path) -> bool:
    """Return whether the embedded server can run here and has an environment."""
    try:
        check_platform()
    except PlatformUnsupported:
        return False
    return (venv / "bin" / "python").exists()


def create_environment(venv: Path) -> None:
    """Create the server's virtual environment; a partial one is completed.

    Raises:
        PlatformUnsupported: the packaged server cannot run on this machine.
        SetupIncomplete: the environment cannot be created, or its packages cannot be obtained.
    """
    check_platform()
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--require-hashes", "-r", str(triton_requirements())]
    for command in ([sys.executable, "-m", "venv", str(venv)], pip):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            words = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
            raise SetupIncomplete(
                f"The Triton environment {venv} cannot be made: {' '.join(words)}"
            ) from error


def find_environment(venv: Path) -> TritonEnvironment:
    """Look the server up in a virtual environment.

    Args:
        venv: Folder of the environment created from `requirements/triton.txt`.

    Raises:
        PlatformUnsupported: if the packaged server cannot run on this machine.
        SetupIncomplete: if the environment is missing or holds the wrong packages.
    """
    check_platform()
    python = venv / "bin" / "python"
    if not python.exists():
        raise SetupIncomplete(f"no Triton environment at {venv}; {_SETUP}")
    found = _ask(python)
    _check_versions(found["versions"], venv)
    packages = Path(found["site_packages"])
    home = packages / "pytriton" / "tritonserver"
    environment = TritonEnvironment(
        binary=home / "bin" / "tritonserver",
        python_backend=home / "backends" / "python",
        stub=home / "python_backend_stubs" / found["python"] / "triton_python_backend_stub",
        # The stub links CUDA's runtime (in the first folder) and libpython (in the second).
        library_path=":".join(filter(None, (f"{packages}/nvidia_pytriton.libs", found["libdir"]))),
        programs=venv.resolve() / "bin",
    )
    for path in (environment.binary, environment.python_backend, environment.stub):
        if not path.exists():
            raise SetupIncomplete(f"Triton environment lacks {path}; {_SETUP}")
    return environment


def check_platform() -> None:
    """Refuse platforms the packaged server is not built for.

    Raises:
        PlatformUnsupported: stating the required and the actual platform.
    """
    machine = platform.machine().lower()
    if sys.platform != "linux" or machine not in ("x86_64", "amd64"):
        raise PlatformUnsupported(
            f"The embedded Triton server needs Linux on x86-64; this is {sys.platform} on "
            f"{machine}. {_OTHERWISE}"
        )
    libc, version = platform.libc_ver()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if libc != "glibc" or numbers < _MINIMUM_GLIBC:
        raise PlatformUnsupported(
            f"The embedded Triton server needs glibc 2.35 or later; this is "
            f"{libc or 'another C library'} {version}. {_OTHERWISE}"
        )


def _ask(python: Path) -> dict[str, Any]:
    try:
        answer = subprocess.run(
            [python, "-I", "-c", _QUERY], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupIncomplete(f"Triton environment's {python} does not run; {_SETUP}") from error
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _check_versions(versions: Mapping[str, str], venv: Path) -> None:
    missing = sorted(name for name, version in versions.items() if not version)
    if missing:
        raise SetupIncomplete(f"Triton environment {venv} lacks {', '.join(missing)}; {_SETUP}")
    if int(versions["numpy"].split(".", 1)[0]) >= 2:
        # The server would start, load every model, and answer with empty tensors.
        raise SetupIncomplete(
            f"Triton environment {venv} has NumPy {versions['numpy']}; it must be below 2. {_SETUP}"
        )
