from pathlib import Path

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded, SetupIncomplete, UnknownModel
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


async def test_inline_gives_the_same_answers(tmp_path: Path):
    write_repository(tmp_path)
    inputs = {
        "a": np.arange(80, dtype=np.float32).reshape(20, 4),
        "b": np.ones((20, 4), np.float32),
    }
    answers = []
    for inline in (False, True):
        inference = LocalInference(tmp_path, inline=inline)
        answers.append(await inference.infer("add", inputs, deadline=Deadline.after(30)))
        await inference.close()
    for name in answers[0]:
        np.testing.assert_array_equal(answers[0][name], answers[1][name])


async def test_inline_notices_a_deadline_that_passed_meanwhile(tmp_path: Path):
    write_repository(tmp_path)
    inference = LocalInference(tmp_path, inline=True)
    await inference.infer(
        "slow", {"rounds": np.ones((1, 1), np.int64)}, deadline=Deadline.after(30)
    )
    with pytest.raises(DeadlineExceeded):
        await inference.infer(
            "slow", {"rounds": np.full((1, 1), 200)}, deadline=Deadline.after(0.005)
        )
    await inference.close()


async def test_an_unknown_model(tmp_path: Path):
    inference = LocalInference(tmp_path)
    with pytest.raises(UnknownModel):
        await infer(inference, "nothing")
    await inference.close()
