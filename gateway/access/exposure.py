"""Where a service may be reached that asks nobody who they are."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable

from gateway.access.authenticator import AuthMode
from gateway.errors import SetupIncomplete

log = logging.getLogger(__name__)


def is_local(host: str) -> bool:
    """Return whether only this machine reaches an address that is listened on.

    Args:
        host: An IP address, with or without the brackets of IPv6; `localhost`; or `unix:` and the
            path of a socket. Any other name may stand for any address.
    """
    if host.lower() == "localhost" or host.startswith("unix:"):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def refuse_open_door(auth: AuthMode, hosts: Iterable[str], *, anywhere: bool = False) -> None:
    """Check that nobody but this machine reaches a service without authentication.

    Args:
        auth: Which credentials are accepted.
        hosts: The addresses that are listened on.
        anywhere: Whether that is wanted all the same; it is logged as a warning.

    Raises:
        SetupIncomplete: others could reach it.
    """
    if auth is not AuthMode.OFF:
        return
    open_to_others = sorted({host for host in hosts if not is_local(host)})
    if not open_to_others:
        return
    told = ", ".join(host or "every address" for host in open_to_others)
    if anywhere:
        log.warning(
            "NO AUTHENTICATION: everybody who can reach %s can use this service, in the name of "
            "any tenant; SEMBLANT_AUTH=keys asks for API keys",
            told,
        )
        return
    raise SetupIncomplete(
        f"The service would listen on {told} without authentication. Set SEMBLANT_AUTH to `keys`, "
        "`oidc` or `keys+oidc`, listen on 127.0.0.1, or, in a network where everybody is trusted, "
        "set SEMBLANT_AUTH_OFF_ANYWHERE to `true`."
    )
