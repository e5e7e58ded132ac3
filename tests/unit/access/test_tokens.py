"""Tokens of the issuer count, whatever else looks like one does not."""

import asyncio
import base64
import hmac
import json
import logging
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.caller import Caller, Scope
from gateway.access.issuer import Issuer, is_safe
from gateway.access.key_set import KeySet
from gateway.access.tokens import TokenRules, Tokens, _scopes
from gateway.errors import IssuerUnavailable, SetupIncomplete, Unauthenticated
from tests.unit.access.issuers import AUDIENCE, JWKS_URL, URL, FakeIssuer, Signer

pytestmark = pytest.mark.anyio

MAX_AGE_S, REFETCH_S, GRACE_S = 600, 30, 3600


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def signers():
    kinds = ("ES256", "EdDSA", "RS256")
    return {kind: Signer(f"{kind}-1", kind) for kind in kinds}


@pytest.fixture
def signer(signers):
    return signers["ES256"]


@pytest.fixture
def issuer(signers):
    return FakeIssuer(*signers.values())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(issuer, clock):
    """Makes what checks tokens."""

    def tokens(**rules):
        fetching = Issuer(URL, transport=issuer.transport)
        bounds = {"max_age_s": MAX_AGE_S, "refetch_s": REFETCH_S, "grace_s": GRACE_S}
        keys = KeySet(fetching.keys, **bounds, clock=clock)
        return Tokens(TokenRules(URL, AUDIENCE, **rules), fetching, keys)

    return tokens


@pytest.fixture
async def tokens(make):
    made = make()
    yield made
    await made.close()


def part(told):
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


async def refused(tokens, token, match=None, error=Unauthenticated):
    with pytest.raises(error, match=match):
        await tokens.verify(token)


# What counts


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
async def test_a_token_tells_who_calls(tokens, signers, kind):
    until = int(time.time()) + 99
    caller = await tokens.verify(signers[kind].sign(exp=until))
    assert caller == Caller("acme", frozenset({Scope.SWAP, Scope.JOBS}), "alice", until)


async def test_claims_may_have_other_names(make, signer):
    tokens = make(tenant_claim="https://x/org", scope_claim="roles", scope_prefix="semblant:")
    roles = ["semblant:admin", "swap", "semblant:other", 7]
    caller = await tokens.verify(signer.sign(**{"https://x/org": "big", "roles": roles}))
    assert (caller.tenant, caller.scopes) == ("big", {Scope.ADMIN})


@given(st.frozensets(st.sampled_from(list(Scope))), st.sampled_from(["", "s:", "semblant:"]))
def test_scopes_are_words_or_a_list(scopes, prefix):
    names = [f"{prefix}{scope}" for scope in sorted(scopes)] + ["openid"]
    assert _scopes(names, prefix) == _scopes(" ".join(names), prefix) == scopes


@pytest.mark.parametrize("claim", [None, 7, {"swap": True}, "", [], [None]])
def test_what_names_no_scope(claim):
    assert _scopes(claim, "") == frozenset()


async def test_clocks_may_differ_a_little(tokens, signer):
    now = int(time.time())
    await tokens.verify(signer.sign(exp=now - 10))
    await tokens.verify(signer.sign(nbf=now + 10, iat=now + 10))
    await tokens.verify(signer.sign(aud=["other", AUDIENCE]))


# What does not


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"exp": 1_000_000}, "expired"),
        ({"nbf": 2**33}, "not valid yet"),
        ({"iat": 2**33}, "not valid yet"),
        ({"aud": "other"}, "not meant"),
        ({"iss": URL + "/"}, "not meant"),
        ({"sub": 7}, None),
        ({"sub": ""}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": "a" * 256}, "subject"),
        ({"tenant": "../x"}, "tenant"),
        ({"tenant": ["acme"]}, "tenant"),
        ({"exp": "soon"}, None),
        ({"exp": float("inf")}, None),
        *(({"without": [name]}, name) for name in ("exp", "iss", "aud", "sub", "tenant")),
    ],
)
async def test_claims_that_are_wrong(tokens, signer, changes, told):
    await refused(tokens, signer.sign(**changes), told)


async def test_a_token_of_somebody_else(tokens, signer):
    stranger = Signer(signer.kid)
    await refused(tokens, stranger.sign())


async def test_any_changed_signature_fails(tokens, signer):
    head, body, signature = signer.sign().split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    for place in range(0, len(raw), 7):
        raw[place] ^= 1
        wrong = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
        await refused(tokens, f"{head}.{body}.{wrong}")
        raw[place] ^= 1


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "e30.e30.", "ü.b.c", "\x00"])
async def test_what_is_no_token(tokens, token):
    await refused(tokens, token)


@pytest.mark.parametrize("name", ["none", "None", "HS256", "RS384", "ES256K", "", None, 7])
async def test_a_kind_of_signature_that_is_not_accepted(tokens, signer, issuer, name):
    body = signer.sign().split(".")[1]
    for signature in ("", "AAAA"):
        token = f"{part({'alg': name, 'kid': signer.kid})}.{body}.{signature}"
        await refused(tokens, token)
    assert issuer.fetched == 0


async def test_a_public_key_is_no_secret_to_sign_with(make, signers):
    signer = signers["RS256"]
    secret = signer.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = signer.sign().split(".")[1]
    signed = f"{part({'alg': 'HS256', 'kid': signer.kid})}.{body}"
    code = hmac.digest(secret, signed.encode(), "sha256")
    await refused(
        make(), f"{signed}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}", "kind"
    )
    with pytest.raises(SetupIncomplete, match="HS256"):
        make(algorithms=("RS256", "HS256"))


@pytest.mark.parametrize("algorithms", [(), ("none",), ("HS512",)])
def test_algorithms_that_are_never_accepted(algorithms):
    with pytest.raises(SetupIncomplete):
        TokenRules(URL, AUDIENCE, algorithms)


@pytest.mark.parametrize("names", [("", AUDIENCE), (URL, "")])
def test_what_tokens_are_checked_against_must_be_known(names):
    with pytest.raises(SetupIncomplete, match="SEMBLANT_OIDC"):
        TokenRules(*names)


async def test_a_key_is_used_only_for_what_it_is_meant_for(tokens, signer, signers, issuer):
    wrong = [
        {"use": "enc"},
        {"alg": "ES384"},
        {"kty": "RSA"},
        {"kty": "oct", "k": "AAAA"},
        {"x": "AAAA"},
        {"crv": "P-384"},
    ]
    for n, changes in enumerate(wrong):
        issuer.keys.append(signer.jwk(**changes) | {"kid": f"wrong-{n}"})
    for n in range(len(wrong)):
        await refused(tokens, signer.sign(headers={"kid": f"wrong-{n}"}))
    await refused(tokens, signer.sign(headers={"kid": signers["RS256"].kid}), "not meant")


async def test_a_short_key_is_refused(make, issuer):
    weak = Signer("weak", "RS256", bits=1024)
    issuer.keys.append(weak.jwk())
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = weak.sign()
    await refused(make(), token)


# The keys of the issuer


async def test_keys_are_fetched_once(tokens, signer, issuer):
    for _ in range(3):
        await tokens.verify(signer.sign())
    assert issuer.fetched == 1


async def test_requests_at_once_share_one_fetch(tokens, signer, issuer):
    issuer.gate = asyncio.Event()
    asking = [asyncio.create_task(tokens.verify(signer.sign())) for _ in range(5)]
    while not issuer.fetched:
        await asyncio.sleep(0)
    asking[0].cancel()
    issuer.gate.set()
    first, *others = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert all(caller.tenant == "acme" for caller in others)
    assert issuer.fetched == 1


async def test_a_new_key_of_the_issuer_is_fetched(tokens, signer, issuer, clock):
    await tokens.verify(signer.sign())
    new = Signer("new")
    issuer.keys.append(new.jwk())
    clock.now += REFETCH_S
    await tokens.verify(new.sign())
    assert issuer.fetched == 2


async def test_tokens_of_invented_keys_do_not_load_the_issuer(tokens, signer, issuer, clock):
    await tokens.verify(signer.sign())
    for n in range(20):
        await refused(tokens, Signer(f"invented-{n}").sign(), "does not have")
    assert issuer.fetched == 1
    clock.now += REFETCH_S
    for n in range(20):
        await refused(tokens, Signer(f"invented-{n}").sign(), "does not have")
    assert issuer.fetched == 2


async def test_a_key_that_the_issuer_withdraws_is_refused(tokens, signer, issuer, clock):
    await tokens.verify(signer.sign())
    issuer.keys = [Signer("new").jwk()]
    await tokens.verify(signer.sign())
    clock.now += MAX_AGE_S
    await refused(tokens, signer.sign(), "does not have")


async def test_a_token_without_a_key_id(make, issuer):
    only = Signer(None)
    issuer.keys = [only.jwk()]
    assert (await make().verify(only.sign())).tenant == "acme"
    issuer.keys.append(Signer(None).jwk())
    await refused(make(), only.sign())


async def test_known_keys_count_for_a_while_when_the_issuer_is_down(tokens, signer, issuer, clock):
    await tokens.verify(signer.sign())
    issuer.down = True
    clock.now += MAX_AGE_S + GRACE_S - 1
    await tokens.verify(signer.sign())
    clock.now += 1
    await refused(tokens, signer.sign(), error=IssuerUnavailable)
    issuer.down = False
    clock.now += REFETCH_S
    await tokens.verify(signer.sign())


async def test_nobody_waits_for_an_issuer_that_did_not_answer(tokens, signer, issuer, clock):
    await tokens.verify(signer.sign())
    issuer.down = True
    clock.now += MAX_AGE_S
    await tokens.verify(signer.sign())
    issuer.down, issuer.gate = False, asyncio.Event()
    clock.now += REFETCH_S
    await tokens.verify(signer.sign())  # the issuer is asked, and has not answered
    while issuer.fetched < 2:
        await asyncio.sleep(0)


async def test_an_unknown_key_while_the_issuer_is_down(tokens, signer, issuer, clock, caplog):
    caplog.set_level(logging.DEBUG)
    await tokens.verify(signer.sign())
    issuer.down = True
    clock.now += REFETCH_S
    token = Signer("new").sign()
    with pytest.raises(IssuerUnavailable) as raised:
        await tokens.verify(token)
    assert raised.value.spec.retryable
    assert raised.value.retry_after_s == REFETCH_S
    assert "ConnectError" in caplog.text
    assert "secret host" not in caplog.text
    assert token not in caplog.text
    await tokens.verify(signer.sign())


async def test_an_issuer_that_is_down_from_the_beginning(tokens, signer, issuer):
    issuer.down = True
    for _ in range(2):
        await refused(tokens, signer.sign(), error=IssuerUnavailable)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
        httpx.Response(200, content=b"not JSON"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"keys": 7}),
        httpx.Response(200, json={"keys": [], "filler": "a" * 300_000}),
    ],
)
async def test_answers_that_are_no_key_set(tokens, signer, issuer, answer):
    issuer.answer = answer
    await refused(tokens, signer.sign(), error=IssuerUnavailable)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.test"},
        {"jwks_uri": "http://issuer.test/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
    ],
)
async def test_a_configuration_that_is_not_to_be_trusted(tokens, signer, issuer, changes):
    issuer.configuration |= changes
    await refused(tokens, signer.sign(), error=IssuerUnavailable)
    assert issuer.fetched == 0


async def test_an_issuer_that_takes_too_long(issuer):
    issuer.gate = asyncio.Event()
    slow = Issuer(URL, jwks_url=JWKS_URL, timeout_s=0.01, transport=issuer.transport)
    with pytest.raises(IssuerUnavailable):
        await slow.keys()
    await slow.close()


async def test_the_address_of_the_keys_may_be_given(issuer):
    issuer.configuration = {}
    given = Issuer(URL, jwks_url=JWKS_URL, transport=issuer.transport)
    assert len(await given.keys()) == 3
    await given.close()


@pytest.mark.parametrize("url", ["https://a.test/x", "http://127.0.0.1:8080", "http://[::1]/"])
def test_addresses_that_nobody_on_the_way_can_change(url):
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    ["", "http://a.test", "ftp://a.test", "https://", "a", "http://10.0.0.1", "https://u:p@a"],
)
def test_addresses_that_are_not_safe(url):
    assert not is_safe(url)
    with pytest.raises(SetupIncomplete):
        Issuer(url)
