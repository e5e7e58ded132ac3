"""Harmonic interpolation between known pixels, by multigrid.

Full multigrid with V-cycles on cell-centred grids (U. Trottenberg, C. Oosterlee, A. Schüller,
*Multigrid*, 2001, §2.6): a grid is halved by averaging four cells, corrections are brought back
bilinearly, and the smoother is Gauss-Seidel from row to row and Jacobi along a row, which keeps
the inner loop free of dependencies (its smoothing factor is 0.6). Planes are padded by one ghost
cell, which copies its neighbour, so that nothing flows over the edge of the array.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gateway.arrays import F32, Mask

COARSEST = 5
"""Cells of the shorter side at which halving stops."""


def fill_harmonic(values: F32, known: Mask, *, cycles: int = 2) -> F32:
    """Fill in unknown values with the harmonic function that has the known values.

    Solves the five-point Laplace equation with Dirichlet values at the known pixels; nothing
    flows over the edge of the array.

    Args:
        values: float32 (H, W, C); read only at known pixels.
        known: bool (H, W).
        cycles: V-cycles per grid; each divides the error by about three.

    Returns:
        float32 (H, W, C), equal to `values` at known pixels; all 0 if nothing is known.
    """
    if not known.any():
        return np.zeros(values.shape, np.float32)
    planes = np.moveaxis(np.where(known[..., None], values, np.float32(0)), -1, 0)
    given = np.pad(planes, ((0, 0), (1, 1), (1, 1))).astype(np.float32, copy=False)
    fixed = np.pad(known, 1)
    inside = np.pad(~known, 1)
    solution = _full_multigrid(given, fixed, inside, cycles)
    return np.ascontiguousarray(np.moveaxis(solution[:, 1:-1, 1:-1], 0, -1))


def fill_poisson(values: F32, known: Mask, sources: F32, *, cycles: int = 8) -> F32:
    """Fill in unknown values with the function whose Laplacian is given.

    Args:
        values: float32 (H, W, C); read only at known pixels.
        known: bool (H, W).
        sources: float32 (H, W, C), the sum of the four neighbours minus four times the pixel.
        cycles: V-cycles after the harmonic solution; each divides the error by about three.

    Returns:
        float32 (H, W, C), equal to `values` at known pixels; all 0 if nothing is known.
    """
    start = fill_harmonic(values, known)
    if not known.any():
        return start
    # The ghost cells copy their neighbours: nothing flows over the edge.
    solution = np.pad(np.moveaxis(start, -1, 0), ((0, 0), (1, 1), (1, 1)), mode="edge")
    right = np.pad(np.moveaxis(-sources, -1, 0), ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    weight = np.pad(~known, 1).astype(np.float32)
    for _ in range(cycles):
        _v_cycle(solution, right, weight)
    return np.ascontiguousarray(np.moveaxis(solution[:, 1:-1, 1:-1], 0, -1))


def _full_multigrid(given: F32, known: Mask, inside: Mask, cycles: int) -> F32:
    """Solve on the halved grid first, then improve on this one. All arrays are padded."""
    weight = inside.astype(np.float32)
    if min(inside.shape) - 2 <= COARSEST:
        mean = given.sum((1, 2)) / max(int(known.sum()), 1)
        solution = np.where(inside, mean[:, None, None].astype(np.float32), given)
        _smooth(solution, np.zeros_like(solution), weight, 40)
        return solution
    shape = (inside.shape[0] - 1) // 2 + 2, (inside.shape[1] - 1) // 2 + 2
    coarse_given = np.zeros((len(given), *shape), np.float32)
    count = np.zeros(shape, np.float32)
    cells = np.zeros(shape, np.float32)
    _halve_given(given, known, inside, coarse_given, count, cells)
    coarse_known = count > 0
    coarse = _full_multigrid(coarse_given, coarse_known, (cells > 0) & ~coarse_known, cycles)
    solution = given.copy()
    _add_enlarged(solution, coarse, weight)
    right = np.zeros_like(solution)
    for _ in range(cycles):
        _v_cycle(solution, right, weight)
    return solution


def _v_cycle(solution: F32, right: F32, weight: F32) -> None:
    """One V(2, 2) cycle for 4 u - sum(neighbours) = right where weight is 1, in place."""
    if min(weight.shape) - 2 <= COARSEST:
        _smooth(solution, right, weight, 12)
        return
    _smooth(solution, right, weight, 2)
    shape = (weight.shape[0] - 1) // 2 + 2, (weight.shape[1] - 1) // 2 + 2
    residual = np.zeros((len(solution), *shape), np.float32)
    coarse_weight = np.zeros(shape, np.float32)
    _halve_residual(solution, right, weight, residual, coarse_weight)
    correction = np.zeros_like(residual)
    _v_cycle(correction, residual, coarse_weight)
    _add_enlarged(solution, correction, weight)
    _smooth(solution, right, weight, 2)


# The kernels are typed by their arguments; numba's decorator hides that from the type checker.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _smooth(solution, right, weight, sweeps):
    """Relax in place: rows in turn, down and up; within a row all pixels at once."""
    channels, height, width = solution.shape
    row = np.empty(width, np.float32)
    quarter = np.float32(0.25)
    for c in range(channels):
        u, b = solution[c], right[c]
        for sweep in range(sweeps):
            u[0], u[height - 1] = u[1], u[height - 2]
            for step in range(1, height - 1):
                y = step if sweep % 2 == 0 else height - 1 - step
                u[y, 0], u[y, width - 1] = u[y, 1], u[y, width - 2]
                for x in range(1, width - 1):
                    total = u[y - 1, x] + u[y + 1, x] + u[y, x - 1] + u[y, x + 1]
                    row[x] = quarter * (total + b[y, x])
                for x in range(1, width - 1):
                    u[y, x] += weight[y, x] * (row[x] - u[y, x])
        u[0], u[height - 1] = u[1], u[height - 2]
        u[:, 0], u[:, width - 1] = u[:, 1], u[:, width - 2]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _halve_given(given, known, inside, coarse, count, cells):
    """Average the given pixels of each 2×2 block; count them, and the unknown ones."""
    channels, height, width = given.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            j, i = (y + 1) // 2, (x + 1) // 2
            if known[y, x]:
                count[j, i] += 1
                for c in range(channels):
                    coarse[c, j, i] += given[c, y, x]
            elif inside[y, x]:
                cells[j, i] += 1
    for j in range(count.shape[0]):
        for i in range(count.shape[1]):
            if count[j, i] > 1:
                for c in range(channels):
                    coarse[c, j, i] /= count[j, i]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _halve_residual(solution, right, weight, residual, coarse_weight):
    """Sum the residual over 2×2 blocks; a block is unknown if all its pixels are.

    Blocks that stick out over the array's edge have fewer pixels.
    """
    channels, height, width = solution.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            coarse_weight[(y + 1) // 2, (x + 1) // 2] += weight[y, x]
    for j in range(1, coarse_weight.shape[0] - 1):
        rows = min(2, height - 2 * j)
        for i in range(1, coarse_weight.shape[1] - 1):
            pixels = np.float32(rows * min(2, width - 2 * i))
            full = coarse_weight[j, i] > pixels - np.float32(0.5)
            coarse_weight[j, i] = np.float32(1) if full else np.float32(0)
    for c in range(channels):
        u, b = solution[c], right[c]
        for y in range(1, height - 1):
            j = (y + 1) // 2
            for x in range(1, width - 1):
                total = u[y - 1, x] + u[y + 1, x] + u[y, x - 1] + u[y, x + 1]
                i = (x + 1) // 2
                part = coarse_weight[j, i] * weight[y, x]
                residual[c, j, i] += part * (b[y, x] - 4 * u[y, x] + total)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _add_enlarged(solution, coarse, weight):
    """Add the coarse planes, enlarged bilinearly between cell centres, where weight is 1."""
    channels, height, width = solution.shape
    a, b = np.float32(0.75), np.float32(0.25)
    for c in range(channels):
        for y in range(1, height - 1):
            j = (y + 1) // 2
            k = j - 1 if y % 2 == 1 else j + 1
            for x in range(1, width - 1):
                i = (x + 1) // 2
                h = i - 1 if x % 2 == 1 else i + 1
                near = a * coarse[c, j, i] + b * coarse[c, j, h]
                far = a * coarse[c, k, i] + b * coarse[c, k, h]
                solution[c, y, x] += weight[y, x] * (a * near + b * far)
