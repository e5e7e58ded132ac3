"""Add Debian's packages and the models to a CycloneDX document, with the standard library only."""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]


def debian(listing: str) -> list[Component]:
    """Return the components of `dpkg-query -W` lines: package, version and architecture."""
    found = []
    for line in listing.splitlines():
        name, version, architecture = line.split("\t")
        purl = f"pkg:deb/debian/{name}@{quote(version, safe='.-_~')}?arch={architecture}"
        found.append(
            {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        )
    return found


def models(repository: Path) -> list[Component]:
    """Return the components of a built model repository, with digests and licences."""
    catalog = tomllib.loads((repository / "catalog.toml").read_text(encoding="utf-8"))
    found = []
    for record in sorted(repository.glob("*/1/build.json")):
        built = json.loads(record.read_text(encoding="utf-8"))
        name = built["model"]
        found.append(
            {
                "type": "machine-learning-model",
                "bom-ref": f"model:{name}",
                "name": name,
                "hashes": [{"alg": "SHA-256", "content": built["onnx_sha256"]}],
                "licenses": [{"expression": _license(catalog, name)}],
            }
        )
    return found


def _license(catalog: dict[str, Any], name: str) -> str:
    entries = catalog["models"]
    entry = entries[name] if isinstance(entries, dict) else _named(entries, name)
    return str(entry["license"])


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def completed(document: Component, subject: Component, added: list[Component]) -> Component:
    """Return the document about `subject`, with further components."""
    metadata = document.get("metadata", {}) | {"component": subject}
    return document | {
        "metadata": metadata,
        "components": [*document.get("components", []), *added],
    }


def main() -> None:
    """Write the document of one image."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--name", "--version"):
        parser.add_argument(option, required=True)
    for option in ("--python", "--debian", "--models", "-o"):
        parser.add_argument(option, required=True, type=Path)
    given = parser.parse_args()
    subject = {
        "type": "container",
        "bom-ref": given.name,
        "name": given.name,
        "version": given.version,
    }
    document = completed(
        json.loads(given.python.read_text(encoding="utf-8")),
        subject,
        debian(given.debian.read_text(encoding="utf-8")) + models(given.models),
    )
    given.o.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
