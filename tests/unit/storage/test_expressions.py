"""All stores keep what they are given; the folder's also against accidents."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import InternalError, LibraryLimit, LibraryNotFound
from gateway.storage import expressions
from gateway.storage.expressions import (
    LIBRARIES,
    ExpressionLibrary,
    FolderExpressionStore,
)
from gateway.storage.folder import CACHED
from gateway.storage.objects import ObjectStore
from gateway.storage.shared import SharedStore
from gateway.storage.testing import MemoryExpressionStore
from tests.unit.storage.libraries import library

TENANT = "default"
NOBODY = "exp_" + "0" * 32


@pytest.fixture(params=["folder", "memory", "shared"])
def store(request, tmp_path):
    if request.param == "shared":
        database, objects = request.getfixturevalue("database"), ObjectStore(folder=tmp_path / "o")
        return SharedStore(database, objects, LIBRARIES, most=3)
    if request.param == "folder":
        return FolderExpressionStore(tmp_path / "data" / "expressions", most=3)
    return MemoryExpressionStore(most=3)


def assert_equal(one: ExpressionLibrary, other: ExpressionLibrary) -> None:
    assert one.info == other.info
    for a, b in zip(one.entries, other.entries, strict=True):
        for name in ("expression", "landmarks", "crop"):
            assert getattr(a, name).dtype == getattr(b, name).dtype
            assert (getattr(a, name) == getattr(b, name)).all()
        assert a.reliability == b.reliability


def test_what_is_kept_comes_back(store):
    kept = library("Änn / „Smith“")
    store.add(TENANT, kept)
    assert_equal(store.get(TENANT, kept.id), kept)
    assert_equal(store.get(TENANT, kept.id), kept)
    assert store.get(TENANT, kept.id).expressions.shape == (2, 78)


def test_the_latest_is_listed_first(store):
    assert store.infos(TENANT) == []
    first, second = library("1"), library("2", entries=1)
    object.__setattr__(second, "created", first.created + timedelta(seconds=1))
    store.add(TENANT, second)
    store.add(TENANT, first)
    assert store.infos(TENANT) == [second.info, first.info]
    assert [info.size for info in store.infos(TENANT)] == [1, 2]


def test_what_is_deleted_is_gone(store):
    kept = library()
    store.add(TENANT, kept)
    store.get(TENANT, kept.id)
    store.delete(TENANT, kept.id)
    assert store.infos(TENANT) == []
    for forget in (store.get, store.delete):
        with pytest.raises(LibraryNotFound):
            forget(TENANT, kept.id)


@pytest.mark.parametrize(
    "id", [NOBODY, "", "x", "../x", f"{NOBODY}/..", f"{NOBODY}\n", NOBODY.upper(), f"/{NOBODY}"]
)
def test_an_id_that_is_none(store, id):
    for use in (store.get, store.delete):
        with pytest.raises(LibraryNotFound):
            use(TENANT, id)


def test_there_is_an_end_to_it(store):
    for _ in range(3):
        store.check_room(TENANT)
        store.add(TENANT, library())
    for one_more in (lambda: store.check_room(TENANT), lambda: store.add(TENANT, library())):
        with pytest.raises(LibraryLimit) as raised:
            one_more()
    assert raised.value.extra == {"max_libraries": 3}
    assert len(store.infos(TENANT)) == 3


def test_tenants_see_only_what_is_theirs(store):
    ours, theirs = library("ours"), library("theirs")
    store.add(TENANT, ours)
    store.add("acme", theirs)
    assert_equal(store.get(TENANT, ours.id), ours)
    assert_equal(store.get("acme", theirs.id), theirs)
    assert store.infos(TENANT) == [ours.info]
    assert store.infos("acme") == [theirs.info]
    assert store.infos("other") == []
    for use in (store.get, store.delete):
        for tenant, id in ((TENANT, theirs.id), ("acme", ours.id), ("Acme", theirs.id)):
            with pytest.raises(LibraryNotFound):
                use(tenant, id)
    store.delete("acme", theirs.id)
    assert store.infos(TENANT) == [ours.info]


def test_there_is_an_end_to_it_for_each_tenant(store):
    for _ in range(3):
        store.add(TENANT, library())
    with pytest.raises(LibraryLimit):
        store.check_room(TENANT)
    store.check_room("acme")
    store.add("acme", library())


def test_ids_are_what_options_take_for_one():
    ids = {library().id for _ in range(9)}
    assert len(ids) == 9
    assert all(expressions.ID.fullmatch(id) for id in ids)


def test_the_time_is_universal():
    created = library().created
    assert created.tzinfo == UTC
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_what_a_tenant_keeps_is_counted(store):
    assert store.bytes_of(TENANT) == 0
    kept = library()
    store.add(TENANT, kept)
    store.add("acme", library(entries=1))
    size = store.bytes_of(TENANT)
    assert size > sum(entry.expression.nbytes for entry in kept.entries)
    store.sweep()
    assert store.bytes_of(TENANT) == size
    store.delete(TENANT, kept.id)
    assert store.bytes_of(TENANT) == 0


# The folder


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "expressions"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_another_process_sees_it_too(folder):
    kept = library()
    FolderExpressionStore(folder, most=9).add(TENANT, kept)
    other = FolderExpressionStore(folder, most=9)
    assert_equal(other.get(TENANT, kept.id), kept)
    FolderExpressionStore(folder, most=9).delete(TENANT, kept.id)
    with pytest.raises(LibraryNotFound):
        other.get(TENANT, kept.id)


def test_only_its_owner_may_look(folder):
    FolderExpressionStore(folder, most=9).add(TENANT, library())
    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_made_before_it_is_needed(folder):
    store = FolderExpressionStore(folder, most=9)
    store.check_room(TENANT)
    assert store.infos(TENANT) == []
    assert not folder.exists()


@pytest.mark.parametrize(
    "tenant", ["", ".", "..", "../..", "/", "/etc", "a/../..", "a\x00b", "a" * 5000, "\ud800", "ä"]
)
def test_no_tenants_name_leads_elsewhere(folder, tenant):
    store = FolderExpressionStore(folder, most=9)
    kept = library()
    store.add(tenant, kept)
    (path,) = folder.parent.rglob("*.npz")
    assert path.parent.parent == folder / "tenants"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert store.infos(tenant) == [kept.info]
    assert store.infos(TENANT) == []


def test_what_the_default_tenant_has_lies_where_it_always_lay(folder):
    kept = library()
    FolderExpressionStore(folder, most=9).add(TENANT, kept)
    assert files(folder) == [f"{kept.id}.npz"]


def test_a_failure_leaves_nothing(folder, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    store = FolderExpressionStore(folder, most=9)
    with pytest.raises(OSError, match="No space"):
        store.add(TENANT, library())
    assert files(folder) == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a library", None])
@pytest.mark.logs_errors
def test_a_damaged_file_hides_no_other(folder, caplog, damage):
    store = FolderExpressionStore(folder, most=9)
    good, bad = library(), library()
    store.add(TENANT, good)
    store.add(TENANT, bad)
    path = folder / f"{bad.id}.npz"
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    assert store.infos(TENANT) == [good.info]
    assert "damaged" in caplog.text
    with pytest.raises(InternalError):
        store.get(TENANT, bad.id)
    store.delete(TENANT, bad.id)
    assert files(folder) == [f"{good.id}.npz"]


def test_other_files_are_left_alone(folder):
    folder.mkdir()
    (folder / "exp_notes.npz").write_bytes(b"mine")
    store = FolderExpressionStore(folder, most=1)
    store.add(TENANT, library())
    assert len(store.infos(TENANT)) == 1
    assert len(files(folder)) == 2


def test_few_are_held_in_memory_and_nobody_can_change_them(folder):
    store = FolderExpressionStore(folder, most=99)
    ids = []
    for _ in range(CACHED + 2):
        kept = library()
        store.add(TENANT, kept)
        ids.append(kept.id)
        held = store.get(TENANT, kept.id)
    assert [path.stem for path in store._cache] == ids[-CACHED:]
    assert store.get(TENANT, ids[-1]) is held
    with pytest.raises(ValueError, match="read-only"):
        held.entries[0].crop[:] = 0


def test_code_in_a_file_is_not_run(folder):
    store = FolderExpressionStore(folder, most=9)
    kept = library()
    store.add(TENANT, kept)
    path = folder / f"{kept.id}.npz"
    np.savez(
        path, **expressions.pack(kept) | {"name": np.array([print], object)}, allow_pickle=True
    )
    with pytest.raises(InternalError):
        store.get(TENANT, kept.id)
