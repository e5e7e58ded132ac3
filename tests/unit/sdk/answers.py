"""A server that gives one answer, and remembers what it was asked."""

import email
import email.policy
import json

import httpx
from semblant import AsyncClient, Client

from gateway.errors import ERROR_TABLE

PICTURE = b"a picture"
SWAPPED = {
    "Content-Type": "image/png",
    "Server-Timing": "decode;dur=1.5, swap;dur=20, fuse;dur=1e-05",
    "X-Semblant-Faces-Found": "3",
    "X-Semblant-Faces-Swapped": "2",
    "X-Semblant-Warnings": "blurred, small",
    "X-Semblant-Quality": "seam_ratio=1.08, ring_delta_e=1.2e-05",
    "X-Request-Id": "r1",
}
REPORT = {
    "size": {"width": 40, "height": 30},
    "faces": [{"score": 0.5}],
    "models": [],
    "timings_ms": {"analyse": 7.0},
    "request_id": "r2",
}


def swapped(**headers: str | None) -> httpx.Response:
    """Return the answer to a swap; headers by name with underscores, None leaves one out."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {name.lower(): value for name, value in SWAPPED.items()} | changed
    given = {name: value for name, value in merged.items() if value is not None}
    return httpx.Response(200, content=PICTURE, headers=given)


def problem(code: str, *, status: int | None = None, **members) -> httpx.Response:
    """Return the problem document of a code."""
    status = status or ERROR_TABLE[code].http
    body = {"type": "t", "title": "T", "status": status, "instance": "/", "retryable": False}
    return httpx.Response(status, json=body | {"code": code, "detail": "What happened."} | members)


class Server:
    """Gives one answer, or raises one error, and keeps the requests."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        answer = self.answer  # a response is read once only
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def client(self, **arguments) -> Client:
        return Client(transport=httpx.MockTransport(self), **{"retries": 0} | arguments)

    def async_client(self, **arguments) -> AsyncClient:
        return AsyncClient(transport=httpx.MockTransport(self), **{"retries": 0} | arguments)

    @property
    def request(self) -> httpx.Request:
        (request,) = self.requests
        return request

    @property
    def form(self) -> list[tuple[str, bytes]]:
        """The parts that were sent, in order."""
        head = f"Content-Type: {self.request.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.request.content, policy=email.policy.HTTP)
        return [
            (
                part.get_param("name", header="content-disposition"),
                part.get_payload(decode=True),
            )
            for part in message.iter_parts()
        ]

    @property
    def options(self) -> dict:
        return json.loads(dict(self.form)["options"])
