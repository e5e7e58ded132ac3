"""Arrays in, arrays out, as in a notebook: python arrays.py PORTRAIT PHOTO...."""

import sys

import numpy as np
from PIL import Image
from semblant import local


def main(portrait: str, *photos: str) -> int:
    """Swap between arrays, and print where each picture changed."""
    source = np.asarray(Image.open(portrait).convert("RGB"))
    with local() as client:  # the models are loaded once
        for photo in photos:
            target = np.asarray(Image.open(photo).convert("RGB"))
            result = client.swap(source, target, media_type="image/png").image
            changed = (result != target).any(axis=2)
            rows, columns = np.nonzero(changed)
            print(f"{photo}: {result.shape}, {changed.mean():.1%} of the pixels changed,")
            print(f"rows {rows.min()}-{rows.max()}, columns {columns.min()}-{columns.max()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
