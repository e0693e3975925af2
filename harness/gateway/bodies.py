"""Request bodies: JSON, and not more of it than fits the bound."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from harness.gateway.problems import Problem

MAX_BODY_BYTES = 2**20


async def read_json(request: web.Request) -> Any:
    """Return the document in a request's body; raises Problem (400, or 413 if it is too long)."""
    try:
        return json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, f"the body is longer than {MAX_BODY_BYTES} bytes", code="too_large") from None
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not JSON", code="invalid_json") from None
