"""Clients of a running server: one for threads, one for event loops, otherwise identical."""

from __future__ import annotations

from semblant._async.client import AsyncClient
from semblant._sync.client import Client
from semblant.access import DEFAULT_SERVER

__all__ = ["DEFAULT_SERVER", "AsyncClient", "Client"]
