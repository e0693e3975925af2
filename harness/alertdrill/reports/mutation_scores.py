"""How many mistakes in each alert's rule drills notice, as `alertdrill mutate` left it in a folder.

Format: https://github.com/stryker-mutator/mutation-testing-elements, as `mutation/report_json.py` writes it:
a mutant's description begins with its alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from alertdrill.core.documents import take, take_objects
from alertdrill.errors import BadInput
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import decode_text, read_bytes

MAX_BYTES = 64 * 1024 * 1024
COUNTED = {"Killed": True, "Survived": False, "NoCoverage": False}
"""The statuses that count for a score, and whether drills noticed such a mutant."""


def read_scores(out: Path) -> dict[str, float]:
    """Return the percentage of mutants that drills notice, by alert; none where nothing can be read of it."""
    path = out / "mutation.json"
    with suppress(OSError, ValueError, BadInput):
        document = load_json(decode_text(read_bytes(path, MAX_BYTES), str(path)))
        return _score(document) if isinstance(document, dict) else {}
    return {}


def _score(document: Mapping[str, Any]) -> dict[str, float]:
    noticed: dict[str, list[bool]] = {}
    files = take(document, "files", dict)
    for file in files:
        for mutant in take_objects(take(files, file, dict), "mutants"):
            status = mutant.get("status")
            alert, colon, _ = take(mutant, "description", str).partition(": ")
            if colon and status in COUNTED:
                noticed.setdefault(alert, []).append(COUNTED[status])
    return {alert: 100 * sum(all_of_it) / len(all_of_it) for alert, all_of_it in noticed.items()}
