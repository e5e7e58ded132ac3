"""The client of a running server.

The client for threads is written from the one for event loops by `make sdk`: change that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from httpx_retries import Retry

from semblant._sync.jobs import JobCalls
from semblant.calls import (
    FacesResult,
    File,
    Options,
    SwapResult,
    faces_request,
    faces_result,
    raise_for_problem,
    swap_request,
    swap_result,
)
from semblant.expressions import (
    VIDEO_TIMEOUT_S,
    ExpressionMatch,
    Library,
    TrackResult,
    enrol_request,
    libraries_result,
    library_request,
    library_result,
    match_request,
    match_result,
    track_request,
    track_result,
)
from semblant.people import (
    Identity,
    identify_request,
    identities_result,
    identity_request,
    identity_result,
)

_ONCE = {"retry": Retry(total=0)}
"""For calls that would make something twice if they were repeated."""


class Client(JobCalls):
    """A connection to a server.

    Args:
        server: Its address.
        timeout_s: Seconds a request may take; the server is told, too.
        tenant: Whose jobs are meant.
        retries: How often a call is repeated that found the server away or busy, after the pause
            it asks for; calls that enrol are not repeated.
        transport: Where requests go instead of the network; for tests.

    Raises:
        ValueError: if the address is none.
    """

    def swap(
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
        arguments = swap_request(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            source_id=source_id,
            timeout_s=self._timeout_s,
        )
        return swap_result(self._send(arguments))

    def faces(self, image: File, *, options: Options | None = None) -> FacesResult:
        """Return the faces of a picture; see `POST /v1/faces`.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        arguments = faces_request(image, options, timeout_s=self._timeout_s)
        return faces_result(self._send(arguments))

    def track(
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
        return track_result(self._send(track_request(video, options, timeout_s=timeout_s)))

    def enrol_expressions(
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
        arguments = enrol_request(frames, video, name=name, count=count, timeout_s=timeout_s)
        return library_result(self._send(arguments | {"extensions": _ONCE}))

    def expressions(self) -> list[Library]:
        """Return all libraries, without their entries; see `GET /v1/expression-libraries`."""
        return libraries_result(self._send(library_request("GET", timeout_s=self._timeout_s)))

    def expression(self, id: str) -> Library:
        """Return a library; see `GET /v1/expression-libraries/{id}`.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        return library_result(self._send(library_request("GET", id, timeout_s=self._timeout_s)))

    def delete_expression(self, id: str) -> None:
        """Delete a library; see `DELETE /v1/expression-libraries/{id}`.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        raise_for_problem(self._send(library_request("DELETE", id, timeout_s=self._timeout_s)))

    def match_expression(
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
        arguments = match_request(id, controls, last, timeout_s=self._timeout_s)
        return match_result(self._send(arguments))

    def enrol_identity(
        self,
        sources: File | Sequence[File],
        *,
        consent: bool,
        name: str = "",
        statement: str | None = None,
    ) -> Identity:
        """Enrol a person; see `POST /v1/identities`.

        Args:
            sources: One portrait or several of the person.
            consent: That the person agreed; nobody is enrolled unless it is true.
            name: What to call the person.
            statement: What the person agreed to; the server's words unless given.

        Raises:
            SemblantError: by its subclass, such as `ConsentRequired`.
        """
        arguments = identify_request(
            sources, consent=consent, name=name, statement=statement, timeout_s=self._timeout_s
        )
        return identity_result(self._send(arguments | {"extensions": _ONCE}))

    def identities(self) -> list[Identity]:
        """Return all enrolled people, without their portraits; see `GET /v1/identities`."""
        arguments = identity_request("GET", timeout_s=self._timeout_s)
        return identities_result(self._send(arguments))

    def identity(self, id: str) -> Identity:
        """Return an enrolled person; raises `IdentityNotFound` if there is none of that id."""
        arguments = identity_request("GET", id, timeout_s=self._timeout_s)
        return identity_result(self._send(arguments))

    def delete_identity(self, id: str) -> None:
        """Forget an enrolled person; raises `IdentityNotFound` if there is none of that id."""
        arguments = identity_request("DELETE", id, timeout_s=self._timeout_s)
        raise_for_problem(self._send(arguments))
