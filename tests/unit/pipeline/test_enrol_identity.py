"""Enrolling people, and using what is kept of them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import NoFaceInSource
from gateway.faces.topology import N_MESH
from gateway.pipeline.enrol_identity import Identifier, inconsistent_portraits
from gateway.pipeline.face.crop import CROP_FACTOR, cut_out
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.people import People
from gateway.pipeline.timings import Timings
from gateway.processors.openings import eye_distance
from gateway.storage.identities import EnrolledIdentity, KeptPortrait
from gateway.trust.consent import Consent
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of, nothing_hidden
from tests.unit.pipeline.test_fuse_image import ANN, BOB, SMILES, Watcher, image_of
from tests.unit.pipeline.test_mapping import CAT, LEFT, RIGHT, Embedder, told

IMAGE = painted(face_of(ANN).landmarks, SHAPE)


@pytest.mark.parametrize("most_px", [1000, 77])
def test_a_face_is_the_same_in_its_crop(most_px):
    face = face_of(ANN, SMILES, yaw_deg=20)
    crop, inside = cut_out(IMAGE, face, most_px=most_px)
    scale = min(
        1, most_px / (CROP_FACTOR * float(np.ptp(face.box_xyxy.reshape(2, 2), axis=0).max()))
    )
    assert max(crop.shape) <= most_px
    assert eye_distance(inside.landmarks) == pytest.approx(
        scale * eye_distance(face.landmarks), rel=0.02
    )
    skin = inside.landmarks[:N_MESH, :2]
    assert inside.box_xyxy == pytest.approx([*skin.min(0), *skin.max(0)], abs=1e-3)
    assert inside.quality.width_px == pytest.approx(scale * face.quality.width_px, rel=0.02)
    assert (inside.expression == face.expression).all()
    # The model's head lies where the landmarks do.
    away = inside.landmarks.mean(0) - inside.fit.translation[0]
    assert away == pytest.approx(
        scale * (face.landmarks.mean(0) - face.fit.translation[0]), rel=0.03, abs=0.1
    )


async def enrolled(*faces, known=None) -> list[KeptPortrait]:
    compute = Compute(inline=True)
    analyser = Watcher(*([face] if face else [] for face in faces))
    embedder = Embedder(known or [(face, (0.1, 0)) for face in faces])
    people = People(analyser, embedder, min_face_px=20)
    kept = await Identifier(people, embedder, compute).enrol(
        [image_of(face) if face else image_of() for face in faces],
        deadline=Deadline.after(5),
        timings=Timings(),
    )
    assert all(asked.precise for asked in analyser.asked)
    return kept


async def swap(identities, target, *, finds=(), known=(), options=None, source_id=None):
    """Swap; the only pictures that are looked at are the target and what `finds` is for."""
    analyser = Watcher(*finds, target)
    fuser = ImageFuser(analyser, Embedder(known), nothing_hidden(), Compute(inline=True))
    result = await fuser.swap(
        [image_of(*found) for found in finds],
        image_of(*target),
        parse_options(options or {}),
        deadline=Deadline.after(5),
        timings=Timings(),
        identities={identity.id: identity for identity in identities},
        source_id=source_id,
    )
    assert analyser.finds == []
    return result


def identity(portraits) -> EnrolledIdentity:
    return EnrolledIdentity.new("Bob", Consent(datetime.now(UTC), "Yes."), portraits)


async def test_a_kept_face_gives_the_picture_that_the_portrait_gives():
    source, target = face_of(BOB, SMILES), face_of(ANN)
    kept = identity(await enrolled(source))
    by_id = await swap([kept], [target], source_id=kept.id)
    by_picture = await swap([], [target], finds=([source],))
    off = np.abs(by_id.image.astype(int) - by_picture.image).max()
    assert off <= 2  # landmarks are moved into the crop in single precision
    (face,) = by_id.swapped
    assert (face.source, face.source_id, face.entry) == (0, kept.id, None)
    assert len(by_id.portraits) == 1


async def test_a_mapping_mixes_those_who_are_kept_with_those_who_are_sent():
    kept = identity(await enrolled(face_of(BOB), face_of(BOB, SMILES)))
    mapping = [{"source_id": kept.id, "position": 1}, {"sources": [0], "position": 0}]
    result = await swap(
        [kept], [RIGHT, LEFT], finds=([face_of(CAT)],), options={"mapping": mapping}
    )
    assert told(result)[0] == (1, 0)
    assert {face.entry: face.source_id for face in result.swapped} == {0: kept.id, 1: None}


async def test_a_kept_person_is_recognised():
    kept = identity(await enrolled(face_of(BOB)))
    mapping = [{"source_id": kept.id, "target_id": kept.id}]
    for at, index in (((0.4, 0), 0), ((0.6, 0), 1)):
        known = [(RIGHT, at), (LEFT, (0.5, 0))]
        result = await swap([kept], [RIGHT, LEFT], known=known, options={"mapping": mapping})
        assert told(result) == {index: (0, 0)}


async def test_a_portrait_without_a_face_is_told():
    with pytest.raises(NoFaceInSource, match="Source 1"):
        await enrolled(face_of(BOB), None)


async def test_a_portrait_of_somebody_else_is_told():
    faces = [face_of(BOB), face_of(BOB, SMILES), face_of(BOB), face_of(CAT)]
    known = list(zip(faces, [(0, 0), (0.1, 0), (0, 0.1), (0, 0.9)], strict=True))
    assert inconsistent_portraits(identity(await enrolled(*faces, known=known))) == [3]
    assert inconsistent_portraits(identity(await enrolled(*faces[:3], known=known))) == []
    assert inconsistent_portraits(identity(await enrolled(*faces[2:], known=known))) == [0, 1]
    assert inconsistent_portraits(identity(await enrolled(faces[3], known=known))) == []
