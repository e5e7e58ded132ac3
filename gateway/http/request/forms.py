"""Reading of multipart forms: permitted fields, and errors for unexpected ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import BaseModel
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from gateway.errors import EmptyUpload, InvalidRequest, MissingField, UnsupportedRequestType
from gateway.jobs.job import SentFile
from gateway.operations.kept_file import KeptFile
from gateway.settings import Settings

MAX_TEXT_BYTES = 64 * 1024
"""Bytes of a text field, such as the options."""
_SPARE_PARTS = 8  # beyond what a form needs, so that a surplus part can be named


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        description: For the documentation.
        least: Minimum number of occurrences.
        most: Maximum number of occurrences, or how many these are by the settings.
        file: Whether it is a file; text may be sent as a file too, as `curl -F name=@file` does.
        model: Of a text that is JSON.
        schema: JSON schema of another text.
        required: Whether it is documented as required; by default as `least` says.
    """

    description: str = ""
    least: int = 0
    most: int | Callable[[Settings], int] = 1
    file: bool = True
    model: type[BaseModel] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    required: bool | None = None


def text_field(description: str = "", **schema: Any) -> Field:
    """Return a field of plain text; `schema` has further members of its JSON schema."""
    return Field(description, file=False, schema=schema)


def json_field(model: type[BaseModel], *, required: bool = False) -> Field:
    """Return a field of JSON."""
    return Field(file=False, model=model, required=required)


class Form:
    """The parts of a checked form, still in their spool files."""

    def __init__(self, parts: Mapping[str, list[UploadFile | str]]) -> None:
        self._parts = parts

    def has(self, name: str) -> bool:
        """Return whether a field is there."""
        return bool(self._parts[name])

    def count(self, name: str) -> int:
        """Return how many parts a field has."""
        return len(self._parts[name])

    @property
    def counts(self) -> dict[str, int]:
        """Number of parts of each field."""
        return {name: len(parts) for name, parts in self._parts.items()}

    async def files(self, name: str) -> list[bytes]:
        """Return the contents of all files of a field, in their order."""
        return [await part.read() for part in self._parts[name] if isinstance(part, UploadFile)]

    async def file(self, name: str) -> bytes | None:
        """Return the content of a field's only file; None without one."""
        files = await self.files(name)
        return files[0] if files else None

    async def kept(self, name: str) -> list[SentFile]:
        """Return the paths of the files of a field, in order, of a form that was read to disk.

        Raises:
            EmptyUpload: one of them has no content.
        """
        files = [part.file for part in self._parts[name] if isinstance(part, UploadFile)]
        sent = []
        for file in files:
            assert isinstance(file, KeptFile)
            if not file.size:
                raise EmptyUpload(f"A file of the field `{name}` is empty.")
            sent.append(await run_in_threadpool(file.sent))
        return sent

    async def text(self, name: str) -> bytes | str | None:
        """Return a text field; None without one.

        Raises:
            InvalidRequest: if it is too long.
        """
        for part in self._parts[name]:
            if isinstance(part, str):
                return part
            if (part.size or 0) > MAX_TEXT_BYTES:
                raise _problem(name, f"may have at most {MAX_TEXT_BYTES} bytes")
            return await part.read()
        return None

    async def line(self, name: str) -> str | None:
        """Return a field of one short line, without space around it; None without one.

        Raises:
            InvalidRequest: if it is too long.
        """
        text = await self.text(name)
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        return text.strip() or None if text is not None else None


@asynccontextmanager
async def read_form(
    request: Request,
    fields: Mapping[str, Field],
    settings: Settings,
    *,
    folder: Path | None = None,
) -> AsyncIterator[Form]:
    """Read and check the form of a request; its spool files are gone after the block.

    With a `folder` its files are written there while they arrive, however large they are; those
    that have been moved away by the end of the block stay.

    Raises:
        UnsupportedRequestType: the body is of another type.
        InvalidRequest: it is malformed, or a field is unknown, of the wrong kind or repeated.
        MissingField: naming the missing field.
        PayloadTooLarge, RequestTimeout: from reading.
        StorageFull: the folder has no room.
    """
    _require_multipart(request)
    most = {
        name: each.most if isinstance(each.most, int) else each.most(settings)
        for name, each in fields.items()
    }
    parser = _Parser(request, sum(most.values()) + _SPARE_PARTS, folder)
    try:
        try:
            form = await parser.parse()
        except MultiPartException as error:
            # Its messages are fixed sentences with our own limits.
            raise InvalidRequest(f"The form could not be read: {error.message}") from error
        yield Form(_checked(form, fields, most))
    finally:
        parser.close()


class _Parser(MultiPartParser):
    """Starlette's parser, which notices an early end, and forgets no spool file."""

    def __init__(self, request: Request, max_parts: int, folder: Path | None) -> None:
        super().__init__(
            request.headers,
            request.stream(),
            max_files=max_parts,
            max_fields=max_parts,
            max_part_size=MAX_TEXT_BYTES,
        )
        self._ended = False
        self._folder = folder
        self._kept: list[KeptFile] = []

    def on_headers_finished(self) -> None:
        """Give a file that begins its place on disk."""
        super().on_headers_finished()
        part = self._current_part.file
        if part is not None and self._folder is not None:
            part.file.close()
            kept = KeptFile(self._folder)
            self._kept.append(kept)
            part.file = cast("BinaryIO", kept)

    def on_end(self) -> None:
        """Record that the last boundary was seen."""
        self._ended = True

    async def parse(self) -> FormData:
        """Return the form.

        Raises:
            MultiPartException: it is malformed, too large in some way, or ends early.
        """
        form = await super().parse()
        if not self._ended:
            raise MultiPartException("It ends before its last boundary.")
        return form

    def close(self) -> None:
        """Remove all spool files, those of parts that never ended included."""
        for spool in self._files_to_close_on_error:
            spool.close()
        for kept in self._kept:
            kept.close()


def _require_multipart(request: Request) -> None:
    content_type, _ = parse_options_header(request.headers.get("content-type", ""))
    if content_type != b"multipart/form-data":
        raise UnsupportedRequestType("The request body must be multipart/form-data.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedRequestType("Compressed request bodies are not accepted.")


def _checked(
    form: FormData, fields: Mapping[str, Field], most: Mapping[str, int]
) -> dict[str, list[UploadFile | str]]:
    parts: dict[str, list[UploadFile | str]] = {name: [] for name in fields}
    unknown: dict[str, None] = {}
    for name, part in form.multi_items():
        if name not in fields:
            unknown[name] = None
        elif not _is_blank(part, fields[name]):
            parts[name].append(part)
    if unknown:
        raise InvalidRequest(
            f"Unknown form fields. Known: {', '.join(fields)}.",
            errors=[
                {"pointer": _pointer(name), "detail": "unknown field"}
                for name in list(unknown)[:16]
            ],
        )
    missing = [name for name, each in fields.items() if len(parts[name]) < each.least]
    if missing:
        raise MissingField(
            f"Missing: {', '.join(missing)}.",
            errors=[{"pointer": _pointer(name), "detail": "required"} for name in missing],
        )
    for name, each in fields.items():
        if len(parts[name]) > most[name]:
            raise _problem(name, f"may be there {_times(most[name])}, not {len(parts[name])} times")
        if each.file and any(isinstance(part, str) for part in parts[name]):
            raise _problem(name, "must be a file (a part with a filename)")
    return parts


def _is_blank(part: UploadFile | str, field: Field) -> bool:
    """Return whether a part is an optional file input that a browser sent unfilled."""
    return field.least == 0 and isinstance(part, UploadFile) and not part.filename and not part.size


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _pointer(name: str) -> str:
    return "/" + name[:64].replace("~", "~0").replace("/", "~1")


def _problem(name: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"The field `{name}` {what}.", errors=[{"pointer": _pointer(name), "detail": what}]
    )
