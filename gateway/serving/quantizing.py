"""Quantising a model of the repository: images → network inputs → INT8 → deviation."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gateway.compute import Compute
from gateway.disk import room_on_disk
from gateway.inference.local import LocalInference
from gateway.models.quantize import Comparison, Rows, quantize
from gateway.models.served import original, served_path
from gateway.serving.calibration import Gathered, check_supported, gather
from gateway.serving.installed_models import installed_models
from gateway.settings import Settings


async def quantize_model(
    settings: Settings, name: str, folder: Path, target: Path, *, most_rows: int
) -> tuple[Gathered, Comparison]:
    """Write a model in INT8, calibrated on images of faces, and return its deviation.

    The collected network inputs, which show faces, are stored in a private folder in the cache and
    removed afterwards.

    Args:
        settings: Settings with the folders of models and cache.
        name: Of the model; see `calibration.SUPPORTED`.
        folder: The pictures.
        target: The file to be written.
        most_rows: Rows of the network's input to be used at the most; a row is a face, for most.

    Raises:
        UnknownModel: it cannot be quantised, is not installed, or lacks one it needs.
        CalibrationTooSmall: there are too few pictures, or faces in them.
        ModelInvalid, ModelUnsound: it cannot be quantised, or answers nonsense then.
        StorageFull: there is no room.
        SemblantError: from the networks.
        OSError: a file cannot be read or written.
    """
    check_supported(name)
    source = original(served_path(settings.model_repository, name))
    compute = Compute(settings.cpu_threads)
    try:
        with room_on_disk():
            settings.cache_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="calibrating-", dir=settings.cache_dir) as rest:
                rows = Rows(Path(rest), most=most_rows)
                gathered = await _gather(settings, name, folder, rows, compute)
                return gathered, await compute.run(quantize, source, target, rows)
    finally:
        compute.close()


async def _gather(
    settings: Settings, name: str, folder: Path, rows: Rows, compute: Compute
) -> Gathered:
    inference = LocalInference(settings.model_repository)
    try:
        return await gather(
            name,
            folder,
            rows,
            inference=inference,
            compute=compute,
            pulled=installed_models(settings).pulled,
            max_pixels=settings.max_pixels,
        )
    finally:
        await inference.close()  # quantising needs the memory
