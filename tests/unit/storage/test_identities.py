"""Enrolled people come back as they were; the folder's own laws are told of libraries."""

import stat
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gateway.errors import IdentityLimit, IdentityNotFound, InternalError
from gateway.storage.expressions import PREFIX as LIBRARY
from gateway.storage.identities import (
    ID,
    IDENTITIES,
    EnrolledIdentity,
    FolderIdentityStore,
    KeptPortrait,
)
from gateway.storage.objects import ObjectStore
from gateway.storage.shared import SharedStore
from gateway.storage.testing import MemoryIdentityStore
from gateway.trust.consent import Consent
from tests.unit.pipeline.people import face_of, person

TENANT = "default"
NOBODY = "idn_" + "0" * 32


def portrait(seed: int = 0) -> KeptPortrait:
    rng = np.random.default_rng(seed)
    return KeptPortrait(
        rng.integers(0, 256, (90 + seed, 70, 3), np.uint8),
        face_of(person(seed), {"jawOpen": 0.5}, yaw_deg=40 * seed, scale_px=20),
        rng.random(128, np.float32),
    )


def identity(name: str = "Ann", portraits: int = 2) -> EnrolledIdentity:
    consent = Consent(datetime.now(UTC), "She said yes.")
    return EnrolledIdentity.new(name, consent, [portrait(n) for n in range(portraits)])


@pytest.fixture(params=["folder", "memory", "shared"])
def store(request, tmp_path):
    if request.param == "shared":
        database, objects = request.getfixturevalue("database"), ObjectStore(folder=tmp_path / "o")
        return SharedStore(database, objects, IDENTITIES, most=2)
    if request.param == "folder":
        return FolderIdentityStore(tmp_path / "data" / "identities", most=2)
    return MemoryIdentityStore(most=2)


def same(one: object, other: object) -> bool:
    """Return whether two things are equal, arrays and what holds them included."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_what_is_kept_comes_back_bit_for_bit(store):
    kept = identity("Änn / „Smith“")
    store.add(TENANT, kept)
    assert same(store.get(TENANT, kept.id), kept)
    assert store.infos(TENANT) == [kept.info]
    assert kept.info.size == 2
    assert kept.info.consent.statement == "She said yes."


def test_consent_has_a_universal_time():
    given = identity().consent.given
    assert given.tzinfo == UTC
    assert abs(datetime.now(UTC) - given) < timedelta(minutes=1)


def test_the_descriptor_is_the_mean():
    kept = identity(portraits=3)
    mean = np.mean([p.descriptor for p in kept.portraits], axis=0)
    assert kept.descriptor == pytest.approx(mean)
    assert (kept.descriptor.shape, kept.descriptor.dtype) == ((128,), np.float32)


def test_what_is_deleted_is_gone(store):
    kept = identity()
    store.add(TENANT, kept)
    store.delete(TENANT, kept.id)
    for forget in (store.get, store.delete):
        with pytest.raises(IdentityNotFound):
            forget(TENANT, kept.id)
    assert store.infos(TENANT) == []


@pytest.mark.parametrize("id", [NOBODY, "", "../x", f"{NOBODY}/..", NOBODY.upper(), LIBRARY])
def test_an_id_that_is_none(store, id):
    for use in (store.get, store.delete):
        with pytest.raises(IdentityNotFound):
            use(TENANT, id)


def test_there_is_an_end_to_it(store):
    store.add(TENANT, identity())
    store.add(TENANT, identity())
    for one_more in (lambda: store.check_room(TENANT), lambda: store.add(TENANT, identity())):
        with pytest.raises(IdentityLimit) as raised:
            one_more()
    assert raised.value.extra == {"max_identities": 2}


def test_ids_are_new_and_long():
    ids = {identity(portraits=1).id for _ in range(9)}
    assert len(ids) == 9
    assert all(ID.fullmatch(id) for id in ids)


def test_only_the_owner_may_look(tmp_path):
    store = FolderIdentityStore(tmp_path / "identities", most=2)
    kept = identity()
    store.add(TENANT, kept)
    (path,) = (tmp_path / "identities").iterdir()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["png_1", "warnings_0", "fit_scale_0"])
def test_a_damaged_portrait_is_our_fault(tmp_path, name):
    store = FolderIdentityStore(tmp_path, most=2)
    kept = identity()
    store.add(TENANT, kept)
    path = tmp_path / f"{kept.id}.npz"
    with np.load(path) as data:
        arrays = dict(data)
    arrays |= {name: np.array(["nonsense"])} if name == "warnings_0" else {}
    if name == "png_1":
        arrays[name] = arrays[name][:99]
    if name == "fit_scale_0":
        del arrays[name]
    np.savez(path, **arrays)
    with pytest.raises(InternalError, match="damaged"):
        store.get(TENANT, kept.id)
    assert len(store.infos(TENANT)) == 1


def test_nobody_can_change_what_is_held_for_all(tmp_path):
    store = FolderIdentityStore(tmp_path, most=2)
    kept = identity()
    store.add(TENANT, kept)
    (held, _) = store.get(TENANT, kept.id).portraits
    for array in (held.image, held.descriptor, held.face.landmarks, held.face.fit.expression):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
