"""Whether requests may be sent: all models ready and sound, and no shutdown ahead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from gateway.errors import ContractViolation, ModelNotReady, SemblantError, ShuttingDown
from gateway.inference.contracts import ModelContract
from gateway.inference.protocol import Inference, ModelState
from gateway.inference.self_test import require_sound
from gateway.serving.metrics import Metrics

log = logging.getLogger(__name__)

_SELF_TEST_S = 30.0


class Health:
    """The result of the last readiness check of the models.

    Args:
        inference: The inference that runs them.
        contracts: Those that must be ready, by name.
        metrics: Updated with the readiness of each.
    """

    def __init__(
        self, inference: Inference, contracts: Mapping[str, ModelContract], metrics: Metrics
    ) -> None:
        self._inference = inference
        self._contracts = contracts
        self._metrics = metrics
        self._states: dict[str, ModelState] = {}
        self._problem: SemblantError | None = ModelNotReady("The models have not been looked at.")
        self._leaving = False

    @property
    def states(self) -> list[ModelState]:
        """The models that must be ready, as last seen, by name."""
        return [self._state(name) for name in sorted(self._contracts)]

    @property
    def seen(self) -> Mapping[str, ModelState]:
        """All models that the backend knows, as last seen, by name."""
        return self._states

    @property
    def problem(self) -> SemblantError | None:
        """Why no requests should be sent; None when they may."""
        return ShuttingDown(retry_after_s=1) if self._leaving else self._problem

    @property
    def leaving(self) -> bool:
        """Whether the service is about to end."""
        return self._leaving

    def leave(self) -> None:
        """Turn unready for good, ahead of shutting down."""
        self._leaving = True

    async def look(self) -> None:
        """Ask for the models' states; those that came (back) are tested before they count."""
        self._states = {state.name: state for state in await self._inference.model_states()}
        self._metrics.models(self.states)
        was = self._problem
        if missing := [state for state in self.states if not state.ready]:
            told = ", ".join(state.name for state in missing)
            self._problem = ModelNotReady(f"Not ready: {told}.", retry_after_s=1)
        elif was is not None:
            self._problem = await self._unsound()
        if self._problem is None and was is not None:
            log.info("ready")
        elif self._problem is not None and (was is None or was.detail != self._problem.detail):
            log.warning("not ready: %s", self._problem.detail)

    async def watch(self, interval_s: float) -> None:
        """Look again and again, `interval_s` seconds apart, until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self.look()
            except Exception:  # any error: the next check may succeed
                log.exception("looking at the models failed")

    def require(self) -> None:
        """Raise what keeps the service from being ready, if anything does."""
        if self.problem is not None:
            raise self.problem

    def _state(self, name: str) -> ModelState:
        return self._states.get(name) or ModelState(name, "", False, "unknown to the server")

    async def _unsound(self) -> SemblantError | None:
        try:
            await require_sound(self._inference, self._contracts.values(), timeout_s=_SELF_TEST_S)
        except ContractViolation as error:
            return ModelNotReady(error.detail, retry_after_s=5)
        return None
