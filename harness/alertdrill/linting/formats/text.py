"""Findings for people: the place, what happens, and below it what to write instead. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from alertdrill.core.wording import printable
from alertdrill.linting.finding import SEVERITIES, Finding


def render(findings: Sequence[Finding], refused: Sequence[str]) -> str:
    """Return two lines a finding, and at the end how many there are of each severity.

    What could not be read is on standard error; here it is only not said that all is well.
    """
    lines = []
    for one in findings:
        about = f"{one.rule}: " if one.rule else ""
        lines.append(printable(f"{one.place}: {one.severity}: {about}{one.happens} [{one.check}]"))
        lines.append(printable(f"    {one.instead}"))
    counts = Counter(one.severity for one in findings)
    said = [
        f"{counts[severity]} {_name(severity, counts[severity])}"
        for severity in SEVERITIES
        if counts[severity]
    ]
    nothing = "no findings in what could be read" if refused else "no findings"
    lines.append(", ".join(said) if said else nothing)
    return "\n".join(lines) + "\n"


def _name(severity: str, count: int) -> str:
    return severity if count == 1 or severity == "information" else f"{severity}s"
