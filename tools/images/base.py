"""A base image from Debian's packages, for machines that reach a mirror but no registry."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tools.images.buildah import BuildFailed, buildah, exists, run

BASE = "localhost/semblant/base:bookworm"
_PACKAGES = ("python3", "python3-venv", "ca-certificates", "tini")
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*")


def made_base(log: Path) -> str:
    """Return the name of the base image, which is made unless it is there.

    Raises:
        BuildFailed: mmdebstrap is not installed, or no mirror of Debian answers.
    """
    if exists(BASE):
        return BASE
    if shutil.which("mmdebstrap") is None:
        raise BuildFailed("BASE names no image, and mmdebstrap, which makes one, is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        archive = str(Path(folder) / "base.tar")
        options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
        # Later installations leave the same out only if the option stays; it does not.
        run(
            (
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={','.join(_PACKAGES)}",
                *options,
                "bookworm",
                archive,
            ),
            log=log,
        )
        container = buildah("from", "scratch")
        try:
            buildah("add", "--quiet", container, archive, "/", log=log)
            buildah(
                "config",
                "--env",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                container,
            )
            buildah("commit", "--quiet", container, BASE, log=log)
        finally:
            buildah("rm", container)
    return BASE
