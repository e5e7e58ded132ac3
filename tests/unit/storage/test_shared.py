"""What gateways share: each sees what the others did, and nothing is lost or left behind."""

import pytest
import sqlalchemy as sa

from gateway.database import RECORDS, UPLOADS, Now
from gateway.errors import (
    InternalError,
    JobsUnavailable,
    LibraryLimit,
    LibraryNotFound,
    StorageUnavailable,
    UploadLocked,
    UploadNotFound,
)
from gateway.storage.expressions import LIBRARIES
from gateway.storage.objects import ObjectStore
from gateway.storage.shared import SharedStore
from gateway.storage.shared_uploads import LEASE_S, SharedUploadStore
from gateway.storage.uploads import Checksum
from tests.unit.storage.libraries import library

TENANT = "default"
HOUR_S = 3600.0


class Objects(ObjectStore):
    """A store that can be away."""

    away = False

    def _look(self):
        if self.away:
            raise StorageUnavailable()

    def put(self, key, path):
        self._look()
        return super().put(key, path)

    def read(self, key, start=0, end=None):
        self._look()
        yield from super().read(key, start, end)

    def delete(self, key):
        self._look()
        super().delete(key)

    def delete_below(self, prefix):
        self._look()
        super().delete_below(prefix)


class Clock:
    """The database's, which a test moves on."""

    ahead_s = 0.0

    def __call__(self) -> sa.ColumnElement[float]:
        return Now() + self.ahead_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def objects(tmp_path):
    return Objects(folder=tmp_path / "objects")


@pytest.fixture
def make(database, objects, clock):
    """Make the store of one more gateway."""
    return lambda most=3: SharedStore(database, objects, LIBRARIES, most=most, now=clock)


@pytest.fixture
def gateway(database, objects, clock, tmp_path):
    """Make the uploads of one more gateway, which has a disk of its own."""

    def made(name):
        return SharedUploadStore(
            database,
            objects,
            tmp_path / name,
            most=9,
            max_bytes=100,
            keep_s=HOUR_S,
            part_bytes=4,
            now=clock,
        )

    return made


def rows(database, table):
    with database.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def stored(objects):
    found = objects.objects("records") + objects.objects("uploads")
    return [each.key for each in found]


def test_a_gateway_gets_what_another_has_kept(make):
    one, other, kept = make(), make(), library()
    one.add(TENANT, kept)
    assert other.infos(TENANT) == [kept.info]
    assert (other.get(TENANT, kept.id).expressions == kept.expressions).all()


def test_what_another_gateway_removes_is_not_served_from_memory(make):
    one, other, kept = make(), make(), library()
    one.add(TENANT, kept)
    other.get(TENANT, kept.id)
    one.delete(TENANT, kept.id)
    with pytest.raises(LibraryNotFound):
        other.get(TENANT, kept.id)


def test_all_gateways_have_one_limit(make):
    for store in (make(), make(), make()):
        store.add(TENANT, library())
    with pytest.raises(LibraryLimit):
        make().add(TENANT, library())


def test_what_cannot_be_stored_is_not_listed_and_takes_no_room(make, objects, database):
    store = make(most=1)
    objects.away = True
    with pytest.raises(StorageUnavailable):
        store.add(TENANT, library())
    assert store.infos(TENANT) == []
    store.check_room(TENANT)
    objects.away = False
    store.sweep()
    assert (rows(database, RECORDS), stored(objects)) == (0, [])


def test_what_cannot_be_removed_is_gone_for_callers_and_removed_later(make, objects, database):
    store, kept = make(), library()
    store.add(TENANT, kept)
    objects.away = True
    with pytest.raises(StorageUnavailable):
        store.delete(TENANT, kept.id)
    with pytest.raises(LibraryNotFound):
        make().get(TENANT, kept.id)
    with pytest.raises(StorageUnavailable):  # asked again, it tries again
        store.delete(TENANT, kept.id)
    objects.away = False
    make().sweep()
    assert (rows(database, RECORDS), stored(objects)) == (0, [])


def test_what_a_dead_gateway_was_storing_is_removed_after_a_while(
    make, objects, database, clock, monkeypatch
):
    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    store = make()
    with monkeypatch.context() as dying:
        dying.setattr(store, "_move", die)  # after the file was stored, or just before
        with pytest.raises(Killed):
            store.add(TENANT, library())
    assert stored(objects)
    make().sweep()
    assert stored(objects)  # it might still arrive
    clock.ahead_s = 2 * HOUR_S
    make().sweep()
    assert (rows(database, RECORDS), stored(objects)) == (0, [])


def test_what_is_stored_after_it_was_given_up_is_removed(
    make, objects, database, clock, monkeypatch
):
    put = objects.put

    def slowly(key, path):
        clock.ahead_s = 2 * HOUR_S
        make().sweep()
        return put(key, path)

    monkeypatch.setattr(objects, "put", slowly)
    with pytest.raises(StorageUnavailable):
        make().add(TENANT, library())
    assert (rows(database, RECORDS), stored(objects)) == (0, [])


def test_a_store_that_is_away_is_not_a_missing_library(make, objects):
    kept = library()
    make().add(TENANT, kept)
    objects.away = True
    with pytest.raises(StorageUnavailable):
        make().get(TENANT, kept.id)


@pytest.mark.parametrize("damage", ["lost", b"", b"PK\x03\x04 not a library"])
def test_damage_is_named_and_can_be_removed(make, objects, tmp_path, damage):
    store, kept = make(), library()
    store.add(TENANT, kept)
    (key,) = stored(objects)
    objects.delete(key)
    if damage != "lost":
        (tmp_path / "damage").write_bytes(damage)
        objects.put(key, tmp_path / "damage")
    with pytest.raises(InternalError, match="lost" if damage == "lost" else "damaged"):
        store.get(TENANT, kept.id)
    assert store.infos(TENANT) == [kept.info]
    store.delete(TENANT, kept.id)
    assert store.infos(TENANT) == []


# Uploads


def append(store, upload, offset, data, checksum=None):
    with store.writing("t", upload.id, offset, checksum) as writer:
        writer.write(data)


class Dead(Exception):
    """What a test raises where a gateway is cut off."""


def test_an_upload_goes_on_at_another_gateway(gateway):
    one, other = gateway("one"), gateway("other")
    upload = one.create("t", 10)
    append(one, upload, 0, b"12345")
    assert other.get("t", upload.id).offset == 5
    append(other, upload, 5, b"67890")
    for store in (one, other):
        with store.reading("t", upload.id) as path:
            assert path.read_bytes() == b"1234567890"


def test_a_writer_who_was_thought_to_be_gone_spoils_nothing(gateway, clock, objects):
    one, other = gateway("one"), gateway("other")
    upload = one.create("t", 10)

    def write_slowly():
        with one.writing("t", upload.id, 0) as slow:
            slow.write(b"1")
            with pytest.raises(UploadLocked):
                append(other, upload, 0, b"abc")
            clock.ahead_s = LEASE_S + 1
            append(other, upload, 0, b"abc")
            slow.write(b"2345")

    with pytest.raises(UploadLocked):
        write_slowly()
    assert other.get("t", upload.id).offset == 3
    append(other, upload, 3, b"defghij")
    with other.claim("t", upload.id) as path:
        assert path.read_bytes() == b"abcdefghij"
    assert stored(objects) == []


@pytest.mark.parametrize("step_s", [60.0, -60.0])
def test_a_clock_that_steps_loses_nothing(gateway, clock, step_s):
    store = gateway("one")
    upload = store.create("t", 10)
    with store.writing("t", upload.id, 0) as writer:
        writer.write(b"1234")
        clock.ahead_s = step_s
        writer.write(b"5678")
    append(store, upload, 8, b"90")
    with store.claim("t", upload.id) as path:
        assert path.read_bytes() == b"1234567890"


def test_full_parts_outlive_a_gateway_that_loses_everything(gateway, clock, tmp_path):
    one, other = gateway("one"), gateway("other")
    upload = one.create("t", 10)

    def write_until_cut_off():
        with one.writing("t", upload.id, 0) as writer:
            writer.write(b"1234")
            writer.write(b"56")
            one._engine = sa.create_engine(f"sqlite:///{tmp_path}/no/such/folder")
            raise Dead

    with pytest.raises(JobsUnavailable):
        write_until_cut_off()
    with pytest.raises(UploadLocked):  # it might still be there
        append(other, upload, 4, b"5")
    clock.ahead_s = LEASE_S + 1
    assert other.get("t", upload.id).offset == 4
    append(other, upload, 4, b"567890")
    with other.claim("t", upload.id) as path:
        assert path.read_bytes() == b"1234567890"


def test_a_store_that_goes_away_keeps_the_offset_where_it_was(gateway, objects):
    store = gateway("one")
    upload = store.create("t", 10)
    append(store, upload, 0, b"1234")
    objects.away = True
    with pytest.raises(StorageUnavailable):
        append(store, upload, 4, b"5678")
    objects.away = False
    assert store.get("t", upload.id).offset == 4
    append(store, upload, 4, b"567890")


def test_parts_without_their_checksum_are_removed(gateway, objects):
    store = gateway("one")
    upload = store.create("t", 10)

    def lose_the_line():
        with store.writing("t", upload.id, 0, Checksum("sha256 AAAA")) as writer:
            writer.write(b"12345678")
            assert stored(objects)
            raise Dead

    with pytest.raises(Dead):
        lose_the_line()
    assert stored(objects) == []
    assert store.get("t", upload.id).offset == 0


def test_what_is_over_is_swept_with_its_parts(gateway, objects, database, clock, tmp_path):
    store = gateway("one")
    upload = store.create("t", 5)
    append(store, upload, 0, b"12345")
    with store.reading("t", upload.id):
        pass
    store.sweep()
    assert stored(objects)
    clock.ahead_s = 2 * HOUR_S
    with pytest.raises(UploadNotFound):
        store.get("t", upload.id)
    gateway("other").sweep()
    assert (rows(database, UPLOADS), stored(objects)) == (0, [])


def test_an_upload_whose_bytes_cannot_be_removed_is_used_once(gateway, objects, database):
    store = gateway("one")
    upload = store.create("t", 5)
    append(store, upload, 0, b"12345")
    with store.claim("t", upload.id):
        objects.away = True
    with pytest.raises(UploadNotFound):
        store.get("t", upload.id)
    objects.away = False
    store.sweep()
    assert (rows(database, UPLOADS), stored(objects)) == (0, [])
