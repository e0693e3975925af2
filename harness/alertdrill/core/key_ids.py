"""What ids of gateway keys stand for."""

from __future__ import annotations

NO_KEY = "null"
"""Stands for traffic without a key wherever keys are named, so that no key has this id."""
