"""What Locust's environment has once it runs; to its types there might be none."""

from __future__ import annotations

from argparse import Namespace
from typing import cast

from locust.env import Environment
from locust.runners import Runner


def get_options(environment: Environment) -> Namespace:
    """Return what the command line, or the web page, said."""
    return cast("Namespace", environment.parsed_options)


def get_runner(environment: Environment) -> Runner:
    """Return who runs the users of this process."""
    return cast("Runner", environment.runner)
