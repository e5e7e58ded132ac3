"""The morphable model's fit as an ONNX graph: `gateway.faces.morphable.fit`, number for number.

The rounds are unrolled, and all that depends on the model alone is computed here:

- The read-outs of identity, controls and residual are one matrix, so are the three bases. What the
  identity leaves, and the controls' share in the residual, are linear and go into them.
- Hidden parts are filled in after the read-out: filled = deviation + visibility · error, and
  the read-out of a deviation is linear in its coefficients.
- Shapes are kept about their weighted centre. The pose needs none then, and the translation is
  computed once, at the end.
- A gradient step for the controls is one product, whose state is the last two steps.
- Landmarks are first taken about their own centre, so that single precision is spent on the face.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F64, AnyFloat
from gateway.errors import ContractViolation
from gateway.faces.morphable.fit import (
    BOX_STEPS,
    FACING,
    FARTHEST_PX,
    LEAST_SCALE,
    LEAST_VISIBILITY,
    POLAR_STEPS,
    ROUNDS,
    Solver,
    quaternion_products,
    solver_of,
)
from gateway.faces.morphable.model import N_NAMED, POSE_TERMS, FaceModel, unpack
from gateway.models.catalog import ModelEntry
from gateway.models.onnx_graph import GraphWriter


def face_3dmm_to_onnx(data: bytes, entry: ModelEntry) -> bytes:
    """Write the fit of a learned face model.

    Args:
        data: The model's `.npz` file.
        entry: The contract: `landmarks` (478, 3) and `size` (2,) to the fields of `Fit`.

    Returns:
        The ONNX model's bytes, with the batch axis `N` open.

    Raises:
        ContractViolation: the file holds something else, or has other dimensions.
    """
    try:
        with np.load(io.BytesIO(data)) as arrays:
            model = unpack(dict(arrays))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        raise ContractViolation(f"The weights of {entry.name} are not a face model.") from None
    writer = GraphWriter(entry)
    _FitWriter(writer, model).write()
    return writer.finish()


@dataclass(frozen=True, slots=True)
class _Shape:
    """Names of what one round hands to the next.

    Attributes:
        points: (N, V), the shape about its weighted centre.
        terms: (N, 5), the pose terms of its distortion.
        coefficients: (N, K + I + C): controls, identity, residual before the controls' share.
        named: (N, K), the controls; None before the first round.
    """

    points: str
    terms: str
    coefficients: str
    named: str | None = None


@dataclass(frozen=True, slots=True)
class _Pose:
    """Names of one round's pose: rotation (N, 9), scale (N, 1), pose terms (N, 5)."""

    rotation: str
    scale: str
    terms: str


class _FitWriter:
    """Writes the rounds of a fit; V = 478 · 3, K, I, C the numbers of coefficients."""

    def __init__(self, writer: GraphWriter, model: FaceModel) -> None:
        self._onnx = writer
        self._model = model
        self._solve = solver_of(model)
        self._weights = self._solve.weights.astype(np.float64)
        self._width = model.mean.size
        self._readout = _readout(model, self._solve)
        self._basis = _basis(model)
        mean = model.mean.reshape(1, -1)
        self._mean = self._constant("mean", self._about_centre(mean))
        self._centred_basis = self._constant("basis", self._about_centre(self._basis))
        self._axis = writer.constant("axis", np.array([1], np.int64))
        self._least_scale = self._constant("least_scale", LEAST_SCALE)

    def write(self) -> None:
        node = self._onnx.node
        points, centre, unit = self._normalised()
        weighted = node("Mul", [points, self._constant("weights_column", self._weights[:, None])])
        weighted = node("Transpose", [weighted], perm=[0, 2, 1])
        shape = _Shape(
            self._mean,
            self._constant("no_terms", np.zeros((1, POSE_TERMS))),
            self._constant("no_coefficients", np.zeros((1, len(self._basis)))),
        )
        for _ in range(ROUNDS):
            posed, pose = shape, self._pose(shape, weighted)
            seen, error = self._error(points, pose, posed)
            shape = self._solved(pose, posed, node("Mul", [seen, error]))
        self._coefficients(shape)
        self._place(posed, pose, centre, unit)
        self._residual(seen, error, node("Sub", [posed.coefficients, shape.coefficients]))

    def _constant(self, name: str, value: AnyFloat | float) -> str:
        return self._onnx.constant(name, np.asarray(value, np.float32))

    def _centre(self, rows: AnyFloat) -> F64:
        """Return the weighted centres (…, 3) of shapes (…, V)."""
        return np.asarray((rows.reshape(len(rows), -1, 3) * self._weights[:, None]).sum(1))

    def _about_centre(self, rows: AnyFloat) -> F64:
        return np.asarray(rows - np.tile(self._centre(rows), self._width // 3))

    def _normalised(self) -> tuple[str, str, str]:
        """Write landmarks (N, 478, 3) about their centre (N, 1, 3), in units (N, 1)."""
        node = self._onnx.node
        far = [self._constant("low", -FARTHEST_PX), self._constant("high", FARTHEST_PX)]
        points = node("Clip", ["landmarks", *far])
        weights = self._constant("weights_row", self._weights[None])
        centre = node("MatMul", [weights, points])
        points = node("Sub", [points, centre])
        # Once more, on small numbers: the first centre is as coarse as the coordinates.
        rest = node("MatMul", [weights, points])
        points, centre = node("Sub", [points, rest]), node("Add", [centre, rest])
        unit = node("ReduceMax", ["size"], axes=[1], keepdims=1)
        unit = node("Max", [unit, self._constant("least_unit", 1.0)])
        return node("Div", [points, self._onnx.reshape(unit, (1, 1))]), centre, unit

    def _pose(self, shape: _Shape, weighted: str) -> _Pose:
        """Write the similarity that takes a shape onto weighted landmarks (N, 3, 478)."""
        node = self._onnx.node
        points = self._onnx.reshape(shape.points, (self._width // 3, 3))
        covariance = self._onnx.reshape(node("MatMul", [weighted, points]), (9,))
        rotation, first, second = self._rotation(covariance)
        common = node("ReduceSum", [node("Mul", [rotation, covariance]), self._axis], keepdims=1)
        spread = node("Mul", [shape.points, shape.points])
        weights = self._constant("weights", np.repeat(self._weights, 3)[:, None])
        scale = node("Div", [common, node("MatMul", [spread, weights])])
        scale = node("Max", [scale, self._least_scale])
        return _Pose(rotation, scale, node("Mul", [first, second]))

    def _rotation(self, covariance: str) -> list[str]:
        """Write `polar_rotation` of (N, 9), and two factors (N, 5) of each pose term."""
        node, products = self._onnx.node, quaternion_products()
        power = node("MatMul", [covariance, self._constant("products", products)])
        size = node("ReduceL2", [power], axes=[1], keepdims=1)
        power = node("Div", [power, node("Max", [size, self._least_scale])])
        power = self._onnx.reshape(power, (4, 4))
        power = node("Add", [power, self._constant("half", np.eye(4) / 2)])
        for _ in range(POLAR_STEPS):
            power = node("MatMul", [power, power])
        a, b, one = products[6], products[7], np.eye(4).ravel()  # the trace is to become 1
        # a, b, a², b², ab, as `pose_terms` has them.
        wanted = np.stack([*products, a, b, a, b, a, one, one, a, b, b, one])
        entries = self._constant("entries", wanted.T)
        entries = node("MatMul", [self._onnx.reshape(power, (16,)), entries])
        entries, trace = self._onnx.split(entries, (len(wanted) - 1, 1))
        return self._onnx.split(node("Div", [entries, trace]), (9, POSE_TERMS, POSE_TERMS))

    def _error(self, points: str, pose: _Pose, shape: _Shape) -> tuple[str, str]:
        """Write visibility, and the landmarks less a shape, both (N, V), in a new pose."""
        node = self._onnx.node
        turn = self._onnx.reshape(node("Div", [pose.rotation, pose.scale]), (3, 3))
        head = self._onnx.reshape(node("MatMul", [points, turn]), (self._width,))
        low, high = FACING
        facing = np.zeros((9, self._width))
        facing[6:] = np.repeat(-self._solve.normals.T / (high - low), 3, axis=1)
        start = self._constant("facing_start", np.array([-low / (high - low)]))
        seen = node("Gemm", [pose.rotation, self._constant("facing", facing), start])
        least = self._constant("least_visibility", LEAST_VISIBILITY)
        seen = node("Clip", [seen, least, self._constant("full_visibility", 1.0)])
        # The centre stays the one the pose was found with, so here the distortion has its own.
        terms = node("Sub", [pose.terms, shape.terms])
        expected = node("Gemm", [terms, self._constant("pose", self._model.pose), shape.points])
        return seen, node("Sub", [head, expected])

    def _solved(self, pose: _Pose, old: _Shape, error: str) -> _Shape:
        """Write the shape that a weighted error (N, V) requires."""
        node = self._onnx.node
        known = self._constant("basis_readout", self._basis @ self._readout)
        known = node("MatMul", [old.coefficients, known])
        read = node("Gemm", [error, self._constant("readout", self._readout), known])
        push, rest = self._onnx.split(read, (N_NAMED, len(self._basis) - N_NAMED))
        named = self._controls(push, old.named)
        coefficients = node("Concat", [named, rest], axis=1)
        distortion = self._constant("pose_centred", self._about_centre(self._model.pose))
        points = node("Gemm", [pose.terms, distortion, self._mean])
        points = node("Gemm", [coefficients, self._centred_basis, points])
        return _Shape(points, pose.terms, coefficients, named)

    def _controls(self, push: str, named: str | None) -> str:
        """Write the gradient steps (N, K), which begin at the last round's controls, or at 0."""
        node = self._onnx.node
        pads = self._onnx.constant("step_pads", np.array([0, 0, 0, N_NAMED], np.int64))
        ahead = padded = node("Pad", [push, pads])
        for k, matrix in enumerate(_steps(self._solve)):
            if named is not None:
                step = self._constant(f"step_{k}", matrix)
                ahead = node("Gemm", [named, step, push if k == BOX_STEPS - 1 else padded])
            # A Clip to 0–1; of this kind, ONNX Runtime does it together with the product.
            named = node("HardSigmoid", [ahead], alpha=1.0, beta=0.0)
        return str(named)

    def _coefficients(self, shape: _Shape) -> None:
        """Write the outputs identity and expression."""
        node, model = self._onnx.node, self._model
        sizes = (N_NAMED, model.n_identity, model.n_residual)
        named, identity, residual = self._onnx.split(shape.coefficients, sizes)
        node("Identity", [identity], "identity")
        residual = node("Gemm", [named, self._constant("leak", -model.leak), residual])
        node("Concat", [named, residual], "expression", axis=1)

    def _place(self, shape: _Shape, pose: _Pose, centre: str, unit: str) -> None:
        """Write the outputs rotation, scale and translation."""
        node, reshape = self._onnx.node, self._onnx.reshape
        rotation = reshape(pose.rotation, (3, 3), "rotation")
        scale = node("Mul", [pose.scale, unit], "scale")
        rows = node("Concat", [shape.terms, shape.coefficients], axis=1)
        centres = self._centre(np.concatenate([self._model.pose, self._basis]))
        mean = self._centre(self._model.mean.reshape(1, -1))
        origin = [rows, self._constant("centres", centres), self._constant("mean_centre", mean)]
        origin_ = reshape(node("Gemm", origin), (3, 1))
        origin_ = reshape(node("MatMul", [rotation, origin_]), (3,))
        node("Sub", [reshape(centre, (3,)), node("Mul", [origin_, scale])], "translation")

    def _residual(self, seen: str, error: str, change: str) -> None:
        """Write the output residual: of the error that coefficients, less by a change, leave."""
        node = self._onnx.node
        error = node("Gemm", [change, self._centred_basis, error])
        moved = node("MatMul", [change, self._constant("basis_centres", self._centre(self._basis))])
        each = self._constant("each", np.tile(np.eye(3), self._width // 3))
        error = node("Gemm", [moved, each, error])
        squares = node("Mul", [node("Mul", [error, error]), seen])
        total = node("ReduceSum", [squares, self._axis], keepdims=1)
        mean = node("Div", [total, node("ReduceSum", [seen, self._axis], keepdims=1)])
        # Of a landmark, which has three coordinates.
        node("Sqrt", [node("Mul", [mean, self._constant("three", 3.0)])], "residual")


def _readout(model: FaceModel, solve: Solver) -> F64:
    """Return (V, K + I + C): a deviation to the controls' push, identity and residual."""
    own, both = (a.astype(np.float64) for a in (model.identity_readout, model.expression_readout))
    left = both - own @ (model.identity @ both)
    return np.concatenate([left[:, :N_NAMED] * solve.anybody.rate, own, left[:, N_NAMED:]], axis=1)


def _basis(model: FaceModel) -> F64:
    """Return (K + I + C, V): controls, identity, residual before the controls' share to a shape."""
    residual = model.residual.astype(np.float64)
    return np.concatenate([model.named - model.leak @ residual, model.identity, residual])


def _steps(solve: Solver) -> list[F64]:
    """Return the factors of the last two results (xₖ, xₖ₋₁) in a gradient step, by step.

    Before the push is added and the bounds are kept, xₖ + mₖ (xₖ - xₖ₋₁) becomes its product with
    `step`, and xₖ stays. The first step knows one result only, and the last keeps only its own.
    """
    step, stay = solve.anybody.step.astype(np.float64), np.eye(N_NAMED)
    matrices = [
        np.block([[(1 + m) * step, stay], [-m * step, np.zeros_like(stay)]])
        for m in (0.0, *solve.momentum[:-1])
    ]
    matrices[0] = matrices[0][:N_NAMED]
    matrices[-1] = matrices[-1][:, :N_NAMED]
    return matrices
