"""Sends every alert of rule files through a paging path of our own, and sees its pages opened and closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from alertdrill.alertmanager.watching import PathWatch, read_troubles
from alertdrill.core.timeline import Event
from alertdrill.runner.synthetic.batches import Bound, plan_batches
from alertdrill.runner.synthetic.destination import GroupKey, Leg
from alertdrill.runner.synthetic.firing import Say
from alertdrill.runner.synthetic.inhibition import InhibitRule
from alertdrill.runner.synthetic.local import LocalPath
from alertdrill.runner.synthetic.pages import (
    Row,
    Seen,
    Sent,
    is_closed_everywhere,
    is_open_everywhere,
    judge_alert,
)
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

SPEED = 60.0
"""Group intervals of minutes pass in seconds, and all of Alertmanager's own delays stay small beside them."""
MARGIN_WALL_S = 10.0
POLL_S = 0.1
FIRES_FOR_WALL_S = 3600.0
"""Long enough; the Alertmanager that is told so is our own, and ends with us."""
FLUSHED_WITHIN_WALL_S = 0.5
"""By this much after its group interval has an Alertmanager forgotten an alert that ended."""
UNSENT = Sent(fired_s=0.0)


class Exercise:
    """Alerts on their way; those that would meet are sent one after another."""

    def __init__(self, path: LocalPath, rules: Sequence[InhibitRule], say: Say) -> None:
        self._path = path
        self._rules = rules
        self._say = say
        self._watch = PathWatch(pager=path.pager, alertmanagers={"alertmanager": path.api}, clock=path.clock)
        self._alerts: list[SyntheticAlert] = []
        self._sent: dict[int, Sent] = {}
        self._groups: set[GroupKey] = set()

    def hold(self, bound: Sequence[Bound]) -> tuple[Row, ...]:
        """Return what became of each alert, in their order. Raises ComponentFailed when a part fails."""
        sendable = [one for one in bound if not one.destination.is_nowhere]
        batches = plan_batches(sendable, self._rules)
        for number, batch in enumerate(batches, 1):
            self._say(f"batch {number} of {len(batches)}: {', '.join(one.alert.name for one in batch)}")
            self._hold_batch(batch, [one for later in batches[number:] for one in later])
        seen = replace(self._see(), troubles=self._read_troubles())
        return tuple(judge_alert(one, seen, self._sent.get(id(one), UNSENT)) for one in bound)

    def _hold_batch(self, batch: Sequence[Bound], later: Sequence[Bound]) -> None:
        alerts = [one.alert for one in batch]
        legs = [leg for one in batch for leg in one.destination.legs]
        self._alerts += alerts
        rule_s = self._path.clock.rule_s
        fired_at = time.time()
        self._sent |= {id(one): Sent(fired_s=rule_s(fired_at)) for one in batch}
        self._path.alertmanager.post(*alerts, starts_s=fired_at, ends_s=fired_at + FIRES_FOR_WALL_S)
        self._await(batch, is_open_everywhere, max(self._find_wait_s(leg) for leg in legs))
        self._groups |= {leg.group for leg in legs}
        resolved_at = time.time()
        self._sent |= {id(one): replace(self._sent[id(one)], resolved_s=rule_s(resolved_at)) for one in batch}
        self._path.alertmanager.post(*alerts, starts_s=fired_at, ends_s=resolved_at)
        interval_s = max(leg.group_interval_s for leg in legs)
        self._await(batch, is_closed_everywhere, interval_s)
        again = {one.alert.fingerprint for one in later}
        for one in batch:
            if one.alert.fingerprint in again:
                self._part(one, resolved_at + interval_s / self._path.clock.speed + FLUSHED_WITHIN_WALL_S)

    def _find_wait_s(self, leg: Leg) -> float:
        """Return after how long a receiver is notified of an alert, which may join an open group."""
        return max(leg.group_wait_s, leg.group_interval_s if leg.group in self._groups else 0.0)

    def _part(self, bound: Bound, at: float) -> None:
        """Wait until an alert's end is behind Alertmanager; the next with the same labels is another one.

        Nobody may be notified of the end, so that there is nothing else to see of it.
        """
        time.sleep(max(0.0, at - time.time()))
        until_s = self._path.clock.rule_s(time.time())
        self._sent[id(bound)] = replace(self._sent[id(bound)], until_s=until_s)

    def _await(
        self, batch: Sequence[Bound], is_done: Callable[[Bound, Seen, Sent], bool], within_s: float
    ) -> None:
        give_up_at = time.monotonic() + within_s / self._path.clock.speed + MARGIN_WALL_S
        while time.monotonic() < give_up_at:
            time.sleep(POLL_S)
            self._path.check()
            seen = self._see()
            if all(is_done(one, seen, self._sent[id(one)]) for one in batch):
                return

    def _see(self) -> Seen:
        clock = self._path.clock
        now_s = clock.rule_s(time.time())
        self._watch.look(now_s)
        # Labels are not in every notification; what was sent tells them from the fingerprint.
        events = [
            Event(at_s=now_s, kind="firing", alert=alert.name, labels=_drop_name(alert))
            for alert in self._alerts
        ]
        paging = self._watch.read(events, self._path.read_log(), ())
        return Seen(
            notifications=paging.notifications,
            suppressed=paging.suppressed,
        )

    def _read_troubles(self) -> tuple[str, ...]:
        return read_troubles([self._path.api], self._path.read_log())


def _drop_name(alert: SyntheticAlert) -> dict[str, str]:
    return {name: value for name, value in alert.labels.items() if name != "alertname"}
