"""Gateways that ask PostgreSQL at the same time agree on who was first."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.database import TABLES, database_url, make_engine
from gateway.errors import LibraryLimit, UploadLocked, UploadNotFound, UploadOffsetMismatch
from gateway.storage.expressions import LIBRARIES
from gateway.storage.objects import ObjectStore
from gateway.storage.shared import SharedStore
from gateway.storage.shared_uploads import SharedUploadStore
from tests.unit.storage.libraries import library

pytestmark = pytest.mark.jobs

GATEWAYS = 6


@pytest.fixture
def engines(tmp_path, server):
    """Connections of each gateway."""
    url = server.new_database(f"stores{os.urandom(4).hex()}")
    made = [make_engine(database_url(url, tmp_path), connections=2) for _ in range(GATEWAYS)]
    TABLES.create_all(made[0])
    yield made
    for engine in made:
        engine.dispose()


@pytest.fixture
def objects(tmp_path):
    return ObjectStore(folder=tmp_path / "objects")


def at_once(calls):
    """Return what calls came to that were made at the same time, errors by their kinds."""

    def outcome(call):
        try:
            return call()
        except (LibraryLimit, UploadLocked, UploadNotFound, UploadOffsetMismatch) as error:
            return type(error)

    with ThreadPoolExecutor(GATEWAYS) as pool:
        return list(pool.map(outcome, calls))


def test_the_last_place_is_taken_once(engines, objects):
    stores = [SharedStore(engine, objects, LIBRARIES, most=3) for engine in engines]
    outcomes = at_once([lambda store=store: store.add("acme", library()) for store in stores])
    assert outcomes.count(LibraryLimit) == GATEWAYS - 3
    assert all(len(store.infos("acme")) == 3 for store in stores)
    assert len(objects.objects("records")) == 3


def test_one_of_many_writers_writes(engines, objects, tmp_path):
    stores = [
        SharedUploadStore(
            engine,
            objects,
            tmp_path / str(number),
            most=9,
            max_bytes=100,
            keep_s=60,
            part_bytes=4,
        )
        for number, engine in enumerate(engines)
    ]
    upload = stores[0].create("acme", 8)

    def write(number):
        with stores[number].writing("acme", upload.id, 0) as writer:
            writer.write(bytes([number]) * 4)
            writer.write(bytes([number]) * 4)
        return number

    outcomes = at_once([lambda n=n: write(n) for n in range(GATEWAYS)])
    (winner,) = [one for one in outcomes if isinstance(one, int)]

    def claim(store):
        with store.claim("acme", upload.id) as path:
            return path.read_bytes()

    claimed = at_once([lambda store=store: claim(store) for store in stores])
    assert [one for one in claimed if isinstance(one, bytes)] == [bytes([winner]) * 8]
    assert objects.objects("uploads") == []
