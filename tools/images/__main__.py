"""Build the images of gateway and Triton on CPUs: `make images`.

Without BASE in the environment a base is made of Debian's packages. Figures go to
`out/images/images.json`, what the builds print to `out/images/build.log`.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
from dataclasses import asdict

from gateway.paths import PROJECT_ROOT
from tools.images.base import made_base
from tools.images.build import IMAGES, Built, build
from tools.images.buildah import BuildFailed, NoBase, missing

OUT = PROJECT_ROOT / "out" / "images"
NO_BASE = 75
"""Exit status where nothing can be built with or on: not the images' fault (EX_TEMPFAIL)."""


def version() -> str:
    """Return the project's version, which the images are tagged with."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: str = project["project"]["version"]
    return found


def main() -> int:
    """Build, look, print the figures; return the exit status."""
    if reason := missing():
        print(f"Images cannot be built: {reason}.", file=sys.stderr)
        return NO_BASE
    OUT.mkdir(parents=True, exist_ok=True)
    log = OUT / "build.log"
    log.write_text("")
    began, built, wrong = time.monotonic(), list[Built](), list[str]()
    try:
        base = os.environ.get("BASE") or made_base(log)
        print(f"{base}: {time.monotonic() - began:.0f} s", flush=True)
        for part in IMAGES:
            built.append(build(part, base, version(), log))
            print(
                f"{built[-1].image}: {built[-1].megabytes:.0f} MB, {built[-1].seconds:.0f} s",
                flush=True,
            )
            wrong += [f"{built[-1].image}: {finding}" for finding in built[-1].findings]
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return NO_BASE if isinstance(error, NoBase) else 1
    (OUT / "images.json").write_text(
        json.dumps([asdict(image) for image in built], indent=2) + "\n"
    )
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
