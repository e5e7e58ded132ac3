"""Credentials of every kind, and what is made of them."""

import logging

import pytest

from gateway.access.authenticator import Authenticator, AuthMode, Credentials, challenge
from gateway.access.caller import ALL_SCOPES, Caller, Scope
from gateway.access.keys import KeyStore, make_secret
from gateway.errors import (
    InvalidRequest,
    JobsUnavailable,
    PermissionDenied,
    Unauthenticated,
)

pytestmark = pytest.mark.anyio

SCOPES = frozenset({Scope.SWAP})
TOKEN = "aaaa.bbbb.cccc"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class FakeTokens:
    """Knows one token."""

    def __init__(self):
        self.closed = False

    async def verify(self, token):
        if token != TOKEN:
            raise Unauthenticated("The token is not valid.")
        return Caller("acme", SCOPES, "alice", 1e12)

    async def close(self):
        self.closed = True


class CountingKeys(KeyStore):
    """Counts the questions to the database."""

    found = 0

    def find(self, presented):
        self.found += 1
        return super().find(presented)


@pytest.fixture
def keys(database):
    return CountingKeys(database)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def both(keys, clock):
    return Authenticator(
        AuthMode.KEYS_AND_OIDC, keys=keys, tokens=FakeTokens(), cache_s=5, clock=clock
    )


async def test_a_key_is_taken_from_either_header(both, keys):
    made = keys.create("acme", SCOPES)
    for credentials in (
        Credentials(authorization=f"Bearer {made.secret}"),
        Credentials(authorization=f"bearer  {made.secret} "),
        Credentials(api_key=made.secret),
        Credentials(api_key=made.secret, tenant="acme"),
    ):
        assert await both.authenticate(credentials) == made.record.caller


async def test_any_other_bearer_is_a_token(both):
    caller = await both.authenticate(Credentials(authorization=f"Bearer {TOKEN}"))
    assert (caller.tenant, caller.name, caller.key_id) == ("acme", "alice", None)


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(),
        Credentials(authorization=""),
        Credentials(authorization="Bearer"),
        Credentials(authorization="Basic YTpi"),
        Credentials(authorization=f"Bearer {make_secret()}"),
        Credentials(authorization="Bearer other.token.here"),
        Credentials(authorization=f"Bearer {'a' * 20000}"),
        Credentials(authorization="Bearer smb_ü"),
        Credentials(api_key=""),
        Credentials(api_key=TOKEN),
        Credentials(api_key=make_secret(), authorization=f"Bearer {TOKEN}"),
    ],
)
async def test_what_is_no_credential(both, credentials):
    with pytest.raises(Unauthenticated):
        await both.authenticate(credentials)


async def test_only_credentials_of_the_mode_are_taken(keys):
    secret = keys.create("acme", SCOPES).secret
    only_keys = Authenticator(AuthMode.KEYS, keys=keys)
    only_tokens = Authenticator(AuthMode.OIDC, tokens=FakeTokens())
    with pytest.raises(Unauthenticated):
        await only_keys.authenticate(Credentials(authorization=f"Bearer {TOKEN}"))
    with pytest.raises(Unauthenticated, match="not accepted"):
        await only_tokens.authenticate(Credentials(api_key=secret))
    assert (await only_keys.authenticate(Credentials(api_key=secret))).tenant == "acme"


async def test_another_tenant_may_not_be_named(both, keys):
    secret = keys.create("acme", ALL_SCOPES).secret
    with pytest.raises(PermissionDenied):
        await both.authenticate(Credentials(api_key=secret, tenant="other"))


async def test_without_authentication_everybody_may_do_everything():
    off = Authenticator(AuthMode.OFF)
    assert await off.authenticate(Credentials()) == Caller("default", ALL_SCOPES, "anonymous")
    assert (await off.authenticate(Credentials(tenant="acme"))).tenant == "acme"
    with pytest.raises(InvalidRequest):
        await off.authenticate(Credentials(tenant="../acme"))


def test_a_mode_needs_what_it_checks_with(keys):
    for mode, parts in ((AuthMode.KEYS, {}), (AuthMode.KEYS_AND_OIDC, {"keys": keys})):
        with pytest.raises(ValueError, match="needs"):
            Authenticator(mode, **parts)


# The cache


async def test_a_revoked_key_stops_within_the_time_of_the_cache(both, keys, clock):
    made = keys.create("acme", SCOPES)
    credentials = Credentials(api_key=made.secret)
    await both.authenticate(credentials)
    keys.revoke(made.record.id)
    clock.now += 4.9
    await both.authenticate(credentials)
    assert keys.found == 1
    clock.now += 0.2
    with pytest.raises(Unauthenticated):
        await both.authenticate(credentials)


async def test_the_cache_outlives_no_key(both, keys, monkeypatch):
    made = keys.create("acme", SCOPES, lifetime_s=3)
    credentials = Credentials(api_key=made.secret)
    await both.authenticate(credentials)
    monkeypatch.setattr("time.time", lambda: made.record.expires + 0.1)
    await both.authenticate(credentials)  # by the database's clock it is still valid
    assert keys.found == 2


async def test_the_least_recently_used_key_is_forgotten(keys):
    few = Authenticator(AuthMode.KEYS, keys=keys, most_cached=2)
    first, second, third = (keys.create("acme", SCOPES).secret for _ in range(3))
    for secret in (first, second, first, third, first):
        await few.authenticate(Credentials(api_key=secret))
    assert keys.found == 3
    await few.authenticate(Credentials(api_key=second))
    assert keys.found == 4


async def test_nothing_is_remembered_without_a_cache(keys):
    without = Authenticator(AuthMode.KEYS, keys=keys, cache_s=0)
    credentials = Credentials(api_key=keys.create("acme", SCOPES).secret)
    for _ in range(2):
        await without.authenticate(credentials)
    assert keys.found == 2


async def test_a_use_that_cannot_be_noted_refuses_nobody(both, keys, monkeypatch, caplog):
    def fail(record):
        raise JobsUnavailable()

    made = keys.create("acme", SCOPES)
    monkeypatch.setattr(keys, "used", fail)
    assert await both.authenticate(Credentials(api_key=made.secret)) == made.record.caller
    assert made.record.id in caplog.text


# What is told


async def test_no_secret_is_logged_or_told(both, keys, caplog):
    caplog.set_level(logging.DEBUG)
    made = keys.create("acme", SCOPES)
    wrong = make_secret()
    told = []
    for credentials in (
        Credentials(api_key=made.secret),
        Credentials(api_key=wrong, peer="10.0.0.1"),
        Credentials(authorization=f"Bearer {wrong}"),
        Credentials(authorization="Bearer to.ke.n"),
        Credentials(api_key=made.secret, tenant="other"),
        Credentials(api_key=made.secret, authorization=f"Bearer {TOKEN}"),
    ):
        told.append(repr(credentials))
        try:
            told.append(repr(await both.authenticate(credentials)))
        except (Unauthenticated, PermissionDenied) as error:
            told.append(f"{error!r} {error} {error.extra} {error.errors}")
    text = caplog.text + "".join(told)
    assert "10.0.0.1" in text
    for secret in (made.secret, wrong):
        assert secret[4:] not in text
        assert secret[13:] not in text
    assert "to.ke.n" not in text
    assert TOKEN not in text


def test_how_to_authenticate_is_told():
    nothing, some = Credentials(), Credentials(api_key="smb_x")
    assert challenge(Unauthenticated(), nothing) == 'Bearer realm="semblant"'
    assert challenge(Unauthenticated(), some).endswith('error="invalid_token"')
    assert challenge(PermissionDenied(), some).endswith('error="insufficient_scope"')


async def test_the_connections_of_tokens_are_closed():
    tokens = FakeTokens()
    await Authenticator(AuthMode.OIDC, tokens=tokens).close()
    assert tokens.closed
