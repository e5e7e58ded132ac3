"""Adaptors of networks, through real ONNX files, in this process and on a real server."""

from __future__ import annotations

import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.inference.local import LocalInference
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT
from tests import standins
from tests.standins.tried import ADAPTORS, MUTANTS

MODELS = [
    pytest.param(adaptor, name, id=name) for adaptor, how in ADAPTORS.items() for name in how.names
]
ERRORS = [
    pytest.param(adaptor, mutant, id=f"{adaptor}-{mutant.error}")
    for adaptor, mutants in MUTANTS.items()
    for mutant in mutants
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return standins.repository(tmp_path_factory.mktemp("standins"))


@pytest.fixture(scope="module")
def single_rows(tmp_path_factory):
    return standins.repository(tmp_path_factory.mktemp("single"), rows=1)


@pytest.fixture
async def local(repository):
    inference = LocalInference(repository)
    yield inference
    await inference.close()


@pytest.mark.parametrize(("adaptor", "name"), MODELS)
async def test_an_adaptor_does_as_the_contract_says(local, adaptor, name):
    await ADAPTORS[adaptor].check(local, name)


@pytest.mark.parametrize("adaptor", ADAPTORS)
async def test_a_graph_of_one_row_takes_any_number(single_rows, adaptor):
    inference = LocalInference(single_rows)
    await ADAPTORS[adaptor].check(inference, ADAPTORS[adaptor].names[0])
    await inference.close()


@pytest.mark.parametrize(("adaptor", "mutant"), ERRORS)
async def test_an_error_does_not_pass(local, adaptor, mutant):
    with mutant.patch(), pytest.raises(AssertionError):
        await ADAPTORS[adaptor].check(local, mutant.model)


def test_every_adaptor_is_tried_with_three_errors_or_more():
    assert set(MUTANTS) == set(ADAPTORS)
    assert min(map(len, MUTANTS.values())) >= 3


def test_every_stand_in_is_run():
    assert {name for how in ADAPTORS.values() for name in how.names} == set(standins.NAMES)


@pytest.fixture(scope="module")
def server(repository):
    venv = PROJECT_ROOT / ".venv-triton"
    with EmbeddedTriton(repository, venv, exit_timeout_s=0.5) as triton:
        yield triton


@pytest.mark.server
@pytest.mark.parametrize(("adaptor", "name"), MODELS)
async def test_an_adaptor_does_so_on_a_server(server, adaptor, name):
    inference = TritonInference(server.grpc_url)
    await ADAPTORS[adaptor].check(inference, name)
    await inference.close()
