"""`semblant faces`: what is known about the faces of a picture."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from semblant.cli.common import Connection, connected
from semblant.cli.console import err, out, progress, shown

if TYPE_CHECKING:
    from rich.table import Table

    from semblant.calls import FacesResult
    from semblant.client import AsyncClient


@connected()
def faces(
    image: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, show_default=False)
    ],
    draw: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with the faces drawn in.")
    ] = None,
    expression: Annotated[
        bool, typer.Option("--expression", help="Also list the expression of each face.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    angle: Annotated[
        list[int] | None,
        typer.Option("--angle", help="Degrees by which the picture may be rotated: 90, 180, 270."),
    ] = None,
    thorough: Annotated[
        Literal["auto", "yes", "no"],
        typer.Option(
            "--thorough",
            help="Also search for small faces: yes, no; auto does so unless a large one is found.",
        ),
    ] = "auto",
    *,
    connection: Connection,
) -> None:
    """List the faces of IMAGE: place, pose, quality, warnings, expression."""
    drawing_format = "" if draw is None else _format(draw)
    detector: dict[str, object] = {"angles": angle or []}
    if thorough != "auto":
        detector["thorough"] = thorough == "yes"

    async def work(client: AsyncClient) -> FacesResult:
        return await client.faces(image, options={"detector": detector})

    with progress("looking"):
        result = connection.run(work)
    if draw is not None:
        from semblant.calls import write_atomically  # noqa: PLC0415
        from semblant.cli.drawing import draw_faces  # noqa: PLC0415

        buffer = io.BytesIO()
        draw_faces(image.read_bytes(), result.faces).save(buffer, drawing_format)
        write_atomically(draw, buffer.getvalue())
        err.print(f"drawn to {draw}", markup=False)
    if as_json:
        size = {"width": result.width, "height": result.height}
        report = {"size": size, "faces": result.faces, "timings_ms": result.timings_ms}
        out.print_json(json.dumps(report))
        return
    if not result.faces:
        err.print(
            "no face found; --thorough yes searches for small ones, --angle 90, 180 or 270 for "
            "rotated ones",
            markup=False,
        )
        return
    out.print(_table(result))
    if expression:
        out.print(_expressions(result))


def _format(path: Path) -> str:
    """Return Pillow's name of the format for a drawing's file suffix."""
    from semblant.images import media_type_of  # noqa: PLC0415

    try:
        return media_type_of(path).removeprefix("image/").upper()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--draw") from error


def _table(result: FacesResult) -> Table:
    from rich.table import Table  # noqa: PLC0415

    table = Table("#", "box", "width", "pitch", "yaw", "roll", "quality", "warnings", box=None)
    for n, face in enumerate(result.faces):
        box, pose, quality = face["box"], face["pose"], face["quality"]
        table.add_row(
            str(n),
            f"{box['left']:.0f},{box['top']:.0f} – {box['right']:.0f},{box['bottom']:.0f}",
            f"{quality['width_px']:.0f} px",
            *(f"{pose[name]:+.0f}°" for name in ("pitch", "yaw", "roll")),
            f"{quality['score']:.2f}",
            ", ".join(face["warnings"]) or "–",
        )
    return table


def _expressions(result: FacesResult) -> Table:
    """Return the controls of each face that are not at rest, the strongest first."""
    from rich.table import Table  # noqa: PLC0415

    table = Table("#", "reliability", "control", "value", box=None)
    for n, face in enumerate(result.faces):
        expression = face["expression"]
        for control, value in shown(expression["controls"]):
            table.add_row(str(n), f"{expression['reliability']:.2f}", control, f"{value:.2f}")
    return table
