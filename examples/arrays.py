"""Arrays in, arrays out, as in a notebook: python arrays.py PORTRAIT PHOTO."""

import sys

import numpy as np
from PIL import Image
from semblant import process_image


def main(portrait: str, photo: str) -> int:
    """Swap between arrays, and say where the picture changed."""
    source = np.asarray(Image.open(portrait).convert("RGB"))
    target = np.asarray(Image.open(photo).convert("RGB"))
    result = process_image(source, target)
    changed = (result.image != target).any(axis=2)
    rows, columns = np.nonzero(changed)
    print(f"shape {result.image.shape}, {changed.mean():.1%} of the pixels changed")
    print(f"rows {rows.min()}-{rows.max()}, columns {columns.min()}-{columns.max()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
