"""Waiting without blocking an event loop."""

from asyncio import sleep

__all__ = ["sleep"]
