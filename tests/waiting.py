"""Waiting for what tells nobody that it has happened: other processes, and threads of libraries.

The only place of the tests that sleeps. What can be awaited is awaited: an event, a future, a
fake that says how many calls are under way.
"""

import asyncio
import inspect
import time

LIMIT_S = 60.0  # it never takes that long, unless it never comes about
_LOOK_S = 0.01


async def until(condition, limit_s=LIMIT_S):
    """Return the first true value of a condition, a function or a coroutine function."""
    end = time.monotonic() + limit_s
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"not within {limit_s:g} s"
        await asyncio.sleep(_LOOK_S)


def blocking_until(condition, limit_s=LIMIT_S, *, otherwise=lambda: ""):
    """Return the first true value of a condition; `otherwise` says more if there is none."""
    end = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {limit_s:g} s {otherwise()}"
        time.sleep(_LOOK_S)
    return found


async def lasting(seconds):
    """Let something go on for so long, where its length is what is tested."""
    await asyncio.sleep(seconds)
