"""Make videos, measure them, write `bench/video.json` and a contact sheet."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure
from bench.running import Run, started
from bench.video import clips, fidelity, speed, steadiness, studio
from gateway.paths import PROJECT_ROOT

EVERY = 15


def sheet(run: Run, folder: Path) -> None:
    """Write every 15th frame of the talking head, before and after, as one picture."""
    head = clips.talking_head()[: run.size(10**4, EVERY)]
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
        run.sheets.mkdir(parents=True, exist_ok=True)
        out = run.sheets / f"{name}.png"
        cv2.imwrite(str(out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
        print(f"sheet {out.relative_to(PROJECT_ROOT)}")


def main() -> None:
    run = started("video", quick=True)
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, work = Path(name), studio.new_work()
        sheet(run, folder)
        figures |= speed.measure(run, work, folder)
        figures |= steadiness.measure(run, work, folder)
        figures |= fidelity.measure(run, work, folder)
        if not run.quick:
            figures |= speed.memory(run, folder)
    run.finish(figures)


if __name__ == "__main__":
    main()
