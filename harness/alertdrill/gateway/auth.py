"""Who is calling: bearer tokens (RFC 6750), and why they are refused."""

from __future__ import annotations

import hmac

from alertdrill.gateway.events import AuthReason
from alertdrill.gateway.keys import Key, KeyRing, hash_token

PREFIX_LENGTH = 8
"""Hex digits of a token's SHA-256 that are kept of a refused token: enough to see one coming again."""


class AuthRefused(Exception):
    """A request without a usable token."""

    def __init__(self, reason: AuthReason, token_hash_prefix: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.token_hash_prefix = token_hash_prefix


def read_bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header; None if there is none."""
    scheme, _, token = (header or "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


class Doorkeeper:
    """Knows the operator's token and the keys."""

    def __init__(self, admin_token: str, keys: KeyRing) -> None:
        self._admin_sha256 = hash_token(admin_token)
        self._keys = keys

    def is_operator(self, header: str | None) -> bool:
        """Return whether the operator is calling."""
        token = read_bearer(header)
        return token is not None and hmac.compare_digest(hash_token(token), self._admin_sha256)

    def admit(self, header: str | None, now_s: float) -> Key | None:
        """Return the key that is calling; None for the operator, whose calls belong to no key.

        Raises AuthRefused.
        """
        token = read_bearer(header)
        if token is None:
            raise AuthRefused("missing_token", None)
        digest = hash_token(token)
        # Both comparisons are of digests of what was sent, whose bytes a caller cannot choose one by one.
        key = self._keys.find(digest)
        if key is not None and hmac.compare_digest(key.token_sha256, digest):
            if key.is_active(now_s):
                return key
            raise AuthRefused("key_revoked", digest.hex()[:PREFIX_LENGTH])
        if hmac.compare_digest(digest, self._admin_sha256):
            return None
        raise AuthRefused("invalid_token", digest.hex()[:PREFIX_LENGTH])
