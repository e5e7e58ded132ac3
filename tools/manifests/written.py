"""The files of `k8s` that are written from others: rules, dashboards, and the drawing of arrows."""

from __future__ import annotations

import re
from pathlib import Path

from tools.manifests.combinations import FOLDER
from tools.manifests.dashboards import dashboards
from tools.manifests.network import mermaid
from tools.manifests.promql import ALERTS, DASHBOARDS

README = FOLDER / "README.md"
_NOTE = "# Written by `make manifests` from k8s/alerts; edit those."
_DRAWING = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)


def written() -> dict[Path, str]:
    """Return the text that every such file has to have."""
    components = FOLDER / "components"
    found = {
        components / "monitoring" / "rules.yaml": "---\n".join(
            _rule(name) for name in ("semblant-objectives", "semblant-quality", "semblant-service")
        ),
        components / "hpa" / "recording-rules.yaml": _rule("semblant-scaling"),
        README: _DRAWING.sub(lambda _: mermaid() + "\n", README.read_text(encoding="utf-8")),
    }
    return found | {DASHBOARDS / name: text for name, text in dashboards().items()}


def _rule(name: str) -> str:
    """Return the resource of the Prometheus operator that holds the groups of a file of rules."""
    _, groups = (ALERTS / f"{name}.yaml").read_text(encoding="utf-8").split("groups:\n", 1)
    indented = "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(True))
    head = ("apiVersion: monitoring.coreos.com/v1", "kind: PrometheusRule", "metadata:")
    return "\n".join((_NOTE, *head, f"  name: {name}", "spec:", "  groups:", indented))
