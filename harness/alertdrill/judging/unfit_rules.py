"""What is said of an alert that is right at speed 1 only, and that a faster run did not evaluate. Pure."""

from __future__ import annotations


def say_unfit(alert: str, why: str, speed: float) -> str:
    """Say why nothing can be told of an alert, which was not seen for that: it was not silent."""
    return f"{alert} is right at speed 1 only, and this run had {speed:g}: {why}"
