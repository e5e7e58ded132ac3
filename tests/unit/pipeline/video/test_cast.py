"""Who is who in a video, and that it survives being written down."""

import json

import numpy as np
import pytest

from gateway.pipeline.video.cast import CastRole, KnownPerson, VideoCast


def descriptor(*values: float) -> np.ndarray:
    out = np.zeros(128, np.float32)
    out[: len(values)] = values
    return out


ANN, BOB = descriptor(1, 0), descriptor(0, 1)
REST = np.linspace(0, 1, 9, dtype=np.float32)
CAST = VideoCast(
    (KnownPerson(ANN, REST), KnownPerson(BOB, 2 * REST)), (CastRole(ANN, 3), CastRole(BOB, 5)), 0.6
)


def test_somebody_has_the_part_of_who_is_nearest():
    assert CAST.part_of(descriptor(0.9, 0.1)).entry == 3
    assert CAST.part_of(descriptor(0.1, 0.8)).entry == 5


def test_who_is_too_far_from_all_has_none():
    assert CAST.part_of(descriptor(0, 0, 1)) is None
    assert CAST.rest_of(descriptor(0, 0, 1)) is None


def test_a_part_for_everybody_takes_everybody():
    cast = VideoCast((), (CastRole(None),), 0.6)
    assert cast.part_of(descriptor(5, 5, 5)) is cast.parts[0]
    assert cast.rest_of(ANN) is None


def test_the_rest_is_that_of_who_is_nearest():
    assert CAST.rest_of(descriptor(0, 0.9)) is CAST.known[1].rest


@pytest.mark.parametrize("cast", [CAST, VideoCast((), (CastRole(None),), 0.4)])
def test_written_down_and_read_again_it_is_the_same(cast):
    again = VideoCast.of_facts(json.loads(json.dumps(cast.facts())))
    assert again.facts() == cast.facts()
    assert again.farthest == cast.farthest
    assert [p.entry for p in again.parts] == [p.entry for p in cast.parts]
    for one, other in zip(again.known, cast.known, strict=True):
        assert np.allclose(one.descriptor, other.descriptor)
        assert np.allclose(one.rest, other.rest, atol=1e-6)
