"""`semblant audit`: the log of what was done, on the machine of the service."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.console import err, out

if TYPE_CHECKING:
    from gateway.trust.audit.log import AuditLog

app = typer.Typer(no_args_is_help=True)
FAULTY = 1
"""Exit code of a log or a proof that is not what it should be."""
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="URL of the database, instead of the settings'.")
]


@app.callback()
def audit() -> None:
    """Check, prove, export and anchor the log of what was done."""


@contextmanager
def _opened(database: str | None) -> Iterator[AuditLog]:
    from gateway.serving.audit_log import log_of  # noqa: PLC0415
    from gateway.serving.database import connections_of  # noqa: PLC0415
    from gateway.settings import Settings  # noqa: PLC0415

    settings = Settings() if database is None else Settings(jobs_database_url=database)
    engine = connections_of(settings, connections=2)
    try:
        yield log_of(settings, engine)
    finally:
        engine.dispose()


@app.command()
def verify(
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", help="Head exported before.", exists=True, dir_okay=False),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Check all entries: none may be missing, changed, inserted or in another order."""
    from gateway.errors import InvalidRequest  # noqa: PLC0415
    from gateway.trust.audit.check import check, read_anchor  # noqa: PLC0415

    try:
        head = None if anchor is None else read_anchor(anchor.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidRequest(f"{anchor} is no anchor: {error}.") from error
    with _opened(database) as log:
        found = check(log.entries(), log.edge(), log.heads(), anchor=head)
    if found.fault is not None:
        err.print(f"{found.fault}: {found.detail}", markup=False)
        raise typer.Exit(FAULTY)
    out.print(f"{found.entries} entries, nothing is wrong", markup=False, highlight=False)


@app.command()
def export(
    since: Annotated[int, typer.Option("--since", min=0, help="Number of the first entry.")] = 0,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Only what is about this identity, decrypted.")
    ] = None,
    tenant: Annotated[str, typer.Option("--tenant", help="Whose identity.")] = "default",
    database: DatabaseOption = None,
) -> None:
    """Print entries, one line of JSON each."""
    with _opened(database) as log:
        for entry in log.entries(since):
            if subject is None:
                typer.echo(entry.text)
                continue
            personal = log.personal(tenant, entry, subject)
            if personal is not None:
                typer.echo(json.dumps(entry.facts | {"personal": personal}, sort_keys=True))


@app.command()
def prove(
    file: Annotated[Path, typer.Argument(help="Where the proof is written.", dir_okay=False)],
    sequence: Annotated[int | None, typer.Option("--sequence", help="Number of the entry.")] = None,
    provenance_id: Annotated[
        str | None, typer.Option("--provenance-id", help="Of the result whose entry is meant.")
    ] = None,
    output_sha256: Annotated[
        str | None, typer.Option("--output-sha256", help="Of the result's file.")
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Write a proof that an entry is in the log, which can be checked without the log."""
    from gateway.errors import InvalidRequest  # noqa: PLC0415
    from gateway.trust.audit.check import prove as proof_of  # noqa: PLC0415

    with _opened(database) as log:
        if sequence is None:
            for entry in log.entries():
                facts = entry.facts
                if (provenance_id and facts["provenance_id"] == provenance_id) or (
                    output_sha256 and facts["output_sha256"] == output_sha256
                ):
                    sequence = entry.sequence
        try:
            document = proof_of(log, -1 if sequence is None else sequence)
        except IndexError:
            raise InvalidRequest("The log has no such entry.") from None
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    err.print(f"written to {file}", markup=False)


@app.command(name="check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(help="The proof.", exists=True, dir_okay=False)],
    key: Annotated[
        str | None, typer.Option("--key", help="The log's public key, base64, if it is known.")
    ] = None,
) -> None:
    """Check a proof, without the log, and print the entry."""
    from gateway.trust.audit.check import proven  # noqa: PLC0415

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        public = None if key is None else base64.b64decode(key, validate=True)
        facts = proven(document, key=public)
    except (ValueError, AttributeError):
        facts = None
    if facts is None:
        err.print("the file proves nothing", markup=False)
        raise typer.Exit(FAULTY)
    out.print_json(json.dumps(dict(facts)))
    if key is None:
        err.print(f"signed by {document['head']['key']}: compare it", markup=False)


@app.command()
def anchor(
    file: Annotated[Path, typer.Argument(help="Where the head is written.", dir_okay=False)],
    database: DatabaseOption = None,
) -> None:
    """Sign the head of the log as it is now, and write it to a file, to be kept elsewhere."""
    from gateway.trust.audit.check import anchor_of  # noqa: PLC0415

    with _opened(database) as log:
        head = log.sign_head()
    file.write_text(anchor_of(head) + "\n", encoding="utf-8")
    err.print(f"{head.size} entries, written to {file}", markup=False)


@app.command()
def forget(
    subject: Annotated[str, typer.Argument(help="The identity.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Whose identity.")] = "default",
    database: DatabaseOption = None,
) -> None:
    """Make all that is personal in the log of an identity unreadable, for ever."""
    with _opened(database) as log:
        known = log.forget(tenant, subject)
    err.print("forgotten" if known else "nothing was known", markup=False)
