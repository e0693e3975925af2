"""Whether a blind rule is proved of labels that anything which rules read has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alertdrill.core.rule import AlertRule
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.kinds import find_kind
from alertdrill.recording.recording import Recording

MAKES_LABELS = ("label_replace(", "label_join(", "count_values")
"""What gives a result a label that no series has."""


Pairs = frozenset[tuple[str, str]]
"""Names of labels, and values that they have."""


def list_pairs(recording: Recording) -> Pairs:
    """Return the labels that any series of a recording has."""
    return frozenset(pair for series in recording.series for pair in series.labels.items())


def doubt_unseen_labels(
    verdict: Verdict, rules: Iterable[AlertRule], seen: Pairs, where: str = "the recording"
) -> Verdict:
    """Return a verdict with a doubt for each blind rule of labels that nothing has which was `seen` there.

    An alert that cannot exist is silent whatever happens: a value that is misspelt in a drill would be met.
    """
    if not any(map(_is_blind, verdict.findings)):
        return verdict
    rules = tuple(rules)
    return replace(
        verdict,
        findings=tuple(
            put_in_doubt(finding, _say_unseen(finding, rules, seen, where)) if _is_blind(finding) else finding
            for finding in verdict.findings
        ),
    )


def _is_blind(finding: Finding) -> bool:
    expected = finding.expectation
    return finding.outcome == "met" and expected is not None and find_kind(expected).must_stay_unseen


def _say_unseen(blind: Finding, rules: Sequence[AlertRule], seen: Pairs, where: str) -> str:
    """Say which label no series has and no rule of the alert makes; nothing if there is none."""
    own = [rule for rule in rules if rule.name == blind.alert]
    if any(word in rule.expr for rule in own for word in MAKES_LABELS):
        return ""
    for name, value in blind.labels.items():
        stated = {rule.labels[name] for rule in own if name in rule.labels}
        if (name, value) in seen or value in stated or any("{{" in text for text in stated):
            continue
        return f'no series in {where} has {name}="{value}", so no alert could have it'
    return ""
