"""Both stores keep what they are given; the folder's also against accidents."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import InternalError, LibraryLimit, LibraryNotFound
from gateway.storage import expressions
from gateway.storage.expressions import ExpressionLibrary, FolderExpressionStore, LibraryEntry
from gateway.storage.folder import CACHED
from gateway.storage.testing import MemoryExpressionStore

NOBODY = "exp_" + "0" * 32


def entry(seed: int = 0) -> LibraryEntry:
    rng = np.random.default_rng(seed)
    return LibraryEntry(
        rng.random(78, np.float32),
        rng.random((478, 3), np.float32),
        rng.integers(0, 256, (9, 7 + seed, 3), np.uint8),
        0.25 * (seed + 1),
    )


def library(name: str = "Ann", entries: int = 2) -> ExpressionLibrary:
    return ExpressionLibrary.new(name, [entry(n) for n in range(entries)])


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
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
    store.add(kept)
    assert_equal(store.get(kept.id), kept)
    assert_equal(store.get(kept.id), kept)
    assert store.get(kept.id).expressions.shape == (2, 78)


def test_the_latest_is_listed_first(store):
    assert store.infos() == []
    first, second = library("1"), library("2", entries=1)
    object.__setattr__(second, "created", first.created + timedelta(seconds=1))
    store.add(second)
    store.add(first)
    assert store.infos() == [second.info, first.info]
    assert [info.size for info in store.infos()] == [1, 2]


def test_what_is_deleted_is_gone(store):
    kept = library()
    store.add(kept)
    store.get(kept.id)
    store.delete(kept.id)
    assert store.infos() == []
    for forget in (store.get, store.delete):
        with pytest.raises(LibraryNotFound):
            forget(kept.id)


@pytest.mark.parametrize(
    "id", [NOBODY, "", "x", "../x", f"{NOBODY}/..", f"{NOBODY}\n", NOBODY.upper(), f"/{NOBODY}"]
)
def test_an_id_that_is_none(store, id):
    for use in (store.get, store.delete):
        with pytest.raises(LibraryNotFound):
            use(id)


def test_there_is_an_end_to_it(store):
    for _ in range(3):
        store.check_room()
        store.add(library())
    for one_more in (store.check_room, lambda: store.add(library())):
        with pytest.raises(LibraryLimit) as raised:
            one_more()
    assert raised.value.extra == {"max_libraries": 3}
    assert len(store.infos()) == 3


def test_ids_are_what_options_take_for_one():
    ids = {library().id for _ in range(9)}
    assert len(ids) == 9
    assert all(expressions.ID.fullmatch(id) for id in ids)


def test_the_time_is_universal():
    created = library().created
    assert created.tzinfo == UTC
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


# The folder


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "expressions"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_another_process_sees_it_too(folder):
    kept = library()
    FolderExpressionStore(folder, most=9).add(kept)
    other = FolderExpressionStore(folder, most=9)
    assert_equal(other.get(kept.id), kept)
    FolderExpressionStore(folder, most=9).delete(kept.id)
    with pytest.raises(LibraryNotFound):
        other.get(kept.id)


def test_only_its_owner_may_look(folder):
    FolderExpressionStore(folder, most=9).add(library())
    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_made_before_it_is_needed(folder):
    store = FolderExpressionStore(folder, most=9)
    store.check_room()
    assert store.infos() == []
    assert not folder.exists()


def test_a_failure_leaves_nothing(folder, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    store = FolderExpressionStore(folder, most=9)
    with pytest.raises(OSError, match="No space"):
        store.add(library())
    assert files(folder) == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a library", None])
@pytest.mark.logs_errors
def test_a_damaged_file_hides_no_other(folder, caplog, damage):
    store = FolderExpressionStore(folder, most=9)
    good, bad = library(), library()
    store.add(good)
    store.add(bad)
    path = folder / f"{bad.id}.npz"
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    assert store.infos() == [good.info]
    assert "damaged" in caplog.text
    with pytest.raises(InternalError):
        store.get(bad.id)
    store.delete(bad.id)
    assert files(folder) == [f"{good.id}.npz"]


def test_other_files_are_left_alone(folder):
    folder.mkdir()
    (folder / "exp_notes.npz").write_bytes(b"mine")
    store = FolderExpressionStore(folder, most=1)
    store.add(library())
    assert len(store.infos()) == 1
    assert len(files(folder)) == 2


def test_few_are_held_in_memory_and_nobody_can_change_them(folder):
    store = FolderExpressionStore(folder, most=99)
    ids = []
    for _ in range(CACHED + 2):
        kept = library()
        store.add(kept)
        ids.append(kept.id)
        held = store.get(kept.id)
    assert list(store._cache) == ids[-CACHED:]
    assert store.get(ids[-1]) is held
    with pytest.raises(ValueError, match="read-only"):
        held.entries[0].crop[:] = 0


def test_code_in_a_file_is_not_run(folder):
    store = FolderExpressionStore(folder, most=9)
    kept = library()
    store.add(kept)
    path = folder / f"{kept.id}.npz"
    np.savez(
        path, **expressions.pack(kept) | {"name": np.array([print], object)}, allow_pickle=True
    )
    with pytest.raises(InternalError):
        store.get(kept.id)
