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


def set_oldest(folder, revision):
    with closing(sqlite3.connect(folder / "jobs" / "jobs.sqlite")) as database:
        database.execute("UPDATE semblant_compatibility SET oldest = ?", (revision,))
        database.commit()


@pytest.mark.parametrize("upgrade", ["auto", "manual"])
async def test_a_newer_schema_is_refused_unless_it_still_serves_this_release(tmp_path, upgrade):
    async with running_engine(tmp_path, carry_out=False):
        pass
    set_revision(tmp_path, "9999")
    set_oldest(tmp_path, "9998")
    with pytest.raises(SetupIncomplete, match="newer" if upgrade == "auto" else "9999"):
        async with running_engine(tmp_path, carry_out=False, jobs_database_upgrade=upgrade):
            pass
    set_oldest(tmp_path, latest_revision())
    async with running_engine(tmp_path, carry_out=False, jobs_database_upgrade=upgrade) as engine:
        assert await engine.page("default", JobQuery()) == []
    with closing(sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")) as database:
        kept = database.execute(f"SELECT version_num FROM {SCHEMA_VERSION}").fetchone()
    assert kept == ("9999",)


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
