"""Sends every alert of rule files through a paging path of our own, and sees its pages opened and closed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from alertdrill.alertmanager.groups import Groups
from alertdrill.alertmanager.watching import PathWatch, read_troubles
from alertdrill.core.clock import format_s
from alertdrill.core.timeline import Event
from alertdrill.judging.recorded import list_spans, prefer_recorded_spans
from alertdrill.runner.synthetic.batches import Bound, plan_batches
from alertdrill.runner.synthetic.destination import GroupKey
from alertdrill.runner.synthetic.durations import estimate_wall_s, find_wait_s, say_why_long
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

MARGIN_WALL_S = 10.0
LONG_WALL_S = 10.0
"""What takes longer is said before."""
POLL_S = 0.05
MAX_NAMED = 20
"""Of the alerts of a batch."""
FIRES_FOR_WALL_S = 3600.0
"""Long enough; the Alertmanager that is told so is our own, and ends with us."""
FLUSHED_WITHIN_WALL_S = 0.5
"""By this much after its group interval has an Alertmanager forgotten an alert that ended."""
UNSENT = Sent(fired_s=0.0)


def plan_sending(bound: Sequence[Bound], rules: Sequence[InhibitRule]) -> list[list[Bound]]:
    """Return the alerts that go to somebody, in batches that can be sent at once."""
    return plan_batches([one for one in bound if not one.destination.is_nowhere], rules)


class Exercise:
    """Alerts on their way; those that would meet are sent one after another."""

    def __init__(self, path: LocalPath, rules: Sequence[InhibitRule], say: Say) -> None:
        self._path = path
        self._rules = rules
        self._say = say
        self._watch = PathWatch(
            pager=path.pager,
            alertmanagers={"alertmanager": path.api},
            clock=path.clock,
            groups=Groups(path.routes),
        )
        self._alerts: list[SyntheticAlert] = []
        self._sent: dict[int, Sent] = {}
        self._groups: set[GroupKey] = set()
        self._over_at = math.inf
        self._cut: set[int] = set()
        self._may_be_muted = False

    def hold(self, bound: Sequence[Bound], within_wall_s: float | None = None) -> tuple[Row, ...]:
        """Return what became of each alert, in their order. Raises ComponentFailed when a part fails.

        What does not fit `within_wall_s` is not sent, and unobserved.
        """
        batches = plan_sending(bound, self._rules)
        speed = self._path.clock.speed
        estimates = estimate_wall_s(batches, speed)
        if sum(estimates) > LONG_WALL_S:
            self._say(f"about {format_s(sum(estimates))}, because {say_why_long(batches)}")
        if within_wall_s is not None:
            self._over_at = time.monotonic() + within_wall_s
        for number, batch in enumerate(batches, 1):
            left_s = sum(estimates[number - 1 :])
            more = f" and {len(batch) - MAX_NAMED} more" if len(batch) > MAX_NAMED else ""
            names = ", ".join(one.name for one in batch[:MAX_NAMED]) + more
            if time.monotonic() + estimates[number - 1] > self._over_at:
                self._say(f"the time is over after {number - 1} of {len(batches)} batches")
                break
            about = f", about {format_s(left_s)} left" if sum(estimates) > LONG_WALL_S else ""
            self._say(f"batch {number} of {len(batches)}{about}: {names}")
            self._hold_batch(batch, [one for later in batches[number:] for one in later])
        self._look()
        seen = self._read()
        recorded = list_spans(self._path.read_steps())
        suppressed = prefer_recorded_spans(seen.suppressed, recorded)
        seen = replace(seen, suppressed=suppressed, troubles=self._read_troubles())
        return tuple(self._judge(one, seen) for one in bound)

    def _judge(self, bound: Bound, seen: Seen) -> Row:
        is_due = not bound.destination.is_nowhere
        row = judge_alert(bound, seen, self._sent.get(id(bound), UNSENT))
        if not is_due or (id(bound) in self._sent and id(bound) not in self._cut):
            return row
        # Of one that was not sent, what is seen is about another with the same labels.
        if id(bound) in self._sent and row.outcome in {"paged", "misworded"}:
            return row
        what = "not sent" if id(bound) not in self._sent else "not waited for to its end"
        return replace(row, outcome="unobserved", evidence=f"{what}: the time was over")

    def _hold_batch(self, batch: Sequence[Bound], later: Sequence[Bound]) -> None:
        alerts = [one.alert for one in batch]
        legs = [leg for one in batch for leg in one.destination.legs]
        self._alerts += alerts
        self._may_be_muted |= any(leg.intervals for leg in legs)
        rule_s = self._path.clock.rule_s
        fired_at = time.time()
        self._sent |= {id(one): Sent(fired_s=rule_s(fired_at)) for one in batch}
        self._path.alertmanager.post(*alerts, starts_s=fired_at, ends_s=fired_at + FIRES_FOR_WALL_S)
        self._await(batch, is_open_everywhere, max(find_wait_s(leg, self._groups) for leg in legs))
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
        waiting = list(batch)
        is_new = True
        while time.monotonic() < min(give_up_at, self._over_at):
            time.sleep(POLL_S)
            self._path.check()
            is_new |= self._look()
            if not is_new:
                continue
            is_new = False
            seen = self._read()
            waiting = [one for one in waiting if not is_done(one, seen, self._sent[id(one)])]
            if not waiting:
                return
        if time.monotonic() < give_up_at:
            self._cut |= {id(one) for one in waiting}

    def _look(self) -> bool:
        """Look at the path; say whether there is anything new."""
        return self._watch.look(self._path.clock.rule_s(time.time()))

    def _read(self) -> Seen:
        """Return all that was seen so far."""
        now_s = self._path.clock.rule_s(time.time())
        # Labels are not in every notification; what was sent tells them from the fingerprint.
        events = [
            Event(at_s=now_s, kind="firing", alert=alert.name, labels=_drop_name(alert))
            for alert in self._alerts
        ]
        # Only time intervals are read from the log, and not every config has some.
        log = self._path.read_log() if self._may_be_muted else ()
        paging = self._watch.read(events, log, ())
        return Seen(
            notifications=paging.notifications,
            suppressed=paging.suppressed,
        )

    def _read_troubles(self) -> tuple[str, ...]:
        return read_troubles([self._path.api], self._path.read_log())


def _drop_name(alert: SyntheticAlert) -> dict[str, str]:
    return {name: value for name, value in alert.labels.items() if name != "alertname"}
