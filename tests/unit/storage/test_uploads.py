"""Uploads grow in order, one writer at a time, and outlive crashes."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import (
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    UploadChecksumMismatch,
    UploadIncomplete,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
)
from gateway.storage.folder_uploads import FolderUploadStore
from gateway.storage.objects import ObjectStore
from gateway.storage.shared_uploads import SharedUploadStore
from gateway.storage.uploads import Checksum

LIMITS = {"most": 3, "max_bytes": 100, "keep_s": 60}


@pytest.fixture(params=["folder", "shared"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderUploadStore(tmp_path, **LIMITS)
    database, objects = request.getfixturevalue("database"), ObjectStore(folder=tmp_path / "o")
    return SharedUploadStore(database, objects, tmp_path / "s", part_bytes=4, **LIMITS)


def append(store, upload, offset, data, checksum=None):
    with store.writing(upload.tenant, upload.id, offset, checksum) as writer:
        writer.write(data)


def broken(store, upload, offset, data, checksum=None):
    """Append, and then lose the line."""
    with store.writing(upload.tenant, upload.id, offset, checksum) as writer:
        writer.write(data)
        raise ConnectionError


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=9), max_size=9))
def test_pieces_come_to_the_whole(store, pieces):
    whole = b"".join(pieces)
    upload = store.create("t", len(whole))
    for piece in pieces:
        append(store, upload, store.get("t", upload.id).offset, piece)
    assert store.get("t", upload.id).complete
    with store.claim("t", upload.id) as path:
        assert path.read_bytes() == whole
    with pytest.raises(UploadNotFound):
        store.get("t", upload.id)


def test_a_piece_belongs_where_the_upload_has_got_to(store):
    upload = store.create("t", 10)
    append(store, upload, 0, b"123")
    for offset in (0, 2, 4):
        with pytest.raises(UploadOffsetMismatch):
            append(store, upload, offset, b"4")


def test_what_came_before_a_break_stays(store):
    upload = store.create("t", 10)
    with pytest.raises(ConnectionError):
        broken(store, upload, 0, b"123")
    assert store.get("t", upload.id).offset == 3


def test_what_does_not_come_to_its_checksum_is_taken_back(store):
    upload = store.create("t", 10)
    append(store, upload, 0, b"123")
    with pytest.raises(UploadChecksumMismatch):
        append(store, upload, 3, b"456", Checksum("sha256 AAAA"))
    with pytest.raises(ConnectionError):
        broken(store, upload, 3, b"4", Checksum("md5 AAAA"))
    assert store.get("t", upload.id).offset == 3


@pytest.mark.parametrize("header", ["", "sha1", "sha512 AAAA", "sha1 not-base64!", "SHA1 AAAA"])
def test_checksums_that_are_none(header):
    if header == "sha1":
        with pytest.raises(UploadChecksumMismatch):
            Checksum(header).check()
        return
    with pytest.raises(InvalidRequest):
        Checksum(header)


def test_one_writes_at_a_time(store):
    upload = store.create("t", 10)
    with store.writing("t", upload.id, 0):
        with pytest.raises(UploadLocked):
            append(store, upload, 0, b"1")
        with pytest.raises(UploadLocked):
            store.delete("t", upload.id)
    append(store, upload, 0, b"1")


def test_an_upload_that_is_not_complete_is_not_taken(store):
    upload = store.create("t", 10)
    with pytest.raises(UploadIncomplete), store.claim("t", upload.id):
        raise AssertionError


def test_an_upload_is_kept_if_whoever_takes_it_fails(store):
    upload = store.create("t", 0)
    with pytest.raises(KeyError), store.claim("t", upload.id):
        raise KeyError
    assert store.get("t", upload.id).complete


def test_limits(store):
    with pytest.raises(PayloadTooLarge):
        store.create("t", 101)
    upload = store.create("t", 2)
    with pytest.raises(PayloadTooLarge):
        append(store, upload, 0, b"123")
    store.create("t", 1)
    store.create("t", 1)
    with pytest.raises(Overloaded):
        store.create("t", 1)


@pytest.mark.parametrize("id", ["", "upl_", "../x", "upl_" + "0" * 32, "upl_" + "G" * 32])
def test_ids_that_are_none(store, id):
    with pytest.raises(UploadNotFound):
        store.get("t", id)


def test_uploads_of_others_are_not_there(store):
    upload = store.create("t", 1)
    with pytest.raises(UploadNotFound):
        store.get("other", upload.id)


def test_what_is_announced_counts_as_kept(store):
    store.create("t", 7)
    store.create("t", 4)
    store.create("other", 90)
    assert store.bytes_of("t") == 11


def test_an_upload_can_be_looked_at_before_it_is_claimed(store):
    upload = store.create("t", 9)
    with pytest.raises(UploadIncomplete), store.reading("t", upload.id):
        raise AssertionError
    append(store, upload, 0, b"123456789")
    for _ in range(2):
        with store.reading("t", upload.id) as path:
            assert path.read_bytes() == b"123456789"
    with store.claim("t", upload.id) as path:
        assert path.read_bytes() == b"123456789"
        with pytest.raises(UploadLocked), store.claim("t", upload.id):
            raise AssertionError


def test_old_uploads_are_gone_and_removed(tmp_path):
    store = FolderUploadStore(tmp_path, **LIMITS)
    old, new = store.create("t", 1), store.create("t", 1)
    long_ago = 1e9
    os.utime(tmp_path / f"{old.id}.data", (long_ago, long_ago))
    note = tmp_path / f"{old.id}.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"expires": long_ago}))
    with pytest.raises(UploadNotFound):
        store.get("t", old.id)
    store.sweep()
    store.sweep()
    assert {path.stem for path in tmp_path.iterdir()} == {new.id}
