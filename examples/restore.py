"""Restore an old picture: python restore.py PHOTO RESULT."""

import sys

from semblant import process_image


def main(photo: str, output: str) -> int:
    """Enhance the faces, then the whole picture; no source is needed."""
    result = process_image([], photo, output, frame_processors=["face_enhancer", "frame_enhancer"])
    print(f"{result.faces_found} faces, {sum(result.timings_ms.values()):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
