import numpy as np

from gateway.imaging.geometry.warp import Region
from gateway.pipeline.face.canvas import UndoCanvas

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
LEFT, RIGHT, APART = Region(2, 3, 12, 15), Region(8, 5, 20, 18), Region(24, 0, 30, 4)


def level(region: Region, value: int) -> np.ndarray:
    return np.full((*region.shape, 3), value, np.uint8)


def test_what_is_painted_is_seen_and_the_picture_stays():
    picture = PICTURE.copy()
    canvas = UndoCanvas(picture)
    canvas.paint(LEFT, level(LEFT, 9))
    assert (LEFT.of(canvas.image) == 9).all()
    assert (canvas.image[:3] == PICTURE[:3]).all()
    assert (picture == PICTURE).all()


def test_it_goes_back_and_forth():
    canvas = UndoCanvas(PICTURE)
    canvas.paint(APART, level(APART, 1))
    mark, before = canvas.mark(), canvas.image.copy()
    canvas.paint(LEFT, level(LEFT, 2))
    canvas.paint(RIGHT, level(RIGHT, 3))
    strokes, after = canvas.since(mark), canvas.image.copy()
    canvas.back_to(mark)
    assert (canvas.image == before).all()
    assert canvas.since(mark) == []
    canvas.repeat(strokes)
    assert (canvas.image == after).all()
    canvas.back_to(0)
    assert (canvas.image == PICTURE).all()


def test_what_was_there_is_told_without_going_back():
    canvas = UndoCanvas(PICTURE)
    canvas.paint(LEFT, level(LEFT, 2))
    mark, middle = canvas.mark(), canvas.image.copy()
    canvas.paint(RIGHT, level(RIGHT, 3))
    canvas.paint(APART, level(APART, 4))
    after = canvas.image.copy()
    for region in (LEFT, RIGHT, APART, Region(0, 0, 30, 20)):
        assert (canvas.was(mark, region) == region.of(middle)).all()
        assert (canvas.was(0, region) == region.of(PICTURE)).all()
        assert (canvas.was(canvas.mark(), region) == region.of(after)).all()
