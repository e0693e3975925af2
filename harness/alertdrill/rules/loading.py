"""Lets promtool say whether its Prometheus loads rules: it may be too old for a function, or have it off."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadRules, CouldNotTell, LimitReached
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.runtime.binaries import Promtool
from alertdrill.runtime.files import write_own
from alertdrill.runtime.last_words import find_last_words
from alertdrill.runtime.limits import find_limit, find_limit_of, say_cause
from alertdrill.runtime.scratch import scratch_folder

WITHIN_S = 30.0
MAX_SAID = 500
_REFUSED = re.compile(r'group "rules", rule (?P<number>\d+), "(?:\\.|[^"\\])*":? (?P<why>.+)')


def demand_loadable(tool: Promtool, files: Iterable[RuleFile]) -> None:
    """Raise BadRules, with file, line and group, for the first rule that this Prometheus would not load.

    Raises CouldNotTell when promtool cannot be run.
    """
    if rules := [rule for file in files for rule in file.rules]:
        demand_loadable_rules(tool, rules)


def demand_loadable_rules(tool: Promtool, rules: Sequence[AlertRule | RecordingRule]) -> None:
    """Raise BadRules, with file, line and group, for the first rule that this Prometheus would not load.

    Raises CouldNotTell when promtool cannot be run.
    """
    with scratch_folder() as folder:
        path = folder / "rules.json"
        write_own(
            path, json.dumps({"groups": [{"name": "rules", "rules": [_write(rule) for rule in rules]}]})
        )
        try:
            finished = subprocess.run(  # noqa: S603 - the harness's own command line, without a shell
                [tool.promtool, "check", "rules", path],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=WITHIN_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = say_cause(error) if isinstance(error, OSError) else f"no answer in {WITHIN_S:g} s"
            raise CouldNotTell(f"{tool.promtool} could not be run: {why}") from error
        if not finished.returncode:
            return
        said = (finished.stdout + finished.stderr).decode(errors="replace").replace(str(path), "")
    if "FAILED:" not in said:
        raise _explain_end(tool, said, finished.returncode)
    does_not = f"Prometheus {tool.versions['prometheus']} does not load"
    if refused := _REFUSED.search(said):
        rule = rules[int(refused["number"]) - 1]
        where = f"{rule.source}: group {rule.group!r}: {rule.name}"
        raise BadRules(f"{where}: {does_not} the rule: {refused['why'][:MAX_SAID]}")
    words = " ".join(said.partition("FAILED:")[2].split())[:MAX_SAID]
    raise BadRules(f"{rules[0].source}: {does_not} the rules: {words}")


def _explain_end(tool: Promtool, said: str, code: int) -> CouldNotTell:
    """Say why promtool said nothing of the rules: that is nobody's rule's fault."""
    words = find_last_words(said)
    # With hardly any memory the loader ends it before it can say a word.
    limit = find_limit(words) or (find_limit_of(MemoryError()) if code == -signal.SIGSEGV else None)
    if limit:
        return LimitReached(f"{tool.promtool} cannot look at the rules: {limit}")
    ended = f"exit code {code}" if code > 0 else f"signal {-code}"
    return CouldNotTell(
        f"{tool.promtool} said nothing of the rules, and ended with {ended}: {words[:MAX_SAID]}"
    )


def _write(rule: AlertRule | RecordingRule) -> dict[str, Any]:
    named = {"alert": rule.name} if isinstance(rule, AlertRule) else {"record": rule.name}
    annotations = {"annotations": dict(rule.annotations)} if isinstance(rule, AlertRule) else {}
    return {**named, "expr": rule.expr, "labels": dict(rule.labels), **annotations}
