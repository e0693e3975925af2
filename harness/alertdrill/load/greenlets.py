"""Lets no greenlet die in silence: what it raises ends the test."""

from __future__ import annotations

import logging
from collections.abc import Callable

from alertdrill.load.errors import ScenarioError

OnFailure = Callable[[ScenarioError], None]

logger = logging.getLogger(__name__)


def guard(on_failure: OnFailure, perform: Callable[..., None], *arguments: object) -> None:
    """Call `perform`, and tell `on_failure` what it raises."""
    try:
        perform(*arguments)
    except ScenarioError as error:
        on_failure(error)
    except Exception as error:
        logger.exception("Unexpected error")
        on_failure(ScenarioError(f"Unexpected error: {type(error).__name__}: {error}"))
