"""Where identities and libraries of expressions are kept, as the settings want it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gateway.serving.secret import trust_secret
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore, FolderExpressionStore
from gateway.storage.identities import FolderIdentityStore, IdentityStore
from gateway.trust.sealed import Cipher


@dataclass(frozen=True, slots=True, eq=False)
class Stores:
    """What is kept for tenants between requests, beside jobs.

    Attributes:
        identities: Enrolled people.
        expressions: Libraries of expressions.
    """

    identities: IdentityStore
    expressions: ExpressionStore

    async def start(self) -> None:
        """Get ready to be used."""

    def sweep(self) -> None:
        """Remove what processes that have died left."""
        self.identities.sweep()
        self.expressions.sweep()

    def close(self) -> None:
        """Close all connections."""


def cipher_of(settings: Settings) -> Cipher:
    """Return what encrypts what is kept of faces; the secret is read when it is needed."""
    return Cipher(cache(lambda: trust_secret(settings)))


def folder_stores(settings: Settings) -> Stores:
    """Return the stores in the folder of data."""
    folder = settings.data_dir
    return Stores(
        FolderIdentityStore(
            folder / "identities", most=settings.max_identities, cipher=cipher_of(settings)
        ),
        FolderExpressionStore(folder / "expressions", most=settings.max_libraries),
    )
