"""The exporter, on networks of one or two operators made here."""

from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import tflite
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ContractViolation
from gateway.models import tflite_to_onnx
from gateway.models.catalog import CatalogTensor, Member, ModelEntry, PackageSource
from gateway.models.tflite_graph import Operator, Tensor, TfliteGraph, read_tflite
from gateway.models.tflite_to_onnx import export_graph, same_padding

PACKAGE = PackageSource("p", "p", "1", "sdist", "p.tar.gz", "0" * 64)
RANDOM = np.random.default_rng(7)


def entry(image, output, mean=0.0, **head):
    """A contract: one image (H, W, 3) less its mean, one output."""
    return ModelEntry(
        name="tiny",
        title="Tiny",
        task="test",
        license="CC0-1.0",
        credit="us",
        commercial=True,
        weights=Member(PACKAGE, "x", "0" * 64),
        exporter="tflite",
        max_batch_size=4,
        inputs=(CatalogTensor("image", "uint8", image, "", "in", "RGB", "RGB", (mean,) * 3),),
        outputs=(CatalogTensor("y", "float32", output, "", "out", **head),),
    )


def options(**values):
    """An option table: every value is a method, as in the generated classes."""
    return SimpleNamespace(**{name: lambda v=value: v for name, value in values.items()})


def graph(tensors, operators):
    """A network whose first tensor is the input and whose last one is the output."""
    numbered = tuple(Tensor(*t) for t in tensors)
    return TfliteGraph(numbered, tuple(operators), {"in": 0}, {"out": len(numbered) - 1})


def run(network, contract, images):
    session = onnxruntime.InferenceSession(export_graph(network, contract))
    return session.run(["y"], {"image": images})[0]


def conv_options(stride, padding, activation=tflite.ActivationFunctionType.NONE):
    return options(
        StrideH=stride,
        StrideW=stride,
        DilationHFactor=1,
        DilationWFactor=1,
        Padding=padding,
        FusedActivationFunction=activation,
    )


EMPTY_WINDOW = options(
    FilterHeight=3, FilterWidth=3, StrideH=0, StrideW=0, Padding=tflite.Padding.VALID
)


def pictures(n, h, w):
    return RANDOM.integers(0, 256, (n, h, w, 3), dtype=np.uint8)


def convolve_same(x, kernel, stride):
    """TensorFlow's SAME convolution, cell by cell; kernel (out, h, w, in)."""
    n, h, w, _ = x.shape
    _, kh, kw, _ = kernel.shape
    (top, bottom), (left, right) = same_padding(h, kh, stride), same_padding(w, kw, stride)
    x = np.pad(x.astype(float), ((0, 0), (top, bottom), (left, right), (0, 0)))
    rows, columns = -(-h // stride), -(-w // stride)
    out = np.zeros((n, rows, columns, len(kernel)))
    for i in range(rows):
        for j in range(columns):
            part = x[:, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, i, j] = np.einsum("nhwc,ohwc->no", part, kernel)
    return out


@given(st.integers(1, 64), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))
def test_same_padding_gives_every_stride_a_cell_and_puts_the_rest_at_the_end(size, k, s, d):
    before, after = same_padding(size, k, s, d)
    reach = (k - 1) * d + 1
    assert after - before in (0, 1)
    if before + after:
        assert (size + before + after - reach) // s + 1 == -(-size // s)
        assert size + before + after == (-(-size // s) - 1) * s + reach
    else:
        assert size >= (-(-size // s) - 1) * s + reach


def test_same_padding_as_documented():
    assert same_padding(128, 5, 2) == (1, 2)
    assert same_padding(192, 3, 2) == (0, 1)
    assert same_padding(7, 3, 1) == (1, 1)


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_with_same_padding(stride):
    kernel = RANDOM.normal(size=(2, 3, 4, 3)).astype(np.float16)
    shape = (1, -(-6 // stride), -(-5 // stride), 2)
    network = graph(
        [("in", (1, 6, 5, 3)), ("w16", kernel.shape, kernel), ("w", kernel.shape), ("out", shape)],
        [
            Operator("DEQUANTIZE", (1,), (2,)),
            Operator("CONV_2D", (0, 2, -1), (3,), conv_options(stride, tflite.Padding.SAME)),
        ],
    )
    images = pictures(2, 6, 5)
    found = run(network, entry((6, 5, 3), shape[1:]), images)
    assert np.allclose(found, convolve_same(images, kernel, stride), rtol=1e-4, atol=1e-2)


def test_depthwise_convolution_without_padding_and_with_relu():
    kernel = RANDOM.normal(size=(1, 3, 3, 3)).astype(np.float32)
    bias = np.array([10, -10, 0], np.float32)
    network = graph(
        [
            ("in", (1, 3, 3, 3)),
            ("w", kernel.shape, kernel),
            ("b", (3,), bias),
            ("out", (1, 1, 1, 3)),
        ],
        [
            Operator(
                "DEPTHWISE_CONV_2D",
                (0, 1, 2),
                (3,),
                conv_options(1, tflite.Padding.VALID, tflite.ActivationFunctionType.RELU),
            )
        ],
    )
    images = pictures(3, 3, 3)
    wanted = np.maximum(np.einsum("nhwc,hwc->nc", images.astype(float), kernel[0]) + bias, 0)
    assert np.allclose(run(network, entry((3, 3, 3), (3,)), images), wanted, rtol=1e-4, atol=1e-2)


def single(kind, out_shape, *constants, opts=None, image=(2, 2, 3)):
    """A network of one operator behind the image."""
    tensors = [("in", (1, *image)), *[(f"c{i}", c.shape, c) for i, c in enumerate(constants)]]
    operator = Operator(kind, tuple(range(len(tensors))), (len(tensors),), opts)
    return graph([*tensors, ("out", out_shape)], [operator])


def test_channel_padding_goes_to_the_channels():
    amounts = np.array([[0, 0], [1, 0], [0, 2], [0, 1]], np.int32)
    images = pictures(2, 2, 2)
    found = run(single("PAD", (1, 3, 4, 4), amounts), entry((2, 2, 3), (3, 4, 4)), images)
    assert np.array_equal(found, np.pad(images, amounts))


def test_prelu_has_one_slope_per_channel():
    slopes = np.array([0.5, 2, 0], np.float32).reshape(1, 1, 3)
    contract = entry((2, 2, 3), (2, 2, 3), mean=128.0)  # so that some values are negative
    images = pictures(2, 2, 2)
    x = images.astype(float) - 128
    found = run(single("PRELU", (1, 2, 2, 3), slopes), contract, images)
    assert np.allclose(found, np.where(x < 0, x * slopes, x))


def test_prelu_of_a_vector_is_refused():
    slopes = np.full(12, 0.5, np.float32)
    network = graph(
        [("in", (1, 2, 2, 3)), ("x", (1, 12)), ("s", (12,), slopes), ("out", (1, 12))],
        [Operator("RESHAPE", (0,), (1,)), Operator("PRELU", (1, 2), (3,))],
    )
    with pytest.raises(ContractViolation, match="PRELU of pictures"):
        export_graph(network, entry((2, 2, 3), (12,)))


@pytest.mark.parametrize("amounts", [(0, 2), (2, 0), (1, 14)])
def test_padding_of_channels_alone(amounts):
    pads = np.array([[0, 0], [0, 0], [0, 0], amounts], np.int32)
    shape = (2, 2, 3 + sum(amounts))
    images = pictures(2, 2, 2)
    network = single("PAD", (1, *shape), pads)
    assert np.array_equal(run(network, entry((2, 2, 3), shape), images), np.pad(images, pads))


def blocks():
    """Two blocks as in BlazeFace: 5, then 7, then (before the rest) 20 channels."""

    def weights(*shape):
        return RANDOM.normal(size=shape).astype(np.float32)

    tensors = [("in", (1, 4, 4, 3))]
    operators = []

    def step(kind, inputs, shape, *constants, opts=None):
        first = len(tensors)
        tensors.extend((f"c{first + i}", c.shape, c) for i, c in enumerate(constants))
        tensors.append((f"t{len(tensors)}", (1, *shape)))
        numbers = (*inputs, *range(first, first + len(constants)))
        operators.append(Operator(kind, numbers, (len(tensors) - 1,), opts))
        return len(tensors) - 1

    same = conv_options(1, tflite.Padding.SAME)
    relu = conv_options(1, tflite.Padding.SAME, tflite.ActivationFunctionType.RELU)
    plain = options(FusedActivationFunction=tflite.ActivationFunctionType.NONE)
    window = options(
        FilterHeight=2, FilterWidth=2, StrideH=2, StrideW=2, Padding=tflite.Padding.SAME
    )
    x = step("CONV_2D", (0,), (4, 4, 5), weights(5, 3, 3, 3), weights(5), opts=relu)
    for before, after, pads in ((5, 7, (0, 2)), (7, 20, (3, 10))):
        y = step(
            "DEPTHWISE_CONV_2D",
            (x,),
            (4, 4, before),
            weights(1, 3, 3, before),
            weights(before),
            opts=same,
        )
        y = step(
            "CONV_2D", (y,), (4, 4, after), weights(after, 1, 1, before), weights(after), opts=same
        )
        amounts = np.array([[0, 0], [0, 0], [0, 0], pads], np.int32)
        x = step("PAD", (x,), (4, 4, after), amounts)
        x = step("ADD", (x, y), (4, 4, after), opts=plain)
        x = step("PRELU", (x,), (4, 4, after), weights(1, 1, after))
    x = step("MAX_POOL_2D", (x,), (2, 2, 20), opts=window)
    step("CONV_2D", (x,), (2, 2, 6), weights(6, 1, 1, 20), weights(6), opts=same)
    return graph(tensors, operators)


def test_wider_tensors_change_nothing_but_the_operators(monkeypatch):
    network, contract, images = blocks(), entry((4, 4, 3), (2, 2, 6), mean=128.0), pictures(3, 4, 4)
    wide = export_graph(network, contract)
    found = run(network, contract, images)
    monkeypatch.setattr(tflite_to_onnx, "channel_widths", lambda _: {})
    assert np.allclose(found, run(network, contract, images), rtol=1e-4, atol=0.05)
    assert np.abs(found).max() > 100
    kinds = [node.op_type for node in onnx.load_from_string(wide).graph.node]
    assert "Pad" not in kinds
    assert "PRelu" not in kinds
    narrow = onnx.load_from_string(export_graph(network, contract))
    assert len(narrow.graph.node) == len(kinds) + 1  # the first block's PAD


def test_max_pool():
    opts = options(FilterHeight=2, FilterWidth=2, StrideH=2, StrideW=2, Padding=tflite.Padding.SAME)
    images = pictures(2, 3, 4)
    network = single("MAX_POOL_2D", (1, 2, 2, 3), opts=opts, image=(3, 4, 3))
    padded = np.pad(images, ((0, 0), (0, 1), (0, 0), (0, 0)))
    wanted = padded.reshape(2, 2, 2, 2, 2, 3).max(axis=(2, 4))
    assert np.array_equal(run(network, entry((3, 4, 3), (2, 2, 3)), images), wanted)


def test_reshape_reads_channels_last_and_keeps_the_batch():
    images = pictures(3, 2, 2)
    network = single("RESHAPE", (1, 6, 2), np.array([1, 6, 2], np.int32))
    assert np.array_equal(run(network, entry((2, 2, 3), (6, 2)), images), images.reshape(3, 6, 2))


def test_depth_to_space():
    images = pictures(1, 2, 2)
    stacked = np.concatenate([images, images[..., :1]], axis=-1)
    amounts = np.array([[0, 0], [0, 0], [0, 0], [0, 1]], np.int32)
    network = graph(
        [("in", (1, 2, 2, 3)), ("p", (4, 2), amounts), ("x", (1, 2, 2, 4)), ("out", (1, 4, 4, 1))],
        [
            Operator("PAD", (0, 1), (2,)),
            Operator("DEPTH_TO_SPACE", (2,), (3,), options(BlockSize=2)),
        ],
    )
    stacked[..., 3] = 0
    wanted = stacked.reshape(1, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 1)
    assert np.array_equal(run(network, entry((2, 2, 3), (4, 4, 1)), images), wanted)


def test_depth_to_space_goes_on_channels_first():
    images = pictures(2, 1, 2)
    images = np.concatenate([images, images], axis=1)  # two rows
    kernel = RANDOM.normal(size=(4, 1, 1, 3)).astype(np.float32)
    final = RANDOM.normal(size=(2, 3, 3, 1)).astype(np.float32)
    network = graph(
        [
            ("in", (1, 2, 2, 3)),
            ("w", kernel.shape, kernel),
            ("x", (1, 2, 2, 4)),
            ("y", (1, 4, 4, 1)),
            ("v", final.shape, final),
            ("out", (1, 4, 4, 2)),
        ],
        [
            Operator("CONV_2D", (0, 1), (2,), conv_options(1, tflite.Padding.SAME)),
            Operator("DEPTH_TO_SPACE", (2,), (3,), options(BlockSize=2)),
            Operator("CONV_2D", (3, 4), (5,), conv_options(1, tflite.Padding.SAME)),
        ],
    )
    x = convolve_same(images, kernel, 1).reshape(2, 2, 2, 2, 2, 1)
    wanted = convolve_same(x.transpose(0, 1, 3, 2, 4, 5).reshape(2, 4, 4, 1), final, 1)
    assert np.allclose(
        run(network, entry((2, 2, 3), (4, 4, 2)), images), wanted, rtol=1e-4, atol=1e-2
    )


def test_bilinear_resize_by_half_pixels():
    opts = options(HalfPixelCenters=True, AlignCorners=False)
    network = single("RESIZE_BILINEAR", (1, 4, 2, 3), np.array([4, 2], np.int32), opts=opts)
    images = pictures(1, 2, 2)
    top, bottom = images[0].astype(float)
    wanted = [top, 0.75 * top + 0.25 * bottom, 0.25 * top + 0.75 * bottom, bottom]
    assert np.allclose(run(network, entry((2, 2, 3), (4, 2, 3)), images)[0], wanted, atol=1e-3)


def test_heads_clip_before_the_sigmoid():
    contract = entry((2, 2, 3), (12,), activation="sigmoid", clip=2.0)
    images = pictures(2, 2, 2)
    found = run(single("RELU", (1, 2, 2, 3)), contract, images)
    wanted = 1 / (1 + np.exp(-np.minimum(images.reshape(2, 12), 2.0)))
    assert np.allclose(found, wanted, atol=1e-6)


def test_the_same_network_gives_the_same_bytes():
    contract = entry((2, 2, 3), (2, 2, 3))
    assert export_graph(single("RELU", (1, 2, 2, 3)), contract) == export_graph(
        single("RELU", (1, 2, 2, 3)), contract
    )


def test_an_unknown_operator_is_named():
    with pytest.raises(ContractViolation, match="tiny uses the operator SOFTMAX"):
        export_graph(single("SOFTMAX", (1, 2, 2, 3)), entry((2, 2, 3), (2, 2, 3)))


def test_an_unknown_fused_activation_is_named():
    activation = options(FusedActivationFunction=tflite.ActivationFunctionType.TANH)
    network = single("RELU", (1, 2, 2, 3), opts=activation)
    with pytest.raises(ContractViolation, match="fused activation"):
        export_graph(network, entry((2, 2, 3), (2, 2, 3)))


def test_a_contract_of_another_shape_is_refused():
    network = single("RELU", (1, 2, 2, 3))
    with pytest.raises(ContractViolation, match=r"'out' of tiny has the shape \(2, 2, 3\)"):
        export_graph(network, entry((2, 2, 3), (5,)))
    with pytest.raises(ContractViolation, match=r"images of the shape \(2, 2, 3\)"):
        export_graph(network, entry((4, 4, 3), (12,)))


def test_a_graph_that_is_not_valid_is_refused():
    with pytest.raises(ContractViolation, match="export of tiny failed"):
        export_graph(
            single("MAX_POOL_2D", (1, 2, 2, 3), opts=EMPTY_WINDOW), entry((2, 2, 3), (12,))
        )


def test_a_contract_of_another_name_is_refused():
    network = single("RELU", (1, 2, 2, 3))
    other = TfliteGraph(network.tensors, network.operators, {"in": 0}, {"answer": 1})
    with pytest.raises(ContractViolation, match="no tensor 'out'; it has: answer"):
        export_graph(other, entry((2, 2, 3), (2, 2, 3)))


def test_a_file_of_another_format():
    with pytest.raises(ContractViolation, match="not a TensorFlow Lite file"):
        read_tflite(b"something else entirely")
