"""The JSON Schema of timelines, and what of a document it finds wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PACKAGED = Path(__file__).parents[2] / "harness" / "alertdrill" / "reports" / "timeline.schema.json"
SCHEMA: dict[str, Any] = json.loads(PACKAGED.read_text())


@cache
def _make_validator(form: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{form}", "$defs": SCHEMA["$defs"]})


def list_faults(document: Mapping[str, Any]) -> list[str]:
    """Return where a document is not as the schema has it, of the form that it has: judged, or replayed."""
    form = "run" if "verdicts" in document else "replayed"
    return [
        f"{error.json_path}: {error.message[:200]}" for error in _make_validator(form).iter_errors(document)
    ]


def check_reported(folder: Path, since_s: float) -> None:
    """Hold the timeline to the schema that a command left in a folder after an instant, if it left one."""
    path = folder / "timeline.json"
    try:
        is_new = path.stat().st_mtime >= since_s
    except OSError:  # a test of paths that cannot be followed
        return
    if is_new:
        assert list_faults(json.loads(path.read_text())) == []
