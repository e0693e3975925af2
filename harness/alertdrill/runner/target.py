"""A gateway that is somebody else's, as traffic needs it: its token goes into Locust's environment only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alertdrill.runtime.looking import follow

TOKEN = "ALERTDRILL_TARGET_TOKEN"  # noqa: S105 - the variable's name, not the token
HEADER = "ALERTDRILL_TARGET_HEADER_{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What calls carry: `token` as their bearer's, None for none, and `headers`.

    `ca` is a file of the authorities that its certificate is checked with, None for the system's.
    """

    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca: Path | None = None

    def describe(self) -> dict[str, Any]:
        """Return what a plan says of it: the names of the variables that `list_variables` has."""
        return {
            "token_env": None if self.token is None else TOKEN,
            "headers_env": {name: HEADER.format(number=number) for number, name in enumerate(self.headers)},
            "ca": None if self.ca is None else str(follow(self.ca)),
        }

    def list_variables(self) -> dict[str, str]:
        """Return what Locust needs in its environment."""
        headers = {HEADER.format(number=number): value for number, value in enumerate(self.headers.values())}
        return headers if self.token is None else {TOKEN: self.token, **headers}
