"""The numbers of a100.toml, typed, and scaled by how far they may be off."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.simulate.arrivals import Bursts, Curve
from bench.simulate.stations import Network
from gateway.models.profiles import PROFILES, QUEUES

FILE = Path(__file__).with_name("a100.toml")
LARGE = ("swapper", "restorer")
"""Networks of which the profile a100 has one instance."""


@dataclass(frozen=True)
class A100:
    """What is reckoned with.

    Attributes:
        gpu_ms: Of a row by network.
        first_ms: That a batch takes besides, while the GPU is free for others.
        megabytes: Of a row by network, there and back.
        chains: Rows by network, of a picture and of a frame.
        film_frame_ms: Core milliseconds of a film's frame.
        live_frame_ms: Core milliseconds of a live frame.
        load: What comes.
        starts: What starting takes.
        spot: How nodes are lost.
        limits: Of what is shared.
        prices: In US dollars an hour.
    """

    gpu_ms: Mapping[str, float]
    first_ms: float
    megabytes: Mapping[str, float]
    chains: Mapping[str, Mapping[str, int]]
    film_frame_ms: float
    live_frame_ms: float
    load: Mapping[str, Any]
    starts: Mapping[str, float]
    spot: Mapping[str, float]
    limits: Mapping[str, float]
    prices: Mapping[str, float]

    @classmethod
    def read(cls, gpu_times: float = 1.0) -> A100:
        """Read the file; the GPU's times are multiplied by a factor."""
        read = tomllib.loads(FILE.read_text())
        return cls(
            {name: gpu_times * likely for name, (likely, _, _) in read["gpu_ms"].items()},
            gpu_times * read["batch"]["first_ms"],
            read["megabytes"],
            read["chains"],
            read["core_ms"]["film_frame"][0],
            read["core_ms"]["live_frame"][0],
            read["load"],
            read["starts"],
            read["spot"],
            read["limits"],
            read["prices"],
        )

    def gpu_s(self, chain: str) -> float:
        """Return seconds of the GPU for a picture or a frame."""
        return sum(rows * self.gpu_ms[name] for name, rows in self.chains[chain].items()) / 1e3

    def gigabits(self, chain: str) -> float:
        """Return what a picture or a frame sends to Triton and gets back."""
        each = self.chains[chain].items()
        return 8e-3 * sum(rows * self.megabytes[name] for name, rows in each)

    def networks(self) -> dict[str, Network]:
        """Return the networks as the profile a100 configures them."""
        profile, found = PROFILES["a100"], {}
        usual = profile.usual_batch
        for name, row_ms in self.gpu_ms.items():
            found[name] = Network(
                self.first_ms / 1e3,
                row_ms / 1e3,
                usual,
                profile.large_instances if name in LARGE else profile.small_instances,
                profile.delay_us / 1e6,
                (usual,),
                tuple(queue.size for queue in QUEUES.values()),
            )
        return found

    def curve(self) -> Curve:
        """Return what comes by the hour and the day."""
        return Curve(tuple(self.load["hours"]), tuple(self.load["days"]))

    def bursts(self) -> Bursts:
        """Return the bursts of pictures."""
        return Bursts(**self.load["bursts"])

    def start_s(self, part: str, *, engines_kept: bool = False) -> float:
        """Return seconds from the wish for a pod on a new node until it works."""
        s = self.starts
        if part != "triton":
            return s["small_node_s"] + s["small_pull_gb"] / s["pull_gb_s"] + s["small_start_s"]
        engines_s = s["cached_engines_s"] if engines_kept else s["engines_s"]
        return s["node_s"] + s["pull_gb"] / s["pull_gb_s"] + s["load_s"] + engines_s
