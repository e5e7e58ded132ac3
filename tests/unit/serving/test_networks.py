"""What of the zoo a service may use, and what runs where."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import SetupIncomplete
from gateway.inference.cross_loop import RoutingInference
from gateway.models.records import EMAP_FILE, INSTALL_RECORD, MODEL_FILE, Installed
from gateway.models.zoo import ZOO_FILE
from gateway.paths import PROJECT_ROOT
from gateway.serving.installed_models import ROOM, installed_models
from gateway.settings import Settings

ARCFACE = "arcface_w600k_r50"


@pytest.fixture
def repository(tmp_path):
    shutil.copy(PROJECT_ROOT / "model_repository" / ZOO_FILE, tmp_path)
    return tmp_path


def install(repository: Path, *names: str) -> None:
    for name in names:
        folder = repository / name / "1"
        folder.mkdir(parents=True)
        (folder / MODEL_FILE).write_bytes(b"x" * 1000)
        record = Installed(name, "", "file", "", "", 1000, 8, half_agrees=False, notes=())
        (folder / INSTALL_RECORD).write_text(json.dumps(asdict(record)))
        if name.startswith("inswapper"):
            np.save(folder / EMAP_FILE, np.eye(512, dtype=np.float32))


def guests(repository, **settings):
    return installed_models(Settings(model_repository=repository, **settings))


def test_nothing_is_there_at_first(repository):
    found = guests(repository)
    assert (found.pulled.names, dict(found.models), dict(found.sizes)) == (frozenset(), {}, {})


def test_what_is_whole_may_be_used_and_takes_room(repository):
    install(repository, ARCFACE, "inswapper_128", "gfpgan_1.4")
    found = guests(repository)
    assert found.pulled.names == {ARCFACE, "inswapper_128", "gfpgan_1.4"}
    assert found.pulled.emaps["inswapper_128"].shape == (512, 512)
    assert found.sizes["gfpgan_1.4"] == ROOM * 1000
    assert found.models["gfpgan_1.4"].license


def test_what_lacks_something_is_left_out(repository):
    install(repository, "inswapper_128", "ghost_1_256", "gfpgan_1.4")
    assert guests(repository).pulled.names == {"gfpgan_1.4"}


def test_for_commercial_use_only_what_clearly_may_be(repository):
    install(repository, ARCFACE, "inswapper_128", "gfpgan_1.4", "yunet", "real_esrgan_x2")
    found = guests(repository, require_commercial_license=True).pulled
    assert {"inswapper_128", ARCFACE} <= found.refused
    assert {"yunet", "real_esrgan_x2"} <= found.names
    assert not found.names & found.refused


@pytest.mark.parametrize("broken", [b"", b"no matrix"])
def test_a_swapper_whose_matrix_cannot_be_read_is_told(repository, broken):
    install(repository, ARCFACE, "inswapper_128")
    (repository / "inswapper_128" / "1" / EMAP_FILE).write_bytes(broken)
    with pytest.raises(SetupIncomplete, match="inswapper_128"):
        guests(repository)


class Runner:
    """Says who ran what."""

    def __init__(self, name):
        self.name = name
        self.closed = False

    async def infer(self, model, inputs, *, deadline):
        return {self.name: np.zeros(1)}

    async def model_states(self):
        return [self.name]

    async def close(self):
        self.closed = True


async def test_some_models_run_here_and_the_others_elsewhere():
    here, there = Runner("here"), Runner("there")
    both = RoutingInference(here, ["mesh"], there)
    for model, name in (("mesh", "here"), ("inswapper_128", "there")):
        assert list(await both.infer(model, {}, deadline=Deadline.after(1))) == [name]
    assert await both.model_states() == ["there"]
    await both.close()
    assert (here.closed, there.closed) == (True, False)
