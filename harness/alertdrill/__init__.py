"""Fire drills for Prometheus alerts: traffic, gateway, scrape, rule, Alertmanager, pager, resolved.

What is named here is all that one needs to write a drill and to judge a recording, and stays as it is; every
other module may change.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
"""What type checkers take for true; `typing`, which has it, takes long to import."""
if TYPE_CHECKING:
    from alertdrill.core.drill import (
        BehaviourChange,
        Drill,
        LoadProfile,
        LoadStage,
        Maintenance,
        Outage,
        ReceiverFault,
    )
    from alertdrill.core.expectation import (
        BlindRule,
        Delivery,
        Expectation,
        Grouped,
        NearMiss,
        Suppressed,
        Text,
    )
    from alertdrill.core.verdict import Finding, Verdict
    from alertdrill.errors import AlertdrillError, BadInput, BadRules, CouldNotTell
    from alertdrill.runner.public_api import judge_recorded

__all__ = [
    "AlertdrillError",
    "BadInput",
    "BadRules",
    "BehaviourChange",
    "BlindRule",
    "CouldNotTell",
    "Delivery",
    "Drill",
    "Expectation",
    "Finding",
    "Grouped",
    "LoadProfile",
    "LoadStage",
    "Maintenance",
    "NearMiss",
    "Outage",
    "ReceiverFault",
    "Suppressed",
    "Text",
    "Verdict",
    "judge_recorded",
]

_WHERE = {
    "alertdrill.core.drill": {
        "BehaviourChange",
        "Drill",
        "LoadProfile",
        "LoadStage",
        "Maintenance",
        "Outage",
        "ReceiverFault",
    },
    "alertdrill.core.expectation": {
        "BlindRule",
        "Delivery",
        "Expectation",
        "Grouped",
        "NearMiss",
        "Suppressed",
        "Text",
    },
    "alertdrill.core.verdict": {"Finding", "Verdict"},
    "alertdrill.errors": {"AlertdrillError", "BadInput", "BadRules", "CouldNotTell"},
    "alertdrill.runner.public_api": {"judge_recorded"},
}
"""Which module has what; it is imported when it is asked for, so that commands start quickly."""


def __getattr__(name: str) -> object:
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"alertdrill has no {name!r}")
