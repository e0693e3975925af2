"""What ends a test on purpose; each message is one sentence that a user can act on."""

from __future__ import annotations


class ScenarioError(Exception):
    """The test cannot go on; `exit_code` is what a headless Locust exits with."""

    exit_code = 1


class BadPlan(ScenarioError):
    """The plan or the options cannot be used."""

    exit_code = 2
