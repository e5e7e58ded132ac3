"""Expressions of real faces through the real networks: what is read, and what is made."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.morphable.expression import named
from gateway.faces.morphable.performance import opening
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.result import Note
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.toolkit import Toolkit
from gateway.processors.openings import LEFT, MOUTH, RIGHT, InpaintingSource, eye_distance
from tests.integration.portraits import FACES, backdrop, placed

pytestmark = [pytest.mark.models]
SMILING, NEUTRAL = "astronaut", "hopper"
ONLY = ["expression_restorer"]


@pytest.fixture(scope="module")
def parts():
    return LocalInference(PROJECT_ROOT / "model_repository"), Compute()


def person(name: str) -> np.ndarray:
    return placed(backdrop(480, 480), name, 200, (240, 250))


async def find(parts, image):
    options = DetectOptions(precise=True)
    (face,) = await FaceAnalyser(*parts).analyse(
        image, deadline=Deadline.after(60), options=options
    )
    return face


async def made(parts, sources, target, **options):
    fuser = Toolkit.of(ModelSelector(*parts)).image_fuser()
    return await fuser.swap(
        sources,
        target,
        parse_options(options),
        deadline=Deadline.after(60),
        timings=Timings(),
    )


def gape(face, which) -> float:
    return opening(face.landmarks, which.pairs) / eye_distance(face.landmarks)


async def test_a_smile_is_read_as_one(parts):
    smiling, neutral = [(await find(parts, person(n))).expression for n in (SMILING, NEUTRAL)]
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        assert named(smiling)[name] > named(neutral)[name] + 0.15
    assert named(neutral)["jawOpen"] < 0.1


async def test_a_smile_opens_a_shut_mouth_and_its_teeth_are_the_sources(parts):
    target = person(NEUTRAL)
    result = await made(parts, [person(SMILING)], target, processors=ONLY, expression="source")
    (changed,) = result.swapped
    assert changed.inpainting_sources == {"mouth": InpaintingSource.SOURCE}
    before, after = await find(parts, target), await find(parts, result.image)
    assert gape(before, MOUTH) < 0.03
    assert gape(after, MOUTH) > 0.06
    # Teeth: what lies between the lips has become brighter.
    x, y = np.rint(after.landmarks[[13, 14], :2].mean(0)).astype(int)
    assert result.image[y - 2 : y + 3, x - 6 : x + 7].mean() > (
        target[y - 2 : y + 3, x - 6 : x + 7].mean() + 20
    )


async def test_at_rest_lips_are_closed(parts):
    target = person(SMILING)
    result = await made(
        parts, [person(NEUTRAL)], target, processors=ONLY, expression="source", expression_factor=0
    )
    before, after = await find(parts, target), await find(parts, result.image)
    # The network answers to lips with about half of what they have moved.
    assert gape(after, MOUTH) < 0.7 * gape(before, MOUTH)


async def test_eyes_close_when_asked(parts):
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    target = person(SMILING)
    result = await made(parts, [], target, processors=ONLY, expression=blink)
    before, after = await find(parts, target), await find(parts, result.image)
    for eye in (LEFT, RIGHT):
        assert gape(after, eye) < 0.6 * gape(before, eye)


async def test_the_factor_is_a_scale(parts):
    target, gaps = person(NEUTRAL), []
    for factor in (0, 0.5, 1, 1.5):
        result = await made(
            parts, [person(SMILING)], target, expression="source", expression_factor=factor
        )
        gaps.append(gape(await find(parts, result.image), MOUTH))
    assert (np.diff(gaps) > 0.01).all()


@pytest.mark.parametrize("processors", [ONLY, ["face_swapper"]])
async def test_what_is_far_from_the_face_stays_bit_for_bit(parts, processors):
    target = person(NEUTRAL)
    result = await made(
        parts, [person(SMILING)], target, processors=processors, expression="source"
    )
    assert (result.image != target).any()
    for border in (np.s_[:40], np.s_[:, :40], np.s_[:, -40:]):
        assert np.array_equal(result.image[border], target[border])


async def test_a_given_expression_leaves_the_person(parts):
    target = person(NEUTRAL)
    result = await made(parts, [person(SMILING)], target, processors=ONLY, expression="source")
    embedder, deadline = FaceEmbedder(*parts), Deadline.after(60)
    own = await embedder.embed(target, [await find(parts, target)], deadline=deadline)
    new = await embedder.embed(result.image, [await find(parts, result.image)], deadline=deadline)
    assert np.linalg.norm(own[0] - new[0]) < 0.4


async def test_an_open_mouth_is_closed_over_and_said(parts):
    result = await made(parts, [person(SMILING)], person(NEUTRAL))
    assert Note.LIPS_CLOSED_OVER in result.swapped[0].notes
    assert gape(await find(parts, result.image), MOUTH) < 0.04


async def test_a_portrait_with_open_eyes_heals_one_with_shut_eyes(parts):
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    open_eyed = person(SMILING)
    shut = (await made(parts, [], open_eyed, processors=ONLY, expression=blink)).image
    alone = await made(parts, [shut], person(NEUTRAL))
    assert Note.SOURCE_EYES_SHUT in alone.swapped[0].notes
    healed = await made(parts, [shut, open_eyed], person(NEUTRAL))
    assert Note.SOURCE_EYES_SHUT not in healed.swapped[0].notes
    assert healed.swapped[0].source == 1


async def test_the_restorer_keeps_what_a_swap_shows(parts):
    target = person(SMILING)
    swapped = await made(parts, [person(NEUTRAL)], target)
    restored = await made(
        parts, [person(NEUTRAL)], target, processors=["face_swapper", "expression_restorer"]
    )
    wanted = gape(await find(parts, target), MOUTH)
    off = [abs(gape(await find(parts, r.image), MOUTH) - wanted) for r in (swapped, restored)]
    assert off[1] < max(off[0], 0.02) + 0.005


@pytest.mark.parametrize("name", sorted(FACES))
async def test_the_fit_is_sure_of_real_faces(parts, name):
    face = await find(parts, person(name))
    assert face.reliability > 0.6
    assert face.fit.residual[0, 0] < 0.03
