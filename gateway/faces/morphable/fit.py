"""Fitting the morphable model to landmarks: the reference, number for number, of `face_3dmm`.

Pose and shape take turns, each in closed form:

1. **Pose**: the weighted similarity that takes the model's present shape onto the landmarks
   (Umeyama, 1991). Its rotation is the unit quaternion q that makes qᵀ K q largest, with K linear
   in the 3×3 covariance (B. Horn, J. Opt. Soc. Am. A 4(4), 1987): the first eigenvector, which
   squaring K a few times brings out. That needs no singular value decomposition, so it exists as
   an ONNX graph, and flat or mirrored landmarks get a proper rotation, too.
2. **Shape**: regularised least squares for identity, controls and residual, by one product with a
   matrix learned beforehand. The controls are bounded, 0 ≤ β ≤ 1; their small quadratic problem is
   solved by accelerated projected gradients (A. Beck, M. Teboulle, SIAM J. Imaging Sci. 2(1),
   2009).

Skin that faces away is only guessed by the landmark network. It counts by its visibility v: what
is missing is filled in by the model's own prediction, which for least squares with weights ≤ 1 is
expectation maximisation (D. Rubin, D. Thayer, Psychometrika 47(1), 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.morphable.model import N_NAMED, FaceModel, face_model, pose_terms
from gateway.faces.topology import N_LANDMARKS, N_MESH, topology
from gateway.imaging.geometry.raster import vertex_normals

ROUNDS = 4
"""Turns of pose and shape."""
POLAR_STEPS = 6
"""Squarings; the ratio of the first two eigenvalues, 0.4 for a face, comes to its 64th power."""
BOX_STEPS = 10
"""Gradient steps for the controls, in every round, going on where the last one stopped."""
FACING = (-0.3, 0.1)
"""Cosines to the view from which on skin begins to be seen, and counts fully."""
LEAST_VISIBILITY = 0.05
DEPTH_WEIGHT = 0.1
"""Weight of the landmark network's depths, which barely follow expressions."""
RIDGE = 1.5
"""Of a known person: each control's own share in the quadratic term, again. Overlapping controls
compete for what is seen; 0 would separate them best, more keeps noise from being blown up."""
LEAST_ENERGY = 0.07
"""Sum of squared motions, in inter-ocular distances, that a control needs to be detected: what
moves less is not read into the motion of others."""
LEAST_SCALE = 1e-6
"""Inter-ocular distance, in longer sides of the picture, below which there is no face to fit."""
FARTHEST_PX = 1e6
"""Landmarks are held to this, so that none is too large for single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Faces in the model's terms; every array has the N faces first.

    Attributes:
        identity: float32 (N, I), in standard deviations over people.
        expression: float32 (N, K + C), the named controls (0–1) first.
        rotation: float32 (N, 3, 3), from the head's frame to the picture.
        translation: float32 (N, 3), picture pixels.
        scale: float32 (N, 1), picture pixels per inter-ocular distance.
        residual: float32 (N, 1), root mean square distance of the visible landmarks from the
            model's, in inter-ocular distances.
    """

    identity: F32
    expression: F32
    rotation: F32
    translation: F32
    scale: F32
    residual: F32

    @property
    def named(self) -> F32:
        """float32 (N, K): the named controls, 0–1."""
        return self.expression[:, :N_NAMED]

    def landmarks(self, model: FaceModel | None = None) -> F64:
        """Return the fitted landmarks (N, 478, 3) in picture pixels."""
        model = model or face_model()
        shape = model.shape(self.identity, self.expression, self.rotation)
        turned = shape @ np.swapaxes(self.rotation, -1, -2)
        return np.asarray(self.scale[:, :, None] * turned + self.translation[:, None])

    def of(self, n: int) -> Fit:
        """Return the fit of one face, with N = 1."""
        return Fit(
            *(
                getattr(self, name)[n : n + 1]
                for name in (
                    "identity",
                    "expression",
                    "rotation",
                    "translation",
                    "scale",
                    "residual",
                )
            )
        )


@dataclass(frozen=True, slots=True, eq=False)
class ControlsProblem:
    """Minimise βᵀ G β / 2 - (left · pull)ᵀ β over 0 ≤ β ≤ 1, computed as far as it can be.

    Attributes:
        pull: float32 (V, K).
        step: float32 (K, K), I - G · diag(rate): the share that a gradient step keeps.
        rate: float32 (K,), 1 / (L Gₖₖ), L the largest eigenvalue of G scaled to a diagonal of
            ones: small and large controls then converge alike.
    """

    pull: F32
    step: F32
    rate: F32

    @classmethod
    def of(cls, pull: AnyFloat, gram: AnyFloat) -> Self:
        """Prepare a problem of `pull` (V, K) and `gram` (K, K)."""
        gram = np.asarray(gram, np.float64)
        root = np.sqrt(np.diag(gram))
        rate = 1 / (np.linalg.eigvalsh(gram / np.outer(root, root))[-1] * root**2)
        step = np.eye(len(gram)) - gram * rate
        return cls(*(np.asarray(a, np.float32) for a in (pull, step, rate)))


@dataclass(frozen=True, slots=True, eq=False)
class Solver:
    """Precomputed data that a fit needs beside the model.

    Attributes:
        normals: float32 (478, 3), outward normals of the mean face; the irises look ahead.
        weights: float32 (478,), of the landmarks for the pose; they add up to 1.
        anybody: The controls of an unknown person: the variation between people beyond their
            identity coefficients counts as noise.
        known: The controls of a person whose bare face is known: what differs is expression.
        momentum: BOX_STEPS numbers, (tₖ - 1) / tₖ₊₁ of Beck and Teboulle.
    """

    normals: F32
    weights: F32
    anybody: ControlsProblem
    known: ControlsProblem
    momentum: tuple[float, ...]


@cache
def solver() -> Solver:
    """Return the packaged model's."""
    return solver_of(face_model())


def solver_of(model: FaceModel) -> Solver:
    """Return the precomputed data of a model's fits."""
    normals = np.zeros((N_LANDMARKS, 3), np.float32)
    normals[:, 2] = -1
    normals[:N_MESH] = vertex_normals(model.mean[:N_MESH], topology().triangles)
    t, momentum = 1.0, []
    for _ in range(BOX_STEPS):
        following = (1 + np.sqrt(1 + 4 * t * t)) / 2
        momentum.append(float((t - 1) / following))
        t = following
    templates = (model.named * np.tile([1, 1, DEPTH_WEIGHT], N_LANDMARKS)).T
    overlaps = model.named @ templates
    ridge = RIDGE * np.diag(np.diag(overlaps)) + LEAST_ENERGY * np.eye(N_NAMED)
    return Solver(
        normals=normals,
        weights=(model.rigidity / model.rigidity.sum()).astype(np.float32),
        anybody=ControlsProblem.of(model.expression_readout[:, :N_NAMED], model.gram),
        known=ControlsProblem.of((1 + RIDGE) * templates, overlaps + ridge),
        momentum=tuple(momentum),
    )


def fit_landmarks(
    landmarks: AnyFloat,
    sizes_wh: AnyFloat,
    model: FaceModel | None = None,
    *,
    bare: AnyFloat | None = None,
) -> Fit:
    """Fit the model to faces.

    Args:
        landmarks: (N, 478, 3) picture pixels, z on x's scale.
        sizes_wh: (N, 2) widths and heights of their pictures in pixels; only to keep the numbers
            near 1 in single precision.
        model: The packaged one unless given.
        bare: (478, 3), the person's face without expression, where it is known from other frames;
            see `bare_faces`. Then only pose and expression are sought.
    """
    own = model is None
    model = model or face_model()
    solve = solver() if own else solver_of(model)
    x, centre, unit = _normalised(landmarks, sizes_wh)
    count = len(x)
    known = None if bare is None else (np.asarray(bare, np.float64) - model.mean).reshape(1, -1)
    deviation = np.zeros((count, model.mean.size)) + (0 if known is None else known)
    distortion = np.zeros_like(deviation)
    expression = np.zeros((count, N_NAMED + model.n_residual))
    for _ in range(ROUNDS):
        shape = model.mean + (deviation + distortion).reshape(x.shape)
        rotation, scale, translation = _pose(shape, x, solve.weights)
        distortion = pose_terms(rotation) @ model.pose
        seen = _visibility(rotation, solve.normals)
        observed = _observed(x, rotation, scale, translation, model) - distortion
        weight = np.repeat(seen, 3, axis=1)
        filled = weight * observed + (1 - weight) * deviation
        identity = (filled if known is None else known) @ model.identity_readout
        person = identity @ model.identity if known is None else known
        expression = _expression(filled - person, expression, model, solve, known is not None)
        deviation = person + expression @ model.expression_basis
    off = ((observed - deviation).reshape(x.shape) ** 2).sum(2)
    rms = np.sqrt((seen * off).sum(1) / seen.sum(1))
    return Fit(
        np.broadcast_to(identity, (count, model.n_identity)).astype(np.float32),
        expression.astype(np.float32),
        rotation.astype(np.float32),
        (translation * unit + centre).astype(np.float32),
        (scale * unit).astype(np.float32),
        rms[:, None].astype(np.float32),
    )


def bare_faces(landmarks: AnyFloat, sizes_wh: AnyFloat, fit: Fit) -> F64:
    """Return faces (N, 478, 3) in the head's frame, as found but for pose and expression.

    The remainder is identity beyond the few identity coefficients.

    Args:
        landmarks: (N, 478, 3) the fit came from.
        sizes_wh: (N, 2).
        fit: Of these landmarks.
    """
    model = face_model()
    x, centre, unit = _normalised(landmarks, sizes_wh)
    rotation = fit.rotation.astype(np.float64)
    observed = _observed(x, rotation, fit.scale / unit, (fit.translation - centre) / unit, model)
    taken = pose_terms(rotation) @ model.pose + fit.expression @ model.expression_basis
    return np.asarray(model.mean + (observed - taken).reshape(x.shape))


def _observed(x: F64, rotation: F64, scale: F64, translation: F64, model: FaceModel) -> F64:
    """Return landmarks (N, 478, 3) in the head's frame, less the mean: (N, V)."""
    head = ((x - translation[:, None]) @ rotation) / scale[:, None]
    return np.asarray((head - model.mean).reshape(len(x), model.mean.size))


def _normalised(landmarks: AnyFloat, sizes_wh: AnyFloat) -> tuple[F64, F64, F64]:
    """Return landmarks about the picture's middle in units of its longer side, and these two."""
    sizes = np.asarray(sizes_wh, np.float64)
    unit = np.maximum(sizes.max(1, keepdims=True), 1)
    centre = np.concatenate([sizes / 2, np.zeros((len(sizes), 1))], axis=1)
    points = np.clip(np.asarray(landmarks, np.float64), -FARTHEST_PX, FARTHEST_PX)
    return (points - centre[:, None]) / unit[:, :, None], centre, unit


def _pose(shape: F64, onto: F64, weights: F32) -> tuple[F64, F64, F64]:
    """Return rotation (N, 3, 3), scale (N, 1), translation (N, 3) of the weighted similarity."""
    w = weights[:, None].astype(np.float64)
    mean_a, mean_b = (w * shape).sum(1), (w * onto).sum(1)
    a, b = shape - mean_a[:, None], onto - mean_b[:, None]
    covariance = np.swapaxes(w * b, 1, 2) @ a
    rotation = polar_rotation(covariance)
    scale = (rotation * covariance).sum((1, 2)) / (w * a * a).sum((1, 2))
    scale = np.maximum(scale, LEAST_SCALE)
    translation = mean_b - scale[:, None] * (rotation @ mean_a[..., None])[..., 0]
    return rotation, scale[:, None], translation


def polar_rotation(matrix: F64) -> F64:
    """Return the rotations nearest to matrices (N, 3, 3): their polar factors where det > 0."""
    products = quaternion_products()
    power = matrix.reshape(-1, 9) @ products
    size = np.sqrt((power**2).sum(1, keepdims=True))
    # No eigenvalue lies below -√3/2 then: half of one makes the first the largest in size, too.
    power = (power / np.maximum(size, LEAST_SCALE)).reshape(-1, 4, 4) + np.eye(4) / 2
    for _ in range(POLAR_STEPS):
        power = power @ power
    power /= np.trace(power, axis1=1, axis2=2)[:, None, None]
    return np.asarray((power.reshape(-1, 16) @ products.T).reshape(-1, 3, 3))


def quaternion_products() -> F64:
    """Return (9, 16): a rotation's entries by the products of its quaternion's w, x, y, z.

    The same weights make Horn's symmetric matrix of a covariance's entries.
    """
    out = np.zeros((3, 3, 4, 4))
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        i, j, k = a + 1, b + 1, c + 1
        out[a, a] = np.diag([-1.0] * 4)
        out[a, a, [0, i], [0, i]] = 1
        out[[a, b], [b, a], i, j] = out[[a, b], [b, a], j, i] = 1
        out[a, b, [0, k], [k, 0]] = -1
        out[b, a, [0, k], [k, 0]] = 1
    return out.reshape(9, 16)


def _visibility(rotation: F64, normals: F32) -> F64:
    """Return how well each landmark (N, 478) is seen, LEAST_VISIBILITY … 1."""
    facing = -(rotation[:, 2] @ normals.T.astype(np.float64))
    low, high = FACING
    return np.clip((facing - low) / (high - low), LEAST_VISIBILITY, 1)


def _expression(left: F64, start: F64, model: FaceModel, solve: Solver, known: bool) -> F64:
    """Return the expression (N, K + C) of what identity leaves (N, V), beginning at `start`'s."""
    problem = solve.known if known else solve.anybody
    push = problem.rate * (left @ problem.pull)
    named = ahead = start[:, :N_NAMED]
    for momentum in solve.momentum:
        following = np.clip(ahead @ problem.step + push, 0, 1)
        ahead = following + momentum * (following - named)
        named = following
    rest = left @ model.expression_readout[:, N_NAMED:] - named @ model.leak
    return np.concatenate([named, rest], axis=1)
