"""What every adaptor must do, tried against its stand-in: raises AssertionError if it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.protocol import Inference
from gateway.networks import (
    arcface,
    bisenet,
    crossface,
    fairface,
    live_portrait,
    restoring,
    upscaling,
    xseg,
)
from gateway.networks.crops import aligned_crops
from gateway.networks.detecting import specs as detecting
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.swapping import network, specs
from gateway.networks.swapping.identity import IdentityEmbedding
from tests import tolerances
from tests.standins import (
    classifiers,
    detectors,
    parsers,
    recognition,
    restorers,
    swappers,
    upscalers,
)
from tests.standins import live_portrait as portraits
from tests.standins.pictures import faces, picture, pictures
from tests.standins.templates import crop_of

INLINE = Compute(inline=True)
WEIGHTS = (0.5, 0.2, 1.0)
MOST_PX = 256
"""Side of tiles up to which a check has four of them."""


@dataclass(frozen=True)
class Adaptor:
    """What one adaptor is tried with.

    Attributes:
        names: The models it runs.
        check: Tries it with one of them.
        together: Whether it runs all of them in one go, so that the first stands for all.
    """

    names: tuple[str, ...]
    check: Callable[[Inference, str], Awaitable[None]]
    together: bool = False

    @property
    def cases(self) -> tuple[str, ...]:
        """The models to be tried."""
        return self.names[:1] if self.together else self.names


def soon() -> Deadline:
    return Deadline.after(60)


def assert_levels(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerances.ALIGNED_LEVELS


def assert_vectors(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerances.VECTOR_SHARE * np.abs(expected).max()


def raws(number: int, seed: int) -> np.ndarray:
    """Return embeddings (number, 512) of nobody."""
    told = [recognition.arcface(crop) for crop in pictures(number, 112, seed)]
    return np.asarray(told, np.float32)


async def _arcface(inference: Inference, name: str) -> None:
    image, points = faces(112)
    crops, _ = aligned_crops(image, points, arcface.TEMPLATE, arcface.SIDE_PX)
    found = await arcface.ArcFace(inference, INLINE).embed(crops, deadline=soon())
    own = [crop_of(image, face, "arcface_112_v2", 112) for face in points]
    assert_vectors(found, np.array([recognition.arcface(crop) for crop in own]))


async def _crossface(inference: Inference, name: str) -> None:
    given = raws(3, 1)
    found = await crossface.CrossFace(name, inference).convert(given, deadline=soon())
    assert_vectors(found, np.array([recognition.crossface(name, raw) for raw in given]))


async def _swapper(inference: Inference, name: str) -> None:
    spec, contract = specs.SWAPPERS[name], swappers.CONTRACTS[name]
    swapper = network.SwapNetwork(spec, inference, INLINE, emap=recognition.emap())
    own, others, portrait, shown = raws(2, 2), raws(3, 3), None, None
    if spec.family.picture:
        image, points = faces(spec.family.picture.side_px)
        what = spec.family.picture
        (portrait,), _ = aligned_crops(image, points[1:2], what.template, what.side_px)
        shown = crop_of(image, points[1], *contract.picture)
    identity, latents, expected = IdentityEmbedding.of(own, portrait), [], []
    for target, weight in zip(others, WEIGHTS, strict=True):
        given = None if weight == 0.5 else target
        latents.append(await swapper.latent(identity, given, weight, deadline=soon()))
        if shown is None:
            told = swappers.told(name, own.astype(float), target.astype(float), weight)
            assert_vectors(latents[-1], told)
        expected.append(told if shown is None else shown)
    for side in (contract.side, 2 * contract.side):
        image, points = faces(side)
        crops, _ = aligned_crops(image, points, spec.template, side)
        found = await swapper.swap(crops, np.stack(latents), deadline=soon())
        for one, face, told in zip(found, points, expected, strict=True):
            crop = crop_of(image, face, contract.template, side)
            assert_levels(one, swappers.swapped(name, crop, told))


async def _restorer(inference: Inference, name: str) -> None:
    spec, (template, side) = restoring.RESTORERS[name], restorers.CONTRACTS[name]
    image, points = faces(side)
    crops, _ = aligned_crops(image, points, spec.template, spec.side_px)
    for weight in (0.5, 0.9) if spec.weighted else (0.5,):
        restorer = restoring.FaceRestorer(spec, inference, INLINE)
        found = await restorer.restore(crops, weight=weight, deadline=soon())
        for one, face in zip(found, points, strict=True):
            crop = crop_of(image, face, template, side)
            assert_levels(one, restorers.restored(name, crop, weight))


async def _upscaler(inference: Inference, name: str) -> None:
    side, scale = upscalers.CONTRACTS[name]
    image = picture(side // 2, side + 9) if side > MOST_PX else picture(side + 9, side + side // 2)
    upscaler = upscaling.Upscaler(upscaling.UPSCALERS[name], inference, INLINE)
    found = await upscaler.upscale(image, deadline=soon(), batch=3 if side <= MOST_PX else 1)
    assert_levels(found, upscalers.upscaled(image, scale))


async def _live_portrait(inference: Inference, name: str) -> None:
    (before, points), (after, _) = faces(512), faces(512, seed=5)
    template, side = live_portrait.TEMPLATE, live_portrait.SIDE_PX
    shown, wanted = (aligned_crops(image, points, template, side)[0] for image in (before, after))
    own, others = (
        [crop_of(image, face, portraits.TEMPLATE, portraits.SIDE) for face in points]
        for image in (before, after)
    )
    for factor, regions in ((0.8, ("upper", "lower")), (1.0, ("upper",)), (0.5, ("lower",))):
        found = await live_portrait.LivePortrait(inference, INLINE).express(
            shown,
            wanted,
            factor=factor,
            upper="upper" in regions,
            lower="lower" in regions,
            deadline=soon(),
        )
        for one, *crops in zip(found, own, others, strict=True):
            assert_levels(one, portraits.expressed(*crops, factor, regions))


async def _detector(inference: Inference, name: str) -> None:
    detector = NetworkDetector(detecting.DETECTORS[name], inference, INLINE)
    for angles in ((), (90,)):
        found = await detector.find(
            detectors.shown(), min_score=0.5, angles=angles, deadline=soon()
        )
        views = [detectors.found(angle) for angle in (0, *angles)]
        scores, sides, boxes, points = (np.mean(told, axis=0) for told in zip(*views, strict=True))
        assert found.scores.shape == scores.shape
        assert np.abs(found.scores - scores).max() <= tolerances.VECTOR_SHARE
        mouth = points[:, 3:].mean(1, keepdims=True)
        four = np.concatenate([points[:, :3], mouth], axis=1)
        for ours, theirs in (
            (found.sides, sides),
            (found.boxes, boxes),
            (found.points[:, :4], four),
        ):
            assert np.abs(ours - theirs).max() <= tolerances.SEEN_PX


async def _xseg(inference: Inference, name: str) -> None:
    crops = pictures(3, xseg.SIDE_PX, 4)
    found = await xseg.XSeg(name, inference, INLINE).seen(crops, deadline=soon())
    assert_vectors(found, np.array([parsers.seen(crop) for crop in crops]))


async def _bisenet(inference: Inference, name: str) -> None:
    crops = pictures(3, bisenet.SIDE_PX, 4)
    found = await bisenet.BiSeNet(name, inference, INLINE).classes(crops, deadline=soon())
    assert found.dtype == np.uint8
    told = np.array([parsers.classes(crop) for crop in crops])
    assert (found == told).mean() >= tolerances.SAME_CLASS


async def _fairface(inference: Inference, name: str) -> None:
    crops = classifiers.crops()
    found = await fairface.FairFace(inference, INLINE).classify(crops, deadline=soon())
    told = [classifiers.looks(crop) for crop in crops]
    assert [(one.gender, one.race, one.youngest, one.oldest) for one in found] == told


def _family(name: str) -> Adaptor:
    members = (spec.name for spec in specs.SWAPPERS.values() if spec.family.name == name)
    return Adaptor(tuple(members), _swapper)


ADAPTORS: Mapping[str, Adaptor] = {
    "anchors": Adaptor(("scrfd_2.5g", "retinaface_10g"), _detector),
    "yolo_face": Adaptor(("yolo_face",), _detector),
    "yunet": Adaptor(("yunet",), _detector),
    "xseg": Adaptor(("xseg_1", "xseg_2", "xseg_3"), _xseg),
    "bisenet": Adaptor(("bisenet_resnet_18", "bisenet_resnet_34"), _bisenet),
    "fairface": Adaptor(("fairface",), _fairface),
    "arcface": Adaptor(("arcface_w600k_r50",), _arcface),
    "crossface": Adaptor(tuple(recognition.SHIFTS), _crossface),
    **{
        family: _family(family)
        for family in (
            "inswapper",
            "hyperswap",
            "simswap",
            "ghost",
            "hififace",
            "blendswap",
            "uniface",
        )
    },
    "restoring": Adaptor(tuple(restorers.CONTRACTS), _restorer),
    "live_portrait": Adaptor(tuple(portraits.STANDINS), _live_portrait, together=True),
    "upscaling": Adaptor(tuple(upscalers.CONTRACTS), _upscaler),
}
"""By the name of the adaptor."""
