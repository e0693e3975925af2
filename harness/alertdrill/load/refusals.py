"""What was first said with each status that a load profile was not after, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MAX_CHARS = 300


class Refusals:
    """The first such answer of each load profile and status, cut short; no secret of the call is in it."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, str]] = {}

    def note(self, profile: str, status: int, text: str, *, secrets: Iterable[str]) -> None:
        """Keep what an answer says, or why there was none, unless there was one of its status before."""
        said = self._said.setdefault(profile, {})
        if str(status) not in said:
            for secret in secrets:
                text = text.replace(secret, "***")
            said[str(status)] = " ".join(text[: 10 * MAX_CHARS].split())[:MAX_CHARS]

    def as_json(self) -> Mapping[str, Mapping[str, str]]:
        """Return all of it, by load profile and status."""
        return self._said
