"""Whose faces are changed: one decision for images and videos."""

import numpy as np
import pytest

from gateway.errors import NoMatchingFace
from gateway.faces.attributes import FaceAttributes
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.decision import Evidence, View, asks_for_looks, decide
from tests.unit.pipeline.people import face_of, person

LEFT = face_of(person(0), at=(70, 120), scale_px=30)
MIDDLE = face_of(person(4), at=(160, 120), scale_px=50)
RIGHT = face_of(person(7), at=(250, 120), scale_px=40)
FACES = [MIDDLE, RIGHT, LEFT]  # as an analyser has them: the largest first
MAN, GIRL = FaceAttributes("male", "white", 40, 49), FaceAttributes("female", "asian", 3, 9)


def descriptor(*values):
    out = np.zeros(128, np.float32)
    out[: len(values)] = values
    return out


def decided(options, *, looks=None, seen=None, known=(), views=None):
    descriptors = None if seen is None else np.stack([descriptor(*one) for one in seen])
    views = [View(FACES, range(len(FACES)))] if views is None else views
    known = {n: descriptor(*one) for n, one in dict(known).items()}
    return decide(parse_options(options), Evidence(views, looks, descriptors), known)


def candidates(decision):
    return [one.candidate for one in decision.meant]


@pytest.mark.parametrize(
    ("selector", "who"),
    [
        ({}, 0),
        ({"position": 1}, 1),
        ({"order": "small-large"}, 2),
        ({"order": "left-right"}, 2),
        ({"order": "right-left"}, 1),
        ({"order": "left-right", "position": 1}, 0),
    ],
)
def test_one_is_the_one_at_that_place(selector, who):
    assert candidates(decided({"face_selector": selector})) == [who]


def test_places_are_those_of_the_first_view_that_has_so_many():
    views = [View([RIGHT], [5]), View([LEFT, MIDDLE], [3, 4]), View(FACES, [0, 1, 2])]
    selector = {"order": "left-right"}
    for place, who in enumerate((5, 4, 1)):
        options = {"face_selector": selector | {"position": place}}
        assert candidates(decided(options, views=views)) == [who]
    with pytest.raises(NoMatchingFace, match="Face 3 was asked for, the target shows 3"):
        decided({"face_selector": {"position": 3}}, views=views)


def test_places_count_those_who_look_so():
    options = {"face_selector": {"order": "left-right", "gender": "male"}}
    assert candidates(decided(options, looks=[MAN, MAN, GIRL])) == [0]
    assert candidates(decided(options, looks=[None, MAN, GIRL])) == [0]
    with pytest.raises(NoMatchingFace, match="looks"):
        decided(options, looks=[GIRL] * 3)


def test_many_are_all_or_all_who_look_so():
    (everybody,) = decided({"face_selector": {"mode": "many"}}).meant
    assert (everybody.candidate, everybody.descriptor) == (None, None)
    options = {"face_selector": {"mode": "many", "gender": "male"}}
    assert candidates(decided(options, looks=[MAN, GIRL, MAN])) == [0, 2]


REFERENCE = {"face_selector": {"mode": "reference", "reference_distance": 0.6}}


def test_all_who_are_like_the_reference_are_meant_the_nearest_first():
    seen = [(0.5,), (0, 1), (0.1,)]
    assert candidates(decided(REFERENCE, seen=seen, known={0: (0,)})) == [2, 0]
    with pytest.raises(NoMatchingFace, match="reference"):
        decided(REFERENCE, seen=seen, known={0: (0, 0, 5)})


def test_who_may_still_come_is_known_by_their_descriptor():
    (one,) = decided(REFERENCE, known={0: (1,)}).meant
    assert one.candidate is None
    assert (one.descriptor == descriptor(1)).all()


MAPPING = [
    {"sources": [0], "reference": 0},
    {"sources": [1], "position": 0},
    {"sources": [2], "reference": 1, "optional": True},
]


def test_nobody_is_meant_twice_and_places_come_first():
    seen = [(0.1,), (0.3,), (0, 1)]
    decision = decided({"mapping": MAPPING}, seen=seen, known={0: (0,), 2: (0, 0, 5)})
    assert [(one.entry, one.candidate) for one in decision.meant] == [(0, 1), (1, 0)]
    assert decision.unmatched == (2,)


def test_entries_that_mean_nobody_are_named():
    options = {"mapping": [{"sources": [n], "position": n} for n in range(5)]}
    with pytest.raises(NoMatchingFace, match="entry 3, 4 of") as caught:
        decided(options)
    assert [one["pointer"] for one in caught.value.errors] == ["/mapping/3", "/mapping/4"]


def test_in_a_video_entries_by_reference_mean_whoever_comes():
    decision = decided({"mapping": MAPPING}, known={0: (0,), 2: (0, 0, 5)})
    assert [(one.entry, one.candidate) for one in decision.meant] == [(0, None), (1, 0), (2, None)]
    assert decision.unmatched == ()


@pytest.mark.parametrize(
    ("options", "asks"),
    [
        ({}, False),
        ({"face_selector": {"gender": "male"}}, True),
        ({"face_selector": {"gender": "male", "mode": "many"}}, True),
        ({"face_selector": {"gender": "male", "mode": "reference"}}, False),
        ({"face_selector": {"gender": "male"}, "mapping": MAPPING}, True),
        ({"face_selector": {"gender": "male"}, "mapping": MAPPING[:1]}, False),
    ],
)
def test_looks_matter_unless_all_are_recognised(options, asks):
    assert asks_for_looks(parse_options(options)) is asks
