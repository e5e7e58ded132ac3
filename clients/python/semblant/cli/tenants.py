"""`semblant tenants`: limits that tenants have of their own."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gateway.access.limits import LimitStore
from gateway.serving.access import access_database, default_limits
from semblant.cli.common import read_settings
from semblant.cli.console import out

app = typer.Typer(
    help="Show and set how much a tenant may use, in the database of SEMBLANT_JOBS_DATABASE_URL. "
    "The SEMBLANT_QUOTA_… settings hold for tenants without limits of their own.",
    no_args_is_help=True,
)

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", show_default=False)]


@app.command()
def show(tenant: TenantArgument) -> None:
    """Print the limits of a tenant as JSON: those of its own, and those that hold."""
    settings = read_settings()
    with access_database(settings) as engine:
        own = LimitStore(engine).get(tenant)
    _print(own, default_limits(settings).changed(own).told)


@app.command(name="set")
def set_(
    tenant: TenantArgument,
    requests_per_minute: Annotated[
        int | None, typer.Option("--requests-per-minute", help="0: unlimited.", min=0)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="That have not ended; 0: unlimited.", min=0)
    ] = None,
    video_minutes_per_day: Annotated[
        float | None, typer.Option("--video-minutes-per-day", help="0: unlimited.", min=0)
    ] = None,
    bytes_: Annotated[
        int | None, typer.Option("--bytes", help="That are kept; 0: unlimited.", min=0)
    ] = None,
) -> None:
    """Replace the limits of a tenant by those given; without any, the settings' hold again."""
    given = {
        "requests_per_minute": requests_per_minute,
        "jobs": jobs,
        "video_minutes_per_day": video_minutes_per_day,
        "bytes": bytes_,
    }
    own = {name: value for name, value in given.items() if value is not None}
    settings = read_settings()
    with access_database(settings) as engine:
        LimitStore(engine).set(tenant, own)
    _print(own, default_limits(settings).changed(own).told)


def _print(own: dict[str, float], limits: dict[str, float]) -> None:
    out.print(json.dumps({"own": own, "limits": limits}, indent=2), markup=False)
