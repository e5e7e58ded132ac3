"""The five-point equations, solved directly."""

import numpy as np
from scipy import sparse
from scipy.sparse import linalg


def solved(values: np.ndarray, known: np.ndarray, sources: np.ndarray | None = None) -> np.ndarray:
    """Return (H, W, C) with the known values and, elsewhere, the given Laplacian (0 if none).

    Nothing flows over the array's edge.
    """
    index = np.arange(known.size).reshape(known.shape)
    rows, columns = [], []
    for a, b in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
        rows += [a.ravel(), b.ravel()]
        columns += [b.ravel(), a.ravel()]
    r, c = np.concatenate(rows), np.concatenate(columns)
    adjacency = sparse.csr_matrix((np.ones(len(r)), (r, c)))
    laplacian = sparse.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency
    free, fixed = np.flatnonzero(~known), np.flatnonzero(known)
    out = values.reshape(known.size, -1).astype(float)
    right = -laplacian[free][:, fixed] @ out[fixed]
    if sources is not None:
        right = right - sources.reshape(known.size, -1)[free]
    solve = linalg.factorized(laplacian[free][:, free].tocsc())
    out[free] = np.stack([solve(right[:, n]) for n in range(right.shape[1])], -1)
    return out.reshape(values.shape)
