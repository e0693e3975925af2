"""Which alert would hold another one back. Pure.

As Alertmanager's inhibit/inhibit.go: a source that is a target too does not inhibit what is a source too, so
that no alert inhibits itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.matchers import Matcher, make_matcher, parse_matchers
from alertdrill.core.rule import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """What `source` matches suppresses what `target` matches, if the labels `equal` are the same."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def inhibits(self, source: Labels, target: Labels) -> bool:
        """Tell whether one alert holds the other one back."""
        if not (_match(self.source, source) and _match(self.target, target)):
            return False
        if _match(self.target, source) and _match(self.source, target):
            return False
        return all(source.get(name, "") == target.get(name, "") for name in self.equal)


def read_inhibit_rules(routing: Mapping[str, Any]) -> tuple[InhibitRule, ...]:
    """Return the inhibit rules of a config; raises BadInput for matchers that are none."""
    return tuple(
        InhibitRule(
            source=_read_matchers(rule, "source_"),
            target=_read_matchers(rule, "target_"),
            equal=tuple(rule.get("equal") or ()),
        )
        for rule in routing.get("inhibit_rules") or ()
    )


def find_inhibited(rules: Iterable[InhibitRule], source: Labels, others: Iterable[Labels]) -> list[Labels]:
    """Return which of the others an alert would suppress."""
    held = list(rules)
    return [other for other in others if any(rule.inhibits(source, other) for rule in held)]


def _match(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def _read_matchers(rule: Mapping[str, Any], side: str) -> tuple[Matcher, ...]:
    return (
        *(make_matcher(name, "=", value) for name, value in (rule.get(f"{side}match") or {}).items()),
        *(make_matcher(name, "=~", value) for name, value in (rule.get(f"{side}match_re") or {}).items()),
        *(matcher for text in rule.get(f"{side}matchers") or () for matcher in parse_matchers(text)),
    )
