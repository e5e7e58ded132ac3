"""What holds for every error answer."""

from typing import Any

import httpx

from gateway.errors import ERROR_TABLE

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "retryable", "request_id"}


def checked(answer: httpx.Response, code: str) -> dict[str, Any]:
    """Check that an answer is the problem document of an error; return it."""
    problem = answer.json()
    assert problem.get("code") == code, problem
    spec = ERROR_TABLE[code]
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() >= MEMBERS
    assert problem["type"] == f"/problems/{code}"
    assert answer.status_code == problem["status"] == spec.http
    assert (problem["title"], problem["retryable"]) == (spec.title, spec.retryable)
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("retry-after" in answer.headers) == (spec.http in (429, 503))
    for error in problem.get("errors", []):
        assert error.keys() == {"pointer", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
    return problem
