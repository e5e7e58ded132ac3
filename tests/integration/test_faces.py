"""Finding real faces: every size, angle and place the product promises."""

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import SAME_PERSON, FaceEmbedder
from gateway.faces.face import FaceWarning
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from tests.integration.portraits import FACES, backdrop, placed, portrait, turned

pytestmark = [pytest.mark.models]
NAMES = sorted(FACES)


@pytest.fixture(scope="module")
def parts():
    inference = LocalInference(PROJECT_ROOT / "model_repository")
    return inference, Compute()


async def find(parts, image, **options):
    analyser = FaceAnalyser(*parts)
    return await analyser.analyse(
        image, deadline=Deadline.after(60), options=DetectOptions(**options)
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [24, 32, 48, 64, 100, 200, 400, 650])
async def test_every_size(parts, name, width):
    rng = np.random.default_rng(width)
    at = rng.uniform(
        [min(width, 600), min(width, 350)], [1280 - min(width, 600), 720 - min(width, 350)]
    )
    faces = await find(parts, placed(backdrop(720, 1280), name, width, at))
    assert len(faces) == 1
    assert np.hypot(*(faces[0].centre_xy - at)) < 0.1 * width
    assert faces[0].quality.width_px == pytest.approx(width, rel=0.25)
    assert (FaceWarning.SMALL in faces[0].warnings) == (faces[0].quality.width_px < 64)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zoom", [1.0, 1.6, 2.0])
async def test_faces_that_fill_the_frame(parts, name, zoom):
    (x, y), width = FACES[name]
    half = round(0.62 * width / zoom)
    close = portrait(name)[y - half : y + half, x - half : x + half]
    faces = await find(parts, cv2.resize(close, (800, 800), interpolation=cv2.INTER_CUBIC))
    assert len(faces) == 1
    assert (FaceWarning.CUT in faces[0].warnings) == (zoom > 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("degrees", [-45, -30, -15, 15, 30, 45])
async def test_tilted_heads(parts, name, degrees):
    upright = (await find(parts, portrait(name)))[0].pose.roll
    faces = await find(parts, turned(name, degrees))
    assert len(faces) == 1
    assert faces[0].pose.roll - upright == pytest.approx(degrees, abs=2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quarters", [1, 2, 3])
async def test_pictures_on_their_side_when_asked(parts, name, quarters):
    image = np.ascontiguousarray(np.rot90(portrait(name), quarters))
    faces = await find(parts, image, angles=(90, 180, 270))
    assert len(faces) == 1
    assert abs(faces[0].pose.roll) == pytest.approx([0, 90, 180, 90][quarters], abs=8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [100, 200, 400])
async def test_upside_down_without_being_asked(parts, name, width):
    upright = placed(backdrop(720, 1280), name, width, (600, 330))
    (wanted,) = await find(parts, upright)
    faces = await find(parts, np.ascontiguousarray(upright[::-1, ::-1]))
    face = min(faces, key=lambda f: np.hypot(*(f.centre_xy - np.array([679, 389]))))
    turned_back = (1279, 719) - face.landmarks[:, :2]
    assert np.hypot(*(turned_back - wanted.landmarks[:, :2]).T).mean() < 0.05 * width
    assert FaceWarning.ORIENTATION_UNCERTAIN not in {*face.warnings, *wanted.warnings}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_pictures_that_no_tag_turns(parts, name, orientation):
    """As stored by a camera whose orientation tag (EXIF 2.32, tag 274) was lost on the way."""
    quarters, mirrored = {1: (0, 0), 2: (0, 1), 3: (2, 0), 4: (2, 1)}.get(
        orientation, (1 if orientation in (5, 6) else 3, orientation in (5, 7))
    )
    (upright,) = await find(parts, portrait(name))
    image = np.rot90(portrait(name)[:, ::-1] if mirrored else portrait(name), quarters)
    (face,) = await find(parts, np.ascontiguousarray(image))
    down = complex(*_down(upright))
    down = complex(-down.real, down.imag) if mirrored else down
    wanted = down * (-1j) ** quarters
    assert abs(complex(*_down(face)) - wanted) < 0.25 * abs(wanted)


def _down(face):
    """From between the eyes to the mouth."""
    return face.landmarks_5[3:].mean(0) - face.landmarks_5[:2].mean(0)


async def test_somebody_upside_down_among_upright_people(parts):
    canvas = placed(backdrop(720, 1280), "astronaut", 120, (300, 350))
    canvas = placed(canvas[::-1, ::-1], "hopper", 120, (300, 350))
    faces = await find(parts, np.ascontiguousarray(canvas), thorough=True)
    rolls = {round(abs(face.pose.roll) / 180) for face in faces}
    assert len(faces) == 2
    assert rolls == {0, 1}


async def test_a_crowd(parts):
    canvas = backdrop(1080, 1920)
    for i in range(12):
        canvas = placed(
            canvas, NAMES[i % 2], 60 + 10 * (i % 3), (220 + 470 * (i % 4), 170 + 350 * (i // 4))
        )
    assert len(await find(parts, canvas, thorough=True)) == 12
    assert len(await find(parts, canvas, thorough=True, max_faces=5)) == 5


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((300, 400, 3), np.uint8),
        np.zeros((2000, 2, 3), np.uint8),
        np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8),
    ],
    ids=["one-pixel", "black", "sliver", "noise"],
)
async def test_nothing_is_found_where_nothing_is(parts, image):
    assert await find(parts, image, thorough=True) == []


async def test_landmarks_do_not_depend_on_where_the_face_lies(parts):
    canvas = backdrop(700, 900)
    landmarks = []
    for at in ((300, 330), (420, 360)):
        face = (await find(parts, placed(canvas, "hopper", 183, at)))[0]
        landmarks.append(face.landmarks[:, :2] - np.float32(at))
    assert np.abs(landmarks[0] - landmarks[1]).mean() < 0.01 * 183


async def test_descriptors_tell_people_apart(parts):
    embedder = FaceEmbedder(*parts)
    descriptors = {}
    for name in NAMES:
        pictures = [portrait(name), turned(name, 12), portrait(name)[:, ::-1].copy()]
        found = [(picture, (await find(parts, picture))[0]) for picture in pictures]
        descriptors[name] = np.concatenate(
            [await embedder.embed(p, [f], deadline=Deadline.after(60)) for p, f in found]
        )
    a, b = descriptors.values()
    same = [np.linalg.norm(d[1:] - d[0], axis=1).max() for d in (a, b)]
    other = np.linalg.norm(a[:, None] - b[None], axis=-1).min()
    print(f"same person ≤ {max(same):.3f}, other person ≥ {other:.3f}")
    assert max(same) < SAME_PERSON < other
