"""Findings as SARIF 2.1.0, which code scanning reads. Pure.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; GitHub takes at most 25,000 results of a
run, and paths that are relative to the checkout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from urllib.parse import quote

from alertdrill.linting.checks import find_checks
from alertdrill.linting.finding import Finding, Severity

MAX_RESULTS = 25_000
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "information": "note"}


def render(findings: Sequence[Finding], refused: Sequence[str]) -> str:
    """Return a log of one run; of more findings than are taken, the worst.

    A run that could not read a file was not successful (SARIF, 3.20.14), and says why (3.20.21).
    """
    worst = sorted(findings, key=lambda one: list(_LEVELS).index(one.severity))[:MAX_RESULTS]
    rules = [
        {
            "id": check.name,
            "shortDescription": {"text": check.page.title},
            "fullDescription": {"text": " ".join(check.page.happens.split())},
            "help": {"text": " ".join(check.page.instead.split())},
            "defaultConfiguration": {"level": _LEVELS[check.severity]},
        }
        for check in find_checks()
    ]
    return write_log(rules, [*map(_write, worst)], refused)


def write_log(
    rules: Sequence[Mapping[str, object]],
    results: Sequence[Mapping[str, object]],
    refused: Sequence[str] = (),
) -> str:
    """Return a log of one run: of rules, of what they found, and of why something could not be looked at."""
    driver = {"name": "alertdrill", "rules": rules}
    notes = [{"level": "error", "message": {"text": said}} for said in refused]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def write_place(file: str, line: int, column: int = 1) -> list[Mapping[str, object]]:
    """Return the one place of a result."""
    place = {
        "artifactLocation": {"uri": quote(PurePath(file).as_posix())},
        "region": {"startLine": line, "startColumn": column},
    }
    return [{"physicalLocation": place}]


def _write(one: Finding) -> dict[str, object]:
    about = f"{one.rule}: " if one.rule else ""
    return {
        "ruleId": one.check,
        "level": _LEVELS[one.severity],
        "message": {"text": f"{about}{one.happens} {one.instead}"},
        "locations": write_place(one.file, one.line, one.column),
    }
