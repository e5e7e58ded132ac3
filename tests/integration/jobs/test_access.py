"""Keys and quotas in databases of both kinds, used by several gateways at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.access.caller import Scope
from gateway.access.keys import KeyStore
from gateway.access.ledger import Ledger
from gateway.access.limits import LimitStore
from gateway.access.standing import Quota
from gateway.database import TABLES, database_url, make_engine
from gateway.errors import KeyNotFound

pytestmark = pytest.mark.jobs


@pytest.fixture
def database(tmp_path, url):
    engine = make_engine(database_url(url, tmp_path), connections=8)
    TABLES.create_all(engine)
    yield engine
    engine.dispose()


def test_a_key_lives_and_ends(database):
    store = KeyStore(database)
    old = store.create("acme", {Scope.SWAP}, lifetime_s=1000)
    store.used(store.find(old.secret))
    assert store.get(old.record.id).last_used is not None

    def rotate(_):
        try:
            return store.rotate(old.record.id, overlap_s=60)
        except KeyNotFound:
            return None

    with ThreadPoolExecutor(4) as threads:
        (new,) = [made for made in threads.map(rotate, range(4)) if made is not None]
    assert store.find(new.secret) == new.record
    store.revoke(old.record.id)
    assert store.find(old.secret) is None
    assert {record.id for record in store.records("acme")} == {old.record.id, new.record.id}


def test_gateways_book_no_more_than_the_limit(database):
    ledger = Ledger(database)
    with ThreadPoolExecutor(8) as threads:
        tries = threads.map(
            lambda _: ledger.book("acme", Quota.VIDEO_SECONDS, 1.5, limit=45), range(50)
        )
        assert sum(booked for booked, _ in tries) == 30
    entry = ledger.read("acme", Quota.VIDEO_SECONDS)
    assert entry.used == 45
    assert 0 <= entry.now - entry.window < Quota.VIDEO_SECONDS.window_s
    ledger.take_back("acme", Quota.VIDEO_SECONDS, 5, window=entry.window)
    assert ledger.read("acme", Quota.VIDEO_SECONDS).used == 40
    assert ledger.prune() == 0


def test_a_tenant_has_limits_of_its_own(database):
    store = LimitStore(database)
    store.set("acme", {"jobs": 2})
    assert store.get("acme") == {"jobs": 2}
