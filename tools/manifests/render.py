"""Rendering by kustomize, as kubectl carries it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tools.manifests.combinations import FOLDER, Combination

Object = dict[str, Any]
"""A Kubernetes object, as it is written in a manifest."""


class NotRendered(RuntimeError):
    """kustomize refused; its own words say why."""


def kubectl() -> str | None:
    """Return the path of kubectl: that beside this Python, else that of the PATH."""
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.exists() else shutil.which("kubectl")


def render(combination: Combination, folder: Path = FOLDER) -> str:
    """Return the manifests of an overlay and its components, as YAML.

    Args:
        combination: What to render.
        folder: Holds `overlays` and `components`.

    Raises:
        NotRendered: kubectl is not there, or refuses.
    """
    return build(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"overlays/{combination.overlay}"],
            "components": [f"components/{name}" for name in combination.components],
        },
        folder,
    )


def build(kustomization: Object, folder: Path) -> str:
    """Return what a kustomization is rendered to, whose paths begin in a folder.

    Raises:
        NotRendered: kubectl is not there, or refuses.
    """
    program = kubectl()
    if program is None:
        raise NotRendered("kubectl is not installed; `make .venv/installed-dev` does it")
    with tempfile.TemporaryDirectory() as place:
        # kustomize takes no absolute paths, and sees through symbolic links.
        way = os.path.relpath(folder.resolve(), Path(place).resolve())
        moved = {
            name: [f"{way}/{path}" for path in kustomization.get(name, ())]
            for name in ("resources", "components")
        }
        text = yaml.safe_dump(kustomization | moved)
        (Path(place) / "kustomization.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [program, "kustomize", place], check=False, capture_output=True, text=True, timeout=60
        )
    if done.returncode != 0:
        raise NotRendered(done.stderr.strip())
    return done.stdout


def objects(text: str) -> list[Object]:
    """Return the objects of a stream of YAML documents."""
    return [document for document in yaml.safe_load_all(text) if document]
