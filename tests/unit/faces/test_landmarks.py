import cv2
import numpy as np
import pytest

from gateway.faces.assess import assess, sharpness
from gateway.faces.face import FaceWarning
from gateway.faces.landmarks import (
    MESH_SIDE,
    crop_square,
    eye_crops,
    mesh_in_image,
    refine_eyes,
    square_of_landmarks,
)
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.topology import LEFT_EYE, LEFT_IRIS, N_MESH, RIGHT_EYE, RIGHT_IRIS, topology
from gateway.imaging.geometry.transforms import invert_affine, transform_points
from tests.unit.imaging.geometry.test_transforms import rotation


def face_landmarks(
    *, size: float = 80, centre=(250.0, 200.0), pitch=0.0, yaw=0.0, roll=0.0
) -> np.ndarray:
    turned = topology().mean.astype(float) @ rotation(pitch, yaw, roll).T
    return size * turned + [*centre, 0]


def picture(height: int = 400, width: int = 500) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def assessed(landmarks: np.ndarray, shape=(400, 500), crop=None):
    crop = picture(MESH_SIDE, MESH_SIDE) if crop is None else crop
    fit = fit_landmarks(landmarks[None], np.array([[shape[1], shape[0]]]))
    return assess(landmarks, fit, score=0.9, presence=1.0, crop=crop, shape=shape)


@pytest.mark.parametrize("roll", [-170, -45, 0, 30, 90])
def test_mesh_crop_round_trip(roll):
    landmarks = face_landmarks(roll=roll)
    crop = crop_square(picture(), square_of_landmarks(landmarks), MESH_SIDE)
    to_crop = invert_affine(crop.image_from_crop)
    seen = np.empty((N_MESH, 3), np.float32)
    seen[:, :2] = transform_points(to_crop, landmarks[:N_MESH, :2]) + 0.5
    seen[:, 2] = landmarks[:N_MESH, 2] / crop.scale
    assert (seen[:, :2] > 0).all()
    assert (seen[:, :2] < MESH_SIDE).all()
    assert seen[263, 1] == pytest.approx(seen[33, 1], abs=0.01)
    assert mesh_in_image(crop, seen)[:N_MESH] == pytest.approx(landmarks[:N_MESH], abs=1e-2)


@pytest.mark.parametrize(
    ("moved", "fits"),
    [
        ({}, True),
        ({"centre": (252.0, 201.0)}, True),
        ({"centre": (300.0, 200.0)}, False),
        ({"size": 84}, True),
        ({"size": 110}, False),
        ({"roll": 3}, True),
        ({"roll": 12}, False),
        ({"roll": 180}, False),
    ],
)
def test_a_crop_fits_squares_near_its_own(moved, fits):
    crop = crop_square(picture(), square_of_landmarks(face_landmarks()), MESH_SIDE)
    assert crop.fits(square_of_landmarks(face_landmarks(**moved))) == fits


def test_eyes_come_back_to_where_they_were():
    landmarks = face_landmarks(roll=12)
    right, left = eye_crops(picture(), landmarks)
    truth = landmarks.copy()
    contours, irises = np.zeros((2, 71, 3), np.float32), np.zeros((2, 5, 3), np.float32)
    for n, (crop, eye, iris) in enumerate(
        ((right, RIGHT_EYE, RIGHT_IRIS), (left, LEFT_EYE, LEFT_IRIS))
    ):
        to_crop = invert_affine(crop.image_from_crop)
        contours[n, :9, :2] = transform_points(to_crop, landmarks[list(eye[:9]), :2]) + 0.5
        edge = list(iris) if n == 0 else [iris[i] for i in (0, 3, 2, 1, 4)]
        irises[n, :, :2] = transform_points(to_crop, landmarks[edge, :2]) + 0.5
    refined = refine_eyes(landmarks, (right, left), contours, irises)
    for ring in (RIGHT_EYE[:9], LEFT_EYE[:9], RIGHT_IRIS, LEFT_IRIS):
        assert refined[list(ring), :2] == pytest.approx(truth[list(ring), :2], abs=1e-3)


def test_mirrored_left_eye_looks_like_a_right_eye():
    image = picture()
    symmetric = np.concatenate([image[:, :250], image[:, 249::-1]], axis=1)
    right, left = eye_crops(symmetric, face_landmarks(centre=(249.5, 200)))
    assert np.abs(right.pixels.astype(int) - left.pixels).max() <= 2


@pytest.mark.parametrize(
    ("angles", "warning"),
    [
        ({}, None),
        ({"yaw": 45}, FaceWarning.PROFILE),
        ({"yaw": -45}, FaceWarning.PROFILE),
        ({"pitch": 40}, FaceWarning.STEEP),
        ({"roll": 60}, None),
    ],
)
def test_pose_and_its_warnings(angles, warning):
    face = assessed(face_landmarks(**angles))
    for name in ("pitch", "yaw", "roll"):
        assert getattr(face.pose, name) == pytest.approx(angles.get(name, 0), abs=0.1)
    assert face.warnings == ((warning,) if warning else ())


def test_small_and_cut_faces_are_told():
    assert FaceWarning.SMALL in assessed(face_landmarks(size=15)).warnings
    cut = assessed(face_landmarks(centre=(5.0, 200.0)))
    assert FaceWarning.CUT in cut.warnings
    assert cut.quality.visible < 0.7


def test_sharpness_falls_with_blur_and_ignores_exposure():
    noise = picture(MESH_SIDE, MESH_SIDE)
    values = [sharpness(cv2.GaussianBlur(noise, None, sigma)) for sigma in (0.5, 1, 2)]
    assert (np.diff(values) < 0).all()
    assert sharpness(noise // 2) == pytest.approx(sharpness(noise), abs=0.02)
    assert sharpness(np.full((192, 192, 3), 90, np.uint8)) == 0


def test_the_width_does_not_follow_the_mouth():
    landmarks = face_landmarks()
    opened = landmarks.copy()
    opened[[13, 14, 17, 152, 87, 317]] += [0, 30, 0]
    width = assessed(landmarks).quality.width_px
    assert assessed(opened).quality.width_px == pytest.approx(width, rel=0.01)


def test_landmarks_of_no_face_are_unreliable():
    landmarks = face_landmarks()
    shuffled = landmarks[np.random.default_rng(0).permutation(len(landmarks))]
    assert FaceWarning.UNRELIABLE in assessed(shuffled).warnings
    assert assessed(shuffled).reliability < 0.01
    assert FaceWarning.UNRELIABLE not in assessed(landmarks).warnings


def test_five_points_run_from_the_pictures_left():
    five = assessed(face_landmarks()).landmarks_5
    assert five[0, 0] < five[2, 0] < five[1, 0]
    assert five[3, 0] < five[2, 0] < five[4, 0]
    assert five[0, 1] < five[2, 1] < five[3, 1]
