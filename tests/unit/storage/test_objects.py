"""Files under keys: all or nothing, and nothing outside."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import NotFound, SetupIncomplete, StorageFull
from gateway.storage import objects
from gateway.storage.objects import ObjectStore


@pytest.fixture(params=["folder", "file-url", "memory"])
def store(request, tmp_path):
    """A store in a folder, by URL or not, and one that is reached as those elsewhere are."""
    url = {"folder": "", "file-url": f"file://{tmp_path}/o", "memory": "memory:///"}[request.param]
    return ObjectStore(url, folder=tmp_path / "o")


def written(folder: Path, data: bytes = b"0123456789") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / os.urandom(4).hex()
    path.write_bytes(data)
    return path


def test_what_is_put_is_read(store, tmp_path):
    path = written(tmp_path / "in")
    assert store.put("jobs/a/in/target-0", path) == 10
    assert not path.exists()  # moved, not copied
    assert b"".join(store.read("jobs/a/in/target-0")) == b"0123456789"
    assert b"".join(store.read("jobs/a/in/target-0", 3, 7)) == b"3456"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert store.local("jobs/a/in/target-0", scratch).read_bytes() == b"0123456789"


def test_what_is_put_replaces(store, tmp_path):
    store.put("a/b", written(tmp_path / "in"))
    store.put("a/b", written(tmp_path / "in", b"new"))
    assert b"".join(store.read("a/b")) == b"new"


def test_lists_and_removal_end_where_a_name_does(store, tmp_path):
    for key in ("jobs/a/1", "jobs/a/2/3", "jobs/ab/1"):
        store.put(key, written(tmp_path / "in"))
    assert sorted(found.key for found in store.objects("jobs/a")) == ["jobs/a/1", "jobs/a/2/3"]
    assert all(found.size == 10 for found in store.objects("jobs"))
    store.delete_below("jobs/a")
    assert [found.key for found in store.objects("jobs")] == ["jobs/ab/1"]
    store.delete("jobs/ab/1")
    store.delete("jobs/ab/1")  # twice is fine
    assert store.objects("jobs") == []


def test_what_is_not_there(store, tmp_path):
    with pytest.raises(NotFound):
        list(store.read("a/b"))
    with pytest.raises(NotFound):
        store.local("a/b", tmp_path)


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "..", "a//b", "a/", "a b", "a/.part", "\x00"])
def test_no_key_leads_elsewhere(store, tmp_path, key):
    with pytest.raises(NotFound):
        store.put(key, written(tmp_path / "in"))
    with pytest.raises(NotFound):
        list(store.read(key))


def test_a_file_in_a_folder_is_read_where_it_lies(tmp_path):
    store = ObjectStore(folder=tmp_path / "o")
    store.put("a/b", written(tmp_path / "in"))
    assert store.local("a/b", tmp_path / "none") == tmp_path / "o" / "a" / "b"


def test_a_full_disk_has_a_name_and_leaves_nothing(tmp_path, monkeypatch):
    store = ObjectStore(folder=tmp_path / "o")

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(objects.Path, "replace", full)
    with pytest.raises(StorageFull):
        store.put("a/b", written(tmp_path / "in"))
    assert store.objects("a") == []


def test_from_another_file_system_it_is_copied_and_appears_at_once(tmp_path, monkeypatch):
    store, replace = ObjectStore(folder=tmp_path / "o"), Path.replace

    def elsewhere(self, target):
        if self.suffix != ".part":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    path = written(tmp_path / "in")
    monkeypatch.setattr(objects.Path, "replace", elsewhere)
    store.put("a/b", path)
    assert not path.exists()
    assert b"".join(store.read("a/b")) == b"0123456789"


@pytest.mark.parametrize("url", ["gopher://x", "no url"])
def test_a_url_that_is_none(tmp_path, url):
    with pytest.raises(SetupIncomplete):
        ObjectStore(url, folder=tmp_path)


def test_no_empty_folder_is_left(tmp_path):
    store = ObjectStore("", folder=tmp_path / "o")
    for key in ("jobs/a/seg/0/x", "jobs/a/seg/1/y"):
        store.put(key, written(tmp_path / "in"))
    store.delete("jobs/a/seg/0/x")
    assert [path.name for path in (tmp_path / "o" / "jobs" / "a" / "seg").iterdir()] == ["1"]
    store.delete("jobs/a/seg/1/y")
    store.delete("jobs/a/seg/1/y")
    assert list((tmp_path / "o").iterdir()) == []


def test_files_are_put_while_others_beside_them_are_removed(tmp_path):
    store = ObjectStore("", folder=tmp_path / "o")

    def to_and_fro(name: str) -> None:
        for n in range(100):
            key = f"jobs/a/{name}/{n}"
            store.put(key, written(tmp_path / name))
            assert b"".join(store.read(key)) == b"0123456789"
            store.delete(key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(to_and_fro, ["w", "x", "y", "z"]))
    assert list((tmp_path / "o").iterdir()) == []
