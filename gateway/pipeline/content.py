"""The content gate: sexual pictures are refused, and so is everything while nobody can look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from gateway.arrays import U8
from gateway.deadline import Deadline
from gateway.errors import ContentRefused, ContentUnchecked, InferenceError, UnknownModel
from gateway.networks.open_nsfw import OpenNsfw

GateMode = Literal["off", "report", "refuse"]
DIGITS = 4


class ContentGate:
    """Looks at pictures before they are used, and before they are delivered."""

    def __init__(self, network: OpenNsfw, mode: GateMode, threshold: float) -> None:
        """Take the network.

        Args:
            network: Predicts how likely pictures are sexual.
            mode: `off`: nothing is looked at; `report`: verdicts are reported; `refuse`: pictures
                at or above the threshold are refused, and all while the network is away.
            threshold: Of the probability, 0–1.
        """
        self._network, self.mode, self._threshold = network, mode, threshold

    async def check(
        self, pictures: Sequence[tuple[str, U8]], *, deadline: Deadline
    ) -> Mapping[str, float]:
        """Look at pictures, and return the highest score of each name; nothing if it is off.

        Args:
            pictures: Names for messages, such as `target`, and uint8 (H, W, 3) RGB.
            deadline: When the answer is of no use any more.

        Raises:
            ContentRefused: one is sexual, as far as the network can tell.
            ContentUnchecked: the network is away.
            DeadlineExceeded: by name.
        """
        if self.mode == "off" or not pictures:
            return {}
        try:
            scores = await self._network.scores([one for _, one in pictures], deadline=deadline)
        except (InferenceError, UnknownModel) as error:
            if self.mode == "report":
                return {}
            raise ContentUnchecked(retry_after_s=5) from error
        found: dict[str, float] = {}
        for (name, _), score in zip(pictures, scores.tolist(), strict=True):
            found[name] = round(max(found.get(name, 0.0), score), DIGITS)
        worst = max(found, key=lambda name: found[name])
        if self.mode == "refuse" and found[worst] >= self._threshold:
            raise ContentRefused(extra={"picture": worst, "score": found[worst]})
        return found
