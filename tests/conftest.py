"""Settings of the whole test suite."""

from collections.abc import AsyncIterator

import pytest

from gateway.serving.warm_up import warm_up


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """Compile before the first test, not inside one that watches the clock."""
    warm_up()


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> AsyncIterator[None]:
    """Keep one loop for all tests, as a process of the product has one.

    gRPC's poller is the process's: what a call still has to tell would meet a closed loop.
    """
    yield  # noqa: PT022 - as long as it hangs here, the loop lives
