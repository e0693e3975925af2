"""The page that a run is watched on: the report of it, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from alertdrill.errors import CouldNotTell
from alertdrill.reports.html import draw
from alertdrill.reports.html.live import describe_running
from alertdrill.reports.progress import BoardState
from alertdrill.runtime.page_server import PageServer, serve_page


@dataclass(slots=True)
class LivePage:
    """Is told how a run goes on, and waits for nobody who looks; `url` has the token."""

    _server: PageServer
    _started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _last: BoardState | None = None

    @property
    def url(self) -> str:
        """Where a browser opens the page."""
        return self._server.url

    def show(self, state: BoardState) -> None:
        """Show how far the run is; what was seen last stays, while it is read once more."""
        last = self._last
        is_at_end = not state.endless and state.now_rule_s >= state.until_s > 0
        if last is not None and is_at_end and not state.events:
            state = replace(state, events=last.events, notifications=last.notifications)
        self._last = state
        self._server.show(partial(describe_running, state, self._started_at))

    def conclude(self, document: Mapping[str, Any]) -> None:
        """Show the report of the run, which is over."""
        self._server.show(lambda: document)

    def follow(self, show: Callable[[BoardState], None]) -> Callable[[BoardState], None]:
        """Return what shows a state by `show`, and here."""

        def both(state: BoardState) -> None:
            show(state)
            self.show(state)

        return both


@contextmanager
def open_live_page() -> Iterator[LivePage]:
    """Yield a page on loopback, which ends with the block. Raises CouldNotTell where no port can be had."""
    with _serve() as server:
        yield LivePage(server)


@contextmanager
def _serve() -> Iterator[PageServer]:
    is_open = False
    try:
        with serve_page(partial(draw, asks=True)) as server:
            is_open = True
            yield server
    except OSError as error:
        if is_open:
            raise
        raise CouldNotTell(f"the page to watch the run on has no port: {error}") from error
