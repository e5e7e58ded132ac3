"""The renderings, each made once."""

import copy
from functools import cache

import pytest

from tools.manifests.combinations import Combination
from tools.manifests.manifests import Manifests
from tools.manifests.render import kubectl, objects, render


@cache
def _objects(combination):
    return objects(render(combination))


def rendered(overlay, *components):
    """Return a rendering of one's own, which may be changed."""
    if kubectl() is None:
        pytest.skip("kubectl is not installed")
    combination = Combination(overlay, components)
    return Manifests(str(combination), copy.deepcopy(_objects(combination)), components)
