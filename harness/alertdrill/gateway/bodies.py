"""Request bodies: JSON, and not more of it than fits the bound."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from alertdrill.gateway.problems import Problem
from alertdrill.gateway.strict_json import read_strictly
from alertdrill.runtime.http_server import PARSED, find_sentence, read_body

MAX_BODY_BYTES = 2**20
CODES = {400: "invalid_body", 408: "body_timeout", 413: "too_large", 415: "unsupported_encoding"}


async def read_json(request: web.Request) -> Any:
    """Return the document in a request's body; raises Problem (400, 408, 413 or 415)."""
    try:
        return read_strictly(await read_body(request))
    except web.HTTPException as error:
        headers = {"Accept-Encoding": PARSED} if error.status == 415 else None
        raise Problem(error.status, find_sentence(error), code=CODES[error.status], headers=headers) from None
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not JSON", code="invalid_json") from None
