"""The pager's live page: one document, which loads nothing and asks nobody but the pager.

Its content security policy allows just its own script and style, by their hashes, and requests to where it
came from: https://www.w3.org/TR/CSP3/. What alerts say is put into it as text, never as HTML.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from aiohttp import web


def make_page() -> web.Response:
    """Return the page. It is the same for everybody: what it shows, it asks for with a token."""
    style, script = _read("page.css"), _read("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    document = _read("page.html").replace("{{style}}", style).replace("{{script}}", script)
    return web.Response(
        text=document,
        content_type="text/html",
        charset="utf-8",
        headers={
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
