"""Make videos, measure them, write `bench/video.json` and a contact sheet."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure, print_table, write_json
from bench.video import clips, fidelity, speed, steadiness, studio
from gateway.settings import PROJECT_ROOT

RESULTS = Path(__file__).parent.with_name("video.json")
SHEETS = PROJECT_ROOT / "out" / "video"
EVERY = 15


def sheet(folder: Path) -> None:
    """Write every 15th frame of the talking head, before and after, as one picture."""
    head = clips.talking_head()
    if not head:
        return
    work = studio.new_work()
    path = clips.write(folder / "sheet.mp4", head, crf="12")
    for name in ("astronaut", "hopper"):
        made = studio.made(work, path, studio.source(folder, name), studio.WITHOUT_LOSS)
        pairs = zip(studio.frames(path)[::EVERY], studio.frames(made.path)[::EVERY], strict=True)
        cells = [np.hstack(pair) for pair in pairs]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % 3)
        rows = [np.hstack(cells[n : n + 3]) for n in range(0, len(cells), 3)]
        SHEETS.mkdir(parents=True, exist_ok=True)
        out = SHEETS / f"{name}.png"
        cv2.imwrite(str(out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
        print(f"sheet {out.relative_to(PROJECT_ROOT)}")


def main() -> None:
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, work = Path(name), studio.new_work()
        sheet(folder)
        figures |= speed.measure(work, folder)
        figures |= steadiness.measure(work, folder)
        figures |= fidelity.measure(work, folder)
        if "--quick" not in sys.argv:
            figures |= speed.memory(folder)
    print_table(figures)
    write_json(figures, RESULTS)
    print(f"written to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
