"""Names that were replaced: the old one is accepted for one release, and noted.

`RENAMES` is the only table. A caller that reads a name from outside looks it up there, and calls
`note`; where a request is answered, `collected` gathers the notes for a response header, elsewhere
each becomes a `DeprecationWarning`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

REMOVED_IN = "0.3"
"""Release that no longer accepts any of these names."""
RenameKind = Literal[
    "option", "setting", "error code", "job status", "address", "argument", "flag", "verb"
]


@dataclass(frozen=True, slots=True)
class Rename:
    """One replaced name.

    Attributes:
        kind: The kind of thing it names.
        old: Still accepted. Of an option a path: dots between groups, `[]` for each entry.
        new: To be used instead.
        values: Old values that were replaced as well, with the new ones.
    """

    kind: RenameKind
    old: str
    new: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The sentence users read."""
        return f"{self.kind} {self.old} is now {self.new}; the old name ends with {REMOVED_IN}"


RENAMES: tuple[Rename, ...] = (
    Rename("option", "film", "video"),
    Rename("option", "mapping[].identity", "mapping[].target_id"),
    Rename("setting", "coding_threads", "codec_threads"),
    Rename("setting", "commercial", "require_commercial_license"),
    Rename("setting", "drain_s", "shutdown_grace_s"),
    Rename("setting", "job_patience_s", "dependency_wait_s"),
    Rename(
        "setting",
        "jobs",
        "job_execution",
        {"inside": "embedded", "outside": "external", "off": "disabled"},
    ),
    Rename("setting", "max_film_s", "max_video_s"),
    Rename("setting", "triton_hang_s", "triton_liveness_timeout_s"),
    Rename("error code", "face_not_selected", "no_matching_face"),
    Rename("error code", "job_elsewhere", "lease_lost"),
    Rename("error code", "jobs_off", "jobs_disabled"),
    Rename("error code", "model_invalid", "model_format_invalid"),
    Rename("error code", "model_unsound", "model_verification_failed"),
    Rename("error code", "request_cancelled", "request_canceled"),
    Rename("job status", "starting", "queued"),
    Rename("address", "/v1/expressions", "/v1/expression-libraries"),
    Rename("argument", "told", "on_progress"),
    # Flags of `semblant swap`; what ends in `=` or `.` is continued by the value.
    Rename("flag", "--swapper", "--set swapper_model="),
    Rename("flag", "--shape", "--set shape="),
    Rename("flag", "--factor", "--set expression_factor="),
    Rename("flag", "--enhance-blend", "--enhance --set enhancer_blend="),
    Rename("flag", "--frame-blend", "--enhance-frame --set frame_enhancer_blend="),
    Rename("flag", "--enlarge", "--enhance-frame --set frame_enhancer_scale="),
    Rename("flag", "--color", "--set color="),
    Rename("flag", "--blend", "--set blend="),
    Rename("flag", "--limit", "--set quality.limits."),
    Rename("flag", "--figures", "--set quality.report=true"),
    Rename("flag", "--quality", "--set output.quality="),
    Rename("verb", "remove", "delete"),
)

_notes: ContextVar[list[Rename] | None] = ContextVar("deprecation_notes", default=None)


def renames(kind: RenameKind) -> dict[str, Rename]:
    """Return the replaced names of one kind by the old name."""
    return {rename.old: rename for rename in RENAMES if rename.kind == kind}


@contextmanager
def collected() -> Iterator[list[Rename]]:
    """Collect the notes within the block, each rename once, instead of warning."""
    notes: list[Rename] = []
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def note(rename: Rename) -> None:
    """Record that a caller used an old name."""
    notes = _notes.get()
    if notes is None:
        warnings.warn(str(rename), DeprecationWarning, stacklevel=3)
    elif rename not in notes:
        notes.append(rename)


def with_new_options(document: dict[str, Any]) -> dict[str, Any]:
    """Return options with old names replaced; where both names are given, the old one stays.

    What stays is refused by the model like any unknown option, so nothing is silently ignored.
    """
    for rename in renames("option").values():
        *groups, old = rename.old.split(".")
        document = _replaced(document, groups, old, rename)
    return document


def _replaced(value: Any, groups: list[str], old: str, rename: Rename) -> Any:
    if not isinstance(value, dict):
        return value
    if groups:
        name = groups[0].removesuffix("[]")
        inner = value.get(name)
        if groups[0].endswith("[]"):
            if not isinstance(inner, list):
                return value
            made: Any = [_replaced(entry, groups[1:], old, rename) for entry in inner]
        else:
            made = _replaced(inner, groups[1:], old, rename)
        return value if made == inner else value | {name: made}
    new = rename.new.rpartition(".")[2]
    if old not in value or new in value:
        return value
    note(rename)
    return {(new if name == old else name): one for name, one in value.items()}
