"""Access to the service, as the settings want it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.access.authenticator import Authenticator, AuthMode
from gateway.access.issuer import Issuer
from gateway.access.key_set import KeySet
from gateway.access.keys import KeyStore
from gateway.access.limits import Limits
from gateway.access.quotas import Quotas
from gateway.access.tokens import TokenRules, Tokens
from gateway.jobs.database.upgrade import (
    latest_revision,
    require_schema,
    revision_of,
    upgrade_schema,
)
from gateway.serving.database import connections_of, prepare
from gateway.settings import Settings

_CONNECTIONS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """The parts that decide who may call, and how much.

    Attributes:
        settings: Of the service.
        authenticator: Finds out who calls.
        quotas: What tenants may use.
        engine: Connections to the database of jobs; None where it is not needed.
    """

    settings: Settings
    authenticator: Authenticator
    quotas: Quotas
    engine: sa.Engine | None

    async def start(self) -> None:
        """Bring the database to this release's schema, waiting for it if it is away.

        Raises:
            JobsUnavailable: it is not reachable.
            SetupIncomplete: its schema is another release's, and must or can not be changed.
        """
        if self.engine is not None:
            await prepare(self.engine, self.settings)

    async def close(self) -> None:
        """Close all connections."""
        await self.authenticator.close()
        if self.engine is not None:
            self.engine.dispose()


def make_access(settings: Settings) -> Access:
    """Put the parts together; nothing is connected yet.

    The database is needed unless nobody has to authenticate and the settings limit nothing. In that
    case, limits that tenants have of their own do not count.

    Raises:
        SetupIncomplete: the database's URL, the issuer's or its tokens' settings cannot be used.
    """
    mode, limits = AuthMode(settings.auth), default_limits(settings)
    engine = None
    if mode is not AuthMode.OFF or limits.any:
        engine = connections_of(settings, connections=_CONNECTIONS)
    authenticator = Authenticator(
        mode,
        keys=KeyStore(engine) if engine is not None and mode.takes_keys else None,
        tokens=_tokens(settings) if mode.takes_tokens else None,
        cache_s=settings.auth_cache_s,
    )
    return Access(settings, authenticator, Quotas(engine, limits), engine)


def default_limits(settings: Settings) -> Limits:
    """Return the limits of tenants that have none of their own."""
    return Limits(
        requests_per_minute=settings.quota_requests_per_minute,
        jobs=settings.quota_jobs,
        video_minutes_per_day=settings.quota_video_minutes_per_day,
        bytes=settings.quota_bytes,
    )


@contextmanager
def access_database(settings: Settings) -> Iterator[sa.Engine]:
    """Give connections to the database, in this release's schema, for the command line.

    Raises:
        JobsUnavailable: it is not reachable.
        SetupIncomplete: its URL cannot be used, or its schema is another release's.
    """
    engine = connections_of(settings, connections=1)
    try:
        if settings.jobs_database_upgrade == "manual":
            require_schema(engine)
        elif _is_new(engine) or revision_of(engine) != latest_revision():
            upgrade_schema(engine)
        yield engine
    finally:
        engine.dispose()


def _is_new(engine: sa.Engine) -> bool:
    """Return whether a database is a file that is not there: it cannot be asked for anything."""
    path = engine.url.database
    return engine.dialect.name == "sqlite" and bool(path) and not Path(path or "").exists()


def _tokens(settings: Settings) -> Tokens:
    rules = TokenRules(
        settings.oidc_issuer,
        settings.oidc_audience,
        algorithms=settings.oidc_algorithms,
        leeway_s=settings.oidc_leeway_s,
        tenant_claim=settings.oidc_tenant_claim,
        scope_claim=settings.oidc_scope_claim,
        scope_prefix=settings.oidc_scope_prefix,
    )
    issuer = Issuer(
        settings.oidc_issuer, jwks_url=settings.oidc_jwks_url, timeout_s=settings.oidc_timeout_s
    )
    keys = KeySet(
        issuer.keys,
        max_age_s=settings.oidc_max_age_s,
        refetch_s=settings.oidc_refetch_s,
        grace_s=settings.oidc_grace_s,
    )
    return Tokens(rules, issuer, keys)
