"""How secrets are presented in headers, and compared."""

from __future__ import annotations

import hmac
from collections.abc import Mapping


def bearer_token(headers: Mapping[str, str]) -> str:
    """Return the token of an `Authorization: Bearer` header (RFC 6750), or an empty string."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_secret(presented: str, secret: str) -> bool:
    """Say whether `presented`, as read from a header, is `secret`; takes the same time either way."""
    return hmac.compare_digest(
        presented.encode(errors="surrogateescape"), secret.encode(errors="surrogateescape")
    )
