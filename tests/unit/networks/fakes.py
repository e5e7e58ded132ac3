"""Networks that are functions, under the contracts the stand-ins have."""

import numpy as np

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.testing import FakeModel
from tests import standins

INLINE = Compute(inline=True)


def soon():
    return Deadline.after(10)


def fake(name, function, made=None):
    """Return a model that takes what a stand-in takes: `function` of that is its only output.

    `made` is the output's shape without the rows' axis, the stand-in's unless told otherwise.
    """
    standin = standins.STANDINS[name]
    given = tuple(
        TensorSpec(t.name, t.dtype, (-1, *t.shape) if t.per_row else t.shape)
        for t in standin.inputs
    )
    dims = (-1, *(standin.outputs[0].shape if made is None else made))
    answer = TensorSpec("made", np.dtype(np.float32), dims)
    rows = standins.MOST_ROWS if standin.batched else 0
    contract = ModelContract(name, rows, given, (answer,))
    return FakeModel(contract, lambda inputs: {"made": np.asarray(function(inputs), np.float32)})
