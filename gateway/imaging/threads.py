"""How much of one picture is worked on at the same time."""

from __future__ import annotations

import cv2


def one_thread_each() -> None:
    """Let OpenCV work in the thread that calls it, and in no others, in all of this process.

    Pictures and frames are worked on side by side already. Its own threads would only wait for one
    another: a face's region is small, and handing parts of it over takes longer than they do.
    """
    cv2.setNumThreads(1)
