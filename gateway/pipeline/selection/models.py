"""Choice of models for the requested steps: installed networks, or processors without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.compute import Compute
from gateway.errors import InvalidOptions
from gateway.inference.protocol import Inference
from gateway.networks.arcface import ArcFace
from gateway.networks.available import AvailableModels
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.detecting.specs import DETECTORS
from gateway.networks.fairface import FAIRFACE, FairFace
from gateway.networks.live_portrait import MODELS as LIVE_PORTRAIT_MODELS
from gateway.networks.live_portrait import LivePortrait
from gateway.networks.restoring import RESTORERS
from gateway.networks.swapping.network import SwapNetwork
from gateway.networks.swapping.specs import SWAPPERS
from gateway.networks.upscaling import UPSCALERS, Upscaler
from gateway.pipeline.options.choices import AUTO, CLASSICAL, LIVE_PORTRAIT, MESH, MORPHABLE
from gateway.pipeline.options.swap import SwapOptions
from gateway.processors.face_enhancer import ClassicalEnhancer, Enhancer, NetworkEnhancer
from gateway.processors.face_swapper import SwapSettings
from gateway.processors.frame_enhancer import (
    ClassicalFrameEnhancer,
    FrameEnhancer,
    NetworkFrameEnhancer,
)
from gateway.processors.live_portrait import LiveRestorer
from gateway.processors.network_swapper import NetworkSettings, NetworkSwapper

T = TypeVar("T", bound=SwapOptions)


@dataclass(frozen=True, slots=True, eq=False)
class SelectedModels:
    """The processors that change faces.

    Attributes:
        swapper: A network that swaps; None if the mesh swapper does.
        restorer: A network that gives expressions; None if the morphable model does.
        enhancer: The face enhancer; None for no enhancement.
    """

    swapper: NetworkSwapper | None = None
    restorer: LiveRestorer | None = None
    enhancer: Enhancer | None = None


class ModelSelector:
    """The third-party models that are at hand.

    Attributes:
        inference: The backend that runs them, and our own.
        compute: Threads for array work.
        pulled: The installed networks.
    """

    def __init__(
        self, inference: Inference, compute: Compute, pulled: AvailableModels | None = None
    ) -> None:
        """Take what runs them and the array work, and which there are; none by default."""
        self.inference = inference
        self.compute = compute
        self.pulled = pulled or AvailableModels()

    def resolve(self, options: T) -> T:
        """Return options with all models named, where they leave them open.

        Raises:
            UnknownModel: a network is named that has not been installed.
            ModelNotPermitted: one is named that may not be used here.
        """
        steps = set(options.processors)
        chosen: dict[str, str] = {}

        def settle(field: str, best: Sequence[str], own: str) -> None:
            name: str = getattr(options, field)
            if name == AUTO:
                chosen[field] = self.pulled.best(best) or own
            elif name != own:
                self.pulled.require(name, f"/{field}")

        if "face_swapper" in steps:
            settle("swapper_model", tuple(SWAPPERS), MESH)
        if "face_enhancer" in steps:
            settle("enhancer_model", tuple(RESTORERS), CLASSICAL)
        if "frame_enhancer" in steps:
            settle("frame_enhancer_model", self._upscalers(options), CLASSICAL)
        if "expression_restorer" in steps:
            live = self.pulled.names.issuperset(LIVE_PORTRAIT_MODELS)
            if options.expression_model == AUTO:
                chosen["expression_model"] = LIVE_PORTRAIT if live else MORPHABLE
            elif options.expression_model == LIVE_PORTRAIT:
                for model in LIVE_PORTRAIT_MODELS:
                    self.pulled.require(model, "/expression_model")
        for model, pointer in options.helping_networks.items():
            self.pulled.require(model, pointer)
        settled = options.model_copy(update=chosen)
        _require_possible(settled)
        return settled

    def finders(self) -> dict[str, NetworkDetector]:
        """Return the detectors that may be used, by name."""
        return {
            name: NetworkDetector(spec, self.inference, self.compute)
            for name, spec in DETECTORS.items()
            if name in self.pulled.names
        }

    def classifier(self) -> FairFace | None:
        """Return the attribute classifier; None if it may not be used."""
        if FAIRFACE not in self.pulled.names:
            return None
        return FairFace(self.inference, self.compute)

    def _upscalers(self, options: SwapOptions) -> list[str]:
        least = options.frame_enhancer_scale
        return [
            spec.name
            for spec in UPSCALERS.values()
            if spec.automatic and spec.tiling.scale >= least
        ]

    def build(self, options: SwapOptions) -> SelectedModels:
        """Return the processors that change faces, by options that leave nothing open."""
        return SelectedModels(
            self._swapper(options), self._restorer(options), self.enhancer(options)
        )

    def enhancer(self, options: SwapOptions) -> Enhancer | None:
        """Return the face enhancer; None if it is not requested."""
        if "face_enhancer" not in options.processors:
            return None
        name = options.enhancer_model
        if name not in RESTORERS:
            return ClassicalEnhancer(self.compute)
        return NetworkEnhancer(name, self.inference, self.compute, weight=options.enhancer_weight)

    def frame_enhancer(self, options: SwapOptions) -> FrameEnhancer | None:
        """Return the frame enhancer; None if it is not requested."""
        if "frame_enhancer" not in options.processors or options.frame_enhancer_blend == 0:
            return None
        spec = UPSCALERS.get(options.frame_enhancer_model)
        if spec is None:
            return ClassicalFrameEnhancer(self.compute)
        return NetworkFrameEnhancer(Upscaler(spec, self.inference, self.compute), self.compute)

    def _swapper(self, options: SwapOptions) -> NetworkSwapper | None:
        spec = SWAPPERS.get(options.swapper_model)
        if spec is None or "face_swapper" not in options.processors:
            return None
        emap = self.pulled.emaps.get(spec.name)
        return NetworkSwapper(
            SwapNetwork(spec, self.inference, self.compute, emap=emap),
            ArcFace(self.inference, self.compute),
            self.compute,
            NetworkSettings(
                options.pixel_boost or spec.side_px, options.swapper_weight, swap_settings(options)
            ),
        )

    def _restorer(self, options: SwapOptions) -> LiveRestorer | None:
        if options.expression_model != LIVE_PORTRAIT:
            return None
        return LiveRestorer(LivePortrait(self.inference, self.compute), self.compute)


def swap_settings(options: SwapOptions) -> SwapSettings:
    """Return how faces are swapped, by options."""
    return SwapSettings(
        shape=options.shape,
        edge=options.masks.blur,
        inset=options.masks.padding,
        wrinkles=options.wrinkles,
        eyes=options.eyes,
    )


def _require_possible(options: SwapOptions) -> None:
    """Check sizes against those of the networks that options name.

    Raises:
        InvalidOptions: a network cannot make pictures so large, or work on crops of that size.
    """
    found = []
    upscaler = UPSCALERS.get(options.frame_enhancer_model)
    most = 1 if upscaler is None else upscaler.tiling.scale
    if options.frame_enhancer_scale > most:
        how_far = f"{most} times larger at most" if most > 1 else "no larger"
        detail = f"`{options.frame_enhancer_model}` makes pictures {how_far}"
        found.append({"pointer": "/frame_enhancer_scale", "detail": detail})
    swapper = SWAPPERS.get(options.swapper_model)
    if swapper is not None and options.pixel_boost not in (None, *swapper.boosts):
        detail = f"`{swapper.name}` works on {', '.join(map(str, swapper.boosts))} pixels"
        found.append({"pointer": "/pixel_boost", "detail": detail})
    if found:
        raise InvalidOptions(errors=found)
