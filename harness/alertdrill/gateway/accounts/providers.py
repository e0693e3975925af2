"""How the providers do, seen from their most recent calls. Pure.

A provider is unavailable after as many unreachable calls in a row as open a breaker, until it answers; an
answer that is an error says that it is there. Errors that are the client's fault do not count against it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from alertdrill.core.error_classes import THE_CLIENTS_FAULT, UNREACHABLE
from alertdrill.gateway.accounts.events import ProviderChecked
from alertdrill.gateway.events import CallFinished
from alertdrill.gateway.health import FAILURES_TO_COOL

RECENT_CALLS = 20


@dataclass(slots=True)
class _Record:
    failed: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT_CALLS))
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_CALLS))
    unreachable_in_a_row: int = 0


class Providers:
    """The recent calls of each provider."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def note(self, call: CallFinished) -> ProviderChecked:
        """Add a call, and return how its provider does now."""
        record = self._records.setdefault(call.provider, _Record())
        record.failed.append(call.status != "ok" and call.status not in THE_CLIENTS_FAULT)
        record.latencies_s.append(call.latency_s)
        record.unreachable_in_a_row = record.unreachable_in_a_row + 1 if call.status in UNREACHABLE else 0
        return ProviderChecked(
            provider=call.provider,
            is_available=record.unreachable_in_a_row < FAILURES_TO_COOL,
            error_ratio=sum(record.failed) / len(record.failed),
            response_time_s=sum(record.latencies_s) / len(record.latencies_s),
        )
