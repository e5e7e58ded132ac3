"""`semblant models pull`, `add` and `delete`: third-party models."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from gateway.errors import LicenseNotAccepted, UnknownModel
from gateway.models.catalog import load_catalog
from gateway.models.download import Sources
from gateway.models.profiles import PROFILES
from gateway.models.store import ModelStore, PullProgress, PullResult, PullStage
from gateway.models.zoo import ZooModel
from gateway.settings import Settings
from semblant.cli.common import read_settings
from semblant.cli.console import err, error_console, out

AcceptOption = Annotated[
    bool, typer.Option("--accept-license", help="State that you accept the licenses shown.")
]


def store_of(settings: Settings) -> ModelStore:
    """Return the store of the zoo's models that the settings describe."""
    return ModelStore(
        repository=settings.model_repository,
        cache_dir=settings.cache_dir,
        profile=PROFILES[settings.model_profile],
        engine_cache=settings.model_engine_cache,
        commercial=settings.require_commercial_license,
        sources=Sources(
            urls=settings.model_mirrors,
            folder=settings.model_folder,
            offline=settings.models_offline,
            timeout_s=settings.model_download_timeout_s,
        ),
    )


def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Models of the zoo.")],
    accept_license: AcceptOption = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also if installed already; not the models it needs.")
    ] = False,
) -> None:
    """Download and install models of the zoo, and the models they need."""
    settings = read_settings()
    store = store_of(settings)
    _refuse_embedded(settings, names, "built by `semblant models build`, not pulled")
    wanted = store.plan(names)
    for model in wanted:
        if model.name not in names:
            users = [m.name for m in wanted if model.name in m.needs]
            err.print(f"{model.name} is needed by {' and '.join(users)}.", markup=False)
    _accept(store, wanted, accept_license)
    for model in wanted:
        with _bar(model.name) as tell:
            result = store.pull(model, force=force and model.name in names, progress=tell)
        _report(result)


def add(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An ONNX file.", exists=True, dir_okay=False, show_default=False
        ),
    ],
    name: Annotated[str, typer.Option("--as", help="Name of the model in the zoo.")],
    accept_license: AcceptOption = False,
) -> None:
    """Install an ONNX file as a model of the zoo, once it is verified to be that model."""
    settings = read_settings()
    store = store_of(settings)
    _refuse_embedded(settings, [name], "part of Semblant, and is not replaced")
    model = store.plan([name])[-1]
    _accept(store, [model], accept_license)
    result = store.add(file, name)
    if model.sha256 and result.record.source_sha256 != model.sha256:
        err.print(f"{name}: the file is not the one that can be pulled.", markup=False)
    _report(result)
    missing = [n for n in model.needs if n not in _present(store)]
    if missing:
        err.print(f"{name} does not work without {' and '.join(missing)}.", markup=False)


def delete(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Models of the zoo.")],
) -> None:
    """Delete third-party models; the pinned digests of their files are kept."""
    settings = read_settings()
    store = store_of(settings)
    _refuse_embedded(settings, names, "part of Semblant, which does not work without it")
    for name in names:
        store.zoo.model(name)  # all are known before one is removed
    for name in names:
        done = "deleted" if store.remove(name) else "was not installed"
        out.print(f"{name}: {done}", markup=False)


def _refuse_embedded(settings: Settings, names: Sequence[str], why: str) -> None:
    """Refuse the models Semblant comes with.

    Raises:
        UnknownModel: one is named.
    """
    embedded = load_catalog(settings.model_repository).models
    for name in names:
        if name in embedded:
            raise UnknownModel(f"{name} is no model of the zoo: it is {why}.")


def _accept(store: ModelStore, models: Sequence[ZooModel], stated: bool) -> None:
    """Show the licences that were not accepted yet, and have them accepted.

    Raises:
        LicenseNotAccepted: they are not.
    """
    asked = [model for model in models if not store.accepted(model)]
    for model in asked:
        err.print(
            f"{model.name}: {model.title}, by {model.credit}\n"
            f"  licence: {model.license}, {model.license_url}\n"
            f"  commercial use: {'yes' if model.usable_commercially else 'not clearly allowed'}",
            markup=False,
        )
    if asked and not stated:
        names = ", ".join(model.name for model in asked)
        if not sys.stdin.isatty():
            raise LicenseNotAccepted(
                f"The licences of {names} have not been accepted; read them, then state so with "
                "--accept-license."
            )
        if not typer.confirm("Do you accept?", default=False, err=True):
            raise LicenseNotAccepted(f"The licences of {names} have not been accepted.")
    for model in asked:
        store.accept(model)


def _present(store: ModelStore) -> set[str]:
    return {s.model.name for s in store.statuses() if s.state == "present"}


def _report(result: PullResult) -> None:
    name, record = result.model.name, result.record
    if not result.fresh:
        out.print(f"{name}: up to date", markup=False)
        return
    rows = f"up to {record.max_batch_size} rows" if record.max_batch_size else "no batch"
    out.print(f"{name}: installed, {rows}", markup=False)
    for note in record.notes:
        err.print(f"  {note}", markup=False)
    if result.model.twin and not record.half_agrees:
        err.print(
            f"  It could not be compared with {result.model.twin}, which is not installed.",
            markup=False,
        )
    if result.trusted_first:
        err.print(
            "  NOBODY HAD STATED THE FILE'S DIGEST. It is trusted as it came, and pinned from now "
            f"on:\n  SHA-256 {record.source_sha256}",
            markup=False,
        )


@contextmanager
def _bar(name: str) -> Iterator[PullProgress]:
    """Show the progress of a download on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns,
        TransferSpeedColumn(),
        console=error_console(),
        transient=True,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task(name, total=None)

        def tell(name: str, stage: PullStage, have: int, total: int) -> None:
            if stage == "download":
                progress.update(task, completed=have, total=total or None)
            else:
                progress.update(task, description=f"{name}: {stage}")

        yield tell
