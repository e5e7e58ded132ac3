"""The log in the database: entries are added in groups, durably, by one process at a time."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.database import (
    AUDIT_EDGE,
    AUDIT_ENTRIES,
    AUDIT_HEADS,
    AUDIT_SUBJECTS,
    exclusive,
    transaction,
)
from gateway.errors import AuditUnavailable, JobsUnavailable
from gateway.trust.audit.events import AuditEvent, canonical, heard, pseudonym, told
from gateway.trust.audit.heads import HeadSigner, SignedHead
from gateway.trust.audit.merkle import Edge, leaf_hash
from gateway.trust.sealed import Cipher

_LOCK: Final = 0x61756469  # "audi"
_MOST_AT_ONCE: Final = 256
_REFUSE_S: Final = 5.0
"""Seconds for which work is refused after an entry could not be written."""
_NONCE_BYTES: Final = 12
_FAILURES: Final = (sa.exc.SQLAlchemyError, JobsUnavailable, OSError)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is in the log.

    Attributes:
        sequence: Its number, from 0 without gaps.
        text: Canonical JSON: what its hash is of.
    """

    sequence: int
    text: str

    @property
    def leaf(self) -> bytes:
        """Its hash in the tree, 32 bytes."""
        return leaf_hash(self.text.encode())

    @property
    def facts(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.text)
        return found


class AuditLog:
    """Adds events to the log, and reads them.

    Args:
        engine: Connections to the database.
        secret: Returns what the log's keys follow from.
        head_every: Entries after which a head is signed.
        now_ms: The time in milliseconds since 1970.
    """

    def __init__(
        self,
        engine: sa.Engine,
        secret: Callable[[], bytes],
        *,
        head_every: int = 1000,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._engine = engine
        self._secret = secret
        self._cipher = Cipher(secret)
        self._head_every = head_every
        self._now_ms = now_ms
        self._waiting: queue.SimpleQueue[tuple[AuditEvent, Future[int]] | None] = (
            queue.SimpleQueue()
        )
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()
        self._failed = -_REFUSE_S

    def require(self) -> None:
        """Check, before work is done, that it could be logged as far as is known.

        Raises:
            AuditUnavailable: an entry could not be written a moment ago.
        """
        if time.monotonic() - self._failed < _REFUSE_S:
            raise AuditUnavailable(retry_after_s=_REFUSE_S)

    def append(self, event: AuditEvent) -> int:
        """Add an event and return its number once it is durable. Blocks; any thread may call.

        Raises:
            AuditUnavailable: it was not written.
        """
        done: Future[int] = Future()
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="audit", daemon=True)
                self._writer.start()
            self._waiting.put((event, done))
        return done.result()

    def close(self) -> None:
        """Write what waits, and end."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._waiting.put(None)
            writer.join()

    def forget(self, tenant: str, subject: str) -> bool:
        """Make everything personal that is logged of somebody unreadable, for ever.

        The log and all proofs stay valid: they are of the encrypted text.

        Returns:
            Whether anything was known of them.

        Raises:
            AuditUnavailable: the database is not reachable.
        """
        name = pseudonym(self._secret(), tenant, subject)
        with _named(), transaction(self._engine) as connection:
            gone = connection.execute(
                sa.delete(AUDIT_SUBJECTS).where(AUDIT_SUBJECTS.c.subject == name)
            )
            return gone.rowcount > 0

    def entries(self, since: int = 0) -> Iterator[Entry]:
        """Yield the entries in their order, from a number on."""
        table = AUDIT_ENTRIES
        query = sa.select(table.c.sequence, table.c.text).order_by(table.c.sequence)
        with _named(), transaction(self._engine) as connection:
            rows = connection.execution_options(yield_per=1000).execute(
                query.where(table.c.sequence >= since)
            )
            for sequence, text in rows:
                yield Entry(sequence, text)

    def heads(self) -> list[SignedHead]:
        """Return the signed heads, the smallest first."""
        query = sa.select(AUDIT_HEADS.c.head).order_by(AUDIT_HEADS.c.size)
        with _named(), transaction(self._engine) as connection:
            found = connection.execute(query).scalars().all()
        return [SignedHead.of_facts(json.loads(text)) for text in found]

    def edge(self) -> Edge:
        """Return the edge of the tree, as the log keeps it."""
        with _named(), transaction(self._engine) as connection:
            return _edge(connection)[0]

    def sign_head(self) -> SignedHead:
        """Sign the head of the log as it is now, keep it, and return it."""
        with _named(), exclusive(self._engine, _LOCK) as connection:
            edge, _ = _edge(connection)
            return self._keep_head(connection, edge)

    def personal(self, tenant: str, entry: Entry, subject: str) -> dict[str, Any] | None:
        """Return what an entry says of a person; None if it is about others, or was forgotten."""
        name = pseudonym(self._secret(), tenant, subject)
        facts = entry.facts
        if facts.get("subject") != name or "sealed" not in facts:
            return None
        with _named(), transaction(self._engine) as connection:
            wrapped = connection.execute(
                sa.select(AUDIT_SUBJECTS.c.key).where(AUDIT_SUBJECTS.c.subject == name)
            ).scalar_one_or_none()
        if wrapped is None:
            return None
        sealed = heard(facts["sealed"])
        key = self._cipher.opened(name, wrapped)
        try:
            text = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag as error:
            raise ValueError("the entry was changed") from error
        found: dict[str, Any] = json.loads(text)
        return found

    def _write(self) -> None:
        ending = False
        while not ending:
            first = self._waiting.get()
            group = [] if first is None else [first]
            ending = first is None
            with suppress(queue.Empty):
                while len(group) < _MOST_AT_ONCE and not ending:
                    following = self._waiting.get_nowait()
                    if following is None:
                        ending = True
                    else:
                        group.append(following)
            if group:
                self._write_group(group)

    def _write_group(self, group: Sequence[tuple[AuditEvent, Future[int]]]) -> None:
        try:
            begin = self._added([event for event, _ in group])
        except BaseException as error:
            self._failed = time.monotonic()
            failure = error if isinstance(error, AuditUnavailable) else AuditUnavailable()
            failure.__cause__ = error
            for _, done in group:
                done.set_exception(failure)
            return
        for number, (_, done) in enumerate(group, begin):
            done.set_result(number)

    def _added(self, events: Sequence[AuditEvent]) -> int:
        """Add events in one transaction; return the first one's number."""
        with _named(), exclusive(self._engine, _LOCK) as connection:
            edge, previous = _edge(connection)
            rows, leaves = [], []
            for number, event in enumerate(events, edge.size):
                facts = event.facts() | self._sealed(connection, event)
                text = canonical(
                    facts
                    | {"sequence": number, "at_ms": self._now_ms(), "previous": previous.hex()}
                )
                previous = leaf_hash(text.encode())
                leaves.append(previous)
                rows.append({"sequence": number, "text": text})
            connection.execute(sa.insert(AUDIT_ENTRIES), rows)
            grown = edge.added(leaves)
            values = {
                "size": grown.size,
                "peaks": json.dumps([told(peak) for peak in grown.peaks]),
                "last": told(previous),
            }
            change = sa.update(AUDIT_EDGE).values(values)
            if not connection.execute(change).rowcount:
                connection.execute(sa.insert(AUDIT_EDGE).values(id=1, **values))
            if grown.size // self._head_every > edge.size // self._head_every:
                self._keep_head(connection, grown)
        return edge.size

    def _keep_head(self, connection: sa.Connection, edge: Edge) -> SignedHead:
        head = HeadSigner(self._secret()).signed(edge.size, edge.root(), self._now_ms())
        there = sa.select(AUDIT_HEADS.c.size).where(AUDIT_HEADS.c.size == edge.size)
        if connection.execute(there).first() is None:
            row = {"size": edge.size, "head": canonical(head.facts())}
            connection.execute(sa.insert(AUDIT_HEADS).values(row))
        return head

    def _sealed(self, connection: sa.Connection, event: AuditEvent) -> dict[str, str]:
        """Return what is logged of a person: a pseudonym, and the rest encrypted."""
        if not event.subject:
            return {}
        name = pseudonym(self._secret(), event.tenant, event.subject)
        if not event.personal:
            return {"subject": name}
        wrapped = connection.execute(
            sa.select(AUDIT_SUBJECTS.c.key).where(AUDIT_SUBJECTS.c.subject == name)
        ).scalar_one_or_none()
        if wrapped is None:
            key = AESGCM.generate_key(256)
            row = {"subject": name, "key": self._cipher.sealed(name, key)}
            connection.execute(sa.insert(AUDIT_SUBJECTS).values(row))
        else:
            key = self._cipher.opened(name, wrapped)
        nonce = os.urandom(_NONCE_BYTES)
        text = canonical({"subject": event.subject, **event.personal}).encode()
        return {"subject": name, "sealed": told(nonce + AESGCM(key).encrypt(nonce, text, None))}


def _edge(connection: sa.Connection) -> tuple[Edge, bytes]:
    """Return the tree's edge and the last entry's hash."""
    row = connection.execute(
        sa.select(AUDIT_EDGE.c.size, AUDIT_EDGE.c.peaks, AUDIT_EDGE.c.last)
    ).one_or_none()
    if row is None:
        return Edge(), bytes(32)
    size, peaks, last = row
    return Edge(size, tuple(heard(peak) for peak in json.loads(peaks))), heard(last)


@contextmanager
def _named() -> Iterator[None]:
    """Name the errors of a database that cannot be written or read."""
    try:
        yield
    except _FAILURES as error:
        raise AuditUnavailable(retry_after_s=_REFUSE_S) from error
