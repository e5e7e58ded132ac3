"""Every tolerance of the suite, with the reason for it."""

EXACT = 0
LEVEL = 1
"""8-bit levels: one rounding after the warp and one after the blend may differ."""
CODE_LEVELS = 2
"""8-bit levels: limited codes are 1.16 levels wide, and a rounded Cb counts 1.9 times in blue."""
TONE_LEVELS = 6
"""Levels: a cube of 65 nodes a side between the curves of PQ and of BT.709, colours inside both."""
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
MEMBRANE_MEAN = 0.4
"""Levels: the same with two V-cycles, on average over a support whose border is as noisy."""
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
MADE_POSE = 1e-3
"""Radians, and shares of the scale, of a face the model made: pose and shape take turns, and what
is left of the one in the other after four of them is a fifth of this, with any expression."""
MADE_LANDMARKS = 0.01
"""Inter-ocular distances on screen, mean over landmarks: identity and expression of a face the
model made are drawn towards the average, strong expressions by a third; half of this is usual."""
HALF_PRECISION = 2e-4
"""Inter-ocular distances: bases of up to 0.4 in half precision, whose step there is 2⁻¹²."""
RIGID_MOTION = 3e-4
"""The same, summed over weighted landmarks up to 1.5 inter-ocular distances away."""
READ_OUT = 5e-3
"""Standard deviations: half precision of the bases, summed over read-outs of up to 13."""
EXTENT = 1.005
"""Share of the farthest an expression may be from rest: cutting controls off at 0 and 1 turns it a
little."""
POLYGON_PX = 0.8
"""Pixels by which a filled polygon is too large all around: its border is painted, too."""
CIEDE2000 = 5.1e-5
"""Colour differences: published to four digits."""
NETWORK_PROBABILITY = 2e-3
"""Probabilities: eleven layers in float32 against float64, from half-precision weights."""
ALIGNED_LEVELS = 1.2
"""Levels: a crop's fixed-point interpolation and rounding, through gains of up to 1.3, and the
result's rounding."""
VECTOR_SHARE = 2e-3
"""Share of a vector's largest number: crops in whole levels, sums in float32."""
UNIT_LENGTH = 1e-6
"""Lengths of vectors of 512 numbers in float32."""
SEEN_PX = 0.1
"""Pixels: where a detector sees what shines, from sums in float32 and edges in whole levels."""
SAME_CLASS = 0.999
"""Share of pixels: where two classes score alike, float32 and float64 may take either."""
