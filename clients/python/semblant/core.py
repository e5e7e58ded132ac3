"""`run`: pictures and videos, one or many, in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from gateway.deprecations import note, renames, with_new_options
from semblant.calls import File, Options, SwapResult, in_memory, several
from semblant.client import AsyncClient
from semblant.images import names_of, run_coroutine
from semblant.jobs import Job, JobRequest
from semblant.local_jobs import (
    is_video,
    make_video,
    picture_type,
    starts_like_video,
    with_container,
)


def run(
    *,
    source: File | Sequence[File] = (),
    targets: File | Sequence[File],
    output: str | Path | None = None,
    frame_processors: Sequence[str] = ("face_swapper",),
    execution_threads: int = 0,
    execution_providers: Sequence[str] = ("cpu",),
    options: Options | None = None,
    reference: File | Sequence[File] = (),
    server: str | None = None,
    timeout_s: float = 60.0,
    on_progress: Callable[[Path, Job], None] | None = None,
    told: Callable[[Path, Job], None] | None = None,
) -> list[SwapResult | Job]:
    """Put a face into pictures and videos, and write the results.

    A video that was begun and not finished, because the machine or its user stopped it, is resumed
    by the same call.

    Args:
        source: One portrait or several of the same person; none where the request needs no source.
            Like all pictures a path, bytes, an open file, an array (uint8, (H, W, 3) RGB) or a
            picture of Pillow's.
        targets: Pictures and videos to change.
        output: Where the result goes; of several targets, the folder they go to under their own
            names. Endings say the formats: .png, .jpg, .webp, .avif; .mp4, .mov, .mkv, .webm,
            .gif, .webp. None: nowhere; results of pictures have an `image`, an array.
        frame_processors: The processing steps, in order.
        execution_threads: For running here: threads for imaging work; 0 are as many as cores.
        execution_providers: For running here: ONNX Runtime's providers, first choice first.
        options: Further options, as the API documents them.
        reference: The person to select, for `face_selector.mode = reference`; several for
            `mapping`.
        server: Address of a running server; without one everything runs in this process.
        timeout_s: Seconds the processing of one image, or of one frame, may take.
        on_progress: Called with the target's path, or that of its result where it has none, and its
            job, several times a second.
        told: Former name of `on_progress`.

    Returns:
        For each target what happened: of a picture a `SwapResult`, of a video its `Job`.

    Raises:
        SemblantError: by its subclass, with a stable `spec.code`; the targets before are done.
        ValueError: for an ending that is no known format, a server that is no address, an array
            that is no picture, or a video that is to go nowhere.
        TypeError: for an input that is not an image.
        OSError: if a file cannot be read or written.
    """
    if told is not None:
        note(renames("argument")["told"])
        on_progress = on_progress or told
    source = [in_memory(file) for file in several(source)]
    reference = [in_memory(file) for file in several(reference)]
    pairs = outputs(targets, output)
    wanted = {**with_new_options(dict(options or {})), "processors": names_of(frame_processors)}
    videos = any(out is not None and is_video(out, target) for target, out in pairs)

    async def work() -> list[SwapResult | Job]:
        checked = wanted if videos else _of_picture(wanted)
        service = _service(
            server, execution_threads, execution_providers, timeout_s, videos, checked
        )
        async with service as client:
            return [
                await _one(
                    client,
                    target,
                    out,
                    source=source,
                    options=wanted,
                    reference=reference,
                    on_progress=on_progress,
                )
                for target, out in pairs
            ]

    return run_coroutine(work())


def outputs(
    targets: File | Sequence[File], output: str | Path | None
) -> list[tuple[bytes | Path, Path | None]]:
    """Return every target, by its path or bytes, with where its result goes; None is nowhere.

    The result of an input without a name is named by its index, from 0.

    Raises:
        ValueError: there are none, two would go to the same place, or an ending is unknown.
    """
    given = [in_memory(target) for target in several(targets)]
    every = [target if isinstance(target, bytes) else Path(target) for target in given]
    if not every:
        raise ValueError("there is no target")
    if output is None:
        if any(starts_like_video(target) for target in every):
            raise ValueError("of a video the result needs an output")
        return [(target, None) for target in every]
    folder = len(every) > 1 or not Path(output).suffix
    pairs: list[tuple[bytes | Path, Path | None]] = []
    for number, target in enumerate(every):
        out = Path(output) / _name(target, number) if folder else Path(output)
        picture_type(out)
        pairs.append((target, out))
    if len({out for _, out in pairs}) < len(pairs):
        raise ValueError("two targets have the same name")
    return pairs


def _name(target: bytes | Path, number: int) -> str:
    if isinstance(target, Path):
        return target.name
    return f"{number}.mp4" if starts_like_video(target) else f"{number}.png"


async def _one(
    client: AsyncClient,
    target: bytes | Path,
    output: Path | None,
    *,
    source: File | Sequence[File],
    options: dict[str, Any],
    reference: File | Sequence[File],
    on_progress: Callable[[Path, Job], None] | None,
) -> SwapResult | Job:
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
    media_type = "image/png" if output is None else picture_type(output, target)
    if output is None or media_type is not None:
        result = await client.swap(
            several(source),
            target,
            options=_of_picture(options),
            media_type=media_type,
            reference=several(reference),
        )
        if output is not None:
            result.save(output)
        return result
    asked = JobRequest(
        sources=source, target=target, reference=reference, options=with_container(options, output)
    )

    def tell(job: Job) -> None:
        if on_progress is not None:
            on_progress(target if isinstance(target, Path) else output, job)

    return await make_video(client, asked, output, on_progress=tell)


def _of_picture(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without those of videos, which pictures do not have."""
    return {name: value for name, value in options.items() if name != "video"}


def _service(
    server: str | None,
    threads: int,
    providers: Sequence[str],
    timeout_s: float,
    videos: bool,
    options: Mapping[str, Any],
) -> AbstractAsyncContextManager[AsyncClient]:
    """Return a client of a server, or of the service in this process."""
    if server is not None:
        return AsyncClient(server, timeout_s=timeout_s)
    from gateway.settings import Settings  # noqa: PLC0415 - a client of a server needs none of it
    from semblant.in_process import in_process, provider_names  # noqa: PLC0415

    settings = Settings(
        backend="local",
        cpu_threads=threads,
        execution_providers=provider_names(names_of(providers)),
    )
    return in_process(settings, timeout_s=timeout_s, jobs=videos, options=options)
