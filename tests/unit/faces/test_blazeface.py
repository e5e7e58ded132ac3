import numpy as np
import pytest

from gateway.faces.blazeface import (
    FULL_RANGE,
    SHORT_RANGE,
    Candidates,
    decode,
    suppress,
    tiled_views,
    whole_view,
)
from gateway.imaging.geometry.transforms import invert_affine, transform_points


def candidates(boxes: list[list[float]], scores: list[float]) -> Candidates:
    b = np.array(boxes, np.float32).reshape(-1, 4)
    points = np.zeros((len(b), 6, 2), np.float32) + b[:, None, :2]
    return Candidates(np.array(scores, np.float32), b, b[:, 2] - b[:, 0], points)


def raw_output(detector, anchor: int, centre, size, score=0.9):
    """What the network would answer for one box in crop pixels."""
    anchors = detector.anchors() * detector.side
    boxes = np.zeros((len(anchors), 16), np.float32)
    scores = np.zeros(len(anchors), np.float32)
    boxes[anchor, :2] = np.array(centre) - anchors[anchor]
    boxes[anchor, 2:4] = size
    boxes[anchor, 4:] = np.tile(np.array(centre) - anchors[anchor], 6)
    scores[anchor] = score
    return boxes, scores


@pytest.mark.parametrize(("detector", "count"), [(SHORT_RANGE, 896), (FULL_RANGE, 2304)])
def test_anchor_counts(detector, count):
    anchors = detector.anchors()
    assert anchors.shape == (count, 2)
    assert ((anchors > 0) & (anchors < 1)).all()


@pytest.mark.parametrize("detector", [SHORT_RANGE, FULL_RANGE])
@pytest.mark.parametrize("shape", [(720, 1280), (600, 512), (64, 64), (31, 900)])
@pytest.mark.parametrize("angle", [0, 45, 90, 180])
def test_a_box_comes_back_to_where_it_was_in_the_picture(detector, shape, angle):
    view = whole_view(np.zeros((*shape, 3), np.uint8), detector.side, angle_deg=angle)
    place = np.array([shape[1] * 0.4, shape[0] * 0.6])
    in_crop = transform_points(invert_affine(view.image_from_crop), place) + 0.5
    found = decode(detector, view, *raw_output(detector, 200, in_crop, (20, 10)), min_score=0.5)
    assert found.points[0] == pytest.approx(np.tile(place, (6, 1)), abs=0.01)
    assert (found.boxes[0, :2] + found.boxes[0, 2:]) / 2 == pytest.approx(place, abs=0.01)
    assert found.sides[0] == pytest.approx(20 * max(shape) / detector.side, rel=1e-5)


def test_low_scores_are_dropped():
    view = whole_view(np.zeros((64, 64, 3), np.uint8), 128)
    raw = raw_output(SHORT_RANGE, 5, (64, 64), (10, 10), score=0.4)
    assert len(decode(SHORT_RANGE, view, *raw, min_score=0.5).scores) == 0


@pytest.mark.parametrize("shape", [(720, 1280), (100, 2000), (193, 192), (50, 60)])
@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_tiles_cover_the_picture_with_overlap(shape, scale):
    seen = np.zeros(shape, int)
    for view in tiled_views(np.zeros((*shape, 3), np.uint8), 192, scale):
        low = np.floor(transform_points(view.image_from_crop, np.array([-0.5, -0.5])) + 0.5)
        high = np.ceil(transform_points(view.image_from_crop, np.array([191.5, 191.5])) + 0.5)
        x0, y0 = np.maximum(low, 0).astype(int)
        seen[y0 : int(high[1]), x0 : int(high[0])] += 1
    assert (seen >= 1).all()


def test_tiles_show_the_picture_at_its_place():
    y, x = np.mgrid[:300, :500]
    image = np.stack([x // 2, y // 2, 0 * x], -1).astype(np.uint8)
    for view in tiled_views(image, 192, 1.0):
        at = transform_points(view.image_from_crop, np.array([100.0, 50.0]))
        assert view.pixels[50, 100, :2] == pytest.approx(at / 2, abs=1)


def test_suppression_merges_one_face_and_keeps_two():
    found = suppress(
        candidates(
            [[0, 0, 100, 100], [4, 4, 104, 104], [300, 0, 400, 100]],
            [0.6, 0.9, 0.7],
        )
    )
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])
    assert 0 < found.boxes[0, 0] < 4


def test_a_small_box_inside_a_large_one_is_another_candidate():
    found = suppress(candidates([[0, 0, 100, 100], [20, 20, 60, 60]], [0.9, 0.8]))
    assert len(found.scores) == 2


@pytest.mark.parametrize("n", [0, 1])
def test_suppression_of_few(n):
    boxes = candidates([[0, 0, 5, 5]] * n, [0.9] * n)
    assert len(suppress(boxes).scores) == n


def test_degenerate_boxes_survive_suppression():
    assert len(suppress(candidates([[5, 5, 5, 5], [9, 9, 9, 9]], [0.9, 0.8])).scores) >= 1


def test_of_opposite_directions_the_best_alone_counts():
    up = np.array([[30, 40], [70, 40], [50, 60], [50, 80], [10, 45], [90, 45]], np.float32)
    down = np.float32(100) - up
    boxes = np.array([[0, 0, 100, 100], [0, 10, 100, 110]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    found = suppress(Candidates(scores, boxes, np.full(2, 100.0, np.float32), np.stack([up, down])))
    assert (found.points == up).all()
    assert (found.boxes == boxes[0]).all()
