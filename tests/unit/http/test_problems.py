import asyncio
import logging

import pytest

from gateway import errors
from gateway.errors import ERROR_TABLE, InferenceFailed, InferenceUnavailable
from gateway.http.response.problems import RESERVED, answer_error, problem_document
from gateway.operations.exchange import Exchange
from gateway.serving.testing import fake_services
from tests.unit.http.app import client, files
from tests.unit.http.problem import checked


@pytest.mark.parametrize("code", sorted(ERROR_TABLE))
async def test_every_type_has_a_page(code):
    async with client() as http:
        row = (await http.get(f"/problems/{code}")).json()
        html = await http.get(f"/problems/{code}", headers={"Accept": "text/html"})
    spec = ERROR_TABLE[code]
    assert row == {
        "code": code,
        "title": spec.title,
        "status": spec.http,
        "grpc_status": spec.grpc,
        "retryable": spec.retryable,
    }
    assert code in html.text
    assert html.headers["content-type"].startswith("text/html")


@pytest.mark.logs_errors
async def test_what_nobody_foresaw_is_told_to_the_log_only(caplog, monkeypatch):
    services = fake_services()

    async def explode(*args, **kwargs):
        raise ZeroDivisionError("secret /etc/passwd")

    monkeypatch.setattr(type(services.fuser), "swap", explode)
    async with client(services) as http:
        answer = await http.post("/v1/swaps", files=files())
    problem = checked(answer, "internal")
    assert "secret" not in answer.text
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert problem["request_id"] in record.getMessage()
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.logs_errors
async def test_our_own_faults_are_not_told_in_detail(caplog):
    services = fake_services()
    services.backend.models["face_mesh"].failures.append(
        errors.ContractViolation("face_mesh: output 'x' on host 10.0.0.1")
    )
    async with client(services) as http:
        answer = await http.post("/v1/swaps", files=files())
    checked(answer, "contract_violation")
    assert "10.0.0.1" not in answer.text
    assert "10.0.0.1" in caplog.text


@pytest.mark.parametrize("error", [InferenceUnavailable(), InferenceFailed("face_mesh: oh")])
async def test_a_model_that_fails(error):
    services = fake_services()
    services.backend.models["face_mesh"].failures.append(error)
    async with client(services) as http:
        checked(await http.post("/v1/swaps", files=files()), error.spec.code)


def test_extra_members_cannot_replace_the_standard_ones():
    extra = {"status": 200, "width": 3}
    document = problem_document(errors.TooManyPixels.spec, "x", "id", "/a b", extra=extra)
    assert document["status"] == 413
    assert document["width"] == 3
    assert document["instance"] == "/a%20b"
    assert document.keys() >= RESERVED - {"errors"}


@pytest.mark.parametrize(("asked", "told"), [(None, "1"), (0.2, "1"), (2.1, "3")])
def test_advice_when_to_come_again_is_in_whole_seconds(asked, told):
    answer = answer_error(errors.Overloaded(retry_after_s=asked), Exchange("id"), "/")
    assert answer.headers["retry-after"] == told


async def test_cancellation_is_not_swallowed(monkeypatch):
    services = fake_services()
    services.backend.hold()
    async with client(services) as http:
        request = asyncio.create_task(http.post("/v1/swaps", files=files()))
        await services.backend.under_way("blazeface_short")
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert services.admission.admitted == 0
