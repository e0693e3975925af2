"""An alert that fires at an Alertmanager for as long as it is wanted, and never longer.

It is handed in as firing for a short time only, again and again: what ends without a chance to resolve it
(SIGKILL, a network that is gone for good) leaves it firing for HOLD_S at the most. In every other case it is
resolved, and seen to be.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType

from alertdrill.errors import ComponentFailed, CouldNotTell, RequestRefused
from alertdrill.runner.synthetic.client import Alertmanager, Seen
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

HOLD_S = 60.0
"""How long the alert fires on unless it is handed in anew."""
REFRESH_S = 15.0
RETRY_S = 0.5
CLOCKS_AGREE_S = 2.0
SEEN_WITHIN_S = 10.0
"""How long an alert that was handed in may take to be seen; no Alertmanager takes a second."""

Say = Callable[[str], None]


class Firing:
    """A `with` block in which an alert may be raised; however it is left, the alert is resolved.

    `say` is told when that fails. Where nothing else went wrong, that is CouldNotTell too.
    """

    def __init__(self, alertmanager: Alertmanager, alert: SyntheticAlert, say: Say) -> None:
        self.alert = alert
        self.is_resolved = True
        self._alertmanager = alertmanager
        self._say = say
        self._starts_s = 0.0
        self._ends_s = 0.0
        self._refreshed_at = 0.0
        self._ahead_s = 0.0

    def __enter__(self) -> Firing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            why = self.resolve()
        except BaseException:
            # A signal in the middle of it. The command line heeds the first one only: now there is time.
            if why := self.resolve():
                self._say(why)
            raise
        if why is None:
            return
        self._say(why)
        if error is None:
            raise CouldNotTell(why)

    def begin(self) -> tuple[float, float]:
        """Raise the alert; return how long it took to hand it in, and then until Alertmanager had it, in s.

        Raises ComponentFailed, and CouldNotTell when Alertmanager takes it without having it.
        """
        self._starts_s = time.time()
        self.is_resolved = False
        began = time.monotonic()
        try:
            self._refresh()
        except RequestRefused as error:
            # What is refused like this has not been taken, so there is nothing to resolve.
            self.is_resolved = 400 <= error.status < 500
            raise
        handed_in = time.monotonic()
        while time.monotonic() - handed_in < SEEN_WITHIN_S:
            if seen := self.find():
                # Alertmanager stamps what it is handed with its own clock.
                self._ahead_s = seen.updated_s - self._starts_s
                if self._ahead_s < -CLOCKS_AGREE_S:
                    self._refresh()
                return handed_in - began, time.monotonic() - handed_in
            time.sleep(RETRY_S / 5)
        raise CouldNotTell(
            f"Alertmanager took the alert, and does not have it: is its clock more than {HOLD_S:.0f} s "
            f"ahead of this machine's?"
        )

    def keep(self) -> None:
        """Let the alert fire on, if it is time to say so. Raises ComponentFailed."""
        if time.monotonic() - self._refreshed_at >= REFRESH_S:
            self._refresh()

    def find(self) -> Seen | None:
        """Return the alert as Alertmanager has it, or None when it is resolved."""
        for group in self._alertmanager.read_groups():
            if seen := group.find(self.alert.fingerprint):
                return seen
        return None

    def resolve(self) -> str | None:
        """Resolve the alert and see that it is; tries until it would have ended by itself.

        Returns None when it was seen to be resolved, else a sentence that says why not and what happens.
        """
        is_said = False
        while not self.is_resolved:
            now_s = time.time()
            why = "Alertmanager has it still"
            try:
                # An end in the future of Alertmanager's clock would not end anything.
                self._post(now_s + min(self._ahead_s, 0.0) - RETRY_S)
                self.is_resolved = self.find() is None
            except ComponentFailed as error:
                why = str(error)
                if not is_said:
                    is_said = True
                    self._say(f"the alert is not resolved yet, tried until {_show(self._ends_s)}: {why}")
            if self.is_resolved:
                break
            if now_s > self._ends_s:
                until = _show(self._ends_s)
                return (
                    f"the alert {self.alert.name} could not be seen to be resolved: {why}; it was handed "
                    f"in as firing until {until} and no longer, so Alertmanager resolves it by itself"
                )
            time.sleep(RETRY_S)
        return None

    def _refresh(self) -> None:
        # Noted before it is sent: when only the answer is lost, it has arrived all the same.
        self._ends_s = time.time() + HOLD_S
        self._post(self._ends_s + self._ahead_s)
        self._refreshed_at = time.monotonic()

    def _post(self, ends_s: float) -> None:
        # A start in the future of Alertmanager's clock could not be followed by an end in its past.
        starts_s = self._starts_s + min(self._ahead_s, 0.0)
        self._alertmanager.post(self.alert, starts_s=starts_s, ends_s=max(ends_s, starts_s + 0.001))


def _show(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).astimezone().strftime("%H:%M:%S")
