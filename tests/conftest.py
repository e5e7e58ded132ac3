"""Settings of the whole test suite."""

import pytest

from gateway.serving.warm_up import warm_up


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """Compile before the first test, not inside one that watches the clock."""
    warm_up()
