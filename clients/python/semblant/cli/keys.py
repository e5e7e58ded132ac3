"""`semblant keys`: API keys, in the database of the service."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.access.caller import DEFAULT_TENANT, Scope
from gateway.access.keys import KeyRecord, KeyStore, NewKey
from gateway.serving.access import access_database
from semblant.cli.common import IdArgument, read_settings
from semblant.cli.console import err, out

app = typer.Typer(
    help="Create, list, rotate and revoke API keys, in the database of SEMBLANT_JOBS_DATABASE_URL. "
    "Services ask for them if SEMBLANT_AUTH is `keys` or `keys+oidc`.",
    no_args_is_help=True,
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIMES = ("created", "expires", "revoked", "last_used")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    tenant: Annotated[
        str, typer.Option("--tenant", help="Tenant of the key's holder.")
    ] = DEFAULT_TENANT,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope", help="What its holder may use; may be repeated. `admin` is everything."
        ),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What to call the key.")] = "",
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="Time after which it expires, such as 90d or 12h."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key and print it. It is shown once: only a digest is stored."""
    lifetime_s = None if expires is None else _duration_s(expires, "--expires")
    if lifetime_s == 0:
        raise typer.BadParameter("the key would never be valid", param_hint="--expires")
    scopes = frozenset(scope or (Scope.SWAP, Scope.JOBS))
    with access_database(read_settings()) as engine:
        made = KeyStore(engine).create(tenant, scopes, name=name, lifetime_s=lifetime_s)
    _print_new(made, as_json=as_json)


@app.command(name="list")
def list_(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only keys of a tenant.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the API keys, the latest first."""
    with access_database(read_settings()) as engine:
        records = KeyStore(engine).records(tenant)
    if as_json:
        out.print(json.dumps([_told(record) for record in records], indent=2), markup=False)
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("id", "key", "tenant", "name", "scopes", "state", "last used", box=None)
    for record in records:
        cells = (
            record.id,
            f"smb_{record.prefix}_…",
            record.tenant,
            record.name,
            " ".join(sorted(record.scopes)),
            _state(record),
            _time(record.last_used) or "never",
        )
        table.add_row(*map(Text, cells))
    out.print(table)


@app.command()
def rotate(
    id: IdArgument,
    overlap: Annotated[
        str, typer.Option("--overlap", help="Time for which the old key stays valid, too.")
    ] = "24h",
    as_json: JsonOption = False,
) -> None:
    """Create a key in the place of the key ID, and print it.

    It has the same tenant, scopes, name and lifetime.
    """
    overlap_s = _duration_s(overlap, "--overlap")
    with access_database(read_settings()) as engine:
        made = KeyStore(engine).rotate(id, overlap_s=overlap_s)
    _print_new(made, as_json=as_json)


@app.command()
def revoke(id: IdArgument, as_json: JsonOption = False) -> None:
    """Revoke the API key ID. Services may accept it for SEMBLANT_AUTH_CACHE_S more seconds."""
    with access_database(read_settings()) as engine:
        record = KeyStore(engine).revoke(id)
    if as_json:
        out.print(json.dumps(_told(record), indent=2), markup=False)
    else:
        err.print(f"revoked {record.id}", markup=False)


def _print_new(made: NewKey, *, as_json: bool) -> None:
    """Print a new key: the only time that it is shown."""
    if as_json:
        told = {"key": made.secret, **_told(made.record)}
        out.print(json.dumps(told, indent=2), markup=False)
        return
    err.print(
        f"{made.record.id}: {_state(made.record)}. Keep the key; it is not shown again.",
        markup=False,
    )
    out.print(made.secret, markup=False)


def _told(record: KeyRecord) -> dict[str, Any]:
    """Return a key for JSON, without the key itself."""
    told: dict[str, Any] = {
        "id": record.id,
        "prefix": record.prefix,
        "tenant": record.tenant,
        "name": record.name,
        "scopes": sorted(record.scopes),
    }
    told |= {name: _time(getattr(record, name)) for name in _TIMES}
    return told | {"replaces": record.replaces}


def _state(record: KeyRecord) -> str:
    if record.revoked is not None:
        return f"revoked {_time(record.revoked)}"
    if record.expires is None:
        return "valid"
    past = record.expires <= datetime.now(UTC).timestamp()
    return f"{'expired' if past else 'valid until'} {_time(record.expires)}"


def _time(seconds: float | None) -> str | None:
    """Return a time as text, in whole seconds, UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def _duration_s(text: str, option: str) -> float:
    """Return the seconds of a duration.

    Raises:
        typer.BadParameter: it is none.
    """
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is no duration such as 90d, 12h, 30m or 60s", param_hint=option
        )
    return float(match[1]) * _SECONDS[match[2]]
