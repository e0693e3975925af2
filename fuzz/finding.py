"""What a fuzzer tried, what came of it, and how to see again what must not be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that must not be: `what` in a sentence, and the end of what the program said."""

    what: str
    said: str = ""

    def describe(self, again: str) -> str:
        """Say it, with the command line that shows it again and what was said."""
        said = [f"  | {line[:400]}" for line in self.said.splitlines()[-12:]]
        return "\n".join([f"FOUND {self.what}", f"  again: {again}", *said])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the cases of one seed came to: how many of each outcome there were, and what was found.

    `line` says what a case was where there is one only, and it took long.
    """

    outcomes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    line: str = ""
