"""The element types of arrays; shapes stand in the docstrings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
AnyFloat = NDArray[np.floating]
Mask = NDArray[np.bool_]
