"""The classes of errors by which calls of a provider fail: the one list of them.

Stub providers, which import nothing of ours, have it too; a test holds the two together.
"""

from __future__ import annotations

from typing import Literal, get_args

ErrorClass = Literal[
    "rate_limit",
    "auth",
    "server_error",
    "network",
    "context_overflow",
    "timeout",
    "invalid_request",
    "unknown",
]
ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)
THE_CLIENTS_FAULT: frozenset[ErrorClass] = frozenset({"context_overflow", "invalid_request"})
"""What any provider would repeat, and only who asked can mend."""
UNREACHABLE: frozenset[ErrorClass] = frozenset({"network", "timeout"})
"""What says that a provider is not there; any other error is an answer."""
PASSING: frozenset[ErrorClass] = UNREACHABLE | {"rate_limit", "server_error"}
"""What may be over a moment later."""
