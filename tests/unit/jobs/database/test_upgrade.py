"""Which schemas are upgraded, and which are refused."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from gateway.database import SCHEMA_VERSION, TABLES
from gateway.errors import SetupIncomplete
from gateway.jobs.database.upgrade import latest_revision
from gateway.jobs.job import JobQuery
from gateway.jobs.testing import running_engine

pytestmark = pytest.mark.anyio


def tables(folder):
    with closing(sqlite3.connect(folder / "jobs" / "jobs.sqlite")) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master")}


def set_revision(folder, revision):
    with closing(sqlite3.connect(folder / "jobs" / "jobs.sqlite")) as database:
        database.execute(f"UPDATE {SCHEMA_VERSION} SET version_num = ?", (revision,))
        database.commit()


async def test_the_database_of_a_newer_release_is_refused_and_left_alone(tmp_path):
    async with running_engine(tmp_path, carry_out=False):
        pass
    set_revision(tmp_path, "9999")
    with pytest.raises(SetupIncomplete, match="newer"):
        async with running_engine(tmp_path, carry_out=False):
            pass
    set_revision(tmp_path, latest_revision())
    async with running_engine(tmp_path, carry_out=False):
        pass


async def test_a_schema_is_not_changed_where_that_is_done_by_hand(tmp_path):
    by_hand = {"carry_out": False, "jobs_database_upgrade": "manual"}
    (tmp_path / "jobs").mkdir()
    with pytest.raises(SetupIncomplete, match="semblant database upgrade"):
        async with running_engine(tmp_path, **by_hand):
            pass
    assert tables(tmp_path) == set()
    async with running_engine(tmp_path, carry_out=False):
        pass
    async with running_engine(tmp_path, **by_hand) as engine:
        assert await engine.page("default", JobQuery()) == []


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_tables_have_ddl_for_each_kind_of_database(dialect):
    for table in TABLES.sorted_tables:
        assert table.name in str(CreateTable(table).compile(dialect=dialect))
