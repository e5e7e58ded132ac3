"""Swap one face: python swap_picture.py PORTRAIT PHOTO RESULT."""

import sys

from semblant import SemblantError, process_image


def main(portrait: str, photo: str, output: str) -> int:
    """Write the result and print how good it is."""
    try:
        result = process_image(portrait, photo, output, options={"shape": 0.6})
    except SemblantError as error:
        print(f"{error.spec.code}: {error.detail}", file=sys.stderr)
        return 3
    print(f"{result.faces_swapped} of {result.faces_found} faces swapped")
    for name, value in result.quality.items():
        print(f"{name}: {value:g}")
    print("warnings:", ", ".join(result.warnings) or "none")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
