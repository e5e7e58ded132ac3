"""Which faces of a picture are meant, by what they look like."""

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import NoMatchingFace, UnknownModel
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.people import People
from tests.unit.pipeline.people import SHAPE, Sides, face_of, person

LEFT, RIGHT = face_of(person(0), at=(90, 120)), face_of(person(4), at=(230, 120))


async def meant(options, classifier):
    people = People(None, None, min_face_px=1, classifier=classifier)
    cast = await people.cast(
        np.zeros((*SHAPE, 3), np.uint8),
        [LEFT, RIGHT],
        SourceIdentities([None], {}),
        [],
        parse_options(options),
        Deadline.after(5),
    )
    return [role.face for role in cast.roles]


@pytest.mark.parametrize("mode", ["one", "many"])
@pytest.mark.parametrize(
    ("looks", "who"),
    [
        ({"gender": "male"}, RIGHT),
        ({"gender": "female"}, LEFT),
        ({"race": "asian"}, LEFT),
        ({"min_age": 49}, RIGHT),
        ({"max_age": 9}, LEFT),
    ],
)
async def test_those_who_look_so_are_meant(mode, looks, who):
    (face,) = await meant({"face_selector": {"mode": mode, **looks}}, Sides(160))
    assert face is who


async def test_if_nobody_looks_so_that_is_told():
    with pytest.raises(NoMatchingFace, match="looks"):
        await meant({"face_selector": {"mode": "many", "min_age": 60}}, Sides(160))


async def test_places_count_those_who_look_so():
    options = {"face_selector": {"gender": "male"}, "mapping": [{"sources": [0], "position": 0}]}
    (face,) = await meant(options, Sides(160))
    assert face is RIGHT


async def test_without_a_classifier_nobody_can_tell():
    with pytest.raises(UnknownModel, match="fairface"):
        await meant({"face_selector": {"gender": "male"}}, None)
