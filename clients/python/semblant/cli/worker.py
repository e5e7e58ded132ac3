"""`semblant worker`: executes jobs."""

from __future__ import annotations

from semblant.cli.common import ServiceBackendOption, read_settings


def worker(backend: ServiceBackendOption = None) -> None:
    """Execute jobs until interrupted, beside or without the HTTP service.

    It finds them in the database of SEMBLANT_JOBS_DATABASE_URL and their files in the store of
    SEMBLANT_OBJECT_STORE_URL: give it the same ones as the services that take them.
    """
    from gateway.main import work  # noqa: PLC0415 - the other commands need no server

    given = {} if backend is None else {"backend": backend}
    work(read_settings(**given))
