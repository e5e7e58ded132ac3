from dataclasses import replace

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import FaceNotReliable, FaceTooSmall, NoFaceInSource, NoFaceInTarget
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.morphable.controls import INDEX
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.result import Note
from gateway.pipeline.timings import Timings
from gateway.processors.openings import MOUTH, InpaintingSource
from gateway.testing import FakeInference
from tests.synthetic_faces import painted
from tests.unit.pipeline.face.test_expression_plan import LIBRARY, LIBRARY_ID
from tests.unit.pipeline.people import SHAPE, Analyser, face_of, nothing_hidden, person
from tests.unit.processors.test_reenact import shut


class LooksOnly:
    """Notes how hard it is asked to look, and finds nothing."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    async def analyse(self, image, *, deadline, options=None):
        self.asked.append(options.thorough)
        return []


@pytest.mark.parametrize(
    ("selector", "thorough"),
    [
        ({}, False),
        ({"order": "small-large"}, True),
        ({"order": "left-right"}, True),
        ({"position": 1}, True),
        ({"mode": "many"}, True),
        ({"mode": "reference"}, True),
    ],
)
async def test_every_wish_but_the_largest_face_needs_all_of_them(selector, thorough):
    analyser, compute = LooksOnly(), Compute(inline=True)
    fuser = ImageFuser(
        analyser, FaceEmbedder(FakeInference([]), compute), nothing_hidden(), compute
    )
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(NoFaceInSource):
        await fuser.swap(
            [picture],
            picture,
            parse_options({"face_selector": selector}),
            deadline=Deadline.after(5),
            timings=Timings(),
        )
    of_source, of_target = analyser.asked
    assert (of_source, of_target) == (False, thorough)


# Expressions

ANN, BOB = person(0), person(4)
SMILES = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}
GAPES = {"jawOpen": 1.0, "mouthFunnel": 0.8}
BLINKS = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
DROWSY = {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
STARES = {"eyeBlinkLeft": 0, "eyeBlinkRight": 0, "eyeWideLeft": 1, "eyeWideRight": 1}
ALONE, BOTH = ["expression_restorer"], ["face_swapper", "expression_restorer"]


class Watcher(Analyser):
    """Finds what it is told to; `again` tells what it finds of faces it is to find again."""

    def __init__(self, *finds, again=lambda faces: faces) -> None:
        super().__init__(*finds)
        self.again = again
        self.followed = []

    async def follow(self, image, faces, *, deadline, precise=False):
        self.followed.append((image.copy(), faces, precise))
        return self.again(faces)


def image_of(*faces, **colors) -> np.ndarray:
    """Return a picture of the first face."""
    if not faces:
        return np.zeros((*SHAPE, 3), np.uint8)
    return painted(faces[0].landmarks, SHAPE, **colors)


class Recognises:
    """Gives each face the descriptor of its person, one of 128 numbers."""

    def __init__(self, *people) -> None:
        self.people = [np.full((1, 128), who, np.float32) for who in people]

    async def embed(self, image, faces, *, deadline):
        return self.people.pop(0)


async def fused(
    source, target, *, others=(), analyser=None, library=(), people=(0, 0, 0), **options
):
    """Fuse; `source`, `others` and `target` are faces found, the first of each is painted."""
    analyser = analyser or Watcher(source, *others, target)
    fuser = ImageFuser(analyser, Recognises(*people), nothing_hidden(), Compute(inline=True))
    return await fuser.swap(
        [image_of(*found, skin=(150, 110, 90)) for found in (source, *others)],
        image_of(*target),
        parse_options(options),
        deadline=Deadline.after(5),
        timings=Timings(),
        library=library,
    )


def control(result, name: str) -> float:
    """Return what the only face shows of a control now."""
    (face,) = result.swapped
    return float(face.expression[INDEX[name]])


@pytest.mark.parametrize(
    ("options", "precise"),
    [({}, False), ({"expression": "source"}, True), ({"processors": ALONE}, True)],
)
async def test_expressions_are_read_precisely_only_where_they_count(options, precise):
    analyser = Watcher([face_of(BOB)], [face_of(ANN)])
    await fused([face_of(BOB)], [face_of(ANN)], analyser=analyser, **options)
    assert [asked.precise for asked in analyser.asked] == [precise] * 2


async def test_a_plain_swap_leaves_the_expression_alone():
    result = await fused([face_of(BOB, SMILES)], [face_of(ANN)])
    (face,) = result.swapped
    assert (face.source, face.expression, face.reference) == (0, None, None)
    assert dict(face.inpainting_sources) == {}


async def test_the_source_s_expression_is_shown():
    result = await fused([face_of(BOB, SMILES)], [face_of(ANN)], expression="source")
    plain = await fused([face_of(BOB, SMILES)], [face_of(ANN)])
    assert result.swapped[0].source == 0
    assert control(result, "mouthSmileLeft") > 0.3
    assert (result.image != plain.image).any()


@pytest.mark.parametrize("processors", [["face_swapper"], ALONE, BOTH])
@pytest.mark.parametrize("expression", ["source", {"jawOpen": 0.9}])
async def test_far_from_the_face_pixels_stay_equal_bit_for_bit(processors, expression):
    target = face_of(ANN)
    result = await fused(
        [face_of(BOB, GAPES)], [target], processors=processors, expression=expression
    )
    changed = np.argwhere((result.image != image_of(target)).any(2))[:, ::-1]
    x0, y0, x1, y1 = target.box_xyxy
    margin = 0.3 * np.array([x1 - x0, y1 - y0])
    assert len(changed) > 0
    assert (changed > np.array([x0, y0]) - margin).all()
    assert (changed < np.array([x1, y1]) + margin).all()


async def test_by_itself_the_restorer_leaves_the_person():
    source, target = face_of(BOB, SMILES), face_of(ANN)
    result = await fused([source], [target], processors=ALONE)
    (face,) = result.swapped
    assert face.source is None
    assert control(result, "mouthSmileLeft") > 0.3
    x, y = np.rint(target.landmarks[151, :2]).astype(int)  # the forehead
    assert (result.image[y, x] == image_of(target)[y, x]).all()


async def test_where_nothing_is_to_be_changed_nothing_is_told():
    target = face_of(person(2))
    result = await fused([target], [target], processors=ALONE)
    assert result.swapped == ()
    assert (result.image == image_of(target)).all()


@pytest.mark.parametrize(("expression", "nearest"), [("target", 0), (GAPES, 1)])
async def test_the_portrait_is_the_nearest_to_what_is_to_be_shown(expression, nearest):
    gaping = [face_of(BOB, GAPES)]
    result = await fused([face_of(BOB)], [face_of(ANN)], others=[gaping], expression=expression)
    assert result.swapped[0].source == nearest


@pytest.mark.parametrize(
    ("people", "noted"), [((0, 0, 0), False), ((0, 1, 0), True), ((0, 0.05, 0), False)]
)
async def test_portraits_of_several_people_are_noted(people, noted):
    others = [[face_of(BOB, SMILES)], [face_of(BOB, GAPES)]]
    result = await fused([face_of(BOB)], [face_of(ANN)], others=others, people=people)
    assert ("portraits_differ" in result.swapped[0].notes) is noted


async def test_one_portrait_is_not_compared():
    result = await fused([face_of(BOB)], [face_of(ANN)], people=())
    assert result.swapped[0].notes == ()


async def test_a_library_s_entry_is_told_by_its_place():
    result = await fused(
        [face_of(BOB)], [face_of(ANN, SMILES)], expression=LIBRARY_ID, library=LIBRARY
    )
    assert result.swapped[0].reference == 1
    assert control(result, "mouthSmileLeft") > 0.3


async def test_factor_0_puts_a_face_at_rest():
    result = await fused([face_of(BOB)], [face_of(ANN, GAPES)], expression_factor=0)
    assert control(result, "jawOpen") < 0.2


async def test_what_was_sent_is_not_changed():
    source, target = face_of(BOB, GAPES), face_of(ANN)
    pictures = [image_of(source), image_of(target)]
    before = [p.copy() for p in pictures]
    compute = Compute(inline=True)
    fuser = ImageFuser(
        Watcher([source], [target]),
        FaceEmbedder(FakeInference([]), compute),
        nothing_hidden(),
        compute,
    )
    options = parse_options({"expression": "source", "processors": BOTH})
    await fuser.swap(
        pictures[:1], pictures[1], options, deadline=Deadline.after(5), timings=Timings()
    )
    for now, then in zip(pictures, before, strict=True):
        assert (now == then).all()


# What is told


@pytest.mark.parametrize(
    ("source", "target", "options", "note"),
    [
        ({}, {}, {"expression": GAPES}, Note.MOUTH_INVENTED),
        (BLINKS, DROWSY, {"expression": STARES}, Note.EYE_LEFT_SHUT),
        (BLINKS, {}, {}, Note.SOURCE_EYES_SHUT),
        (GAPES, {}, {}, Note.LIPS_CLOSED_OVER),
    ],
)
async def test_what_the_pictures_did_not_show_is_noted(source, target, options, note):
    result = await fused([face_of(ANN, source)], [face_of(ANN, target)], **options)
    assert result.swapped[0].notes.count(note) == 1


async def test_a_face_that_is_shown_as_asked_has_no_notes():
    for options in ({}, {"expression": "source"}):
        result = await fused([face_of(BOB)], [face_of(ANN)], **options)
        assert result.swapped[0].notes == ()


@pytest.mark.parametrize("processors", [["face_swapper"], ALONE])
async def test_where_the_inside_of_a_mouth_came_from_is_told(processors):
    source = face_of(BOB, GAPES)
    result = await fused([source], [face_of(ANN)], processors=processors, expression="source")
    assert result.swapped[0].inpainting_sources == {"mouth": InpaintingSource.SOURCE}


# Looking again


async def test_a_swapped_face_is_looked_at_again_where_it_should_be():
    analyser = Watcher([face_of(BOB)], [face_of(ANN)])
    result = await fused([face_of(BOB)], [face_of(ANN)], analyser=analyser, processors=BOTH)
    ((image, faces, precise),) = analyser.followed
    assert (precise, len(faces)) == (True, 1)
    assert (image != image_of(face_of(ANN))).any()
    assert result.swapped[0].source == 0


@pytest.mark.parametrize("processors", [["face_swapper"], ALONE])
async def test_it_is_not_looked_at_again_unless_asked(processors):
    analyser = Watcher([face_of(BOB)], [face_of(ANN)])
    await fused([face_of(BOB)], [face_of(ANN)], analyser=analyser, processors=processors)
    assert analyser.followed == []


async def test_a_face_that_is_not_found_again_stays_as_it_was_swapped():
    analyser = Watcher([face_of(BOB)], [face_of(ANN)], again=lambda faces: [])
    lost = await fused([face_of(BOB)], [face_of(ANN)], analyser=analyser, processors=BOTH)
    plain = await fused([face_of(BOB)], [face_of(ANN)])
    assert (lost.image == plain.image).all()
    assert lost.swapped[0].source == 0


async def test_what_was_lost_is_brought_back_beside_what_was_brought():
    def shut_mouths(faces):
        return [replace(f, landmarks=shut(f.landmarks, MOUTH)) for f in faces]

    source, target = face_of(BOB), face_of(ANN, {**DROWSY, **GAPES})
    analyser = Watcher([source], [target], again=shut_mouths)
    asked = {"processors": BOTH, "expression": {**STARES, **GAPES}}
    result = await fused([source], [target], analyser=analyser, **asked)
    eyes = {"right_eye": InpaintingSource.SOURCE, "left_eye": InpaintingSource.SOURCE}
    assert dict(result.swapped[0].inpainting_sources) == {**eyes, "mouth": InpaintingSource.TARGET}


# What is refused

NONE, TINY = face_of(noise=0.3), face_of(scale_px=5)


@pytest.mark.parametrize(
    ("source", "target", "error", "which"),
    [
        ([], [face_of()], NoFaceInSource, "Source 0"),
        ([face_of()], [], NoFaceInTarget, "The target"),
        ([NONE], [face_of()], FaceNotReliable, "source 0"),
        ([face_of()], [NONE], FaceNotReliable, "the target"),
        ([face_of()], [NONE, NONE], FaceNotReliable, "the target"),
        ([TINY], [face_of()], FaceTooSmall, "Source 0"),
        ([face_of()], [TINY, NONE], FaceTooSmall, "The target"),
    ],
)
async def test_pictures_without_a_usable_face_are_refused(source, target, error, which):
    with pytest.raises(error, match=which):
        await fused(source, target)


async def test_what_is_unreliable_or_small_is_passed_over():
    good = face_of(ANN, SMILES)
    result = await fused([NONE, face_of(BOB)], [NONE, TINY, good])
    assert result.faces == (good,)
    assert result.swapped[0].face is good
