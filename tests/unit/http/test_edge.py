import logging

import pytest

from tests.unit.http.app import client, files


@pytest.mark.parametrize("asked", ["abc-1", "A.b_c:d-9", "x" * 64])
async def test_a_request_id_is_echoed(asked):
    async with client() as http:
        answer = await http.get("/livez", headers={"X-Request-Id": asked})
    assert answer.headers["x-request-id"] == asked


@pytest.mark.parametrize("asked", ["", "a b", "x" * 65, 'a"b', "ä".encode()])
async def test_an_unsafe_request_id_is_replaced(asked):
    async with client() as http:
        answer = await http.get("/livez", headers={"X-Request-Id": asked})
    assert len(answer.headers["x-request-id"]) == 32


async def test_answers_are_safe_to_show():
    async with client() as http:
        for path in ("/livez", "/nowhere", "/docs", "/v1/models"):
            headers = (await http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]


async def test_one_line_of_log_without_names(caplog):
    caplog.set_level(logging.INFO, "gateway.requests")
    async with client() as http:
        answer = await http.post("/v1/swaps?inline=0&token=secret", files=files())
        await http.get("/secret")
    lines = [r.fields for r in caplog.records if r.name == "gateway.requests"]
    swap, unknown = lines
    assert swap["route"] == "/v1/swaps"
    assert swap["request_id"] == answer.headers["x-request-id"]
    assert swap["stages_ms"].keys() >= {"queue", "decode", "swap", "encode"}
    assert (unknown["route"], unknown["status"], unknown["code"]) == ("unmatched", 404, "not_found")
    assert "secret" not in caplog.text
    assert "private" not in caplog.text


async def test_documentation_loads_nothing_from_elsewhere():
    async with client() as http:
        page = (await http.get("/docs")).text
    assert "/v1/swaps" in page
    assert "://" not in page
    assert "<script" not in page
