"""A caller whose credential has been checked, and what it may do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import PermissionDenied

DEFAULT_TENANT = "default"
"""The tenant of everything where nobody has named one."""
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""The format of a tenant's name."""


KEY_START = "smb_"
"""What API keys begin with."""


class Scope(StrEnum):
    """What a caller may use."""

    SWAP = "swap"
    JOBS = "jobs"
    IDENTITIES = "identities"
    MODELS = "models"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose credential has been checked.

    Attributes:
        tenant: Owner of everything it makes and sees.
        scopes: What it may use.
        name: The id of its key or the subject of its token; never a secret.
        until: When its credential expires, in seconds since 1970, UTC; None if it does not.
        key_id: The id of its key; None if it has none.
    """

    tenant: str
    scopes: frozenset[Scope]
    name: str
    until: float | None = None
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether it may use something; `admin` includes everything."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


def require(caller: Caller, scope: Scope) -> None:
    """Check that a caller may use something.

    Raises:
        PermissionDenied: it may not.
    """
    if not caller.may(scope):
        raise PermissionDenied(
            f"This needs the scope {scope}.",
            extra={"scope": str(scope), "scopes": sorted(caller.scopes)},
        )


def read_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of some names.

    Raises:
        ValueError: naming the one that is none.
    """
    known = {str(scope): scope for scope in Scope}
    found = set()
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no scope; there are {', '.join(known)}")
        found.add(known[name])
    return frozenset(found)
