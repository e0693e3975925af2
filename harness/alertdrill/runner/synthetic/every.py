"""Sends every alert of rule files through a paging path of our own, and sees its pages opened and closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from alertdrill.alertmanager.watching import PathWatch, read_troubles
from alertdrill.core.timeline import Event
from alertdrill.judging.incidents import list_incidents
from alertdrill.runner.synthetic.batches import Bound, plan_batches
from alertdrill.runner.synthetic.firing import Say
from alertdrill.runner.synthetic.inhibition import InhibitRule
from alertdrill.runner.synthetic.local import LocalPath
from alertdrill.runner.synthetic.pages import Row, Seen, is_closed_everywhere, is_open_everywhere, judge_alert
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

SPEED = 60.0
"""Group intervals of minutes pass in seconds, and all of Alertmanager's own delays stay small beside them."""
MARGIN_WALL_S = 10.0
POLL_S = 0.1
FIRES_FOR_WALL_S = 3600.0
"""Long enough; the Alertmanager that is told so is our own, and ends with us."""


class Exercise:
    """Alerts on their way; those that would meet are sent one after another."""

    def __init__(self, path: LocalPath, rules: Sequence[InhibitRule], say: Say) -> None:
        self._path = path
        self._rules = rules
        self._say = say
        self._watch = PathWatch(pager=path.pager, alertmanagers={"alertmanager": path.api}, clock=path.clock)
        self._sent: list[SyntheticAlert] = []
        self._spans: dict[int, tuple[float, float]] = {}

    def hold(self, bound: Sequence[Bound]) -> tuple[Row, ...]:
        """Return what became of each alert, in their order. Raises ComponentFailed when a part fails."""
        sendable = [one for one in bound if not one.destination.is_nowhere]
        batches = plan_batches(sendable, self._rules)
        for number, batch in enumerate(batches, 1):
            self._say(f"batch {number} of {len(batches)}: {', '.join(one.alert.name for one in batch)}")
            self._hold_batch(batch)
        seen = replace(self._see(), troubles=self._read_troubles())
        rows = []
        for one in bound:
            fired_s, resolved_s = self._spans.get(id(one), (0.0, 0.0))
            rows.append(judge_alert(one, seen, fired_s=fired_s, resolved_s=resolved_s))
        return tuple(rows)

    def _hold_batch(self, batch: Sequence[Bound]) -> None:
        alerts = [one.alert for one in batch]
        legs = [leg for one in batch for leg in one.destination.legs]
        self._sent += alerts
        fired_at = time.time()
        self._path.alertmanager.post(*alerts, starts_s=fired_at, ends_s=fired_at + FIRES_FOR_WALL_S)
        self._await(batch, is_open_everywhere, max(leg.group_wait_s for leg in legs))
        resolved_at = time.time()
        self._path.alertmanager.post(*alerts, starts_s=fired_at, ends_s=resolved_at)
        self._await(batch, is_closed_everywhere, max(leg.group_interval_s for leg in legs))
        rule_s = self._path.clock.rule_s
        self._spans |= {id(one): (rule_s(fired_at), rule_s(resolved_at)) for one in batch}

    def _await(self, batch: Sequence[Bound], is_done: Callable[[Bound, Seen], bool], within_s: float) -> None:
        give_up_at = time.monotonic() + within_s / self._path.clock.speed + MARGIN_WALL_S
        while time.monotonic() < give_up_at:
            time.sleep(POLL_S)
            self._path.check()
            seen = self._see()
            if all(is_done(one, seen) for one in batch):
                return

    def _see(self) -> Seen:
        clock = self._path.clock
        now_s = clock.rule_s(time.time())
        self._watch.look(now_s)
        # Labels are not in every notification; what was sent tells them from the fingerprint.
        events = [
            Event(at_s=now_s, kind="firing", alert=alert.name, labels=_drop_name(alert))
            for alert in self._sent
        ]
        paging = self._watch.read(events, self._path.read_log(), ())
        return Seen(
            incidents=list_incidents(paging.notifications),
            notifications=paging.notifications,
            suppressed=paging.suppressed,
        )

    def _read_troubles(self) -> tuple[str, ...]:
        return read_troubles([self._path.api], self._path.read_log())


def _drop_name(alert: SyntheticAlert) -> dict[str, str]:
    return {name: value for name, value in alert.labels.items() if name != "alertname"}
