"""Where the database of jobs is, and why it is not reachable, as logs say it."""

import pytest

from gateway.database import (
    check_connection,
    database_url,
    describe_database,
    reason_of,
)
from gateway.errors import JobsUnavailable, SetupIncomplete


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_of_postgresql_are_read(scheme, tmp_path):
    url = database_url(f"{scheme}://ann:secret@db:5433/jobs", tmp_path)
    assert url == "postgresql+psycopg://ann:secret@db:5433/jobs"


def test_it_is_described_without_user_and_password(tmp_path):
    url = database_url("postgres://ann:secret@db:5433/jobs", tmp_path)
    assert describe_database(url) == "PostgreSQL db:5433/jobs"
    assert describe_database(database_url("", tmp_path)) == f"SQLite {tmp_path / 'jobs.sqlite'}"


def test_another_kind_is_refused(tmp_path):
    with pytest.raises(SetupIncomplete, match="not in mysql"):
        database_url("mysql://db/jobs", tmp_path)


def test_the_driver_says_why_it_is_not_reachable(tmp_path):
    with pytest.raises(JobsUnavailable) as caught:
        check_connection("postgresql://ann:secret@127.0.0.1:9/jobs", tmp_path)
    reason = reason_of(caught.value)
    assert "127.0.0.1" in reason
    assert "secret" not in reason
