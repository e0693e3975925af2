"""Which of alertdrill's own scenarios only the reference gateway can be asked. Pure.

A scenario decides it in Locust's process, once a stack stands; what is stated here is held to that by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALWAYS = {
    "executor_timeouts": "inference (POST /v1/infer)",
    "infer": "inference (POST /v1/infer)",
    "predict": "runs (POST /v1/predict)",
    "queue_backlog": "jobs (POST /v1/jobs)",
    "sessions": "sessions (POST /v1/sessions)",
    "stuck_runs": "runs (POST /v1/predict)",
}
"""Which API a scenario asks, whatever its options are."""


def find_needs(scenario: str, options: Mapping[str, Any]) -> str:
    """Return what a scenario with these options needs that only the reference gateway has; '' for nothing."""
    if scenario in ALWAYS:
        return ALWAYS[scenario]
    if scenario == "auth_scan" and options.get("reason") in ("key_revoked", "rotation"):
        return f"an admin API of keys (reason: {options['reason']})"
    if scenario == "rate_limit_abuse" and options.get("requests_per_minute") is not None:
        return "accounts with a limit (requests_per_minute)"
    if scenario == "text_apis" and (options.get("ask") == "statement" or options.get("plan") == "subscribed"):
        return "accounts (ask: statement, plan: subscribed)"
    return ""


def say_needs(scenario: str, needs: str) -> str:
    """Say that a gateway which is somebody's own cannot be asked."""
    return f"the scenario {scenario!r} needs {needs}, which only the reference gateway has"
