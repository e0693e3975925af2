"""Data and scripts in a page that opens offline: data stays data, scripts are held to their hashes. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape


def embed_json(value: object) -> str:
    """Return JSON that no parser of HTML can take for the end of its script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def hash_script(script: str) -> str:
    """Return what a content security policy says to allow just this script: https://www.w3.org/TR/CSP3/."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def frame_page(
    *, title: str, head: str = "", body: str, scripts: Sequence[str], images: str, asks: bool = False
) -> str:
    """Return a page that may run just these scripts, show `images` (sources of a policy), and ask nobody.

    One that `asks` may ask the server that it came from.

    `title` is plain text; `head` and `body` are HTML, and the scripts stand after the body.
    """
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(hash_script, scripts))}",
            "style-src 'unsafe-inline'",  # what draws styles the elements that it draws
            f"img-src {images}",
            *(["connect-src 'self'"] if asks else []),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    scripted = "\n".join(f"<script>{script}</script>" for script in scripts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
{head}</head>
<body>
{body}
{scripted}
</body>
</html>
"""
