"""The sparse tensors of TensorFlow Lite, decoded (operator DENSIFY)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SparseDimension:
    """How one dimension of the traversal is stored.

    Attributes:
        dense_size: Length of a dense dimension; ignored for a sparse one.
        segments: For a sparse (CSR) dimension: where each parent's entries begin, and the end.
        indices: For a sparse dimension: the coordinate of each entry. None marks a dense one.
    """

    dense_size: int
    segments: NDArray[np.int64] | None = None
    indices: NDArray[np.int64] | None = None


def densify(
    values: NDArray[Any],
    shape: Sequence[int],
    dimensions: Sequence[SparseDimension],
    traversal: Sequence[int],
    block_map: Sequence[int] = (),
) -> NDArray[Any]:
    """Spread the stored values over a dense array of zeros.

    The dimensions are walked in `traversal` order, outermost first. A dense dimension visits
    every coordinate; a sparse one visits `indices[segments[p]:segments[p + 1]]` of its parent
    position p. Traversal entries of `len(shape)` and more are the dimensions inside blocks:
    entry `len(shape) + i` divides dimension `block_map[i]`.

    Args:
        values: The stored entries, flat, in the order of the walk.
        shape: Shape of the dense array.
        dimensions: One description per entry of `traversal`, in that order.
        traversal: Order in which the dimensions are nested.
        block_map: The dimension each block dimension divides.

    Returns:
        Dense array of `shape`, element type of `values`.

    Raises:
        ValueError: the description does not fit the values or the shape.
    """
    rank = len(shape)
    if len(dimensions) != len(traversal) or len(traversal) != rank + len(block_map):
        raise ValueError("the sparse dimensions do not fit the shape")
    coordinates = [np.zeros(1, np.int64) for _ in traversal]
    count = 1
    for level, dimension in enumerate(dimensions):
        parents, inner = _children(dimension, count)
        coordinates = [c[parents] for c in coordinates]
        coordinates[level] = inner
        count = len(inner)
    if count != len(values):
        raise ValueError(f"{len(values)} values are stored where {count} are described")

    by_axis = dict(zip(traversal, coordinates, strict=True))
    block_size = {
        axis: dimensions[list(traversal).index(rank + i)].dense_size
        for i, axis in enumerate(block_map)
    }
    place = [by_axis[axis] * block_size.get(axis, 1) for axis in range(rank)]
    for i, axis in enumerate(block_map):
        place[axis] = place[axis] + by_axis[rank + i]
    dense = np.zeros(tuple(shape), values.dtype)
    try:
        dense[tuple(place)] = values
    except IndexError as error:
        raise ValueError(f"a sparse index lies outside the shape: {error}") from None
    return dense


def _children(
    dimension: SparseDimension, parents: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each entry's parent position and its own coordinate, in storage order."""
    if dimension.indices is None or dimension.segments is None:
        size = dimension.dense_size
        return (
            np.repeat(np.arange(parents, dtype=np.int64), size),
            np.tile(np.arange(size, dtype=np.int64), parents),
        )
    lengths = np.diff(dimension.segments)
    if len(lengths) != parents or lengths.sum() != len(dimension.indices) or (lengths < 0).any():
        raise ValueError("a sparse dimension's segments do not fit its indices")
    return np.repeat(np.arange(parents, dtype=np.int64), lengths), dimension.indices
