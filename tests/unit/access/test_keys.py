"""Keys: whoever holds one is known by it, and nobody else."""

import sqlite3
import string
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gateway.access import keys
from gateway.access.caller import Scope
from gateway.access.keys import KeyStore, digest_of, make_secret, prefix_of
from gateway.database import API_KEYS, database_url, make_engine
from gateway.errors import InvalidRequest, JobsUnavailable, KeyNotFound

SCOPES = frozenset({Scope.SWAP, Scope.JOBS})
NOBODY = "key_" + "0" * 32
LETTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def store(database):
    return KeyStore(database)


def age(store, id, seconds):
    """Let a key have been made, used and expire that much earlier."""
    with store._engine.begin() as connection:
        connection.execute(
            sa.update(API_KEYS)
            .where(API_KEYS.c.id == id)
            .values({name: API_KEYS.c[name] - seconds for name in ("created", "expires")})
            .values(last_used=API_KEYS.c.last_used - seconds)
        )


# The form of keys


def test_a_key_is_as_long_as_it_is_random():
    made = {make_secret() for _ in range(50)}
    assert len(made) == len({prefix_of(one) for one in made}) == 50
    assert all(len(one) == 4 + 8 + 1 + 43 for one in made)


@given(st.integers(0, 55), st.sampled_from(LETTERS), st.binary(min_size=16, max_size=16))
def test_any_changed_character_makes_another_key(place, letter, salt):
    secret = make_secret()
    changed = secret[:place] + letter + secret[place + 1 :]
    same = digest_of(changed, salt.hex()) == digest_of(secret, salt.hex())
    assert same == (changed == secret)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_each_salt_gives_a_digest_of_its_own(one, other):
    secret = make_secret()
    digests = {digest_of(secret, salt.hex()) for salt in (one, other)}
    assert len(digests) == len({one, other})


@pytest.mark.parametrize("change", [str.upper, lambda s: s + "a", lambda s: s[:-1], lambda s: ""])
def test_what_has_not_the_form_of_a_key(change):
    assert prefix_of(change(make_secret())) is None


# The store


def test_a_key_is_found_by_its_secret(store):
    made = store.create("acme", SCOPES, name="laptop")
    found = store.find(made.secret)
    assert found == made.record == store.get(made.record.id)
    assert (found.tenant, found.scopes, found.name) == ("acme", SCOPES, "laptop")
    caller = found.caller
    assert (caller.name, caller.key_id, caller.until) == (found.id, found.id, None)


@given(st.integers(0, 55), st.sampled_from(LETTERS))
def test_a_key_with_a_changed_character_is_not_found(changeable, place, letter):
    store, secret = changeable
    changed = secret[:place] + letter + secret[place + 1 :]
    assert (store.find(changed) is not None) == (changed == secret)


@pytest.fixture(scope="module")
def changeable(tmp_path_factory):
    engine = make_engine(database_url("", tmp_path_factory.mktemp("keys")), connections=1)
    API_KEYS.metadata.create_all(engine)
    store = KeyStore(engine)
    yield store, store.create("acme", SCOPES).secret
    engine.dispose()


def test_the_secret_is_stored_nowhere(store, tmp_path):
    made = store.create("acme", SCOPES)
    database = sqlite3.connect(tmp_path / "jobs.sqlite")
    text = "\n".join(database.iterdump())
    database.close()
    assert made.record.prefix in text
    assert made.secret[13:] not in text
    assert made.secret[13:] not in repr(made)


def test_what_is_no_key_to_be_made(store):
    for tenant, scopes, name in (("../x", SCOPES, ""), ("a", (), ""), ("a", SCOPES, "a\nb")):
        with pytest.raises(InvalidRequest):
            store.create(tenant, scopes, name=name)
    assert store.records() == []


def test_keys_are_listed_by_tenant(store):
    first, second = (store.create(tenant, SCOPES).record for tenant in ("a", "b"))
    age(store, first.id, 5)
    assert [record.id for record in store.records()] == [second.id, first.id]
    assert [record.id for record in store.records("a")] == [first.id]


def test_an_expired_key_is_not_found(store):
    made = store.create("acme", SCOPES, lifetime_s=60)
    assert store.find(made.secret) is not None
    age(store, made.record.id, 61)
    assert store.find(made.secret) is None
    with pytest.raises(KeyNotFound):
        store.rotate(made.record.id, overlap_s=60)


def test_a_revoked_key_is_not_found_and_stays_revoked(store):
    made = store.create("acme", SCOPES)
    revoked = store.revoke(made.record.id)
    assert revoked.revoked is not None
    assert store.find(made.secret) is None
    assert store.revoke(made.record.id) == revoked


@pytest.mark.parametrize("call", ["get", "revoke", "rotate"])
def test_a_key_that_there_is_not(store, call):
    options = {"overlap_s": 1} if call == "rotate" else {}
    with pytest.raises(KeyNotFound):
        getattr(store, call)(NOBODY, **options)


def test_two_keys_are_valid_while_one_takes_the_others_place(store):
    old = store.create("acme", SCOPES, name="ci", lifetime_s=1000)
    new = store.rotate(old.record.id, overlap_s=60)
    assert new.record.replaces == old.record.id
    assert (new.record.tenant, new.record.scopes, new.record.name) == ("acme", SCOPES, "ci")
    assert new.record.expires - new.record.created == pytest.approx(1000, abs=1)
    assert store.find(old.secret) is not None
    assert store.find(new.secret) is not None
    age(store, old.record.id, 61)
    assert store.find(old.secret) is None


def test_rotation_makes_no_key_last_longer(store):
    old = store.create("acme", SCOPES, lifetime_s=10)
    store.rotate(old.record.id, overlap_s=1000)
    assert store.get(old.record.id).expires == old.record.expires


def test_a_key_is_replaced_once(store):
    id = store.create("acme", SCOPES).record.id

    def rotate(_):
        try:
            return store.rotate(id, overlap_s=60)
        except KeyNotFound:
            return None

    with ThreadPoolExecutor(4) as threads:
        made = [new for new in threads.map(rotate, range(4)) if new is not None]
    assert len(made) == 1


def test_a_prefix_is_never_given_twice(store, monkeypatch):
    first = store.create("acme", SCOPES)
    other = make_secret()
    made = iter([first.secret, other])
    monkeypatch.setattr(keys, "make_secret", lambda: next(made))
    assert store.create("acme", SCOPES).secret == other


def test_use_is_written_once_a_minute(store):
    id = store.create("acme", SCOPES).record.id
    assert store.get(id).last_used is None
    store.used(store.get(id))
    first = store.get(id)
    assert first.last_used is not None
    store.used(first)
    assert store.get(id) == first
    age(store, id, 61)
    store.used(store.get(id))
    assert store.get(id).last_used > first.last_used - 1


def test_a_database_that_is_away_is_named(tmp_path):
    store = KeyStore(make_engine(f"sqlite:///{tmp_path / 'none' / 'jobs.sqlite'}", connections=1))
    with pytest.raises(JobsUnavailable):
        store.find(make_secret())
