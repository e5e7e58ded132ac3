"""The audit log in the database of jobs."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.serving.audit import Audit
from gateway.serving.database import connections_of, prepare
from gateway.serving.secret import trust_secret
from gateway.settings import Settings
from gateway.trust.audit.log import AuditLog

_CONNECTIONS = 2


def make_audit(settings: Settings) -> Audit:
    """Return the log; nothing is connected yet.

    Raises:
        SetupIncomplete: the URL of the database cannot be used.
    """
    engine = connections_of(settings, connections=_CONNECTIONS)

    async def ready() -> None:
        await prepare(engine, settings)

    return Audit(log_of(settings, engine), prepare=ready, close=engine.dispose)


def log_of(settings: Settings, engine: sa.Engine) -> AuditLog:
    """Return the log in a database."""
    every = settings.audit_head_entries
    return AuditLog(engine, lambda: trust_secret(settings), head_every=every)
