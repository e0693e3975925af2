"""How a stub provider behaves: what a drill's behaviour changes say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Behaviour = Mapping[str, Any]

HEALTHY: Behaviour = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}


def slow(seconds: float) -> dict[str, Any]:
    """Return a behaviour that always takes so long."""
    return {"latency": {"kind": "constant", "s": seconds}}


def sometimes_slow(seconds: float, *, every: int, otherwise_s: float) -> dict[str, Any]:
    """Return a behaviour of which every n-th call takes long, and all others are as fast as each other."""
    return {"latency": {"kind": "mixed", "s": otherwise_s, "slow_s": seconds, "every": every}}


def failing(
    error_class: str = "server_error", *, otherwise: Behaviour = HEALTHY, **when: float
) -> dict[str, Any]:
    """Return a behaviour that fails a `share` of the calls, `every` n-th or the `next` n."""
    return {**otherwise, "errors": {"class": error_class, **when}}
