"""The networks of the zoo that this service may use, and the room they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gateway.arrays import F32
from gateway.errors import SetupIncomplete
from gateway.models.records import EMAP_FILE, MODEL_FILE, installed
from gateway.models.zoo import Zoo, ZooModel, load_zoo
from gateway.networks.available import AvailableModels
from gateway.settings import Settings

ROOM = 1.5
"""Ratio of a model's run-time memory to its file size: weights and work space."""


@dataclass(frozen=True, slots=True, eq=False)
class InstalledModels:
    """The installed models.

    Attributes:
        pulled: The networks that may be used.
        models: All that are installed, by name.
        sizes: Bytes of memory each uses when it runs, by name.
    """

    pulled: AvailableModels = field(default_factory=AvailableModels)
    models: Mapping[str, ZooModel] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


NO_MODELS = InstalledModels()


def installed_models(settings: Settings) -> InstalledModels:
    """Look for networks of the zoo in the model repository.

    Raises:
        SetupIncomplete, ContractViolation: the zoo, or its installed part, cannot be read.
    """
    zoo = load_zoo(settings.model_repository)
    have = installed(settings.model_repository)
    whole = {
        name: zoo.model(name)
        for name in sorted(have)
        if all(needed.name in have for needed in zoo.with_needs(name))
    }
    refused = {
        name
        for name, model in whole.items()
        if settings.require_commercial_license and not model.usable_commercially
    }
    emaps = {name: _emap(zoo, name) for name, model in whole.items() if model.emap}
    sizes = {name: int(ROOM * (zoo.folder(name) / MODEL_FILE).stat().st_size) for name in whole}
    pulled = AvailableModels(frozenset(whole) - refused, frozenset(refused), emaps)
    return InstalledModels(pulled, whole, sizes)


def _emap(zoo: Zoo, name: str) -> F32:
    """Return the matrix (512, 512) that comes with a swapper."""
    path = zoo.folder(name) / EMAP_FILE
    try:
        return np.asarray(np.load(path, allow_pickle=False), np.float32)
    except (OSError, EOFError, ValueError) as error:
        raise SetupIncomplete(f"{name} is not complete; pull it again.") from error
