"""Waiting in a thread."""

from time import sleep

__all__ = ["sleep"]
