"""What is wrong with a change as SARIF 2.1.0, for code scanning. Pure.

A result has the line of its rule; what has none has that of the first rule that changed, as code scanning
shows no result without a place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alertdrill.gating.gate import Gated
from alertdrill.gating.wording import list_doubts, list_troubles, list_warnings
from alertdrill.linting.formats.sarif import write_log, write_place

RULES: Mapping[str, tuple[str, str]] = {
    "gate-unmet-drill": ("A drill about a changed alert is not met.", "error"),
    "gate-missing-drill": ("A changed alert has no drill that fires it, or none that comes near.", "error"),
    "gate-stale-rules": ("A rule file is not what its template makes.", "error"),
    "gate-lint": ("Lint finds an error in a changed rule that it did not find before.", "error"),
    "gate-warning": ("Something to look at in a changed rule.", "warning"),
    "gate-could-not-tell": ("What a change does in a drill could not be told.", "warning"),
}


def render_sarif(gated: Sequence[Gated]) -> str:
    """Return a log of one run."""
    rules = [
        {"id": name, "shortDescription": {"text": said}, "defaultConfiguration": {"level": level}}
        for name, (said, level) in RULES.items()
    ]
    return write_log(rules, [result for one in gated for result in _list_results(one)])


def _list_results(gated: Gated) -> Iterator[Mapping[str, object]]:
    changed = [change.rule.source for change in gated.changes if change.kind != "removed"]
    first = next(iter(changed), "")
    for trouble in list_troubles(gated):
        yield _write(f"gate-{trouble.kind}", trouble.text, trouble.source or first)
    for said in list_warnings(gated):
        yield _write("gate-warning", said, first)
    for said in list_doubts(gated):
        yield _write("gate-could-not-tell", said, first)


def _write(name: str, text: str, source: str) -> Mapping[str, object]:
    file, _, line = source.rpartition(":")
    place = {"locations": write_place(file, int(line))} if file and line.isdigit() else {}
    return {"ruleId": name, "level": RULES[name][1], "message": {"text": text}, **place}
