"""The parts of the service for threads with an event loop of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from gateway.compute import Compute
from gateway.inference.cross_loop import CrossLoopInference, RoutingInference
from gateway.inference.local import LocalInference
from gateway.inference.protocol import Inference
from gateway.pipeline.toolkit import Toolkit
from gateway.settings import Settings


class ThreadToolkits:
    """Makes the parts that change faces, for the thread that asks for them."""

    def __init__(self, settings: Settings, kit: Toolkit, inline: Collection[str] = ()) -> None:
        """Take the settings, the service's parts, and models to run right here instead."""
        self._settings = settings
        self._kit = kit
        self._inline = inline
        self._own = threading.local()
        self._made: list[LocalInference] = []
        self._lock = threading.Lock()

    def of(self, home: asyncio.AbstractEventLoop) -> Toolkit:
        """Return the parts for this thread; the service's networks belong to the loop `home`."""
        return self._kit.over(self._near(home), Compute(inline=True))

    async def close(self) -> None:
        """Close the networks of all threads, none of which may be running any more."""
        with self._lock:
            made, self._made = self._made, []
        for inference in made:
            await inference.close()

    def _near(self, home: asyncio.AbstractEventLoop) -> Inference:
        """Return the service's networks, of which some are run right here."""
        elsewhere = CrossLoopInference(self._kit.models.inference, home)
        if not self._inline:
            return elsewhere
        if not hasattr(self._own, "inference"):
            settings = self._settings
            self._own.inference = LocalInference(
                settings.model_repository,
                providers=settings.execution_providers,
                intra_op_threads=settings.intra_op_threads,
                inline=True,
            )
            with self._lock:
                self._made.append(self._own.inference)
        own: LocalInference = self._own.inference
        return RoutingInference(own, self._inline, elsewhere)
