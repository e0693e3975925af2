"""Expectations of alerts that stay silent: just short of the threshold or of the `for`, or blind."""

from __future__ import annotations

from alertdrill.core.expectation import BlindRule, NearMiss
from alertdrill.core.rule import Labels

NEARLY_ALL = 0.91
"""How near a value comes at least where it is meant to be `estimates.NEARLY`: more than 1 / 1.1."""


def near_threshold(alert: str, labels: Labels, *, reaches: float, at_most: float = 1.0) -> NearMiss:
    """Return that the alert stays inactive though its value reaches so much of its threshold, and no more."""
    return NearMiss(alert=alert, labels=labels, reaches=reaches, reaches_at_most=at_most, pending=False)


def near_for(alert: str, labels: Labels, *, over_s: tuple[float, float], reaches: float = 1.0) -> NearMiss:
    """Return that the alert is pending, over its threshold for a time between two, and never fires."""
    return NearMiss(alert=alert, labels=labels, reaches=reaches, pending=True, pending_within_s=over_s)


def blind(alert: str, labels: Labels) -> BlindRule:
    """Return that the rule does not see what another fires on."""
    return BlindRule(alert=alert, labels=labels)
