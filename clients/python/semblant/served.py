"""The networks a running service has loaded."""

from __future__ import annotations

from gateway.errors import InternalError
from semblant.calls import FOREIGN
from semblant.client import Client


def served_models(server: str, *, timeout_s: float = 10.0) -> dict[str, bool]:
    """Return the networks a service knows, by name, and whether each is loaded.

    Args:
        server: The service's address.
        timeout_s: Seconds it may take.

    Raises:
        ValueError: the address is none.
        SemblantError: the service's own, or that it does not answer.
    """
    with Client(server, timeout_s=timeout_s, retries=0) as client:
        models = client.models()
    try:
        return {str(model["name"]): bool(model["ready"]) for model in models}
    except KeyError:
        raise InternalError(FOREIGN) from None
