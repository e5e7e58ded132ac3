"""Every tolerance of the suite, with the reason for it."""

EXACT = 0
LEVEL = 1
"""8-bit levels: one rounding after the warp and one after the blend may differ."""
AFFINE = 1e-9
"""Closed-form linear algebra in float64 on numbers of order 1000."""
FLOAT32_PIXELS = 2e-3
"""Pixels: coordinates of order 1000 in float32, a few operations deep."""
LAB_ROUND_TRIP = 1e-4
"""Levels: sRGB → L*a*b* → sRGB in float64 with seven-digit matrices."""
CUBE_LEVELS = 3
"""Levels: a lookup cube against the curve it samples, on skin colours."""
MEMBRANE_LEVELS = 1.0
"""Levels: four V-cycles per grid against a direct sparse solve, boundary noise of ±20 levels."""
REDUCED_LEVELS = 7.0
"""Levels: the membrane on a grid four times smaller, pictures that differ by up to 120 levels."""
CELL_LEVELS = 4.0
"""Levels: a lookup cube at the mean of a 4×4 cell against the mean of its pixels' results."""
FIT_COEFFICIENTS = 5e-4
"""Standard deviations and controls: read-outs of up to 40 per inter-ocular distance, summed over
1434 coordinates, in float32 against float64."""
FIT_POSE = 5e-5
"""Rotation entries, and lengths in inter-ocular distances of 10 pixels, in a picture of 4000: its
coordinates are no finer in float32."""
