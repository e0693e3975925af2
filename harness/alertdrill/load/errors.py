"""What ends a test on purpose; each message is one sentence that a user can act on."""

from __future__ import annotations


class ScenarioError(Exception):
    """The test cannot go on; `exit_code` is what a headless Locust exits with."""

    exit_code = 1


class BadPlan(ScenarioError):
    """The plan or the options cannot be used."""

    exit_code = 2


def find_cause(error: BaseException) -> str:
    """Say why a request got no answer: as the system does, at the end of the chain of causes, or by kind."""
    cause = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    said = cause.strerror if isinstance(cause, OSError) else None
    return said or type(error).__name__
