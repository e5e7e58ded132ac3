"""No more than the limit is ever admitted, by however many gateways; hardly less, either."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.ledger import Ledger
from gateway.access.limits import Limits, LimitStore
from gateway.access.quotas import LEASE, LEASE_PART, OWN_LIMITS_S, Quotas
from gateway.access.standing import DAY_S, MINUTE_S, Quota
from gateway.database import (
    QUOTA_USAGE,
    TABLES,
    TENANTS,
    database_url,
    make_engine,
    transaction,
)
from gateway.errors import JobsUnavailable, QuotaExceeded

pytestmark = pytest.mark.anyio

START = 20_000.0 * DAY_S  # the beginning of a minute and of a day


class Time:
    """The database's clock and ours; they need not agree."""

    def __init__(self):
        self.now, self.ours = START, 50.0

    def pass_s(self, seconds):
        self.now += seconds
        self.ours += seconds

    def of_database(self):
        return sa.literal(self.now, sa.Double)

    def of_process(self):
        return self.ours


class CountingLedger(Ledger):
    """Counts the bookings."""

    booked = 0

    def book(self, *args, **options):
        self.booked += 1
        return super().book(*args, **options)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def gateway(database, time):
    """Makes gateways that share a database."""

    def make(**limits):
        ledger = CountingLedger(database, now=time.of_database)
        return Quotas(database, Limits(**limits), ledger=ledger, clock=time.of_process)

    return make


def admitted(quotas, tries, quota=Quota.REQUESTS, amount=1):
    """Return how many of some tries are admitted."""
    count = 0
    for _ in range(tries):
        try:
            quotas.charge("acme", quota, amount)
            count += 1
        except QuotaExceeded:
            pass
    return count


# Requests


@pytest.mark.parametrize("limit", [1, 7, 39, 40, 100, 1000])
def test_one_gateway_admits_the_limit_exactly(gateway, limit):
    assert admitted(gateway(requests_per_minute=limit), limit + 5) == limit


def test_a_new_window_begins_with_nothing_used(gateway, time):
    quotas = gateway(requests_per_minute=100)
    time.pass_s(30)
    assert admitted(quotas, 110) == 100
    time.pass_s(29)
    assert admitted(quotas, 10) == 0
    time.pass_s(1)
    assert admitted(quotas, 110) == 100


def test_a_lease_ends_with_its_window(gateway, time):
    quotas = gateway(requests_per_minute=100)
    quotas.charge("acme", Quota.REQUESTS)
    time.pass_s(MINUTE_S)
    assert admitted(quotas, 110) == 100


@given(st.lists(st.integers(0, 2), max_size=300), st.sampled_from([20, 60, 200]))
def test_gateways_together_admit_no_more_and_hardly_less(tries, limit):
    engine = sa.create_engine("sqlite://")
    TABLES.create_all(engine)
    time = Time()
    gateways = [
        Quotas(
            engine,
            Limits(requests_per_minute=limit),
            ledger=Ledger(engine, now=time.of_database),
            clock=time.of_process,
        )
        for _ in range(3)
    ]
    count = sum(admitted(gateways[n], 1) for n in tries)
    lease = max(1, min(limit // LEASE_PART, LEASE))
    assert count <= limit
    assert count >= min(len(tries), limit - (len(gateways) - 1) * (lease - 1))
    engine.dispose()


def test_threads_of_several_gateways_admit_no_more_and_hardly_less(gateway):
    limit = 200
    gateways = [gateway(requests_per_minute=limit) for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        counts = threads.map(lambda n: admitted(gateways[n % 2], 60), range(8))
        count = sum(counts)
    assert limit - (limit // LEASE_PART - 1) <= count <= limit


def test_most_requests_need_no_statement(gateway):
    quotas = gateway(requests_per_minute=1000)
    assert admitted(quotas, 1100) == 1000
    ledger = quotas._ledger
    assert ledger.booked <= 1000 / LEASE + 2


async def test_most_requests_need_no_thread(gateway, monkeypatch):
    quotas = gateway(requests_per_minute=1000)
    charge, charged = quotas.charge, []

    def counted(*args, **options):
        charged.append(args)
        return charge(*args, **options)

    monkeypatch.setattr(quotas, "charge", counted)  # what `admit` does in a thread
    standings = [await quotas.admit("acme", Quota.REQUESTS) for _ in range(LEASE)]
    assert [s.remaining for s in standings] == list(range(999, 979, -1))
    assert len(charged) == 1
    await quotas.admit("acme", Quota.REQUESTS)
    assert len(charged) == 2


def test_tenants_do_not_share(gateway):
    quotas = gateway(requests_per_minute=10)
    assert admitted(quotas, 20) == 10
    quotas.charge("other", Quota.REQUESTS)


def test_several_requests_at_once(gateway):
    quotas = gateway(requests_per_minute=10)
    quotas.charge("acme", Quota.REQUESTS, 8)
    with pytest.raises(QuotaExceeded) as raised:
        quotas.charge("acme", Quota.REQUESTS, 3)
    assert raised.value.extra["remaining"] == 2
    assert admitted(quotas, 5) == 2
    with pytest.raises(ValueError, match="negative"):
        quotas.charge("acme", Quota.REQUESTS, -1)


def test_a_request_that_is_taken_back_can_be_made_again(gateway, time):
    quotas = gateway(requests_per_minute=10)
    assert admitted(quotas, 10) == 10
    quotas.refund("acme", Quota.REQUESTS)
    assert admitted(quotas, 3) == 1
    time.pass_s(MINUTE_S)
    quotas.refund("acme", Quota.REQUESTS)  # its window is over
    assert admitted(quotas, 12) == 10


def test_when_there_is_more_is_told(gateway, time):
    quotas = gateway(requests_per_minute=40)
    time.pass_s(12)
    standing = quotas.charge("acme", Quota.REQUESTS)
    assert (standing.limit, standing.remaining, standing.reset_s) == (40, 39, 48)
    time.pass_s(8)
    assert quotas.charge("acme", Quota.REQUESTS).reset_s == 40
    assert admitted(quotas, 40) == 38
    with pytest.raises(QuotaExceeded) as raised:
        quotas.charge("acme", Quota.REQUESTS)
    assert raised.value.retry_after_s == 40


# Videos


@given(st.lists(st.integers(1, 4000), max_size=20))
def test_no_more_video_is_accepted_than_may_be(lengths):
    engine = sa.create_engine("sqlite://")
    TABLES.create_all(engine)
    ledger = Ledger(engine, now=Time().of_database)
    quotas = Quotas(engine, Limits(video_minutes_per_day=100), ledger=ledger)
    used = 0
    for seconds in lengths:
        if used + seconds <= 6000:
            used += seconds
            standing = quotas.charge("acme", Quota.VIDEO_SECONDS, seconds)
            assert standing.remaining == 6000 - used
        else:
            with pytest.raises(QuotaExceeded):
                quotas.charge("acme", Quota.VIDEO_SECONDS, seconds)
    assert quotas.standing("acme", Quota.VIDEO_SECONDS).remaining == 6000 - used
    engine.dispose()


def test_threads_book_videos_one_after_the_other(gateway):
    gateways = [gateway(video_minutes_per_day=1) for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        tries = [
            threads.submit(admitted, gateways[n % 2], 10, Quota.VIDEO_SECONDS, 1.5)
            for n in range(8)
        ]
    assert sum(each.result() for each in tries) == 40


def test_a_video_is_given_back_to_its_day(gateway, time):
    quotas = gateway(video_minutes_per_day=1)
    standing = quotas.charge("acme", Quota.VIDEO_SECONDS, 60)
    quotas.refund("acme", Quota.VIDEO_SECONDS, 20)
    assert quotas.charge("acme", Quota.VIDEO_SECONDS, 20).remaining == 0
    time.pass_s(DAY_S)
    quotas.charge("acme", Quota.VIDEO_SECONDS, 50)
    quotas.refund("acme", Quota.VIDEO_SECONDS, 60, window=standing.window)
    assert quotas.standing("acme", Quota.VIDEO_SECONDS).remaining == 10
    quotas.refund("acme", Quota.VIDEO_SECONDS, 1000)
    assert quotas.standing("acme", Quota.VIDEO_SECONDS).remaining == 60


@given(st.floats(0, 4e9))
def test_windows_begin_at_multiples_of_their_length(now):
    engine = sa.create_engine("sqlite://")
    TABLES.create_all(engine)
    ledger = Ledger(engine, now=lambda: sa.literal(now, sa.Double))
    for quota in (Quota.REQUESTS, Quota.VIDEO_SECONDS):
        entry = ledger.read("acme", quota)
        assert entry.window == math.floor(now / quota.window_s) * quota.window_s
    engine.dispose()


# What is in use


def test_what_is_in_use_is_what_the_caller_says(gateway):
    quotas = gateway(jobs=4, bytes=1000)
    assert quotas.charge("acme", Quota.JOBS, in_use=3).remaining == 0
    with pytest.raises(QuotaExceeded):
        quotas.charge("acme", Quota.JOBS, in_use=4)
    assert quotas.charge("acme", Quota.BYTES, 600, in_use=400).remaining == 0
    with pytest.raises(QuotaExceeded) as raised:
        quotas.charge("acme", Quota.BYTES, 601, in_use=400)
    assert raised.value.extra == {"quota": "bytes", "limit": 1000, "remaining": 600}
    assert quotas.standing("acme", Quota.JOBS, in_use=9).remaining == 0
    quotas.refund("acme", Quota.JOBS)


# Limits


@pytest.mark.parametrize("quota", Quota)
def test_nothing_is_limited_that_has_no_limit(gateway, quota):
    quotas = gateway()
    assert quotas.charge("acme", quota, 1e9, in_use=1e9).unlimited
    assert quotas.standing("acme", quota).unlimited


def test_a_tenants_own_limits_count_soon(gateway, database, time):
    quotas = gateway(requests_per_minute=10)
    assert admitted(quotas, 20) == 10
    LimitStore(database).set("acme", {"requests_per_minute": 15})
    time.pass_s(OWN_LIMITS_S)
    assert admitted(quotas, 20) == 5
    LimitStore(database).set("acme", {"requests_per_minute": 0})
    time.pass_s(OWN_LIMITS_S)
    assert admitted(quotas, 50) == 50


def test_limits_that_cannot_be_read_are_ignored(gateway, database, caplog):
    with transaction(database) as connection:
        connection.execute(sa.insert(TENANTS).values(tenant="acme", limits={"jobs": "many"}))
    assert gateway(jobs=2).charge("acme", Quota.JOBS).limit == 2
    assert "acme" in caplog.text


def test_what_is_counted_in_windows_needs_a_database():
    with pytest.raises(ValueError, match="database"):
        Quotas(None, Limits(requests_per_minute=1))
    quotas = Quotas(None, Limits(jobs=1))
    assert quotas.charge("acme", Quota.REQUESTS).unlimited
    assert quotas.charge("acme", Quota.JOBS).remaining == 0
    assert quotas.prune() == 0


# The database


def test_windows_that_are_long_over_are_removed(gateway, database, time):
    quotas = gateway(requests_per_minute=100, video_minutes_per_day=100)
    quotas.charge("acme", Quota.REQUESTS)
    quotas.charge("acme", Quota.VIDEO_SECONDS, 5)
    time.pass_s(DAY_S)
    assert quotas.prune() == 0
    time.pass_s(DAY_S + MINUTE_S)
    quotas.charge("acme", Quota.VIDEO_SECONDS, 5)
    with transaction(database) as connection:
        (row,) = connection.execute(sa.select(QUOTA_USAGE))
    assert row.window_start == START + 2 * DAY_S


def test_known_limits_count_while_the_database_is_away(gateway, time, monkeypatch):
    def away(*_, **__):
        raise JobsUnavailable()

    quotas = gateway(jobs=2)
    quotas.charge("acme", Quota.JOBS)
    monkeypatch.setattr(LimitStore, "get", away)
    time.pass_s(OWN_LIMITS_S)
    assert quotas.charge("acme", Quota.JOBS, in_use=1).remaining == 0
    assert quotas.charge("acme", Quota.REQUESTS).unlimited
    with pytest.raises(JobsUnavailable):
        quotas.charge("other", Quota.JOBS)


async def test_a_database_that_is_away_is_named(tmp_path):
    engine = make_engine(database_url("", tmp_path / "none"), connections=1)
    with pytest.raises(JobsUnavailable):
        await Quotas(engine, Limits()).admit("acme", Quota.REQUESTS)
