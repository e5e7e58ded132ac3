"""Pulling, adding, verifying and removing: nothing half done is ever seen."""

import errno
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as pb

from gateway.errors import (
    DownloadFailed,
    LicenseNotAccepted,
    ModelChecksumMismatch,
    ModelFormatInvalid,
    ModelNotPermitted,
    SetupIncomplete,
    StorageFull,
    UnknownModel,
)
from gateway.models import onnx_import
from gateway.models.download import Sources
from gateway.models.lock import read_lock
from gateway.models.packages import sha256_of
from gateway.models.profiles import PROFILES
from gateway.models.records import installed
from gateway.models.store import ModelStore
from tests.unit.models.networks import FLOAT, ZOO, make_zoo, plain, write
from tests.unit.models.test_onnx_import import matrix, with_weights


@pytest.fixture
def store(tmp_path):
    """A store that pulls out of the folder `files`."""
    make_zoo(tmp_path / "models")
    files = tmp_path / "files"
    files.mkdir()
    plain(files / "plain.onnx")
    plain(files / "single.onnx")
    sources = Sources(folder=files, offline=True)
    return ModelStore(
        tmp_path / "models", tmp_path / "cache", PROFILES["cpu"], "/cache", sources=sources
    )


def pull(store, name, **options):
    model = store.zoo.model(name)
    store.accept(model)
    return store.pull(model, **options)


def names(folder):
    """What lies in the repository, but for the zoo and its lock."""
    return {path.name for path in folder.iterdir()} - {"zoo.toml", "zoo.lock.json", ".zoo.busy"}


def test_a_pulled_model_is_complete(store):
    told = []
    result = pull(store, "plain", progress=lambda *what: told.append(what))
    assert [stage for _, stage, _, _ in told] == ["import", "installed"]
    assert result.fresh
    assert result.trusted_first
    assert installed(store.repository) == {"plain"}
    folder = store.repository / "plain"
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        "config.pbtxt",
        "1/model.onnx",
        "1/install.json",
    }
    record = json.loads((folder / "1" / "install.json").read_text())
    assert record["max_batch_size"] == 8
    assert record["source"] == "file"
    assert record["onnx_sha256"] == sha256_of(folder / "1" / "model.onnx")
    config = text_format.Parse((folder / "config.pbtxt").read_text(), pb.ModelConfig())
    assert (config.name, config.max_batch_size) == ("plain", 8)
    assert store.verify("plain") == []


def test_what_is_there_is_kept_unless_forced(store):
    pull(store, "plain")
    told = []
    kept = pull(store, "plain", progress=lambda *what: told.append(what[1]))
    assert (kept.fresh, told) == (False, ["kept"])
    assert pull(store, "plain", force=True).fresh


def test_what_is_needed_comes_first(store):
    assert [model.name for model in store.plan(["pair", "plain"])] == ["single", "plain", "pair"]
    with pytest.raises(UnknownModel):
        store.plan(["nobody"])


def test_the_license_has_to_be_accepted_once(store):
    model = store.zoo.model("plain")
    with pytest.raises(LicenseNotAccepted, match=r"MIT, https://mit\.test/"):
        store.pull(model)
    store.accept(model)
    assert store.accepted(model)
    assert not store.accepted(replace(model, license="other"))
    assert store.pull(model).fresh
    assert read_lock(store.repository)["plain"].accepted.startswith("20")


def test_commercially_only_what_may_be(store):
    store = replace(store, commercial=True)
    assert store.plan(["plain"])
    with pytest.raises(ModelNotPermitted, match="its licence is strict"):
        store.plan(["single"])
    with pytest.raises(ModelNotPermitted, match="pair may not"):
        store.plan(["pair"])
    with pytest.raises(ModelNotPermitted, match="needs single and plain"):
        store.pull(store.zoo.model("pair"))
    with pytest.raises(ModelNotPermitted):
        store.add(store.sources.folder / "single.onnx", "single")


def test_the_first_file_is_pinned(store, tmp_path, monkeypatch):
    import httpx

    data = {"plain.onnx": (store.sources.folder / "plain.onnx").read_bytes()}

    def answer(request):
        return httpx.Response(200, content=iter([data[request.url.path.rpartition("/")[2]]]))

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: real(transport=httpx.MockTransport(answer)))
    store = replace(store, sources=Sources(("https://me:secret@mirror.test",)))
    assert pull(store, "plain").trusted_first
    entry = read_lock(store.repository)["plain"]
    assert entry.sha256 == sha256_of(tmp_path / "files" / "plain.onnx")
    assert entry.size == len(data["plain.onnx"])
    assert entry.source == "https://mirror.test/b/plain.onnx"
    assert not [p for p in (tmp_path / "cache" / "downloads").iterdir() if p.suffix != ".lock"]
    assert not pull(store, "plain", force=True).trusted_first
    data["plain.onnx"] += b"\x00"
    before = (store.repository / "plain" / "1" / "model.onnx").read_bytes()
    with pytest.raises(ModelChecksumMismatch, match=entry.sha256):
        pull(store, "plain", force=True)
    assert (store.repository / "plain" / "1" / "model.onnx").read_bytes() == before
    assert not [p for p in (tmp_path / "cache" / "downloads").iterdir() if p.suffix != ".lock"]
    # Removing a model does not make another file trustworthy.
    assert store.remove("plain")
    with pytest.raises(ModelChecksumMismatch):
        pull(store, "plain")


def test_a_file_of_ones_own_is_added(store, tmp_path):
    store.accept(store.zoo.model("own"))
    result = store.add(plain(tmp_path / "mine.onnx"), "own")
    assert result.record.source == "file"
    assert installed(store.repository) == {"own"}
    assert (tmp_path / "mine.onnx").is_file()
    with pytest.raises(DownloadFailed):
        store.pull(store.zoo.model("own"), force=True)


def test_the_matrix_lies_beside_the_model(store, tmp_path):
    store.accept(store.zoo.model("emapped"))
    store.add(with_weights(tmp_path / "in.onnx", spare=matrix(3)), "emapped")
    folder = store.zoo.folder("emapped")
    assert (np.load(folder / "emap.npy") == 3).all()
    assert store.verify("emapped") == []
    (folder / "emap.npy").unlink()
    assert store.verify("emapped") == ["emap.npy is missing."]


def test_the_twin_is_asked_if_it_is_there(store, tmp_path):
    store.accept(store.zoo.model("plain_fp16"))
    assert not store.add(plain(tmp_path / "half.onnx"), "plain_fp16").record.half_agrees
    pull(store, "plain")
    assert store.add(plain(tmp_path / "half.onnx"), "plain_fp16").record.half_agrees


def test_what_is_refused_leaves_nothing(store, tmp_path):
    store.accept(store.zoo.model("plain"))
    bad = write(tmp_path / "bad.onnx", [], [("a", FLOAT, [1, 4])])
    with pytest.raises(ModelFormatInvalid):
        store.add(bad, "plain")
    assert names(store.repository) == set()
    assert bad.is_file()


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_an_end_in_the_middle_leaves_the_old_model(store, monkeypatch, fault):
    pull(store, "plain")

    def fail(*_):
        raise fault

    monkeypatch.setattr(onnx_import, "measure", lambda *_, **__: fail())
    expected = StorageFull if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        pull(store, "plain", force=True)
    assert names(store.repository) == {"plain"}
    assert store.verify("plain") == []


def test_rests_are_swept_and_an_old_model_comes_back(store):
    pull(store, "plain")
    (store.repository / "plain").rename(store.repository / ".installing-old-plain")
    (store.repository / ".installing-single-x" / "1").mkdir(parents=True)
    (store.repository / ".installing-removed-pair").mkdir()
    pull(store, "single")
    assert names(store.repository) == {"plain", "single"}
    assert store.verify("plain") == []


def test_an_old_model_does_not_take_its_successors_place(store):
    pull(store, "plain")
    old = store.repository / ".installing-old-plain"
    shutil.copytree(store.repository / "plain", old)
    (old / "1" / "model.onnx").write_bytes(b"old")
    pull(store, "single")
    assert names(store.repository) == {"plain", "single"}
    assert store.verify("plain") == []


def test_removed_is_removed(store):
    pull(store, "plain")
    assert store.remove("plain")
    assert not store.remove("plain")
    assert names(store.repository) == set()
    assert read_lock(store.repository)["plain"].accepted
    with pytest.raises(UnknownModel):
        store.remove("face_mesh")


def test_states(store):
    pull(store, "plain")
    found = {status.model.name: status for status in store.statuses()}
    assert (found["plain"].state, found["single"].state) == ("present", "missing")
    assert found["plain"].size > 0
    assert found["single"].needed_by == ("pair",)
    make_zoo(store.repository, ZOO.replace("max_batch_size = 8", "max_batch_size = 4", 1))
    assert {s.model.name: s.state for s in store.statuses()}["plain"] == "outdated"
    assert "another contract" in store.verify("plain")[0]
    assert pull(store, "plain").fresh


def test_damage_is_found(store):
    pull(store, "plain")
    (store.repository / "plain" / "config.pbtxt").unlink()
    path = store.repository / "plain" / "1" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-20])
    findings = store.verify("plain")
    assert "The file is not the one that was installed." in findings
    assert "config.pbtxt is missing." in findings
    assert len(findings) == 3
    assert store.verify("single") == ["The model is not installed."]


def test_a_record_without_a_network_is_no_model(store):
    pull(store, "plain")
    (store.repository / "plain" / "1" / "model.onnx").unlink()
    assert installed(store.repository) == set()


def test_another_profile(store):
    pull(store, "plain")
    replace(store, profile=PROFILES["gpu"]).configure("plain")
    assert "tensorrt" in (store.repository / "plain" / "config.pbtxt").read_text()
    with pytest.raises(UnknownModel, match="not installed"):
        store.configure("single")


@pytest.mark.parametrize("text", ["{", "[]", '{"models": {"plain": {}}}', '{"models": []}'])
def test_a_lock_that_cannot_be_read_is_not_ignored(store, text):
    (store.repository / "zoo.lock.json").write_text(text)
    with pytest.raises(SetupIncomplete, match="pins what was pulled"):
        pull(store, "plain")
