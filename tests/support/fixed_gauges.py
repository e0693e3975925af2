"""What a surface polls of the gateway, standing still."""

from __future__ import annotations


class FixedGauges:
    """A gateway's state that stands still: three numbers that differ."""

    def keys_active(self) -> int:
        """Return a number."""
        return 3

    def keys_revoked(self) -> int:
        """Return another number."""
        return 2

    def wal_bytes(self) -> int:
        """Return a third number."""
        return 4096
