"""`process_image`: the one call most people need."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from semblant.calls import File, Options, SwapResult, read, several
from semblant.client import Client

T = TypeVar("T")

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}


def process_image(
    source_path: File | Sequence[File],
    target_path: File,
    output_path: str | Path | None = None,
    *,
    execution_providers: Sequence[str] = ("cpu",),
    frame_processors: Sequence[str] = ("face_swapper",),
    options: Options | None = None,
    mapping: Sequence[Mapping[str, Any]] | None = None,
    reference_path: File | Sequence[File] | None = None,
    enhance: bool | float = False,
    server: str | None = None,
    timeout_s: float = 60.0,
) -> SwapResult:
    """Put a face into a picture, and write the result or return it.

    Pictures are paths, bytes, open files, arrays (uint8, (H, W, 3) RGB) or pictures of Pillow's:

        result = process_image(portrait, frame)  # two arrays
        result.image  # an array of the frame's shape

    It returns when that is done; inside an event loop use `AsyncClient`, or a thread.

    Args:
        source_path: One portrait or several of the same person, or of those that `mapping` names;
            an empty list where the request needs no source.
        target_path: The picture to change.
        output_path: Path of the result; its suffix selects the format (.png, .jpg, .webp,
            .avif). None: nowhere; the result has it as `data`, a PNG, and `image`, an array.
        execution_providers: For running here: ONNX Runtime's providers, first choice first;
            `cpu`, `cuda`, `tensorrt` … or full names.
        frame_processors: The processing steps, in order.
        options: Further options, as the API documents them.
        mapping: Several people: whose face goes to whom, such as `[{"sources": [0, 1],
            "position": 0}, {"sources": [2], "reference": 0}]`; the same as in the options.
        reference_path: The person to select, for `face_selector.mode = reference`; several for
            `mapping`.
        enhance: Enhance the faces as the last step; a number is the blending weight, 0–1.
        server: Address of a running server; without one everything runs in this process.
        timeout_s: Seconds the request may take.

    Returns:
        The result, with the encoded image.

    Raises:
        SemblantError: by its subclass, with a stable `spec.code`.
        ValueError: for an output ending that is no known format, a server that is no address, or
            an array that is no picture.
        TypeError: for an input that is not an image.
        OSError: if a file cannot be read or written.
    """
    media_type = "image/png" if output_path is None else media_type_of(output_path)
    sources = [read(source) for source in several(source_path)]
    target = read(target_path)
    references = [read(file) for file in several(() if reference_path is None else reference_path)]
    wanted: dict[str, Any] = {**(options or {}), "processors": names_of(frame_processors)}
    if mapping is not None:
        wanted["mapping"] = [dict(entry) for entry in mapping]
    if enhance is not False:
        add_enhancer(wanted)
        if enhance is not True:
            wanted["enhancer_blend"] = float(enhance)
    if server is not None:
        with Client(server, timeout_s=timeout_s) as client:
            result = client.swap(
                sources, target, options=wanted, media_type=media_type, reference=references
            )
    else:
        result = run_coroutine(
            _here(
                sources,
                target,
                wanted,
                media_type=media_type,
                references=references,
                providers=names_of(execution_providers),
                timeout_s=timeout_s,
            )
        )
    if output_path is not None:
        result.save(output_path)
    return result


def add_enhancer(options: dict[str, Any], name: str = "face_enhancer") -> None:
    """Add an enhancement step at the end of the options' processors, modified in place.

    Faces are enhanced before the whole image (`frame_enhancer`), which is the very last step.
    """
    steps = list(options.get("processors", ["face_swapper"]))
    if name not in steps:
        last = steps.index("frame_enhancer") if "frame_enhancer" in steps else len(steps)
        options["processors"] = [*steps[:last], name, *steps[last:]]


def media_type_of(path: str | Path) -> str:
    """Return the media type of a result's ending.

    Raises:
        ValueError: naming the endings that are known.
    """
    ending = Path(path).suffix.lower()
    if ending not in MEDIA_TYPES:
        raise ValueError(f"{ending or 'no ending'}: a result ends in {', '.join(MEDIA_TYPES)}")
    return MEDIA_TYPES[ending]


def names_of(names: str | Sequence[str]) -> list[str]:
    """Return a list of names, also of a single one."""
    return [names] if isinstance(names, str) else list(names)


def run_coroutine(work: Coroutine[Any, Any, T]) -> T:
    """Wait for the work, in a thread of its own where an event loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:  # as in a notebook
        return pool.submit(asyncio.run, work).result()


async def _here(
    sources: Sequence[bytes],
    target: bytes,
    options: Options,
    *,
    media_type: str,
    references: Sequence[bytes],
    providers: Sequence[str],
    timeout_s: float,
) -> SwapResult:
    from gateway.settings import Settings  # noqa: PLC0415 - a client of a server needs none of it
    from semblant.in_process import in_process, provider_names  # noqa: PLC0415

    settings = Settings(backend="local", execution_providers=provider_names(providers))
    async with in_process(settings, timeout_s=timeout_s) as client:
        return await client.swap(
            sources, target, options=options, media_type=media_type, reference=references
        )
