"""A base image from Debian's packages, for machines that reach a mirror but no registry."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from tools.images.buildah import BuildFailed, NoBase, buildah, exists, run

_SUITE = "bookworm"
# Triton's Python backend links the shared library of Python, which Debian keeps apart.
_PACKAGES = ("python3", "python3-venv", "libpython3.11", "ca-certificates", "tini")
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def made_base(log: Path) -> str:
    """Return the name of the base image, which is made unless it is there.

    Raises:
        NoBase: mmdebstrap is not installed, or no mirror of Debian answers.
    """
    command = [
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(_PACKAGES)}"),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        _SUITE,
    ]
    recipe = hashlib.sha256("\n".join(command).encode()).hexdigest()
    image = f"localhost/semblant/base:{_SUITE}-{recipe[:12]}"
    if exists(image):
        return image
    if shutil.which("mmdebstrap") is None:
        raise NoBase("BASE names no image, and mmdebstrap, which makes one, is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        archive = str(Path(folder) / "base.tar")
        try:
            run([*command, archive], log=log)
        except BuildFailed as error:
            raise NoBase(str(error)) from error
        container = buildah("from", "scratch")
        try:
            buildah("add", "--quiet", container, archive, "/", log=log)
            buildah("config", "--env", f"PATH={_PATH}", container)
            buildah("commit", "--quiet", container, image, log=log)
        finally:
            buildah("rm", container)
    return image
