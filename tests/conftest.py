"""Settings of the whole test suite."""

import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from gateway.serving.warm_up import warm_up

# A busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# What is done to faces is told from what marks do to pixels: tests of marks switch them on.
os.environ.setdefault("SEMBLANT_WATERMARK", "off")
os.environ.setdefault("SEMBLANT_WATERMARK_LEAST", "off")
os.environ.setdefault("SEMBLANT_CONTENT", "off")
os.environ.setdefault("SEMBLANT_TRUST_SECRET", "a secret of the tests, 32 characters")

LOGGERS = ("gateway", "semblant", "semblant_triton")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # The background jobs of a shell ignore it, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


class Errors(logging.Handler):
    """Keeps what is logged as an error, or worse."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


@pytest.fixture(autouse=True)
def no_errors_are_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs an error, unless it is marked as one that does."""
    errors = Errors()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(errors)
    yield
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(errors)
    if request.node.get_closest_marker("logs_errors") is None:
        assert not errors.told, "\n".join(errors.told)
