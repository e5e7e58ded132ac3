"""A first look at a video: who is in it and who is meant."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, NoFaceInTarget, NoMatchingFace, UnknownModel
from gateway.faces.face import Face
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.video.survey import Surveyor
from tests.unit.pipeline.people import Sides, face_of, person
from tests.unit.pipeline.video.frames import Eyes, video_of

ANN, BOB = person(0), person(4)


class Embedder:
    """Tells people apart by who they were made as."""

    def __init__(self, people) -> None:
        self.people = people
        self.faces = 0

    async def embed(self, image, faces: list[Face], *, deadline):
        self.faces += len(faces)
        out = np.zeros((len(faces), 128), np.float32)
        for n, face in enumerate(faces):
            likeness = [float(face.fit.identity[0] @ who) for who in self.people]
            out[n, int(np.argmax(likeness))] = 1
        return out


class Looking:
    """Frames that tell the analyser which of them is looked at."""

    def __init__(self, video, eyes) -> None:
        self.video, self.eyes = video, eyes

    def __iter__(self):
        for n, picture in enumerate(self.video):
            self.eyes.at(n)
            yield picture


async def surveyed(frames, options, *, references=(), min_face_px=20.0, classifier=None):
    video = video_of(frames)
    eyes = Eyes(video)
    embedder = Embedder([ANN, BOB])
    surveyor = Surveyor(
        eyes, embedder, Compute(inline=True), min_face_px=min_face_px, classifier=classifier
    )
    return await surveyor.survey(
        Looking(video, eyes),
        parse_options(options),
        deadline=Deadline.after(5),
        references=references,
    )


LEFT, RIGHT = {"at": (90, 120)}, {"at": (230, 120)}


async def test_people_are_told_apart_however_often_they_are_seen():
    frames = [[face_of(ANN, **LEFT), face_of(BOB, **RIGHT)], [face_of(BOB, **LEFT)], []]
    cast = await surveyed(frames, {"face_selector": {"mode": "many"}})
    assert len(cast.known) == 2
    assert [part.descriptor for part in cast.parts] == [None]


async def test_one_is_the_one_at_that_place_in_the_first_frame_that_has_it():
    frames = [
        [],
        [face_of(ANN, **LEFT)],
        [face_of(ANN, **RIGHT), face_of(BOB, **LEFT)],
    ]
    selector = {"order": "left-right"}
    for position, who in ((0, 0), (1, 0)):
        cast = await surveyed(frames, {"face_selector": selector | {"position": position}})
        (part,) = cast.parts
        assert part.descriptor[who] == 1
    with pytest.raises(NoMatchingFace):
        await surveyed(frames, {"face_selector": selector | {"position": 2}})


async def test_a_mapping_by_place_gives_each_a_part():
    frames = [[face_of(ANN, **LEFT), face_of(BOB, **RIGHT)]]
    mapping = [{"sources": [0], "position": 1}, {"sources": [1], "position": 0}]
    options = {"mapping": mapping, "face_selector": {"order": "left-right"}}
    cast = await surveyed(frames, options)
    assert [(p.entry, int(p.descriptor.argmax())) for p in cast.parts] == [(0, 1), (1, 0)]


async def test_optional_entries_may_mean_nobody():
    frames = [[face_of(ANN)]]
    mapping = [{"sources": [0], "position": 0}, {"sources": [0], "position": 3, "optional": True}]
    assert [p.entry for p in (await surveyed(frames, {"mapping": mapping})).parts] == [0]
    del mapping[1]["optional"]
    with pytest.raises(NoMatchingFace):
        await surveyed(frames, {"mapping": mapping})


async def test_a_video_without_faces_is_refused():
    with pytest.raises(NoFaceInTarget):
        await surveyed([[], []], {})
    with pytest.raises(NoFaceInTarget):
        await surveyed([[face_of(scale_px=20)]], {}, min_face_px=100)


async def test_a_reference_is_needed_where_one_is_meant():
    with pytest.raises(InvalidOptions):
        await surveyed([[face_of()]], {"face_selector": {"mode": "reference"}})


async def test_more_frames_know_the_rest_better():
    smile = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}
    shown = [[face_of(ANN, smile if n % 3 == 0 else {})] for n in range(12)]
    cast = await surveyed(shown, {})
    calm, smiling = face_of(ANN), face_of(ANN, smile)
    off = [float(np.abs(cast.known[0].rest[:40] - f.rest[:40]).sum()) for f in (calm, smiling)]
    assert off[0] < off[1]


@pytest.mark.parametrize("mode", ["one", "many"])
async def test_people_are_meant_by_what_they_look_like(mode):
    frames = [[face_of(ANN, **LEFT), face_of(BOB, **RIGHT)]]
    selector = {"mode": mode, "gender": "male"}
    cast = await surveyed(frames, {"face_selector": selector}, classifier=Sides(160))
    (part,) = cast.parts
    assert part.descriptor[1] == 1
    assert len(cast.known) == 2
    with pytest.raises(NoMatchingFace):
        await surveyed(frames, {"face_selector": selector}, classifier=Sides(999))


async def test_nobody_can_tell_without_a_classifier():
    with pytest.raises(UnknownModel, match="fairface"):
        await surveyed([[face_of(ANN, **LEFT)]], {"face_selector": {"gender": "male"}})
