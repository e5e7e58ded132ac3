"""`semblant swap`: a face into a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from semblant.calls import SwapResult
from semblant.cli import video
from semblant.cli.common import (
    BackendOption,
    ProviderOption,
    ServerOption,
    TimeoutOption,
    json_object,
    limits_of,
    merge,
    with_client,
)
from semblant.cli.console import err, out, progress, timing_table
from semblant.cli.mapping import read_map
from semblant.client import AsyncClient
from semblant.images import add_enhancer
from semblant.jobs import JobRequest
from semblant.local_jobs import picture_type, with_container


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
            help="Picture of the person meant; several for a mapping in --options.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="SOURCES:POSITION",
            help="Once for each person: 0,2:1 puts the person in sources 0 and 2 onto face 1. On "
            "either side the id of an enrolled identity may stand.",
        ),
    ] = None,
    source_id: Annotated[
        str | None,
        typer.Option("--source-id", help="An enrolled identity, instead of SOURCE."),
    ] = None,
    many: Annotated[bool, typer.Option("--many", help="Swap every face of the target.")] = False,
    swapper: Annotated[
        str | None,
        typer.Option("--swapper", help="mesh, or a network that was pulled; the best by default."),
    ] = None,
    shape: Annotated[
        float | None,
        typer.Option("--shape", help="How much of the source's geometry.", min=0, max=1),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option("--expression", help="target, source, or the id of an expression library."),
    ] = None,
    factor: Annotated[
        float | None,
        typer.Option("--factor", help="How strong the expression is; 1 as it is.", min=0, max=2),
    ] = None,
    only_expression: Annotated[
        bool,
        typer.Option("--only-expression", help="Leave the person; give it SOURCE's expression."),
    ] = False,
    enhance: Annotated[
        bool, typer.Option("--enhance", help="Make the faces clearer once they are swapped.")
    ] = False,
    only_enhance: Annotated[
        bool,
        typer.Option("--only-enhance", help="Make the faces clearer, and nothing else; no SOURCE."),
    ] = False,
    enhance_blend: Annotated[
        float | None,
        typer.Option("--enhance-blend", help="How much of the clearer face.", min=0, max=1),
    ] = None,
    enhance_frame: Annotated[
        bool, typer.Option("--enhance-frame", help="Make all of the picture clearer at the end.")
    ] = False,
    frame_blend: Annotated[
        float | None,
        typer.Option("--frame-blend", help="How much of that.", min=0, max=1),
    ] = None,
    enlarge: Annotated[
        int | None,
        typer.Option(
            "--enlarge", help="How many times larger a network makes the picture.", min=1, max=8
        ),
    ] = None,
    color: Annotated[
        str | None, typer.Option("--color", help="adaptive, statistics, histogram or none.")
    ] = None,
    blend: Annotated[str | None, typer.Option("--blend", help="poisson or feather.")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=NUMBER",
            help="How good faces must be, such as max_seam_ratio=1.3; may be repeated.",
        ),
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Tell identity, expression and pose, too.")
    ] = False,
    quality: Annotated[
        int | None, typer.Option("--quality", help="Of JPEG and WebP.", min=1, max=100)
    ] = None,
    options: Annotated[
        str | None, typer.Option("--options", help="Any options of the API, as JSON.")
    ] = None,
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = 60.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the result's path.")] = False,
) -> None:
    """Put the face of SOURCE into TARGET.

    A video that was interrupted is gone on with by the same command. The people shown must agree.
    """
    try:
        media_type = picture_type(output, pictures[-1])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    wanted = json_object(options)
    told = {
        "swapper_model": swapper,
        "shape": shape,
        "enhancer_blend": enhance_blend,
        "frame_enhancer_blend": frame_blend,
        "frame_enhancer_scale": enlarge,
        "expression": expression,
        "expression_factor": factor,
        "color": color,
        "blend": blend,
        "mapping": read_map(map_) if map_ else None,
    }
    wanted |= {name: value for name, value in told.items() if value is not None}
    if only_expression:
        wanted["processors"] = ["expression_restorer"]
    if only_enhance:
        wanted["processors"] = ["face_enhancer"]
    elif enhance or enhance_blend is not None:
        add_enhancer(wanted)
    if enhance_frame or frame_blend is not None or enlarge is not None:
        add_enhancer(wanted, "frame_enhancer")
    if len(pictures) < 2 and source_id is None and not _needs_no_source(wanted):
        raise typer.BadParameter("a source and a target are needed", param_hint="SOURCE... TARGET")
    if quality is not None:
        merge(wanted, "output", quality=quality)
    if figures:
        merge(wanted, "quality", report=True)
    if limit:
        merge(wanted, "quality", limits=limits_of(limit, wanted))
    if many or (reference and "mapping" not in wanted):
        merge(wanted, "face_selector", mode="reference" if reference else "many")

    if media_type is None:
        asked = JobRequest(
            sources=pictures[:-1],
            target=pictures[-1],
            reference=reference or (),
            source_id=source_id,
            options=with_container(wanted, output),
        )
        video.make(
            asked,
            output,
            server=server,
            backend=backend,
            providers=provider,
            timeout_s=timeout,
            quiet=quiet,
        )
        out.print(str(output), markup=False)
        return

    async def work(client: AsyncClient) -> SwapResult:
        return await client.swap(
            pictures[:-1],
            pictures[-1],
            options=wanted,
            media_type=media_type,
            reference=reference,
            source_id=source_id,
        )

    with progress("swapping"):
        result = with_client(
            work, server=server, backend=backend, providers=provider, timeout_s=timeout
        )
    result.save(output)
    if not quiet:
        err.print(timing_table(result.timings_ms))
        done = "given an expression" if only_expression else "swapped"
        done = "made clearer" if only_enhance else done
        err.print(f"{result.faces_swapped} of {result.faces_found} faces {done}")
        if result.quality:
            err.print(", ".join(f"{name} {value:g}" for name, value in result.quality.items()))
        for warning in result.warnings:
            # Of one word: what the face is. Of several: what was done about it.
            about = "" if "_" in warning else "the target's face is "
            err.print(f"[yellow]warning[/] {about}{escape(warning.replace('_', ' '))}")
    out.print(str(output), markup=False)


def _needs_no_source(options: dict[str, object]) -> bool:
    """Return whether options ask for nothing of a picture that is sent."""
    if "mapping" in options:
        return True  # the service knows whether its entries name sources
    steps = options.get("processors", ["face_swapper"])
    if not isinstance(steps, list) or "face_swapper" in steps:
        return False
    named = options.get("expression", "target") not in ("target", "source")
    return named or "expression_restorer" not in steps
