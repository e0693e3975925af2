"""Looks at an Alertmanager again and again: what it has, what it counts, and who else is notified."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alertdrill.errors import ComponentFailed, CouldNotTell
from alertdrill.runner.synthetic.client import Alertmanager, Group
from alertdrill.runner.synthetic.counters import Outlet, Reading
from alertdrill.runner.synthetic.decide import Rivals
from alertdrill.runner.synthetic.destination import count_rivals
from alertdrill.runner.synthetic.integrations import Sender

POLL_S = 0.5
"""How often it is asked, which is how exact the instants are."""
LOST_WITHIN_S = 30.0
"""For how long it may give no answer before it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an Alertmanager showed at one instant."""

    reading: Reading
    groups: tuple[Group, ...]


class Watch:
    """The looks at an Alertmanager while it deals with one alert, which has `own_groups` groups in it.

    `senders` are the integrations of each receiver, `started_s` is when it started, if that is known.
    """

    def __init__(
        self,
        alertmanager: Alertmanager,
        *,
        fingerprint: str,
        own_groups: int,
        senders: Mapping[str, Sequence[Sender]],
        started_s: float | None = None,
    ) -> None:
        self._alertmanager = alertmanager
        self._fingerprint = fingerprint
        self._own_groups = own_groups
        self._senders = senders
        self._started_s = started_s
        self._rivals: dict[Outlet, int] = {}
        self._hidden = 0

    @property
    def rivals(self) -> Rivals:
        """Who else may have been notified since `forget_rivals`: the most that any look showed."""
        return Rivals(groups=dict(self._rivals), hidden=self._hidden)

    def forget_rivals(self) -> None:
        """Begin anew to watch who else may be notified."""
        self._rivals, self._hidden = {}, 0

    def look(self) -> Look:
        """Return what it shows now. Raises ComponentFailed, and CouldNotTell when it was started anew."""
        # In this order: a group that is counted but not shown is one whose alerts are resolved.
        reading = self._alertmanager.read_counters()
        groups = self._alertmanager.read_groups()
        if self._started_s not in (None, reading.started_s):
            raise CouldNotTell("Alertmanager was started anew meanwhile, and counts from zero")
        self._started_s = reading.started_s
        shown = sum(any(seen.fingerprint != self._fingerprint for seen in group.alerts) for group in groups)
        self._hidden = max(self._hidden, reading.groups - shown - self._own_groups)
        for outlet, count in count_rivals(groups, self._fingerprint, reading, self._senders).items():
            self._rivals[outlet] = max(count, self._rivals.get(outlet, 0))
        return Look(reading=reading, groups=groups)

    def look_on(self, keep: Callable[[], None]) -> Look:
        """Look, after a moment; `keep` is called before. Forgives LOST_WITHIN_S without an answer."""
        give_up_at = time.monotonic() + LOST_WITHIN_S
        while True:
            time.sleep(POLL_S)
            try:
                keep()
                return self.look()
            except ComponentFailed:
                if time.monotonic() > give_up_at:
                    raise
