"""What Locust's master and workers must be told, so that it distributes a test's shares over them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import WorkerRunner

from alertdrill.load.environment import get_options, get_runner
from alertdrill.load.leases import SHARES
from alertdrill.load.worker_messages import FROM_MASTER, FROM_WORKERS

Hear = Callable[[str, str, dict[str, Any]], None]
"""Takes a message: its kind, who it is from, and what it says."""


class ShareDispatcher(UsersDispatcher):
    """Starts a user for every share at once, however many users somebody asks for."""

    def new_dispatch(self, target_user_count: int, spawn_rate: float, user_classes: Any = None) -> None:  # noqa: ARG002 - named by Locust
        """Begin to distribute the users."""
        super().new_dispatch(SHARES, SHARES, user_classes)

    @property
    def dispatch_in_progress(self) -> bool:
        """Never: it is done in one step. Locust forgets to say so after it has rebalanced."""
        return False


def distribute(environment: Environment, hear: Hear) -> None:
    """Make a master or a worker, which has just been started, one of a test of shares.

    A user of any scenario sends shares of all, so that it does not matter how many there are of each.
    """
    for user in environment.user_classes:
        user.fixed_count = 0
    if isinstance(environment.runner, WorkerRunner):
        _register(environment, FROM_MASTER, hear)
        # What its requests came to is in the report; a worker is not the one to judge.
        environment.process_exit_code = 0
        return
    _register(environment, FROM_WORKERS, hear)
    environment.dispatcher_class = ShareDispatcher
    get_options(environment).enable_rebalancing = True
    # By default the master reads no messages for a second after a worker has joined.
    os.environ.setdefault("LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP", "0")


def _register(environment: Environment, kinds: tuple[str, ...], hear: Hear) -> None:
    def listen(msg: Any, **_: Any) -> None:
        hear(msg.type, msg.node_id, msg.data)

    for kind in kinds:
        get_runner(environment).register_message(kind, listen)
