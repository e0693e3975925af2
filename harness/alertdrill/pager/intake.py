"""Where every attempt to deliver is decided on, whatever it came by."""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Literal

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.receivers.kind import RateBound
from alertdrill.pager.faults import Faults
from alertdrill.pager.heartbeats import Heartbeats
from alertdrill.pager.journal import Journal
from alertdrill.pager.rule_time import RuleTime

log = logging.getLogger("pager")

Breaks = Literal["timeout", "reset"]
"""Instead of an answer: none at all, or a reset connection."""
_TOLD = "the receiver was told to fail"


class Desk:
    """Accepts attempts into the journal or refuses them: faults first, then the format, then the rate."""

    def __init__(self, rule_time: RuleTime) -> None:
        self.rule_time = rule_time
        self.journal = Journal(rule_time)
        self.faults = Faults()
        self.heartbeats = Heartbeats(self.journal, rule_time)
        self._events: dict[Address, deque[float]] = {}

    def take(self, address: Address, attempt: Attempt) -> Answer | Breaks:
        """Decide on an attempt, note it, and return what it is to be answered."""
        received_s = time.time()
        kind = RECEIVER_KINDS[address.integration]
        fault = self.faults.find(address)
        if fault and fault.how in {"timeout", "reset"}:
            self._refuse(address, attempt, received_s, fault.how, _TOLD)
            return "timeout" if fault.how == "timeout" else "reset"
        refusal, why = attempt.refusal, attempt.why
        if fault:
            throttled = attempt.throttled or kind.failing.rate_limit
            refusal, why = (throttled if fault.how == "rate_limit" else kind.failing.error), _TOLD
        elif not refusal and kind.rate_bound and self._is_throttled(address, kind.rate_bound):
            refusal, why = attempt.throttled or kind.rate_bound.answer, kind.rate_bound.why
        if refusal:
            self._refuse(address, attempt, received_s, str(refusal.status), why)
            return refusal
        known = self.journal.find_known(address, attempt.key)
        answer = attempt.answer if isinstance(attempt.answer, Answer) else attempt.answer(known)
        notification = self.journal.accept(address, attempt, received_s=received_s, answer=str(answer.status))
        if notification:
            log.info("%s %s %s", address.path, notification["status"], notification["effect"])
        if attempt.does == "trigger":
            self.heartbeats.hear(address.receiver)
        return answer

    def close(self) -> None:
        """Keep nobody waiting any more, and page nobody."""
        self.faults.end_all()
        self.heartbeats.stop()

    def _refuse(self, address: Address, attempt: Attempt, received_s: float, answer: str, why: str) -> None:
        log.warning("%s refused with %s: %s", address.path, answer, why)
        self.journal.refuse(address, attempt, received_s=received_s, answer=answer, why=why)

    def _is_throttled(self, address: Address, bound: RateBound) -> bool:
        """Count what came to an inbox, unless there was too much in the last minute of rule time."""
        now_s = time.monotonic()
        events = self._events.setdefault(address, deque())
        while events and events[0] < now_s - self.rule_time.span_wall_s(60.0):
            events.popleft()
        if len(events) >= bound.per_minute:
            return True
        events.append(now_s)
        return False
