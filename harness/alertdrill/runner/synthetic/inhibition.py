"""Which alert would hold another one back. Pure.

As Alertmanager's inhibit/inhibit.go: a source that is a target too does not inhibit what is a source too, so
that no alert inhibits itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.matchers import Matcher, make_matcher, parse_matchers
from alertdrill.core.rule import Labels
from alertdrill.rules.inhibitors import NO_SEVERITY


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """What `source` matches suppresses what `target` matches, if the labels `equal` are the same.

    `pointer` is where the rule stands in the config (`/inhibit_rules/0`).
    """

    pointer: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def inhibits(self, source: Labels, target: Labels) -> bool:
        """Tell whether one alert holds the other one back."""
        if not (match_all(self.source, source) and match_all(self.target, target)):
            return False
        if match_all(self.target, source) and match_all(self.source, target):
            return False
        return self._find_common(source) == self._find_common(target)

    def find_pairs(self, label_sets: Sequence[Labels]) -> Iterator[tuple[int, int, bool]]:
        """Yield the pairs of alerts, by their indices, of which the first holds the second one back.

        Each with whether that is certain: newer Alertmanagers (0.31 does) heed one of several sources, so
        that a target which is a source too may be notified of all the same.
        """
        sources = {index for index, labels in enumerate(label_sets) if match_all(self.source, labels)}
        targets: dict[tuple[str, ...], list[int]] = {}
        for index, labels in enumerate(label_sets):
            if match_all(self.target, labels):
                targets.setdefault(self._find_common(labels), []).append(index)
        both = sources & {index for own in targets.values() for index in own}
        for source in sorted(sources):
            for target in targets.get(self._find_common(label_sets[source]), ()):
                if not (source in both and target in both):
                    yield source, target, target not in both

    def _find_common(self, labels: Labels) -> tuple[str, ...]:
        """Return the values of the labels that source and target must have in common."""
        return tuple(labels.get(name, "") for name in self.equal)


def read_inhibit_rules(routing: Mapping[str, Any]) -> tuple[InhibitRule, ...]:
    """Return the inhibit rules of a config; raises BadInput for matchers that are none."""
    return tuple(
        InhibitRule(
            pointer=f"/inhibit_rules/{index}",
            source=_read_matchers(rule, "source_"),
            target=_read_matchers(rule, "target_"),
            equal=tuple(rule.get("equal") or ()),
        )
        for index, rule in enumerate(routing.get("inhibit_rules") or ())
    )


def find_naming_rule(rules: Iterable[InhibitRule], labels: Labels) -> InhibitRule | None:
    """Return the rule for which alone an alert is there, as kube-prometheus's InfoInhibitor; None for others.

    Such an alert has the severity `none`, and the rule names it as what inhibits others.
    """
    for rule in rules if labels.get("severity") == NO_SEVERITY else ():
        is_named = any(one.name == "alertname" and one.operator == "=" for one in rule.source)
        if is_named and match_all(rule.source, labels):
            return rule
    return None


def find_inhibited(rules: Iterable[InhibitRule], source: Labels, others: Iterable[Labels]) -> list[Labels]:
    """Return which of the others an alert would suppress."""
    held = list(rules)
    return [other for other in others if any(rule.inhibits(source, other) for rule in held)]


def match_all(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    """Tell whether labels are as all matchers say."""
    return all(matcher.matches(labels) for matcher in matchers)


def _read_matchers(rule: Mapping[str, Any], side: str) -> tuple[Matcher, ...]:
    return (
        *(make_matcher(name, "=", value) for name, value in (rule.get(f"{side}match") or {}).items()),
        *(make_matcher(name, "=~", value) for name, value in (rule.get(f"{side}match_re") or {}).items()),
        *(matcher for text in rule.get(f"{side}matchers") or () for matcher in parse_matchers(text)),
    )
