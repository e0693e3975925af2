"""A finding of a check: where it is, what happens, and what to write instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["error", "warning", "information"]
"""error: it does not do what it says. warning: it does so in some cases. information: worth knowing."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says of one place; `line` and `column` count from 1, `rule` is the alert's name."""

    file: str
    line: int
    column: int
    check: str
    severity: Severity
    rule: str
    happens: str
    instead: str

    @property
    def place(self) -> str:
        """Return `file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"


def order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    """Return by what findings are sorted: as they stand in the files, and the worst first."""
    rank = SEVERITIES.index(finding.severity)
    return finding.file, finding.line, finding.column, rank, finding.check, finding.happens


def reaches(finding: Finding, severity: Severity) -> bool:
    """Say whether a finding is of a severity, or worse."""
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(severity)
