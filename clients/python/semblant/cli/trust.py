"""`semblant trust`: certificates to try content credentials with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semblant.cli.console import err, out

app = typer.Typer(no_args_is_help=True)


@app.callback()
def trust() -> None:
    """Prepare what content credentials need."""


@app.command()
def init(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the files are written.", file_okay=False)
    ] = Path("trust"),
    days: Annotated[float, typer.Option("--days", min=1, help="Days they are valid for.")] = 365,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Make test certificates: a root, a signer and its key. Nobody else trusts them."""
    from gateway.errors import InvalidRequest  # noqa: PLC0415
    from gateway.trust.credentials.trial import (  # noqa: PLC0415
        CHAIN,
        KEY,
        ROOT,
        write_test_certificates,
    )

    try:
        write_test_certificates(folder, days=days, force=force)
    except FileExistsError as error:
        raise InvalidRequest(f"{error}; --force replaces it.") from error
    err.print("These are test certificates: nobody else trusts them.", markup=False)
    for variable, name in (
        ("SEMBLANT_CREDENTIALS_CHAIN", CHAIN),
        ("SEMBLANT_CREDENTIALS_KEY", KEY),
        ("SEMBLANT_CREDENTIALS_ANCHORS", ROOT),
    ):
        out.print(f"export {variable}={(folder / name).resolve()}", markup=False, highlight=False)
