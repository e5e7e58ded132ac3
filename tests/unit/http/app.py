"""The service over fake networks, and what is sent to it."""

import asyncio
import io
from contextlib import asynccontextmanager

import httpx
import numpy as np
from PIL import Image

from gateway.http.app import create_app
from gateway.main import Server
from gateway.serving.testing import fake_services
from tests.waiting import until


def client(services=None, **settings) -> httpx.AsyncClient:
    services = services or fake_services(**settings)
    transport = httpx.ASGITransport(app=create_app(services))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@asynccontextmanager
async def server(services):
    """Serve on a free port; gives a client of it."""
    made = Server(services)
    running = asyncio.create_task(made.serve())
    await until(lambda: made.started)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{made.port}") as to_it:
            yield to_it
    finally:
        made.should_exit = True
        await running


async def asgi(app, receive, headers=(), *, sent: list[dict] | None = None) -> list[dict]:
    """Ask an application directly for a swap; returns what it sent."""
    sent = [] if sent is None else sent

    async def send(message):
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/swaps",
        "query_string": b"",
        "headers": raw,
    }
    await app(scope, receive, send)
    return sent


def photograph(height: int = 120, width: int = 160, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 256, (height, width, 3), dtype=np.uint8)


def black(height: int = 120, width: int = 160) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def saved(pixels: np.ndarray | Image.Image, format: str = "PNG", **options) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def files(source=None, target=None, **others) -> list:
    """Return a form with one source and a target; `None` takes an ordinary picture."""
    parts = {
        "source": saved(photograph(seed=1)) if source is None else source,
        "target": saved(photograph()) if target is None else target,
        **others,
    }
    return [(name, ("private name.png", data)) for name, data in parts.items() if data is not ...]
