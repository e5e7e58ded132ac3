"""`semblant models quantize`: a network in INT8."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gateway.errors import SetupIncomplete
from gateway.models.served import install_quantized, restore, served_path
from gateway.settings import Settings
from semblant.cli.common import read_settings
from semblant.cli.console import err, out, progress

if TYPE_CHECKING:  # they load ONNX Runtime, which only this command needs
    from gateway.models.quantize import Comparison


def quantize(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A network that sees pictures.")],
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration",
            help="Folder of pictures with faces like those it will be used on.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file; `int8/NAME.onnx` in the cache by default."),
    ] = None,
    rows: Annotated[
        int,
        typer.Option("--rows", min=8, help="Maximum number of inputs (faces, views, tiles)."),
    ] = 256,
    install: Annotated[
        bool, typer.Option("--install", help="Serve it instead of the original.")
    ] = False,
    restore_: Annotated[
        bool, typer.Option("--restore", help="Serve the original, in single precision, again.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Quantise a model to INT8, calibrated on pictures, and print its error."""
    if restore_ == (calibration is not None):
        raise typer.BadParameter("give one of the two", param_hint="--calibration, --restore")
    settings = read_settings()
    if restore_:
        _restore(settings, name)
        return
    assert calibration is not None
    try:
        from gateway.serving.quantizing import quantize_model  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise SetupIncomplete(
            f"Quantising needs {error.name}; install semblant with the extra 'build'."
        ) from None
    target = output or settings.cache_dir / "int8" / f"{name}.onnx"
    with progress(f"quantising {name}"):
        gathered, comparison = asyncio.run(
            quantize_model(settings, name, calibration, target, most_rows=rows)
        )
    if gathered.unreadable:
        err.print(f"{gathered.unreadable} files are no pictures that can be read.", markup=False)
    if install:
        install_quantized(served_path(settings.model_repository, name), target)
        err.print(
            f"{name}: in INT8 from now on, where it is loaded anew. For TensorRT also run "
            f"`semblant models configure {name}`.",
            markup=False,
        )
    if as_json:
        told = {"model": name, "file": str(target), "installed": install, **asdict(gathered)}
        told |= json.loads(comparison.as_json())
        out.print(json.dumps(told, indent=2), markup=False)
    else:
        _tell(name, target, comparison)


def _restore(settings: Settings, name: str) -> None:
    done = restore(served_path(settings.model_repository, name))
    told = "in single precision again" if done else "was in single precision"
    out.print(f"{name}: {told}", markup=False)


def _tell(name: str, target: Path, found: Comparison) -> None:
    table = Table("output", "max error", "mean error", "PSNR dB", "least cosine", box=None)
    for output in found.outputs:
        psnr = "–" if output.psnr_db is None else f"{output.psnr_db:.1f}"
        cosine = "–" if output.cosine is None else f"{output.cosine:.5f}"
        table.add_row(
            output.name,
            f"{output.max_abs:.4g}",
            f"{output.mean_abs:.4g}",
            psnr,
            cosine,
        )
    out.print(table)
    sizes = [size / 1e6 for size in (found.int8_bytes, found.fp32_bytes)]
    out.print(
        f"{name}: calibrated on {found.rows_calibrated} rows, compared on {found.rows_compared} "
        f"others\nfile: {sizes[0]:.2f} MB, {sizes[0] / sizes[1]:.2f} of {sizes[1]:.2f} MB\n"
        f"time on one core here: {found.int8_ms:.2f} ms, {found.time_ratio:.2f} of "
        f"{found.fp32_ms:.2f} ms\nwritten to {target}",
        markup=False,
    )
