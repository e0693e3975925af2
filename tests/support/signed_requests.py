"""Requests signed as AWS's clients sign them, without anything of the pager's."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from urllib.parse import quote

from alertdrill.alertmanager.receivers.kind import Request


def sign(request: Request, body: bytes, *, access_key: str, secret: str) -> Request:
    """Return a request without a query, signed for SNS in us-east-1 with all of its headers."""
    at, scope = "20261130T101500Z", "20261130/us-east-1/sns/aws4_request"
    headers = {name: value for name, value in request.headers.items() if name != "authorization"} | {
        "x-amz-date": at
    }
    names = sorted(headers)
    lines = [
        request.method,
        quote(request.path, safe="/-_.~"),
        "",
        *(f"{name}:{' '.join(headers[name].split())}" for name in names),
        "",
        ";".join(names),
        hashlib.sha256(body).hexdigest(),
    ]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    told = "\n".join(("AWS4-HMAC-SHA256", at, scope, digest))
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}"
    authorization = f"{credential}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return replace(request, headers={**headers, "authorization": authorization})
