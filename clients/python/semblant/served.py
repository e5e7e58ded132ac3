"""The networks a running service has loaded."""

from __future__ import annotations

import httpx

from gateway.errors import InternalError
from semblant.calls import (
    FOREIGN,
    json_object,
    kept_request,
    raise_for_problem,
    request_failure,
    server_address,
)


def served_models(server: str, *, timeout_s: float = 10.0) -> dict[str, bool]:
    """Return the networks a service knows, by name, and whether each is loaded.

    Args:
        server: The service's address.
        timeout_s: Seconds it may take.

    Raises:
        ValueError: the address is none.
        SemblantError: the service's own, or that it does not answer.
    """
    request = kept_request("GET", "/v1/models", None, timeout_s=timeout_s)
    try:
        with httpx.Client(base_url=server_address(server)) as client:
            response = client.request(**request)
    except httpx.RequestError as error:
        raise request_failure(error) from error
    raise_for_problem(response)
    try:
        return {str(m["name"]): bool(m["ready"]) for m in json_object(response)["models"]}
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None
