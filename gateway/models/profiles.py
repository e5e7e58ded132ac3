"""Triton's configuration of a model, by the machine it runs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ProfileName = Literal["cpu", "gpu", "a100"]


@dataclass(frozen=True, slots=True)
class Queue:
    """How long requests of one priority may wait, and how many of them.

    Attributes:
        meaning: The kind of request it holds.
        timeout_us: Microseconds a request may wait; afterwards it is refused.
        size: Requests that may wait; further ones are refused.
    """

    meaning: str
    timeout_us: int
    size: int


LIVE, PICTURE, VIDEO = 1, 2, 3
"""Priorities: lower numbers go first, always."""

QUEUES: Mapping[int, Queue] = MappingProxyType(
    {
        # Callers pass a timeout; a server 2.51 that does not wake its queue takes half a second.
        LIVE: Queue("live: a late answer is of no use", 1_000_000, 16),
        PICTURE: Queue("pictures, and whoever says nothing", 5_000_000, 256),
        VIDEO: Queue("videos: they wait for everybody else", 30_000_000, 256),
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Triton's settings on one kind of machine.

    Attributes:
        name: Its name for users.
        gpu: Whether networks run on a GPU, built by TensorRT.
        delay_us: Microseconds to wait for more requests of a batch.
        usual_batch: The batch that TensorRT is to be best at.
        small_instances: Instances of a network of less than `LARGE_BYTES`.
        large_instances: Instances of the others.
        workspace_bytes: GPU memory that TensorRT may use while it builds.
        joined_bytes: Bytes of inputs up to which rows of the zoo's networks are joined; None: as
            many as a network takes. On a CPU a core does several rows no faster than one by one,
            and large ones fall out of its caches (docs/CAPACITY.md).
    """

    name: ProfileName
    gpu: bool
    delay_us: int
    usual_batch: int
    small_instances: int
    large_instances: int
    workspace_bytes: int
    joined_bytes: int | None = None


LARGE_BYTES = 150 * 10**6
"""A network's file from which on a GPU is busy with one instance of it."""

PROFILES: Mapping[ProfileName, Profile] = MappingProxyType(
    {
        "cpu": Profile("cpu", False, 0, 8, 2, 2, 0, joined_bytes=2**20),
        "gpu": Profile("gpu", True, 500, 4, 1, 1, 2 * 2**30),
        "a100": Profile("a100", True, 300, 8, 2, 1, 8 * 2**30),
    }
)
