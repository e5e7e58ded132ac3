"""`semblant demo`: the whole product on two public-domain portraits."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import read_settings
from semblant.cli.console import err, out, progress, timing_table

if TYPE_CHECKING:
    from gateway.settings import Settings
    from semblant.calls import SwapResult

PAIRS = (("astronaut", "hopper"), ("hopper", "astronaut"))
"""(source, target) of each swap shown."""


def demo(
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")] = Path(
        "out"
    ),
) -> None:
    """Swap a face between the two sample portraits, through a real Triton server."""
    from gateway.errors import PlatformUnsupported, SetupIncomplete  # noqa: PLC0415
    from gateway.models.build import build_models  # noqa: PLC0415
    from gateway.models.samples import fetch_samples  # noqa: PLC0415
    from gateway.paths import prepare_repository  # noqa: PLC0415
    from semblant.calls import write_atomically  # noqa: PLC0415

    settings = read_settings(backend="embedded")
    prepare_repository(settings.model_repository)
    with progress("building models"):
        build_models(settings.model_repository, settings.cache_dir)
        samples = fetch_samples(settings.model_repository, settings.cache_dir, folder / "samples")
    try:
        results = asyncio.run(_swaps(settings, samples))
    except (PlatformUnsupported, SetupIncomplete) as error:
        err.print(f"{error.detail} Running the models in this process.", markup=False)
        results = asyncio.run(_swaps(settings.model_copy(update={"backend": "local"}), samples))
    for (source, target), result in zip(PAIRS, results, strict=True):
        path = result.save(folder / f"{source}-in-{target}.png")
        out.print(f"{path}", markup=False)
    sheet = _sheet([(samples[s], samples[t], r) for (s, t), r in zip(PAIRS, results, strict=True)])
    out.print(str(write_atomically(folder / "sheet.png", sheet)), markup=False)
    err.print(timing_table(results[-1].timings_ms))
    program = Path(sys.argv[0]).name if "/" not in sys.argv[0] else os.path.relpath(sys.argv[0])
    err.print(f"next: {program} swap PORTRAIT PHOTO -o result.png", markup=False)


async def _swaps(settings: Settings, samples: dict[str, Path]) -> list[SwapResult]:
    from semblant.in_process import in_process  # noqa: PLC0415

    with progress("starting"):
        context = in_process(settings)
        client = await context.__aenter__()
    try:
        # The first swap warms caches and compiles kernels; the second one shows the actual cost.
        for _ in range(2):
            results = [
                await client.swap(samples[source], samples[target], media_type="image/png")
                for source, target in PAIRS
            ]
        return results
    finally:
        await context.__aexit__(*sys.exc_info())


def _sheet(rows: list[tuple[Path, Path, SwapResult]], height: int = 480) -> bytes:
    """Return source, target and result side by side, a row per swap, as PNG."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    tiles = []
    for source, target, result in rows:
        pictures = [Image.open(source), Image.open(target), Image.open(io.BytesIO(result.data))]
        tiles.append(
            [
                p.convert("RGB").resize((round(p.width * height / p.height), height))
                for p in pictures
            ]
        )
    width = max(sum(tile.width for tile in row) for row in tiles)
    sheet = Image.new("RGB", (width, height * len(tiles)), "white")
    pen = ImageDraw.Draw(sheet)
    for n, row in enumerate(tiles):
        x = 0
        for tile, title in zip(row, ("source", "target", "result (synthetic)"), strict=True):
            sheet.paste(tile, (x, n * height))
            pen.text((x + 8, n * height + 8), title, "white", stroke_width=2, stroke_fill="black")
            x += tile.width
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
