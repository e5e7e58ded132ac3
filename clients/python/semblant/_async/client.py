"""The client of a running server.

The client for threads is written from the one for event loops by `make sdk`: change that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from semblant._async.http_calls import AsyncHttpCalls
from semblant._async.jobs import AsyncJobCalls
from semblant.calls import FacesResult, File, Options, SwapResult
from semblant.expressions import VIDEO_TIMEOUT_S, ExpressionMatch, Library, TrackResult
from semblant.people import Identity

if TYPE_CHECKING:
    from semblant._async.streams import AsyncFrameStream
from semblant.verification import Verification

FrameFormat = Literal["rgb24", "i420", "nv12", "jpeg"]


class AsyncClient(AsyncJobCalls):
    """A connection to a server.

    Args:
        server: Its address: `http://`, `https://`, `grpc://` or `grpcs://` with a host and a port.
            gRPC needs the extra `grpc`.
        timeout_s: Seconds a request may take; the server is told, too.
        tenant: Whose things are meant; by default those of the key's tenant.
        api_key: An API key or token; by default `SEMBLANT_API_KEY` of the environment. Without TLS
            it can be read on the way.
        retries: How often a call is repeated that found the server away or busy, after the pause
            it asks for; calls that enrol are not repeated.
        root_certificates: PEM file of the authorities by which a `grpcs://` server is trusted;
            gRPC's own unless given.
        client_certificate: PEM file of the certificate chain shown to a `grpcs://` server (mTLS).
        client_key: PEM file of that certificate's key.
        transport: Where requests by HTTP go instead of the network; for tests.

    Raises:
        ValueError: if the address is none, or other arguments do not fit.
        SetupIncomplete: gRPC is not installed.
        OSError: a file of certificates cannot be read.
    """

    async def swap(
        self,
        sources: File | Sequence[File],
        target: File,
        *,
        options: Options | None = None,
        media_type: str | None = None,
        reference: File | Sequence[File] | None = None,
        source_id: str | None = None,
    ) -> SwapResult:
        """Put the face of the sources into the target; see `POST /v1/swaps`.

        Args:
            sources: One portrait or several of the same person, or of those that `mapping` in the
                options names.
            target: The picture to change.
            options: As the API documents them.
            media_type: Of the result; default the target's own.
            reference: Who is meant, for `face_selector.mode = reference`; several for `mapping`.
            source_id: An enrolled identity, instead of sources.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.swap(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            source_id=source_id,
            timeout_s=self._timeout_s,
        )

    async def faces(self, image: File, *, options: Options | None = None) -> FacesResult:
        """Return the faces of a picture; see `POST /v1/faces`.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.faces(image, options, timeout_s=self._timeout_s)

    async def verify(self, file: File, *, timeout_s: float = VIDEO_TIMEOUT_S) -> Verification:
        """Return what the marks of a picture or video say; see `POST /v1/verify`.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.verify(file, timeout_s=timeout_s)

    async def track(
        self, video: File, *, options: Options | None = None, timeout_s: float = VIDEO_TIMEOUT_S
    ) -> TrackResult:
        """Return the expression of a face in every frame of a video; see `POST /v1/tracks`.

        Args:
            video: The video.
            options: As the API documents them.
            timeout_s: Seconds it may take.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.track(video, options, timeout_s=timeout_s)

    async def enrol_expressions(
        self,
        frames: File | Sequence[File] = (),
        *,
        video: File | None = None,
        name: str = "",
        count: int | None = None,
        timeout_s: float = VIDEO_TIMEOUT_S,
    ) -> Library:
        """Make a library of a person's expressions; see `POST /v1/expression-libraries`.

        Args:
            frames: Pictures of the person.
            video: A video of the person; it or pictures are needed, or both.
            name: What to call the library.
            count: Entries at the most; the server's default unless given.
            timeout_s: Seconds it may take.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.enrol_expressions(
            frames, video, name=name, count=count, timeout_s=timeout_s
        )

    async def expressions(self) -> list[Library]:
        """Return all libraries, without their entries; see `GET /v1/expression-libraries`."""
        return await self._calls.expressions(self._timeout_s)

    async def expression(self, id: str) -> Library:
        """Return a library; see `GET /v1/expression-libraries/{id}`.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        return await self._calls.expression(id, self._timeout_s)

    async def delete_expression(self, id: str) -> None:
        """Delete a library; see `DELETE /v1/expression-libraries/{id}`.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        await self._calls.delete_expression(id, self._timeout_s)

    async def match_expression(
        self, id: str, controls: Mapping[str, float], *, last: int | None = None
    ) -> ExpressionMatch:
        """Return a library's entry that is most like an expression.

        See `POST /v1/expression-libraries/{id}/match`.

        Args:
            id: Of the library.
            controls: Named controls, each 0–1; those left out are at rest.
            last: The entry chosen the moment before, to which it keeps if it can.

        Raises:
            LibraryNotFound, InvalidOptions: by name.
        """
        return await self._calls.match_expression(id, controls, last, self._timeout_s)

    async def enrol_identity(
        self,
        sources: File | Sequence[File],
        *,
        consent: bool,
        name: str = "",
        statement: str | None = None,
        options: Options | None = None,
    ) -> Identity:
        """Enrol a person; see `POST /v1/identities`.

        Args:
            sources: One portrait or several of the person.
            consent: That the person agreed; nobody is enrolled unless it is true.
            name: What to call the person.
            statement: What the person agreed to; the server's words unless given.
            options: Further ones, as the API documents them, such as `valid_until`.

        Raises:
            SemblantError: by its subclass, such as `ConsentRequired`.
        """
        return await self._calls.enrol_identity(
            sources,
            consent=consent,
            name=name,
            statement=statement,
            further=options,
            timeout_s=self._timeout_s,
        )

    async def identities(self) -> list[Identity]:
        """Return all enrolled people, without their portraits; see `GET /v1/identities`."""
        return await self._calls.identities(self._timeout_s)

    async def identity(self, id: str) -> Identity:
        """Return an enrolled person; raises `IdentityNotFound` if there is none of that id."""
        return await self._calls.identity(id, self._timeout_s)

    async def withdraw_consent(self, id: str) -> Identity:
        """Withdraw a person's consent; see `POST /v1/identities/{id}/withdrawal`.

        Raises:
            SemblantError: by its subclass, such as `IdentityNotFound`.
        """
        return await self._calls.withdraw_consent(id, self._timeout_s)

    async def delete_identity(self, id: str) -> None:
        """Forget an enrolled person; raises `IdentityNotFound` if there is none of that id."""
        await self._calls.delete_identity(id, self._timeout_s)

    async def models(self) -> list[Mapping[str, Any]]:
        """Return the networks of the server, as the API documents them; see `GET /v1/models`."""
        return [*await self._calls.models(self._timeout_s)]

    def stream(
        self,
        sources: File | Sequence[File] = (),
        *,
        identity: str | None = None,
        reference: File | Sequence[File] = (),
        options: Options | None = None,
        format: FrameFormat = "rgb24",
        width: int | None = None,
        height: int | None = None,
        drop: Literal["block", "oldest"] = "block",
        window: int | None = None,
        jpeg_quality: int | None = None,
    ) -> AsyncFrameStream:
        """Return a live stream, for the time of a block; only by gRPC.

        Its `swap` takes frames and gives each back in turn, as soon as it is done.

        Args:
            sources: One portrait or several.
            identity: An enrolled identity, instead of sources.
            reference: Who is meant, for `face_selector.mode = reference`; several for `mapping`.
            options: As the API documents them.
            format: Of the frames: `rgb24`, `i420` or `nv12` (BT.709, limited range), or `jpeg`.
            width: Pixels; found out from the first frame if frames are arrays, or JPEG.
            height: Likewise.
            drop: `block` keeps every frame; `oldest` drops the frame that has waited longest where
                there is no room for a new one.
            window: Frames in work at the same time; as many as the server has it unless given.
            jpeg_quality: Of JPEG frames, 1-100; 92 unless given.

        Raises:
            ValueError: the server's address is one of HTTP, or an argument is none of those above.
            InvalidOptions, UnknownModel: of the options.
            OSError: a file cannot be read.
        """
        if isinstance(self._calls, AsyncHttpCalls):
            raise ValueError("streams of frames need a server at a grpc:// or grpcs:// address")
        from semblant.rpc.frames import StreamOrder  # noqa: PLC0415 - HTTP has no streams

        order = StreamOrder.of(
            sources,
            identity=identity,
            reference=reference,
            options=options,
            format=format,
            size=(width or 0, height or 0),
            drop=drop,
            window=window or 0,
            jpeg_quality=jpeg_quality or 0,
        )
        return self._calls.stream(order)
