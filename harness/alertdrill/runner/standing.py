"""What is seen of a stack that stands, and that no drill is held on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from alertdrill.alertmanager.watching import PathWatch, make_page_events
from alertdrill.core.clock import Clock
from alertdrill.core.rule import AlertRule
from alertdrill.errors import ComponentFailed
from alertdrill.reports.progress import BoardState, Status
from alertdrill.runner.live_board import Watch
from alertdrill.runtime.http_client import Api
from alertdrill.stacks import Stack

MOST_NOTIFICATIONS = 1_000
"""Beyond these the oldest are forgotten: a stack may stand for days."""


@dataclass(slots=True, kw_only=True)
class StandingWatch:
    """Looks at a stack whose rule time begins with the clock; `for_s` has each alert's `for`."""

    stack: Stack
    clock: Clock
    rules: tuple[AlertRule, ...]
    for_s: Mapping[str, float]
    _watch: Watch = field(init=False)
    _path: PathWatch = field(init=False)

    def __post_init__(self) -> None:
        endpoints = self.stack.endpoints
        self._watch = Watch(
            placements=(),
            profiles=(),
            for_s=self.for_s,
            prometheus=endpoints.open_prometheus(),
            clock=self.clock,
        )
        self._path = PathWatch(
            pager=Api("pager", endpoints.pager, endpoints.pager_token),
            alertmanagers=endpoints.open_alertmanagers(),
            clock=self.clock,
        )

    def look(self) -> BoardState:
        """Return what the stack does now; of a part that does not answer, what was known of it."""
        now_s = self.clock.rule_s(time.time())
        up: Status = "up"
        state = BoardState(
            drills=0,
            stack="embedded",
            speed=self.clock.speed,
            until_s=now_s,
            now_rule_s=now_s,
            wall_s=now_s / self.clock.speed,
            engines=self.stack.versions,
            components=dict.fromkeys(self.stack.endpoints.health, up),
            rules=self.rules,
            events=self._watch.log.events,
            endless=True,
        )
        with suppress(ComponentFailed):
            self._path.look(now_s)
        self._path.forget(MOST_NOTIFICATIONS)
        told = self._path.notifications
        with suppress(ComponentFailed):
            state = self._watch.look(state, now_s, make_page_events(told))
        return replace(state, notifications=told)
