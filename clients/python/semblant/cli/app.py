"""Every command, registered in one list."""

from __future__ import annotations

import typer

from semblant.cli import (
    database,
    demo,
    expressions,
    faces,
    identities,
    jobs,
    models,
    serve,
    swap,
    track,
    triton,
    worker,
)

app = typer.Typer(
    name="semblant",
    help="Face fusion: one person's face in another person's picture, grown there. "
    "Use it only with the consent of the people shown.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog="Exit codes: 0 done · 1 the machine refused, such as to write a file · 2 wrong usage · "
    "3 the input is not usable · 4 too busy or too late · 5 inference failed · 6 set-up or "
    "internal error · 130 interrupted.",
)

app.command()(swap.swap)
app.command()(faces.faces)
app.command()(track.track)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(triton.triton)
app.command()(demo.demo)
app.add_typer(database.app, name="database")
app.add_typer(expressions.app, name="expressions")
app.add_typer(identities.app, name="identities")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
