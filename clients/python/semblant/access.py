"""Where a server is, and what every request says of its caller."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import httpx

API_KEY_VARIABLE = "SEMBLANT_API_KEY"
"""The environment variable that is read where no key is given."""
DEFAULT_SERVER = "http://127.0.0.1:8000"
GRPC_PORT = 50051
_SCHEMES = ("http", "https", "grpc", "grpcs")


@dataclass(frozen=True, slots=True)
class Tls:
    """What a connection by TLS is secured with; each is the content of a PEM file.

    Attributes:
        roots: The authorities whose certificates servers must have; None: those of gRPC.
        certificate: The caller's own certificate chain, for mTLS.
        key: That certificate's key.
    """

    roots: bytes | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """A server's address, and in whose name it is called.

    Attributes:
        server: The address.
        tenant: Whose things are meant; None: the caller's own.
        api_key: The key, or token, that says who calls; never shown.
        tls: For `grpcs://` only.
    """

    server: str
    tenant: str | None = None
    api_key: str | None = field(default=None, repr=False)
    tls: Tls | None = field(default=None, repr=False)

    @property
    def by_grpc(self) -> bool:
        """Whether the server is called by gRPC."""
        return self.server.startswith(("grpc://", "grpcs://"))

    @property
    def target(self) -> str:
        """The server as gRPC's channels name it, `host:port`."""
        url = httpx.URL(self.server)
        host = f"[{url.host}]" if ":" in url.host else url.host
        return f"{host}:{url.port or GRPC_PORT}"

    def headers(self) -> dict[str, str]:
        """Return the headers, or metadata, of every request."""
        told = {} if self.tenant is None else {"X-Semblant-Tenant": self.tenant}
        if self.api_key is not None:
            told["Authorization"] = f"Bearer {self.api_key}"
        return told


def read_access(
    server: str,
    *,
    tenant: str | None = None,
    api_key: str | None = None,
    root_certificates: str | Path | None = None,
    client_certificate: str | Path | None = None,
    client_key: str | Path | None = None,
) -> Access:
    """Return how a server is reached.

    Args:
        server: Its address.
        tenant: Whose things are meant.
        api_key: The key; that of the environment (`SEMBLANT_API_KEY`) unless given.
        root_certificates: PEM file of the authorities that servers are trusted by.
        client_certificate: PEM file of the caller's own certificate chain.
        client_key: PEM file of that certificate's key.

    Raises:
        ValueError: the address is none, the key cannot be one, or certificates do not fit.
        OSError: a file cannot be read.
    """
    address = server_address(server)
    files = (root_certificates, client_certificate, client_key)
    tls = None
    if address.startswith("grpcs:"):
        if (client_certificate is None) != (client_key is None):
            raise ValueError("a certificate of the client needs its key, and a key its certificate")
        tls = Tls(*(None if file is None else Path(file).read_bytes() for file in files))
    elif any(file is not None for file in files):
        raise ValueError("certificates are for servers at grpcs:// addresses")
    return Access(address, tenant, _checked(api_key or os.environ.get(API_KEY_VARIABLE)), tls)


def server_address(server: str) -> str:
    """Check the address of a server and return it.

    Raises:
        ValueError: if it is none.
    """
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL as error:
        raise ValueError(f"{server!r} is no address: {error}") from None
    if url.scheme not in _SCHEMES or not url.host:
        raise ValueError(
            f"{server!r} is no address such as http://127.0.0.1:8000 or grpc://127.0.0.1:50051"
        )
    if url.scheme.startswith("grpc") and (url.path not in ("", "/") or url.userinfo or url.query):
        raise ValueError(f"{server!r} is no address: by gRPC it is a host and a port")
    return server


def _checked(key: str | None) -> str | None:
    """Return a key; libraries would show one in their errors that cannot be in a header."""
    if not key:
        return None
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError("the API key holds characters that no key has")
    return key
