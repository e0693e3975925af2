"""Reads which models a target lists, at the address where OpenAI's API has them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit

from alertdrill.errors import AlertdrillError
from alertdrill.runtime.http_client import Api

PATH = "/v1/models"
CONNECT_WITHIN_S = 1.0
MAX_MODELS = 1000
MAX_CHARS = 200


def list_models(url: str, token: str | None, ca: Path | None = None) -> tuple[str, ...]:
    """Return the names of the models that a target lists; none where it lists none, or is away."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_WITHIN_S).close()
        document = Api("the target", url, token, authorities=ca).get(PATH).json()
    except (OSError, ValueError, AlertdrillError):
        return ()
    data = document.get("data") if isinstance(document, dict) else None
    names = [one.get("id") for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    return tuple(dict.fromkeys(name for name in names[:MAX_MODELS] if _is_name(name)))


def _is_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and 0 < len(name) <= MAX_CHARS and name.isprintable()
