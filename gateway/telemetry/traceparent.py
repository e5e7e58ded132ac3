"""W3C's `traceparent`, as far as it is read without OpenTelemetry's packages."""

from __future__ import annotations

import re

_FORM = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_SAMPLED = 1


def sampled_trace(traceparent: str | None) -> str | None:
    """Return the id of the trace if it is one that is sampled, else None."""
    found = _FORM.fullmatch(traceparent or "")
    if found is None or not int(found[2], 16) & _SAMPLED:
        return None
    return found[1]
