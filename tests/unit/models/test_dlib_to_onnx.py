"""dlib's network with two filters per layer, written here in dlib's own form."""

import dataclasses

import numpy as np
import onnxruntime
import pytest

from gateway.errors import ContractViolation
from gateway.models.catalog import load_catalog
from gateway.models.dlib_to_onnx import dlib_resnet_to_onnx
from gateway.paths import PROJECT_ROOT

ENTRY = load_catalog(PROJECT_ROOT / "model_repository").model("face_embedding")
FILTERS = 2


def integer(value: int) -> bytes:
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([size]) + value.to_bytes(size, "little")


def integers(*values: int) -> bytes:
    return b"".join(map(integer, values))


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def real(value: float) -> bytes:
    return integer(round(value * 2**20)) + b"\x81\x14"  # times 2 to the power of -20


def tensor(values) -> bytes:
    shape = (*values.shape, *[1] * (4 - values.ndim))
    return integers(2, *shape) + values.astype("<f4").tobytes()


EMPTY = integers(2, 0, 0, 0, 0)
STATE = b"110" + EMPTY * 3


class Network:
    """Writes the layers one after the other."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.versions: list[int] = []
        self.body = b""

    def layer(self, data: bytes) -> None:
        first = not self.versions
        self.versions.append(3 if first else 2)
        self.body += data + STATE + (integer(1) if first else b"")

    def marker(self) -> None:
        self.versions.append(1)

    def con(self, inputs: int, size: int, stride: int, padding: int) -> None:
        shape = (FILTERS, inputs, size, size)
        spread = 1 / np.sqrt(inputs * size * size)
        values = self.random.normal(0, spread, int(np.prod(shape)) + FILTERS)
        geometry = integers(FILTERS, size, size, stride, stride, padding, padding)
        views = integers(1, *shape, 1, 1, FILTERS, 1, 1)
        self.layer(text("con_4") + tensor(values) + geometry + views + real(1) * 4)
        gains = np.concatenate([self.random.uniform(0.5, 1.5, FILTERS), np.zeros(FILTERS)])
        views = integers(1, 1, FILTERS, 1, 1) * 2
        self.layer(text("affine_") + tensor(gains) + views + integer(0))

    def plain(self, name: str) -> None:
        self.layer(text(name))

    def pool(self, name: str, window: int, stride: int) -> None:
        self.layer(text(name) + integers(window, window, stride, stride, 0, 0))

    def block(self, halves: bool) -> None:
        self.marker()
        self.con(FILTERS, 3, 2 if halves else 1, 0 if halves else 1)
        self.plain("relu_")
        self.con(FILTERS, 3, 1, 1)
        if halves:
            self.marker()
            self.marker()
            self.pool("avg_pool_2", 2, 2)
        self.plain("add_prev_")
        self.plain("relu_")

    def finish(self) -> bytes:
        image = text("input_rgb_image_sized") + b"".join(map(real, ENTRY.inputs[0].mean))
        head = integer(1) + text("loss_metric_2") + real(0.04) + real(0.6)
        return head + integers(*reversed(self.versions)) + image + integers(150, 150) + self.body


@pytest.fixture(scope="module")
def data() -> bytes:
    net = Network()
    net.con(3, 7, 2, 0)
    net.plain("relu_")
    net.pool("max_pool_2", 3, 2)
    for level, blocks in enumerate((3, 4, 3, 3, 1)):
        for number in range(blocks):
            net.block(halves=level > 0 and number == 0)
    net.pool("avg_pool_2", 0, 1)
    weights = net.random.normal(size=(FILTERS, 128))
    views = integers(1, FILTERS, 128, 1, 1, 1, 0, 0, 0, 0)
    net.layer(
        text("fc_2") + integers(128, FILTERS) + tensor(weights) + views + integer(1) + real(1) * 4
    )
    return net.finish()


def run(data, images):
    session = onnxruntime.InferenceSession(dlib_resnet_to_onnx(data, ENTRY))
    return session.run(["embedding"], {"image": images})[0]


def test_it_computes_and_batches(data):
    images = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    together = run(data, images)
    assert together.shape == (3, 128)
    assert np.abs(together).max() > 1e-3
    alone = np.concatenate([run(data, image[None]) for image in images])
    assert np.allclose(together, alone, atol=1e-5)


def test_the_same_file_gives_the_same_bytes(data):
    assert dlib_resnet_to_onnx(data, ENTRY) == dlib_resnet_to_onnx(data, ENTRY)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"loss_metric_2", b"loss_metric_3", "'loss_metric_3' where 'loss_metric_2'"),
        (b"con_4", b"con_5", "'con_5' where 'con_4' belongs"),
        (text("input_rgb_image_sized"), text("input_rgb_image"), "where 'input_rgb_image_sized'"),
        (integers(150, 150), integers(150, 200), "takes 150×200 pixels"),
        (b"110", b"1x0", "truth value"),
    ],
)
def test_another_network_is_refused(data, old, new, message):
    assert old in data
    with pytest.raises(ContractViolation, match=message):
        dlib_resnet_to_onnx(data.replace(old, new, 1), ENTRY)


def test_a_file_that_is_too_short_or_too_long(data):
    with pytest.raises(ContractViolation, match="ends too early"):
        dlib_resnet_to_onnx(data[:-1], ENTRY)
    with pytest.raises(ContractViolation, match="goes on"):
        dlib_resnet_to_onnx(data + b"0", ENTRY)


def test_the_catalogue_must_agree_on_the_means(data):
    image = dataclasses.replace(ENTRY.inputs[0], mean=(0.0, 0.0, 0.0))
    with pytest.raises(ContractViolation, match="the catalogue says otherwise"):
        dlib_resnet_to_onnx(data, dataclasses.replace(ENTRY, inputs=(image,)))
