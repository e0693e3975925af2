"""When a call that failed is tried again at the same provider: `retries` of the configuration.

Pure. Waits are rule time. What a provider asks for is wall time: `Retry-After`, in seconds or as a date
(https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), `retry-after-ms` as OpenAI has it, and Google's
`RetryInfo` (https://cloud.google.com/apis/design/errors).
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, get_args

from alertdrill.core.error_classes import ERROR_CLASSES, PASSING, THE_CLIENTS_FAULT, ErrorClass
from alertdrill.gateway.problems import quote

MOST_TIMES = 10
MOST_S = 3_600.0
MAX_LENGTH = 64
"""Of what a provider says; longer texts are no time."""
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
MAY_BE_RETRIED = tuple(name for name in ERROR_CLASSES if name not in THE_CLIENTS_FAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often, after which classes of errors, and how soon a call is tried again.

    Waits double from `backoff_s`, each cut by up to half at random, lest all that failed at once come back at
    once, and end at `longest_s`. A provider that asks for a longer one is not tried again.
    """

    times: int = 0
    after: frozenset[ErrorClass] = PASSING
    backoff_s: float = 1.0
    longest_s: float = 30.0

    def find_wait_s(
        self, error_class: ErrorClass, retried: int, asked_s: float | None, *, draw: float
    ) -> float | None:
        """Return how long to wait before the next attempt, None for no other.

        `retried` counts the attempts after the first, `asked_s` is what the provider asks for, `draw` is a
        random number from 0 to 1.
        """
        if retried >= self.times or error_class not in self.after:
            return None
        if asked_s is not None and asked_s > self.longest_s:
            return None
        backoff_s: float = min(self.longest_s, self.backoff_s * 2**retried) * (1 - draw / 2)
        return max(backoff_s, asked_s or 0.0)


NONE = Retries()


def draw() -> float:
    """Return a random number from 0 to 1."""
    return random.random()  # noqa: S311 - no secret


def read_retries(document: object) -> Retries:
    """Return the retries that a document states; raises ValueError, whose sentence names what is wrong."""
    if not isinstance(document, dict):
        raise ValueError("retries must be an object")
    names = [field.name for field in fields(Retries)]
    for name in document:
        if name not in names:
            raise ValueError(f"retries: {quote(name)} is none of them; there are {', '.join(names)}")
    stated: dict[str, Any] = dict(document)
    if "times" in stated:
        times = stated["times"]
        if isinstance(times, bool) or not isinstance(times, int) or not 0 <= times <= MOST_TIMES:
            raise ValueError(f"retries: times must be a whole number from 0 to {MOST_TIMES}")
    if "after" in stated:
        stated["after"] = _read_classes(stated["after"])
    for name in ("backoff_s", "longest_s"):
        value = stated.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_S:
            raise ValueError(f"retries: {name} must be a number above 0, at most {MOST_S:g}")
    retries = Retries(**stated)
    if retries.backoff_s > retries.longest_s:
        raise ValueError(
            f"retries: backoff_s ({retries.backoff_s:g}) must not be above longest_s ({retries.longest_s:g})"
        )
    return retries


def _read_classes(value: object) -> frozenset[ErrorClass]:
    if not isinstance(value, list) or not value or not all(name in MAY_BE_RETRIED for name in value):
        raise ValueError(f"retries: after must be a list of some of {', '.join(MAY_BE_RETRIED)}")
    return frozenset(name for name in get_args(ErrorClass) if name in value)


def read_asked_s(headers: Mapping[str, str], document: object, now_s: float) -> float | None:
    """Return how many seconds a provider asks to be left alone, None if it does not say.

    `headers` are found whatever their case, as aiohttp's are, `document` is the body of the answer, and
    `now_s` the wall time, epoch seconds, that a date is counted from.
    """
    milliseconds = _read_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("Retry-After")
    if said is None:
        return _read_google(document)
    seconds = _read_number(said)
    return _read_date(said, now_s) if seconds is None else seconds


def _read_number(said: object) -> float | None:
    return float(said) if isinstance(said, str) and NUMBER.fullmatch(said.strip()) else None


def _read_date(said: str, now_s: float) -> float | None:
    if len(said) > MAX_LENGTH:
        return None
    try:
        when = parsedate_to_datetime(said)
        # A date without a zone is UTC, as all of HTTP's are.
        at_s = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, at_s - now_s) if math.isfinite(at_s) else None


def _read_google(document: object) -> float | None:
    error = document.get("error") if isinstance(document, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return _read_number(delay[:-1])
    return None
