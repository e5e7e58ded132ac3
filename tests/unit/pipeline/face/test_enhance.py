import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, UnknownModel
from gateway.faces.embedding import FaceEmbedder
from gateway.networks.available import AvailableModels
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.testing import FakeInference
from gateway.testing_faces import fake_face_inference
from tests import tolerances
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of, person
from tests.unit.pipeline.test_fuse_image import Watcher
from tests.unit.processors.test_face_enhancer import gfpgan

ANN, BOB = person(0), person(4)
ALONE, SWAP = ["face_enhancer"], ["face_swapper", "face_enhancer"]
GIVEN = ["expression_restorer", "face_enhancer"]
NETWORK = [gfpgan(lambda x: -x)]


def soft(face):
    """Return a soft picture of a face."""
    return cv2.GaussianBlur(painted(face.landmarks, SHAPE), None, 2)


def pulled(networks):
    return AvailableModels(frozenset(network.contract.name for network in networks))


async def result_of(*target, source=None, networks=(), image=None, timings=None, **options):
    """Change a picture of faces, of which the first is painted, unless an image is given."""
    compute, inference = Compute(inline=True), fake_face_inference()
    inference = FakeInference([*inference.models.values(), *networks])
    sources = [] if source is None else [[source]]
    fuser = ImageFuser(
        Watcher(*sources, list(target)),
        FaceEmbedder(inference, compute),
        Masking(ModelSelector(inference, compute, pulled(networks))),
        compute,
    )
    return await fuser.swap(
        [painted(face[0].landmarks, SHAPE) for face in sources],
        soft(target[0]) if image is None else image,
        parse_options({"quality": {"report": False}, **options}),
        deadline=Deadline.after(5),
        timings=timings or Timings(),
    )


async def test_a_picture_is_restored_without_a_source():
    face, timings = face_of(ANN), Timings()
    result = await result_of(face, processors=ALONE, timings=timings)
    (done,) = result.swapped
    assert done.enhancer == "classical"
    assert (done.source, done.expression, done.quality) == (None, None, None)
    assert "enhance" in timings.seconds
    assert {"swap", "fuse", "express"}.isdisjoint(timings.seconds)
    changed = (result.image != soft(face)).any(2)
    x, y = np.rint(face.landmarks[33, :2]).astype(int)
    assert changed[y - 4 : y + 5, x - 4 : x + 5].any()
    far = np.ones(SHAPE, np.bool_)
    left, top, right, bottom = np.rint(face.box_xyxy).astype(int)
    far[max(top - 60, 0) : bottom + 60, max(left - 60, 0) : right + 60] = False
    assert far.any()
    assert not changed[far].any()


@pytest.mark.parametrize("networks", [(), NETWORK])
async def test_a_blend_of_nothing_changes_nothing(networks):
    face = face_of(ANN)
    result = await result_of(face, processors=ALONE, enhancer_blend=0, networks=networks)
    assert (result.image == soft(face)).all()
    assert result.swapped == ()


async def test_the_blend_says_how_much_of_the_enhanced_face_is_seen():
    face = face_of(ANN)
    before = soft(face)
    whole = await result_of(face, processors=ALONE, networks=NETWORK, enhancer_blend=1)
    half = await result_of(face, processors=ALONE, networks=NETWORK, enhancer_blend=0.5)
    x, y = np.rint(face.landmarks[4, :2]).astype(int)
    assert whole.image[y, x] == pytest.approx(255 - before[y, x].astype(int), abs=2)
    middle = (whole.image.astype(int) + before) / 2
    assert np.abs(half.image - middle).max() <= tolerances.LEVEL


async def test_the_best_network_that_is_served_is_taken():
    face, older = face_of(ANN), gfpgan(lambda x: x, "gfpgan_1.2")
    for networks, name in (
        ((), "classical"),
        ([older], "gfpgan_1.2"),
        ([older, *NETWORK], "gfpgan_1.4"),
    ):
        (done,) = (await result_of(face, processors=ALONE, networks=networks)).swapped
        assert done.enhancer == name
    asked = {"processors": ALONE, "enhancer_model": "classical"}
    result = await result_of(face, networks=NETWORK, **asked)
    assert (result.swapped[0].enhancer, result.networks) == ("classical", [])


async def test_a_network_that_is_asked_for_and_not_there_is_told():
    with pytest.raises(UnknownModel):
        await result_of(face_of(ANN), processors=ALONE, enhancer_model="gfpgan_1.3")


async def test_a_swapped_face_is_enhanced_before_it_is_measured():
    face, source = face_of(BOB), face_of(ANN)
    plain = await result_of(face, source=source)
    clear = await result_of(face, source=source, processors=SWAP, enhancer_blend=1)
    done = clear.swapped[0]
    assert (done.source, done.enhancer) == (0, "classical")
    assert plain.swapped[0].enhancer is None
    assert done.quality.figures.sharpness_ratio > plain.swapped[0].quality.figures.sharpness_ratio


async def test_every_attempt_is_enhanced_once():
    network = gfpgan(lambda x: x)
    with pytest.raises(Exception, match="not as good"):
        await result_of(
            face_of(BOB),
            source=face_of(ANN),
            networks=[network],
            processors=SWAP,
            quality={"report": False, "limits": {"max_seam_ratio": 1e-6}},
        )
    assert network.batches == [1] * 6


async def test_a_face_that_was_given_an_expression_is_enhanced():
    wish = {"jawOpen": 1}
    (done,) = (await result_of(face_of(ANN), processors=GIVEN, expression=wish)).swapped
    assert done.expression is not None
    assert done.enhancer == "classical"


async def test_what_is_before_the_face_stays():
    face = face_of(ANN)
    picture = soft(face)
    x, y = np.rint(face.landmarks[50, :2]).astype(int)
    covered = np.s_[y - 8 : y + 9, x - 8 : x + 9]
    picture[covered] = (20, 220, 40)
    options = {"processors": ALONE, "networks": NETWORK, "enhancer_blend": 1, "image": picture}
    out = (await result_of(face, **options)).image
    inner = np.s_[y - 4 : y + 5, x - 4 : x + 5]
    assert (out[inner] == picture[inner]).all()
    bare = (await result_of(face, **options, masks={"types": ["box"]})).image
    assert (bare[inner] != picture[inner]).any()


async def test_a_nearer_face_is_left_alone():
    behind, before = (
        face_of(ANN, at=(140, 120), scale_px=35),
        face_of(BOB, at=(200, 125), scale_px=50),
    )
    result = await result_of(
        behind,
        before,
        image=soft(before),
        networks=NETWORK,
        processors=ALONE,
        face_selector={"order": "small-large"},
    )
    assert result.swapped[0].face is behind
    x, y = np.rint(before.landmarks[4, :2]).astype(int)
    inner = np.s_[y - 20 : y + 20, x - 20 :]
    assert (result.image[inner] == soft(before)[inner]).all()
    assert (result.image != soft(before)).any()


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"processors": ["face_enhancer", "face_swapper"]}, "comes last"),
        ({"processors": ALONE, "expression": "source"}, "gives no expression"),
        ({"processors": ALONE, "expression_factor": 1.5}, "gives no expression"),
        ({"processors": ALONE, "quality": {"limits": {"max_seam_ratio": 2}}}, "none is swapped"),
        ({"processors": [*SWAP, "face_enhancer"]}, "named once"),
        ({"enhancer_blend": 1.1}, "less than or equal to 1"),
        ({"enhancer_model": "dreamer"}, "Input should be"),
    ],
)
def test_what_makes_no_sense_is_refused(options, finding):
    with pytest.raises(InvalidOptions) as caught:
        parse_options(options)
    assert any(finding in error["detail"] for error in caught.value.errors)


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({"processors": ALONE}, False),
        ({"processors": SWAP}, True),
        ({"processors": GIVEN}, True),
        ({"processors": GIVEN, "expression": {"jawOpen": 1}}, False),
    ],
)
def test_a_source_is_needed_only_where_something_of_it_is_asked_for(options, needed):
    assert parse_options(options).needs_source == needed


@pytest.mark.parametrize(
    ("processors", "restores"),
    [(SWAP, False), (["face_swapper", "expression_restorer", "face_enhancer"], True)],
)
def test_a_result_is_mended_before_it_is_enhanced(processors, restores):
    assert parse_options({"processors": processors}).restores == restores
