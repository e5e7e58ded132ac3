"""Write the files of `k8s` that follow from others; render, validate and judge: `make manifests`.

Renderings go to `out/manifests`, one file for each overlay with each set of components.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gateway.paths import PROJECT_ROOT
from tools.manifests.combinations import combinations
from tools.manifests.manifests import Manifests
from tools.manifests.policies import offences
from tools.manifests.render import NotRendered, Object, objects, render
from tools.manifests.schemas import invalid
from tools.manifests.written import written

OUT = PROJECT_ROOT / "out" / "manifests"


def problems() -> Iterator[str]:
    """Write, render and judge; yield what is wrong."""
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
    OUT.mkdir(parents=True, exist_ok=True)
    everything: list[Object] = []
    for combination in combinations():
        try:
            text = render(combination)
        except NotRendered as error:
            yield f"{combination}: {error}"
            continue
        (OUT / f"{combination}.yaml").write_text(text, encoding="utf-8")
        manifests = Manifests(str(combination), objects(text), combination.components)
        everything += manifests.objects
        yield from offences(manifests)
    yield from invalid(everything)


def main() -> int:
    """Print what is wrong; return the exit status."""
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(combinations())} renderings in {OUT.relative_to(PROJECT_ROOT)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
