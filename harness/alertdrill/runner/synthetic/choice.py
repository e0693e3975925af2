"""Which rule a synthetic alert is made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.rules.files import RuleFile
from alertdrill.runner.synthetic.synthetic import show_labels

MAX_LABELS = 64
MAX_VALUE_CHARACTERS = 4096


def read_labels(texts: Sequence[str]) -> dict[str, str]:
    """Return the labels that `NAME=VALUE` texts state. Raises BadInput."""
    labels: dict[str, str] = {}
    for text in texts:
        name, is_pair, value = text.partition("=")
        if not is_pair or not name or name.startswith("__") or name == "alertname":
            raise BadInput(
                f"--label {text[:80]!r} is not NAME=VALUE with a label's name that a series may have"
            )
        if name in labels:
            raise BadInput(f"--label: {name} is given twice")
        if len(value) > MAX_VALUE_CHARACTERS:
            raise BadInput(f"--label {name}: its value has more than {MAX_VALUE_CHARACTERS} characters")
        labels[name] = value
    if len(labels) > MAX_LABELS:
        raise BadInput(f"--label: more than {MAX_LABELS} labels")
    return labels


def choose_rule(files: Sequence[RuleFile], name: str, labels: Labels) -> AlertRule:
    """Return the one rule of that name whose own labels do not contradict `labels`. Raises BadInput.

    A name may have the rule's line after it, `RolloutStuck:9`; nothing else tells two rules of one
    name and the same labels apart.
    """
    rules = [rule for file in files for rule in file.alerts]
    named = [rule for rule in rules if rule.name == name]
    if not named:
        alert, _, line = name.rpartition(":")
        named = [rule for rule in rules if rule.name == alert and rule.source.rpartition(":")[2] == line]
    where = ", ".join(file.name for file in files)
    if not named and (lines := _find_lines(rules, name)):
        alert, _, line = name.rpartition(":")
        raise BadInput(f"{where}: no rule of {alert} is in line {line}, but in line {' and '.join(lines)}")
    if not named:
        known = sorted({rule.name for file in files for rule in file.alerts})
        shown = ", ".join(known[:10]) + (" …" if len(known) > 10 else "")
        raise BadInput(f"{where}: there is no alert {name!r}; there are: {shown or 'none'}")
    fitting = [rule for rule in named if not _contradicts(rule, labels)]
    if not fitting:
        says = "; ".join(f"{rule.source} says {show_labels(rule.labels)}" for rule in named)
        raise BadInput(f"no rule of the alert {name} has the labels {show_labels(labels)}: {says}")
    if len(fitting) > 1:
        says = "; ".join(f"{rule.source} with {show_labels(rule.labels)}" for rule in fitting)
        same = all(rule.labels == fitting[0].labels for rule in fitting)
        line = fitting[0].source.rpartition(":")[2]
        how = f"its line, as in --alert {name}:{line}" if same else "--label"
        raise BadInput(f"{len(fitting)} rules are called {name}: {says}: choose by {how}")
    return fitting[0]


def _find_lines(rules: Sequence[AlertRule], name: str) -> list[str]:
    """Return the lines of the rules of an alert, if that is what a name with a line after it names."""
    alert, _, line = name.rpartition(":")
    return [rule.source.rpartition(":")[2] for rule in rules if rule.name == alert and line.isdecimal()]


def _contradicts(rule: AlertRule, labels: Labels) -> bool:
    """Tell whether a label of the rule, which wins over a series', differs; a template may be anything."""
    return any(own != labels[name] for name, own in rule.labels.items() if name in labels and "{{" not in own)
