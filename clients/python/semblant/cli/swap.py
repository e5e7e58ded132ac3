"""`semblant swap`: a face into a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semblant.cli.common import Connection, OptionsOption, SetOption, connected, merge, read_options
from semblant.cli.console import err, out, progress, timing_table
from semblant.cli.mapping import read_map

if TYPE_CHECKING:
    from semblant.calls import SwapResult
    from semblant.client import AsyncClient


@connected()
def swap(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE... TARGET",
            help="One or several portraits of one person (with --map of several people), and last "
            "the picture or video to change.",
            exists=True,
            dir_okay=False,
            readable=True,
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The result: .png, .jpg, .webp, .avif; .mp4, .mov, .mkv, .webm, .gif.",
        ),
    ],
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            "--reference",
            help="Picture of the person to select; several for a mapping in --options.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="SOURCES:POSITION",
            help="Once for each person: 0,2:1 puts the person in sources 0 and 2 onto face 1; "
            "face 0 is the largest, `semblant faces --draw` numbers them. On either side the id of "
            "an enrolled identity may stand.",
        ),
    ] = None,
    source_id: Annotated[
        str | None,
        typer.Option("--source-id", help="An enrolled identity, instead of SOURCE."),
    ] = None,
    many: Annotated[bool, typer.Option("--many", help="Swap every face of the target.")] = False,
    expression: Annotated[
        str | None,
        typer.Option("--expression", help="target, source, or the id of an expression library."),
    ] = None,
    only_expression: Annotated[
        bool,
        typer.Option("--only-expression", help="Keep the person; transfer SOURCE's expression."),
    ] = False,
    enhance: Annotated[
        bool, typer.Option("--enhance", help="Enhance the faces once they are swapped.")
    ] = False,
    only_enhance: Annotated[
        bool, typer.Option("--only-enhance", help="Enhance the faces, and nothing else; no SOURCE.")
    ] = False,
    enhance_frame: Annotated[
        bool, typer.Option("--enhance-frame", help="Enhance the whole picture at the end.")
    ] = False,
    set_: SetOption = None,
    options: OptionsOption = None,
    debug_dir: Annotated[
        Path | None,
        typer.Option(
            "--debug-dir",
            help="Running here: write pictures of every stage to this folder: source, layer, "
            "masks, correction.",
            file_okay=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the result's path.")] = False,
    *,
    connection: Connection,
) -> None:
    """Put the face of SOURCE into TARGET.

    A video that was interrupted is resumed by the same command. The people shown must agree.
    """
    from semblant.images import add_enhancer  # noqa: PLC0415
    from semblant.local_jobs import picture_type  # noqa: PLC0415

    try:
        media_type = picture_type(output, pictures[-1])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    wanted = read_options(options, set_)
    if expression is not None:
        wanted["expression"] = expression
    if map_:
        wanted["mapping"] = read_map(map_)
    if only_expression:
        wanted["processors"] = ["expression_restorer"]
    if only_enhance:
        wanted["processors"] = ["face_enhancer"]
    elif enhance:
        add_enhancer(wanted)
    if enhance_frame:
        add_enhancer(wanted, "frame_enhancer")
    if len(pictures) < 2 and source_id is None and not _needs_no_source(wanted):
        raise typer.BadParameter("a source and a target are needed", param_hint="SOURCE... TARGET")
    if many or (reference and "mapping" not in wanted):
        merge(wanted, "face_selector", mode="reference" if reference else "many")
    if debug_dir is not None and (connection.server is not None or media_type is None):
        raise typer.BadParameter("is for pictures changed here", param_hint="--debug-dir")
    sent = {"reference": reference, "source_id": source_id}
    if media_type is None:
        _video(pictures, output, wanted, sent, connection, quiet=quiet)
    else:
        given: dict[str, object] = {} if debug_dir is None else {"debug_dir": debug_dir}
        result = _picture(pictures, wanted, media_type, sent, connection, given)
        result.save(output)
        if not quiet:
            done = "given an expression" if only_expression else "swapped"
            _report(result, "enhanced" if only_enhance else done)
    out.print(str(output), markup=False)


def _video(
    pictures: list[Path],
    output: Path,
    options: dict[str, Any],
    sent: dict[str, Any],
    connection: Connection,
    *,
    quiet: bool,
) -> None:
    from semblant.cli import video  # noqa: PLC0415
    from semblant.jobs import JobRequest  # noqa: PLC0415
    from semblant.local_jobs import with_container  # noqa: PLC0415

    request = JobRequest(
        sources=pictures[:-1],
        target=pictures[-1],
        reference=sent["reference"] or (),
        source_id=sent["source_id"],
        options=with_container(options, output),
    )
    video.make(request, output, connection=connection, quiet=quiet)


def _picture(
    pictures: list[Path],
    options: dict[str, Any],
    media_type: str,
    sent: dict[str, Any],
    connection: Connection,
    settings: dict[str, object],
) -> SwapResult:
    async def work(client: AsyncClient) -> SwapResult:
        return await client.swap(
            pictures[:-1], pictures[-1], options=options, media_type=media_type, **sent
        )

    with progress("swapping"):
        return connection.run(work, settings=settings, options=options)


def _report(result: SwapResult, done: str) -> None:
    from rich.markup import escape  # noqa: PLC0415

    err.print(timing_table(result.timings_ms))
    err.print(f"{result.faces_swapped} of {result.faces_found} faces {done}")
    if result.quality:
        err.print(", ".join(f"{name} {value:g}" for name, value in result.quality.items()))
    for warning in result.warnings:
        # One word: a property of the face. Several: the action taken.
        about = "" if "_" in warning else "the target's face is "
        err.print(f"[yellow]warning[/] {about}{escape(warning.replace('_', ' '))}")


def _needs_no_source(options: dict[str, object]) -> bool:
    """Return whether the options require no source image."""
    if "mapping" in options:
        return True  # the service knows whether its entries name sources
    steps = options.get("processors", ["face_swapper"])
    if not isinstance(steps, list) or "face_swapper" in steps:
        return False
    named = options.get("expression", "target") not in ("target", "source")
    return named or "expression_restorer" not in steps
