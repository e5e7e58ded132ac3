"""Several people in one picture: who gets whose face."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, NoMatchingFace
from gateway.faces.overlap import nearness
from gateway.faces.topology import FACE_OVAL
from gateway.imaging.masks.soft import soft_polygon
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.timings import Timings
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of, nothing_hidden, person
from tests.unit.pipeline.test_fuse_image import ANN, BOB, Watcher

CAT = person(7)
LEFT = face_of(ANN, at=(70, 120), scale_px=30)
RIGHT = face_of(CAT, at=(240, 120), scale_px=36)
BEHIND = face_of(ANN, at=(125, 110), scale_px=40)
BEFORE = face_of(CAT, at=(185, 130), scale_px=52)


class Embedder:
    """Tells people apart by what it is told of their faces."""

    def __init__(self, known=()) -> None:
        self.known = list(known)

    async def embed(self, image, faces, *, deadline):
        out = np.zeros((len(faces), 128), np.float32)
        for row, face in zip(out, faces, strict=True):
            row[:2] = next((at for known, at in self.known if known is face), (0, 0))
        return out


def pixels(*faces, skin=(205, 160, 140)) -> np.ndarray:
    """Return a picture of faces, each painted into its own part; nearer ones over others."""
    picture = np.full((*SHAPE, 3), 90, np.uint8)
    for face in sorted(faces, key=nearness):
        inside = soft_polygon(face.landmarks[list(FACE_OVAL), :2], SHAPE, 0.5) > 0.5
        picture[inside] = painted(face.landmarks, SHAPE, skin=skin)[inside]
    return picture


async def mapped(mapping, *, sources=(BOB, CAT), faces=(RIGHT, LEFT), references=(), known=(), **o):
    portraits = [face_of(who) for who in sources]
    analyser = Watcher(*([p] for p in portraits), list(faces), *([r] for r in references))
    fuser = ImageFuser(analyser, Embedder(known), nothing_hidden(), Compute(inline=True))
    skins = [(150, 110, 90), (240, 210, 200), (90, 60, 50)]
    return await fuser.swap(
        [pixels(p, skin=skins[n]) for n, p in enumerate(portraits)],
        pixels(*faces),
        parse_options({"mapping": mapping, **o}),
        deadline=Deadline.after(5),
        timings=Timings(),
        references=[pixels(r) for r in references],
    )


def told(result) -> dict:
    """Return entry and source by the place of the face among the target's."""
    return {
        next(n for n, f in enumerate(result.faces) if f is face.face): (face.entry, face.source)
        for face in result.swapped
    }


async def test_each_entry_goes_to_its_place():
    mapping = [{"sources": [1], "position": 1}, {"sources": [0], "position": 0}]
    result = await mapped(mapping)
    assert told(result) == {0: (1, 0), 1: (0, 1)}
    result = await mapped(mapping, face_selector={"order": "left-right"})
    assert told(result) == {0: (0, 1), 1: (1, 0)}


async def test_whose_turn_comes_first_does_not_change_the_picture():
    mapping = [{"sources": [0], "position": 0}, {"sources": [1], "position": 1}]
    for faces in ((RIGHT, LEFT), (BEFORE, BEHIND)):
        one = await mapped(mapping, faces=faces)
        other = await mapped(mapping[::-1], faces=faces)
        assert (one.image == other.image).all()
        assert len(one.swapped) == 2


async def test_several_portraits_of_each_person():
    result = await mapped(
        [{"sources": [2, 0], "position": 0}, {"sources": [1], "position": 1}],
        sources=(BOB, CAT, BOB),
    )
    assert told(result)[0][1] in (0, 2)
    assert told(result)[1] == (1, 1)


async def test_one_person_may_get_two_faces():
    mapping = [{"sources": [0], "position": n} for n in (0, 1)]
    assert told(await mapped(mapping, sources=(BOB,))) == {0: (0, 0), 1: (1, 0)}


# Recognised

ALIKE = ((RIGHT, (0.1, 0)), (LEFT, (0.3, 0)))
SOMEBODY, SISTER = face_of(person(11)), face_of(person(12))


async def test_two_who_look_alike_do_not_get_the_same_face():
    known = (*ALIKE, (SOMEBODY, (0.15, 0)), (SISTER, (0.0, 0)))
    mapping = [{"sources": [0], "reference": 0}, {"sources": [1], "reference": 1}]
    result = await mapped(mapping, references=(SOMEBODY, SISTER), known=known)
    assert told(result) == {1: (0, 0), 0: (1, 1)}


async def test_a_face_named_by_its_place_is_taken():
    known = (*ALIKE, (SOMEBODY, (0.1, 0)))
    mapping = [{"sources": [0], "reference": 0}, {"sources": [1], "position": 0}]
    result = await mapped(mapping, references=(SOMEBODY,), known=known)
    assert told(result) == {1: (0, 0), 0: (1, 1)}


@pytest.mark.parametrize("entry", [{"reference": 0}, {"position": 2}])
async def test_whoever_is_not_there_is_named_unless_optional(entry):
    known = (*ALIKE, (SOMEBODY, (0, 0.9)))
    references = (SOMEBODY,) if "reference" in entry else ()
    mapping = [{"sources": [0], "position": 1}, {"sources": [1], **entry}]
    with pytest.raises(NoMatchingFace, match="entry 1") as raised:
        await mapped(mapping, references=references, known=known)
    assert raised.value.errors[0]["pointer"] == "/mapping/1"
    mapping[1]["optional"] = True
    result = await mapped(mapping, references=references, known=known)
    assert (told(result), result.unmatched) == ({1: (0, 0)}, (1,))


# One before the other


def inside(face) -> np.ndarray:
    return soft_polygon(face.landmarks[list(FACE_OVAL), :2], SHAPE, 0.5) > 0.5


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"blend": "feather"},
        {"expression": {"jawOpen": 0.9}},
        {"expression": {"jawOpen": 0.9}, "processors": ["expression_restorer"]},
        {"processors": ["face_swapper", "expression_restorer"], "expression": {"jawOpen": 0.9}},
    ],
)
async def test_a_nearer_face_is_not_touched_by_one_behind_it(options):
    faces, before = (BEFORE, BEHIND), pixels(BEFORE, BEHIND)
    result = await mapped([{"sources": [0], "position": 1}], sources=(BOB,), faces=faces, **options)
    assert (result.image[inside(BEFORE)] == before[inside(BEFORE)]).all()
    assert (result.image[inside(BEHIND)] != before[inside(BEHIND)]).any()


async def test_what_is_nearer_is_changed_last():
    mapping = [{"sources": [1], "position": 0}, {"sources": [0], "position": 1}]
    result = await mapped(mapping, faces=(BEFORE, BEHIND))
    assert [face.face for face in result.swapped] == [BEHIND, BEFORE]
    assert result.faces == (BEFORE, BEHIND)


async def test_all_faces_at_once_keep_their_order_in_depth():
    result = await mapped(
        [], sources=(BOB,), faces=(BEFORE, BEHIND), face_selector={"mode": "many"}
    )
    assert [face.face for face in result.swapped] == [BEHIND, BEFORE]


# What contradicts itself

ONE = {"sources": [0], "position": 0}


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"mapping": [{"sources": [0]}]}, "/mapping/0"),
        ({"mapping": [ONE | {"reference": 0}]}, "/mapping/0"),
        ({"mapping": [{"position": 0}]}, "/mapping/0"),
        ({"mapping": [{"sources": [0, 0], "position": 0}]}, "/mapping/0"),
        ({"mapping": [{"sources": [-1], "position": 0}]}, "/mapping/0/sources/0"),
        ({"mapping": [ONE, {"sources": [1], "position": 0}]}, "/mapping/1/position"),
        (
            {"mapping": [{"sources": [n], "reference": 2} for n in (0, 1)]},
            "/mapping/1/reference",
        ),
        ({"mapping": [ONE, {"sources": [0, 1], "position": 1}]}, "/mapping/1/sources"),
        ({"mapping": [ONE], "face_selector": {"mode": "many"}}, "/face_selector/mode"),
        ({"mapping": [ONE], "face_selector": {"position": 1}}, "/face_selector/position"),
        ({"mapping": [ONE | {"color": 1}]}, "/mapping/0/color"),
    ],
)
def test_contradictions_are_told_with_their_place(options, pointer):
    with pytest.raises(InvalidOptions) as raised:
        parse_options(options)
    assert [error["pointer"] for error in raised.value.errors] == [pointer]
