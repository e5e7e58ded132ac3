from pathlib import Path

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import SetupIncomplete, UnknownModel
from gateway.inference.local import LocalInference
from tests.integration.tiny_repository import write_repository


async def infer(inference: LocalInference, model: str) -> object:
    return await inference.infer(
        model, {"x": np.zeros((1, 2), np.float32)}, deadline=Deadline.after(30)
    )


async def test_an_absent_provider_is_told_not_replaced(tmp_path: Path):
    write_repository(tmp_path)
    inference = LocalInference(tmp_path, providers=["NoSuchExecutionProvider"])
    with pytest.raises(SetupIncomplete, match="NoSuchExecutionProvider"):
        await infer(inference, "add")
    await inference.close()


async def test_an_unknown_model(tmp_path: Path):
    inference = LocalInference(tmp_path)
    with pytest.raises(UnknownModel):
        await infer(inference, "nothing")
    await inference.close()
