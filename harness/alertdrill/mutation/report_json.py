"""mutation.json: what became of the mutants, in the open mutation-testing-report-schema, version 2. Pure.

Format: https://github.com/stryker-mutator/mutation-testing-elements. Drills are its tests. It has no state
for what could not be told, which is an error here, nor for what is equivalent, which is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Result, State
from alertdrill.mutation.score import Scored

SCHEMA_VERSION = "2.0"
STATUSES: Mapping[State, str] = {
    "killed": "Killed",
    "survived": "Survived",
    "no coverage": "NoCoverage",
    "could not tell": "RuntimeError",
    "invalid": "CompileError",
    "equivalent": "Ignored",
}


def render_report(scored: Sequence[Scored], least: float) -> str:
    """Return the report; a score below `least` is a bad one."""
    files: dict[str, Any] = {}
    for one in scored:
        for name, text in one.sources.items():
            own = [_write(one, result, text) for result in one.results if _split(result)[0] == name]
            files[name] = {"language": "yaml", "source": text, "mutants": own}
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "thresholds": {"high": round(least), "low": round(least)},
        "framework": {"name": "alertdrill"},
        "files": files,
        "testFiles": {
            f"drills of {one.name}": {
                "tests": [{"id": _identify(one, drill), "name": drill} for drill in one.drills]
            }
            for one in scored
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _write(scored: Scored, result: Result, text: str) -> dict[str, Any]:
    mutant = result.mutant
    line = _split(result)[1]
    written = text.splitlines()[line - 1]
    begin = len(written) - len(written.lstrip()) + 1
    document: dict[str, Any] = {
        "id": f"{scored.name}/{mutant.id}",
        "mutatorName": mutant.operator,
        "description": f"{mutant.original.name}: {mutant.says}",
        "replacement": _say_replacement(result),
        "location": {
            "start": {"line": line, "column": begin},
            "end": {"line": line, "column": len(written) + 1},
        },
        "status": STATUSES[result.state],
        "testsCompleted": len(result.tried),
    }
    if result.why:
        document["statusReason"] = result.why
    if result.tried:
        document["coveredBy"] = [_identify(scored, drill) for drill in result.tried]
    if result.by is not None:
        document["killedBy"] = [_identify(scored, result.by)]
    return document


def _say_replacement(result: Result) -> str:
    """Return the whole expression as the mutant has it, or the other value of a field."""
    mutant = result.mutant
    if isinstance(mutant.rule, AlertRule) and mutant.rule.expr == mutant.original.expr:
        return mutant.becomes
    return mutant.rule.expr


def _split(result: Result) -> tuple[str, int]:
    name, _, line = result.mutant.source.rpartition(":")
    return name, int(line)


def _identify(scored: Scored, drill: str) -> str:
    return f"{scored.name}/{drill}"
