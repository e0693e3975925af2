"""Messages: chats as clients of Anthropic ask for them, of any provider's models.

Format: https://docs.anthropic.com/en/api/messages. A request becomes the same ChatRequest as OpenAI's, so
that routing, quotas, fallbacks and costs are the same; its answer, and what is wrong, is as Anthropic has it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alertdrill.gateway.features import Core
from alertdrill.gateway.messages.api import Messages


@asynccontextmanager
async def open_messages(core: Core) -> AsyncIterator[Messages]:
    """Yield the feature, which keeps nothing."""
    yield Messages(core)
