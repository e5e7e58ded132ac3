"""What callers are told of their quotas."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.limits import Limits, LimitStore
from gateway.access.standing import Quota, Standing, rate_limit_headers
from gateway.errors import InvalidRequest

REQUESTS = Standing(Quota.REQUESTS, 60, 12, 17.2, 1_700_000_040)
VIDEO = Standing(Quota.VIDEO_SECONDS, 3600, 90.5, 3000.0, 1_700_000_000)
JOBS = Standing(Quota.JOBS, 4, 1)


def test_headers_are_structured_fields():
    assert REQUESTS.headers() == {
        "RateLimit-Policy": '"requests";q=60;w=60',
        "RateLimit": '"requests";r=12;t=18',
    }
    assert rate_limit_headers([REQUESTS, VIDEO, JOBS]) == {
        "RateLimit-Policy": '"requests";q=60;w=60, '
        '"video_seconds";q=3600;w=86400;qu="video-seconds", "jobs";q=4;qu="jobs"',
        "RateLimit": '"requests";r=12;t=18, "video_seconds";r=90;t=3000, "jobs";r=1',
    }


@pytest.mark.parametrize("quota", Quota)
def test_what_is_unlimited_has_no_header(quota):
    assert Standing(quota, 0, math.inf).headers() == {}


def test_a_refusal_says_what_is_left_and_when_there_is_more():
    error = REQUESTS.exceeded(13)
    assert error.extra == {"quota": "requests", "limit": 60, "remaining": 12, "reset_s": 17.2}
    assert error.retry_after_s == 17.2
    assert "13 requests; 12 of 60" in error.detail
    assert "reset_s" not in JOBS.exceeded(2).extra


# Limits

NUMBERS = st.floats(0, 1e12)
OWN = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("requests_per_minute", "jobs", "video_minutes_per_day"), NUMBERS)
)


@given(OWN)
def test_a_tenants_own_limits_come_before_the_settings(own):
    changed = Limits(60, 4, 100, 10**9).changed(own)
    assert changed.of(Quota.REQUESTS) == own.get("requests_per_minute", 60)
    assert changed.of(Quota.JOBS) == own.get("jobs", 4)
    assert changed.of(Quota.VIDEO_SECONDS) == 60 * own.get("video_minutes_per_day", 100)
    assert changed.of(Quota.BYTES) == 10**9


@pytest.mark.parametrize(
    "own", [{"x": 1}, {"jobs": -1}, {"jobs": "4"}, {"jobs": math.nan}, {"jobs": True}]
)
def test_what_is_no_limit(own, database):
    with pytest.raises(InvalidRequest):
        LimitStore(database).set("acme", own)


def test_limits_are_kept_for_each_tenant(database):
    store = LimitStore(database)
    store.set("acme", {"jobs": 1})
    store.set("acme", {"jobs": 2, "bytes": 0})
    assert store.get("acme") == {"jobs": 2, "bytes": 0}
    assert store.get("other") == {}
    store.set("acme", {})
    assert store.get("acme") == {}
    with pytest.raises(InvalidRequest):
        store.set("../x", {"jobs": 1})


def test_whether_anything_is_limited():
    assert not Limits().any
    assert Limits(bytes=1).any
