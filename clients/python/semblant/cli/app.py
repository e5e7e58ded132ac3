"""Every command, registered in one list.

Command modules import nothing but Typer at the top: `semblant --help` answers at once.
"""

from __future__ import annotations

import typer

from semblant.cli import (
    demo,
    doctor,
    expressions,
    faces,
    identities,
    jobs,
    serve,
    setup,
    swap,
    track,
    triton,
    verify,
    worker,
)
from semblant.cli.lazy import lazy_group
from semblant.cli.renamed import RenamingCommand

app = typer.Typer(
    name="semblant",
    help="Face fusion: one person's face in another person's picture or video. "
    "Use it only with the consent of the people shown.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog="Exit codes: 0 done · 1 the machine refused, such as to write a file, or a watched job "
    "failed · 2 wrong usage · 3 the input is not usable · 4 too busy or too late · 5 inference "
    "failed · 6 set-up or internal error · 130 interrupted.",
)

app.command(cls=RenamingCommand)(swap.swap)
app.command()(faces.faces)
app.command()(track.track)
app.command()(verify.verify)
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.trust"), no_args_is_help=True),
    name="trust",
    help="Make certificates to try content credentials with.",
)
app.add_typer(expressions.app, name="expressions")
app.add_typer(identities.app, name="identities")
app.add_typer(jobs.app, name="jobs")
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.models"), no_args_is_help=True),
    name="models",
    help="Build, pull, add, list, check, configure, quantise and delete the models.",
)
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.database"), no_args_is_help=True),
    name="database",
    help="Upgrade the schema of the database of jobs.",
)
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.keys"), no_args_is_help=True),
    name="keys",
    help="Create, list, rotate and revoke API keys.",
)
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.tenants"), no_args_is_help=True),
    name="tenants",
    help="Show and set how much a tenant may use.",
)
app.add_typer(
    typer.Typer(cls=lazy_group("semblant.cli.audit"), no_args_is_help=True),
    name="audit",
    help="Check, prove, export and anchor the log of what was done.",
)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(triton.triton)
app.command()(setup.setup)
app.command()(doctor.doctor)
app.command()(demo.demo)
