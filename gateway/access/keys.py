"""API keys: made, found, rotated and revoked in the database of jobs.

A key is `smb_`, eight characters that everybody may see, `_`, and 43 characters that nobody may
see: 32 random bytes. Only a salted SHA-256 digest of it is stored. Passwords need a slow hash since
people choose few of them; nobody can try out 2**256 secrets, however fast the hash is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.access.caller import KEY_START, TENANT, Caller, Scope, read_scopes
from gateway.database import API_KEYS, Now, transaction
from gateway.errors import InternalError, InvalidRequest, KeyNotFound

_FORM = re.compile(r"smb_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_PREFIX_LETTERS = string.ascii_lowercase + string.digits
_PREFIX_LENGTH = 8
_SECRET_BYTES = 32
_TRIES = 5  # at a prefix that no other key has
_USED_EVERY_S = 60.0
_LONGEST_NAME = 200
_NOT_REPLACEABLE = "There is no valid API key of this id that could be replaced."


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key; nothing of it helps to guess the key.

    Attributes:
        id: `key_` and 32 hexadecimal digits.
        prefix: The part of the key that everybody may see.
        tenant: The tenant of its holder.
        name: What its creator calls it.
        scopes: What its holder may use.
        created: When, in seconds since 1970, UTC, as all times here.
        expires: When it stops being valid; None: never.
        revoked: When it was revoked; None if it was not.
        last_used: When it was used last, to the minute; None: never.
        replaces: The id of the key whose place it takes; None if it takes none.
    """

    id: str
    prefix: str
    tenant: str
    name: str
    scopes: frozenset[Scope]
    created: float
    expires: float | None = None
    revoked: float | None = None
    last_used: float | None = None
    replaces: str | None = None

    @property
    def caller(self) -> Caller:
        """Its holder."""
        return Caller(self.tenant, self.scopes, self.id, self.expires, self.id)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made.

    Attributes:
        record: What is stored of it.
        secret: The key itself, which cannot be had again.
    """

    record: KeyRecord
    secret: str

    def __repr__(self) -> str:
        """The record only, so that no log shows the key."""
        return f"NewKey({self.record!r})"


def make_secret() -> str:
    """Return a new key."""
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(_PREFIX_LENGTH))
    return f"{KEY_START}{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def prefix_of(secret: str) -> str | None:
    """Return the part of a key that everybody may see; None if it has not the form of a key."""
    match = _FORM.fullmatch(secret)
    return match[1] if match else None


def digest_of(secret: str, salt: str) -> str:
    """Return the digest of a key, hexadecimal.

    Args:
        secret: The whole key as text, so that no other text stands for the same bytes.
        salt: Hexadecimal.
    """
    return hashlib.sha256(bytes.fromhex(salt) + secret.encode()).hexdigest()


class KeyStore:
    """The keys in the database of jobs. Calls may block: make them in a thread.

    Every method raises JobsUnavailable if the database is not reachable.

    Args:
        engine: Connections to the database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def create(
        self,
        tenant: str,
        scopes: Collection[Scope],
        *,
        name: str = "",
        lifetime_s: float | None = None,
    ) -> NewKey:
        """Make a key.

        Args:
            tenant: The tenant of its holder.
            scopes: What its holder may use; at least one.
            name: What to call it.
            lifetime_s: Seconds until it expires; None: never.

        Raises:
            InvalidRequest: the tenant or the name is none, or there is no scope.
        """
        if not TENANT.fullmatch(tenant):
            raise InvalidRequest(
                "A tenant has up to 64 letters, digits, dots, underscores and hyphens, a letter "
                "or digit first."
            )
        if not scopes:
            raise InvalidRequest("A key needs at least one scope.")
        if len(name) > _LONGEST_NAME or not (name.isprintable() or not name):
            raise InvalidRequest(f"A name has at most {_LONGEST_NAME} printable characters.")
        with transaction(self._engine) as connection:
            return _insert(connection, tenant, scopes, name, lifetime_s)

    def records(self, tenant: str | None = None) -> list[KeyRecord]:
        """Return all keys, or those of one tenant, the latest first."""
        query = sa.select(API_KEYS).order_by(API_KEYS.c.created.desc(), API_KEYS.c.id)
        if tenant is not None:
            query = query.where(API_KEYS.c.tenant == tenant)
        with transaction(self._engine) as connection:
            return [_record(row) for row in connection.execute(query)]

    def get(self, id: str) -> KeyRecord:
        """Return a key, whether or not it is still valid.

        Raises:
            KeyNotFound: there is none of that id.
        """
        with transaction(self._engine) as connection:
            row = connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == id)).one_or_none()
        if row is None:
            raise KeyNotFound()
        return _record(row)

    def find(self, presented: str) -> KeyRecord | None:
        """Return the valid key that a caller has presented; None if there is none.

        Expiry is judged by the database's clock.
        """
        prefix = prefix_of(presented)
        if prefix is None:
            return None
        query = sa.select(API_KEYS).where(API_KEYS.c.prefix == prefix, *_valid())
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not hmac.compare_digest(digest_of(presented, row.salt), row.digest):
            return None
        return _record(row)

    def used(self, record: KeyRecord) -> None:
        """Note that a key was used just now; written at most once a minute for each key."""
        if record.last_used is not None and time.time() - record.last_used < _USED_EVERY_S:
            return  # no statement: a write of SQLite's waits for all others
        stale = sa.or_(
            API_KEYS.c.last_used.is_(None), API_KEYS.c.last_used <= Now() - _USED_EVERY_S
        )
        change = sa.update(API_KEYS).where(API_KEYS.c.id == record.id, stale)
        with transaction(self._engine) as connection:
            connection.execute(change.values(last_used=Now()))

    def rotate(self, id: str, *, overlap_s: float) -> NewKey:
        """Make a key that takes the place of another: same tenant, scopes, name and lifetime.

        Args:
            id: Of the other one.
            overlap_s: Seconds for which the other one stays valid, unless it expires before.

        Raises:
            KeyNotFound: there is none, it is not valid any more, or has been replaced already.
        """
        try:
            with transaction(self._engine) as connection:
                return _rotate(connection, id, overlap_s)
        except sa.exc.IntegrityError:  # of two rotations at once, the index refuses the second
            raise KeyNotFound(_NOT_REPLACEABLE) from None

    def revoke(self, id: str) -> KeyRecord:
        """Make a key invalid at once; gateways that have just seen it learn of it a little later.

        Raises:
            KeyNotFound: there is none of that id.
        """
        change = sa.update(API_KEYS).where(API_KEYS.c.id == id)
        change = change.values(revoked=sa.func.coalesce(API_KEYS.c.revoked, Now()))
        with transaction(self._engine) as connection:
            row = connection.execute(change.returning(API_KEYS)).one_or_none()
        if row is None:
            raise KeyNotFound()
        return _record(row)


def _valid() -> tuple[sa.ColumnElement[bool], ...]:
    unexpired = sa.or_(API_KEYS.c.expires.is_(None), API_KEYS.c.expires > Now())
    return API_KEYS.c.revoked.is_(None), unexpired


def _rotate(connection: sa.Connection, id: str, overlap_s: float) -> NewKey:
    row = connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == id, *_valid())).first()
    taken = sa.select(API_KEYS.c.id).where(API_KEYS.c.replaces == id)
    if row is None or connection.execute(taken).first() is not None:
        raise KeyNotFound(_NOT_REPLACEABLE)
    old = _record(row)
    lifetime_s = None if old.expires is None else old.expires - old.created
    made = _insert(connection, old.tenant, old.scopes, old.name, lifetime_s, replaces=id)
    ends = Now() + max(0.0, overlap_s)
    later = sa.or_(API_KEYS.c.expires.is_(None), API_KEYS.c.expires > ends)
    change = sa.update(API_KEYS).where(API_KEYS.c.id == id, later)
    connection.execute(change.values(expires=ends))
    return made


def _insert(
    connection: sa.Connection,
    tenant: str,
    scopes: Collection[Scope],
    name: str,
    lifetime_s: float | None,
    *,
    replaces: str | None = None,
) -> NewKey:
    values = {
        "id": f"key_{secrets.token_hex(16)}",
        "tenant": tenant,
        "name": name,
        "scopes": sorted(scopes),
        "created": Now(),
        "expires": None if lifetime_s is None else Now() + lifetime_s,
        "replaces": replaces,
    }
    for _ in range(_TRIES):
        secret, salt = make_secret(), secrets.token_hex(16)
        prefix = prefix_of(secret)
        taken = sa.select(API_KEYS.c.id).where(API_KEYS.c.prefix == prefix)
        if connection.execute(taken).first() is None:
            own = {"prefix": prefix, "salt": salt, "digest": digest_of(secret, salt)}
            statement = sa.insert(API_KEYS).values(values | own).returning(API_KEYS)
            return NewKey(_record(connection.execute(statement).one()), secret)
    raise InternalError("No prefix was free for a key.")


def _record(row: sa.Row[Any]) -> KeyRecord:
    told = dict(row._mapping)
    del told["salt"], told["digest"]
    return KeyRecord(**told | {"scopes": read_scopes(told["scopes"])})
