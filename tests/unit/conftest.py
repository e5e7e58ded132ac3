"""A database for tests of what is in one."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway.database import TABLES, database_url, make_engine


@pytest.fixture
def database(tmp_path) -> Iterator[sa.Engine]:
    """An SQLite database with our tables, as several threads may use it."""
    engine = make_engine(database_url("", tmp_path), connections=8)
    TABLES.create_all(engine)
    yield engine
    engine.dispose()
