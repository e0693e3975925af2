"""Which drills name receivers that their alerts do not end at, by an Alertmanager config. Pure.

Nothing is sent: an alert ends where its labels lead, as far as its rule and the drill state them. A label
that only the series have may lead anywhere; what may still be as the drill expects is a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.routes import Match, match_routes, parse_routes
from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expected
from alertdrill.core.wording import say_selector
from alertdrill.judging.kinds import find_kind
from alertdrill.linting.routing import find_destinations, has_integration, list_integrations
from alertdrill.linting.surroundings import Known, LintedRule, find_nodes
from alertdrill.rules.files import RuleFile

Inbox = tuple[str, str | None]
"""A receiver, and one of its integrations, or any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The rules and the Alertmanager config before or after a change."""

    files: Sequence[RuleFile]
    config: AlertmanagerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Misrouted:
    """An alert that does not end where a drill expects it; `source` is `file:line` of where it ends.

    Where it `may_be_met`, labels of the series decide.
    """

    drill: str
    alert: str
    says: str
    source: str
    may_be_met: bool = False


def find_misrouted(
    drills: Iterable[Drill], places: Mapping[str, str], before: Side, after: Side
) -> tuple[Misrouted, ...]:
    """Return what drills name otherwise than the config does now, and did not before; see `Misrouted`.

    `places` has the `file:line` of drills, by their names.
    """
    old, new = _read(before), _read(after)
    found = []
    for drill in drills:
        for expected in drill.expects:
            inboxes = _list_inboxes(expected)
            now = _find_ends(expected, inboxes, new)
            was = _find_ends(expected, inboxes, old) if now is not None else None
            if now is None or (was is not None and was.ends == now.ends):
                continue
            place = f" ({places[drill.name]})" if drill.name in places else ""
            who = say_selector(expected.alert, expected.labels)
            wanted = " and ".join(_say_inbox(inbox) for inbox in inboxes)
            says = f"{drill.name}{place} expects {who} to page {wanted}, and {_say_ends(now)}"
            found.append(
                Misrouted(
                    drill=drill.name,
                    alert=expected.alert,
                    says=says,
                    source=now.source,
                    may_be_met=now.may_be_met,
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """Where an alert ends that does not end as expected: receivers, each with what is to be said of it."""

    ends: tuple[str, ...]
    source: str
    may_be_met: bool


def _read(side: Side) -> Known:
    files = tuple(find_nodes(file, file.text) for file in side.files)
    return Known(files=files, alertmanager=side.config)


def _list_inboxes(expected: Expected) -> tuple[Inbox, ...]:
    """Return whom an expectation wants to be paged: nobody of what is suppressed for ever."""
    claims = find_kind(expected).list_claims(expected)
    return tuple((one.receiver, one.integration) for one in claims if one.hop == "paged" and one.receiver)


def _find_ends(expected: Expected, inboxes: Sequence[Inbox], known: Known) -> _Ends | None:
    """Return where alerts end otherwise than expected; None if they do not, or if there are none.

    Of several rules by one name the drill may be about any, so one that ends as expected is enough.
    """
    if not inboxes:
        return None
    found = [_judge(rule, inboxes) for rule in _list_rules(expected, known)]
    return found[0] if found and None not in found else None


def _list_rules(expected: Expected, known: Known) -> Iterator[LintedRule]:
    """Yield the rules that an expectation may be about, with the labels that it states."""
    for one in known.rules:
        labels = one.rule.labels
        is_about = all(
            "{{" in labels[name] or labels[name] == value
            for name, value in expected.labels.items()
            if name in labels
        )
        if one.alert is not None and one.rule.name == expected.alert and is_about:
            yield replace(one, rule=replace(one.alert, labels={**labels, **expected.labels}))


def _judge(rule: LintedRule, inboxes: Sequence[Inbox]) -> _Ends | None:
    config = rule.known.alertmanager
    assert config is not None  # noqa: S101 - each side has one
    stated = {name: value for name, value in rule.rule.labels.items() if "{{" not in value}
    ends = match_routes(parse_routes(config.document), {**stated, "alertname": rule.rule.name})
    possible = find_destinations(rule)
    if _is_as_expected(ends, inboxes, config):
        return None
    wanted = {receiver for receiver, _ in inboxes}
    blamed = next((one for one in ends if one.receiver not in wanted), ends[0])
    return _Ends(
        ends=tuple(dict.fromkeys(_say_end(one.receiver, config) for one in ends)),
        source=config.locate(blamed.pointer),
        may_be_met=set(possible) != set(ends) and all(_reaches(possible, one, config) for one in inboxes),
    )


def _is_as_expected(ends: Iterable[Match], inboxes: Sequence[Inbox], config: AlertmanagerConfig) -> bool:
    """Tell whether all receivers are paged, and no others, as the judge of a run wants it."""
    wanted = {receiver for receiver, _ in inboxes}
    others = {one.receiver for one in ends} - wanted
    return all(_reaches(ends, one, config) for one in inboxes) and not any(
        has_integration(config, receiver) for receiver in others
    )


def _reaches(ends: Iterable[Match], inbox: Inbox, config: AlertmanagerConfig) -> bool:
    receiver, integration = inbox
    has = [key.removesuffix("_configs") for key in list_integrations(config, receiver)]
    return any(one.receiver == receiver for one in ends) and (
        integration in has if integration else bool(has)
    )


def _say_inbox(inbox: Inbox) -> str:
    receiver, integration = inbox
    return f"{receiver} by {integration}" if integration else receiver


def _say_end(receiver: str, config: AlertmanagerConfig) -> str:
    has = [key.removesuffix("_configs") for key in list_integrations(config, receiver)]
    return (
        f"{receiver} ({', '.join(has)})" if has else f"{receiver}, which has no integration and pages nobody"
    )


def _say_ends(ends: _Ends) -> str:
    said = f"it ends at {' and at '.join(ends.ends)}"
    if not ends.may_be_met:
        return said
    return f"{said}, unless labels of its series lead elsewhere: state them in the drill, as labels"
