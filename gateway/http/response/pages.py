"""Small pages for people: one style, no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse

HTML = "text/html"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "td{padding:.2rem 1.5rem .2rem 0;vertical-align:top}td:first-child{font-family:monospace;"
    "white-space:nowrap}"
)


def page(
    title: str, intro: str, tables: Sequence[tuple[str, Sequence[tuple[str, str]]]]
) -> HTMLResponse:
    """Return a page: a title, a sentence, and titled tables of two columns."""
    parts = [f"<h1>{escape(title)}</h1><p>{escape(intro)}</p>"]
    for heading, rows in tables:
        cells = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows)
        title_of = f"<h2>{escape(heading)}</h2>" if heading else ""
        parts.append(f"{title_of}<table>{cells}</table>")
    head = f"<meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    return HTMLResponse(
        f"<!doctype html><html lang=en>{head}<body>{''.join(parts)}</body></html>",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )
