"""Which tensors are stored wider, on chains of operators without weights."""

import pytest

from gateway.models.tflite_graph import Operator, Tensor, TfliteGraph
from gateway.models.tflite_widths import channel_widths, pads_channels_only


def graph(channels, *operators):
    """A network over tensors of 4×4 pixels; the first is the input, the last the output."""
    tensors = tuple(Tensor(str(i), (1, 4, 4, c)) for i, c in enumerate(channels))
    steps = tuple(Operator(kind, inputs, (output,)) for kind, inputs, output in operators)
    return TfliteGraph(tensors, steps, {"in": 0}, {"out": len(tensors) - 1})


def test_what_lies_between_convolutions_is_filled_up_to_whole_blocks():
    network = graph(
        (3, 24, 24, 32, 17, 6),
        ("CONV_2D", (0,), 1),
        ("DEPTHWISE_CONV_2D", (1,), 2),
        ("CONV_2D", (2,), 3),
        ("CONV_2D", (3,), 4),
        ("CONV_2D", (4,), 5),
    )
    assert channel_widths(network) == {1: 32, 2: 32, 4: 32}


@pytest.mark.parametrize("reader", ["RESHAPE", "LOGISTIC", "CONCATENATION", "DEPTH_TO_SPACE"])
def test_a_reader_that_looks_at_every_channel_keeps_its_whole_chain_narrow(reader):
    network = graph(
        (3, 24, 24, 24, 24, 24),
        ("CONV_2D", (0,), 1),
        ("RELU", (1,), 2),
        ("MAX_POOL_2D", (2,), 3),
        (reader, (3,), 4),
        ("CONV_2D", (1,), 5),
    )
    assert channel_widths(network) == {}


def test_a_sum_with_something_narrow_is_narrow():
    steps = [("CONV_2D", (0,), 1), ("ADD", (1, 2), 3), ("CONV_2D", (3,), 4)]
    assert channel_widths(graph((3, 24, 24, 24, 6), *steps)) == {}  # tensor 2 is a constant
    steps.insert(0, ("CONV_2D", (0,), 2))
    assert channel_widths(graph((3, 24, 24, 24, 6), *steps)) == {1: 32, 2: 32, 3: 32}
    assert channel_widths(graph((3, 24, 1, 24, 6), *steps)) == {}  # the sum broadcasts


def test_depthwise_kernels_that_multiply_channels_keep_them_as_they_are():
    network = graph(
        (3, 8, 24, 6),
        ("CONV_2D", (0,), 1),
        ("DEPTHWISE_CONV_2D", (1,), 2),
        ("CONV_2D", (2,), 3),
    )
    assert channel_widths(network) == {}


def test_padding_of_channels_separates_widths():
    network = graph(
        (3, 24, 28, 28, 40, 6),
        ("CONV_2D", (0,), 1),
        ("PAD", (1,), 2),
        ("RELU", (2,), 3),
        ("PAD", (3,), 4),
        ("CONV_2D", (4,), 5),
    )
    assert all(pads_channels_only(network, network.operators[i]) for i in (1, 3))
    assert channel_widths(network) == {1: 32, 2: 32, 3: 32, 4: 48}


def test_padding_of_rows_does_not():
    tensors = (
        Tensor("image", (1, 4, 4, 3)),
        Tensor("narrow", (1, 4, 4, 8)),
        Tensor("padded", (1, 6, 6, 8)),
        Tensor("answer", (1, 6, 6, 8)),
    )
    pad = Operator("PAD", (1,), (2,))
    first, last = Operator("CONV_2D", (0,), (1,)), Operator("CONV_2D", (2,), (3,))
    network = TfliteGraph(tensors, (first, pad, last), {"image": 0}, {"answer": 3})
    assert not pads_channels_only(network, pad)
    assert channel_widths(network) == {1: 16, 2: 16}
    network = TfliteGraph(tensors, (first, pad), {"image": 0}, {"padded": 2})
    assert channel_widths(network) == {}
