"""The content gate: how often it stops what is harmless."""

from __future__ import annotations

import asyncio

import numpy as np

from bench.figures import Figure, figure
from bench.running import Run
from bench.trust.watermark import pictures
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.local import LocalInference
from gateway.networks.open_nsfw import OpenNsfw
from gateway.settings import Settings


def measure(run: Run) -> dict[str, Figure]:
    """Return the share of portraits that would be refused."""
    settings = Settings()
    scores = asyncio.run(_scores(settings, run.size(300, 2)))
    refused = 100.0 * float(np.mean(np.array(scores) >= settings.content_threshold_pct / 100))
    what = f"of {len(scores)} portraits at or above {settings.content_threshold_pct:g} %"
    return {
        "content_score": figure(scores, "", "of official portraits"),
        "content_false_alarms_pct": figure([refused], "%", what),
    }


async def _scores(settings: Settings, most: int) -> list[float]:
    compute = Compute(1)
    inference = LocalInference(settings.model_repository)
    network = OpenNsfw(inference, compute)
    try:
        return [
            float((await network.scores([rgb], deadline=Deadline.after(60)))[0])
            for rgb in pictures(most)
        ]
    finally:
        await inference.close()
        compute.close()
