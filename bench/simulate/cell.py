"""A piece of a large cluster, request by request: a few Triton servers and what goes with them.

Gateways spread their calls over all servers, so each server meets its share of all arrivals,
whatever the size of the cluster: a piece of it tells what pictures meet at its load.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import simpy

from bench.simulate.a100 import A100
from bench.simulate.gateways import Permits, SimulatedGateway
from bench.simulate.stations import Batcher, Network, Sharing, cores
from gateway.models.profiles import LIVE, PICTURE, VIDEO

Steps = Generator[simpy.Event, object, None]


@dataclass(frozen=True)
class Size:
    """What is there, and what comes.

    Attributes:
        tritons: Servers, each with a GPU.
        gateways: Their number.
        gateway_cores: Of each.
        pictures: A second.
        picture_core_s: Seconds of a core for each.
        streams: Live ones.
        lanes: Frames of films that are worked on at the same time.
        lane_core_s: Seconds of a core for each.
    """

    tritons: int
    gateways: int
    gateway_cores: float
    pictures: float
    picture_core_s: float
    streams: int
    lanes: int
    lane_core_s: float


@dataclass(frozen=True)
class Found:
    """What was found in a piece of a cluster.

    Attributes:
        p50_s: Median latency of pictures.
        p99_s: Their ninety-ninth percentile.
        refused: Share of pictures.
        busy: Share of the GPUs' time.
        pending: Requests that wait at each server, on average.
        queue_over_compute: Time in queues over time of computing, by requests.
        film_frames: A second.
        mean_rows: Of the swapper's batches.
    """

    p50_s: float
    p99_s: float
    refused: float
    busy: float
    pending: float
    queue_over_compute: float
    film_frames: float
    mean_rows: float


class Server:
    """Triton on one GPU: networks that take turns on it."""

    def __init__(self, env: simpy.Environment, networks: Mapping[str, Network]) -> None:
        self._env, self.gpu = env, Sharing(env, cores(1))
        self.networks = {
            name: Batcher(env, network, partial(self._compute, network))
            for name, network in networks.items()
        }

    def _compute(self, network: Network, rows: int) -> simpy.Event:
        return self._env.process(self._computed(network, rows))

    def _computed(self, network: Network, rows: int) -> Steps:
        """Layers follow one another, however few rows; what rows add keeps the GPU busy."""
        yield self._env.timeout(network.first_s)
        yield self.gpu.work(network.row_s * rows)


class Cell:
    """The piece, from its beginning to a given second.

    Args:
        a100: What is reckoned with.
        size: What is there.
        permits: Of each gateway.
        seed: Of all that is random.
    """

    def __init__(self, a100: A100, size: Size, permits: Permits, seed: int) -> None:
        self._a100, self._size = a100, size
        self._rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.servers = [Server(self.env, a100.networks()) for _ in range(size.tritons)]
        self.gateways = [
            (SimulatedGateway(self.env, permits), Sharing(self.env, cores(size.gateway_cores)))
            for _ in range(size.gateways)
        ]
        self.lanes = Sharing(self.env, cores(size.lanes))
        self.film_frames = 0

    def run(self, seconds: float) -> Found:
        """Return what happens in so many seconds."""
        env, size = self.env, self._size
        if size.pictures:
            env.process(self._pictures())
        for _ in range(size.streams):
            env.process(self._stream())
        for _ in range(size.lanes):
            env.process(self._lane())
        env.run(until=seconds)
        seen = [gateway.seen for gateway, _ in self.gateways]
        latencies = [one for gateway in seen for one in gateway.latencies_s] or [0.0]
        batchers = [b for server in self.servers for b in server.networks.values()]
        waited_s = sum(b.waited_s for b in batchers)
        computed_s = sum(b.computed_s for b in batchers)
        swaps = [rows for s in self.servers for rows in s.networks["swapper"].batches] or [0]
        return Found(
            float(np.percentile(latencies, 50)),
            float(np.percentile(latencies, 99)),
            sum(one.refused for one in seen) / max(1, sum(one.arrived for one in seen)),
            sum(s.gpu.done_s for s in self.servers) / seconds / size.tritons,
            waited_s / seconds / size.tritons,
            waited_s / computed_s if computed_s else 0.0,
            self.film_frames / seconds,
            float(np.mean(swaps)),
        )

    def _pictures(self) -> Steps:
        while True:
            yield self.env.timeout(float(self._rng.exponential(1 / self._size.pictures)))
            gateway, threads = self.gateways[int(self._rng.integers(len(self.gateways)))]
            self.env.process(gateway.request(partial(self._picture, threads)))

    def _picture(self, threads: Sharing) -> Steps:
        """Read both pictures, find the faces in both, change one, answer."""
        part_s = self._size.picture_core_s / 3
        yield threads.work(part_s)
        source = self.env.process(self._calls(PICTURE, "detector", "landmarks", "embedding"))
        target = self.env.process(self._calls(PICTURE, "detector", "landmarks"))
        yield self.env.all_of([source, target])
        yield threads.work(part_s)
        yield from self._calls(PICTURE, "swapper")
        yield threads.work(part_s)

    def _calls(self, priority: int, *names: str) -> Steps:
        for name in names:
            server = self.servers[int(self._rng.integers(len(self.servers)))]
            yield server.networks[name].ask(priority)

    def _stream(self) -> Steps:
        """Send a frame whenever it is time for one, whatever became of those before."""
        apart_s = 1 / float(self._a100.load["frames_a_second"])
        yield self.env.timeout(float(self._rng.uniform(0, apart_s)))
        while True:
            self.env.process(self._calls(LIVE, *self._a100.chains["frame"]))
            yield self.env.timeout(apart_s)

    def _lane(self) -> Steps:
        """Make frames of films, one after another."""
        while True:
            spread = float(self._rng.uniform(0.8, 1.2))
            yield self.lanes.work(spread * self._size.lane_core_s)
            yield from self._calls(VIDEO, *self._a100.chains["frame"])
            self.film_frames += 1
