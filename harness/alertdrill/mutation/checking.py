"""Finds the mutants that are no rules: promtool would not load them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.mutation.mutant import Mutant, Rule
from alertdrill.recording.replay.promtool import write_json
from alertdrill.rules.promql.expressions import format_duration, parse
from alertdrill.runtime.files import write_own
from alertdrill.runtime.process import start
from alertdrill.runtime.scratch import scratch_folder

WITHIN_S = 60.0
NAME = "mutants.yml"

_REFUSED = re.compile(r'group "m(\d+)", rule 1, "(?:\\.|[^"\\])*": (.*)')


def find_invalid(mutants: Sequence[Mutant], promtool: Path) -> dict[str, str]:
    """Return why mutants are no rules, by their id. Raises ComponentFailed when promtool cannot be asked."""
    invalid = {}
    readable = []
    for mutant in mutants:
        try:
            parse(mutant.rule.expr)
            readable.append(mutant)
        except BadInput as error:
            invalid[mutant.id] = str(error)
    if readable:
        for number, why in _ask(readable, promtool):
            invalid[readable[number].id] = f"promtool does not take it: {why}"
    return invalid


def _ask(mutants: Sequence[Mutant], promtool: Path) -> list[tuple[int, str]]:
    """Return the numbers of the mutants that promtool refuses, and what it says of each."""
    groups = [{"name": f"m{number}", "rules": [_write(mutant.rule)]} for number, mutant in enumerate(mutants)]
    with scratch_folder() as folder:
        write_own(folder / NAME, write_json({"groups": groups}))
        argv = [str(promtool), "check", "rules", "--lint=none", NAME]
        env = {"TMPDIR": str(folder), "PATH": os.defpath}
        process = start("promtool", argv, env=env, log_path=folder / "said", cwd=folder)
        try:
            give_up_at = time.monotonic() + WITHIN_S
            while (code := process.wait(1.0)) is None:
                if time.monotonic() > give_up_at:
                    raise ComponentFailed("promtool did not check the mutants in time")
        finally:
            process.kill() if process.poll() is None else None
        said = process.log_path.read_text(errors="replace")
        found = [(int(match[1]), match[2]) for match in map(_REFUSED.search, said.splitlines()) if match]
        if code and not found:
            raise ComponentFailed(f"{process.say_end()}, and does not say which of the mutants it minds")
    return found


def _write(rule: Rule) -> dict[str, Any]:
    written: dict[str, Any] = {"expr": rule.expr, "labels": dict(rule.labels)}
    if not isinstance(rule, AlertRule):
        return {"record": rule.name, **written}
    if rule.for_s:
        written["for"] = format_duration(rule.for_s)
    if rule.keep_firing_for_s:
        written["keep_firing_for"] = format_duration(rule.keep_firing_for_s)
    return {"alert": rule.name, **written}
