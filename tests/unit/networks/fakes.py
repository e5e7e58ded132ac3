"""Networks that are functions, under the contracts the stand-ins have."""

from dataclasses import replace

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
    """Return a model that takes what a stand-in takes, and gives what a function makes of it.

    A function may give a list of several outputs. `made` is the shape of the first without the
    rows' axis, the stand-in's unless told otherwise.
    """
    standin = standins.STANDINS[name]
    rows = standins.MOST_ROWS if standin.batched else 0
    outputs = list(standin.outputs)
    if made is not None:
        outputs[0] = replace(outputs[0], shape=made)

    def answers(inputs):
        found = function(inputs)
        several = found if isinstance(found, list) else [found]
        names = (output.name for output in outputs)
        return {
            name: np.asarray(one, np.float32) for name, one in zip(names, several, strict=False)
        }

    given = [spec_of(tensor) for tensor in standin.inputs]
    number = 1 if name.startswith("hyperswap") else len(outputs)
    specs = [spec_of(tensor) for tensor in outputs[:number]]
    return FakeModel(ModelContract(name, rows, tuple(given), tuple(specs)), answers)


def spec_of(tensor):
    return TensorSpec(
        tensor.name, tensor.dtype, tuple(-1 if d == "N" else d for d in tensor.dims(None))
    )
