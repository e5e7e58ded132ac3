"""All third-party detectors with an adapter; `auto` is none of them."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.networks.detecting import anchors, yolo_face, yunet
from gateway.networks.detecting.spec import DetectorSpec

DETECTORS: Mapping[str, DetectorSpec] = {
    spec.name: spec for family in (anchors, yolo_face, yunet) for spec in family.SPECS
}
"""By the name of the model."""
