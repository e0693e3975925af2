"""Which runs can still be asked about: all in flight, and a bounded number of those that are over."""

from __future__ import annotations

from collections import deque

from alertdrill.gateway.runs.run import Run

MAX_OVER = 2_000
"""Of all tenants together; the oldest is forgotten first, and its idempotency key with it."""


class Archive:
    """Runs by tenant and id, and by tenant and idempotency key."""

    def __init__(self, max_over: int = MAX_OVER) -> None:
        self._max_over = max_over
        self._runs: dict[tuple[str, str], Run] = {}
        self._by_key: dict[tuple[str, str], Run] = {}
        self._over: deque[Run] = deque()

    def add(self, run: Run) -> None:
        """Keep a run that begins."""
        self._runs[run.tenant, run.id] = run
        if run.order.idempotency_key is not None:
            self._by_key[run.tenant, run.order.idempotency_key] = run

    def note_end(self, run: Run) -> None:
        """Note that a run is over, and forget the oldest such run if there are too many."""
        self._over.append(run)
        if len(self._over) > self._max_over:
            oldest = self._over.popleft()
            del self._runs[oldest.tenant, oldest.id]
            if oldest.order.idempotency_key is not None:
                del self._by_key[oldest.tenant, oldest.order.idempotency_key]

    def find(self, tenant: str, run_id: str) -> Run | None:
        """Return a tenant's run; None if it has none of that id."""
        return self._runs.get((tenant, run_id))

    def find_by_key(self, tenant: str, idempotency_key: str) -> Run | None:
        """Return the run that a tenant started under an idempotency key."""
        return self._by_key.get((tenant, idempotency_key))
