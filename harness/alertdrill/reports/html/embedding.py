"""Data and scripts in a page that opens offline: data stays data, scripts are held to their hashes. Pure."""

from __future__ import annotations

import base64
import hashlib
import json


def embed_json(value: object) -> str:
    """Return JSON that no parser of HTML can take for the end of its script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def hash_script(script: str) -> str:
    """Return what a content security policy says to allow just this script: https://www.w3.org/TR/CSP3/."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
