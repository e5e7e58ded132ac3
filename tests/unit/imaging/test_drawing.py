"""Marks in pictures."""

import numpy as np

from gateway.imaging.drawing import with_boxes


def test_a_box_is_drawn_along_its_edges_and_nowhere_inside():
    image = np.zeros((80, 100, 3), np.uint8)
    shown = with_boxes(image, np.array([[20, 30, 60, 70]], np.float32), np.array([0.5], np.float32))
    edge = shown[30, 20:61]
    assert (edge == edge[0]).all()
    assert edge[0].any()
    assert not shown[32:69, 22:59].any()
    assert not image.any()


def test_without_boxes_the_picture_stays():
    image = np.full((8, 9, 3), 7, np.uint8)
    none = np.zeros((0, 4), np.float32)
    assert (with_boxes(image, none, np.zeros(0, np.float32)) == image).all()
