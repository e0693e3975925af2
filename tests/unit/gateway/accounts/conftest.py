"""A gateway with Gatewayz's prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.accounts_prefix import Prefix, open_prefix


@pytest.fixture
async def prefix(providers, tmp_path) -> AsyncIterator[Prefix]:
    """Yield a gateway with Gatewayz's prefix."""
    async with open_prefix(providers, tmp_path / "data") as opened:
        yield opened
