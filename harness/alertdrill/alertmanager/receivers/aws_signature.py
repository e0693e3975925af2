"""Signatures of AWS, version 4: whether a request was signed with a key. Pure.

Format: AWS's documentation, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

from alertdrill.alertmanager.receivers.attempt import is_same_key
from alertdrill.alertmanager.receivers.kind import Request

ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_SAFE = "-_.~"


def find_access_key(request: Request) -> str:
    """Return the id of the key that a request says it was signed with; empty where it says none."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    return found["key"] if found else ""


def is_signed(request: Request, body: bytes, secret: str) -> bool:
    """Say whether a request with this body was signed with a secret key."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return False
    day, *rest = found["scope"].split("/")
    key = f"AWS4{secret}".encode()
    for part in (day, *rest):
        key = hmac.digest(key, part.encode(), "sha256")
    canonical = _write_canonical(request, body, found["headers"].split(";"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"{ALGORITHM}\n{request.headers.get('x-amz-date', '')}\n{found['scope']}\n{digest}"
    wanted = hmac.new(key, signed.encode(), "sha256").hexdigest()
    return is_same_key(found["signature"], wanted)


def _write_canonical(request: Request, body: bytes, names: list[str]) -> str:
    pairs = sorted(parse_qsl(request.query, keep_blank_values=True))
    query = "&".join(f"{quote(name, safe=_SAFE)}={quote(value, safe=_SAFE)}" for name, value in pairs)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe=f"/{_SAFE}"),  # what is quoted already is quoted once more
            query,
            headers,
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
