"""Rules that are written in a test and replayed, and what happened to their alerts."""

from __future__ import annotations

from alertdrill.recording.replay.replay import Replay
from alertdrill.rules.files import RuleFile, parse_rules


def write_rules(text: str) -> RuleFile:
    """Return the rules of a file."""
    return parse_rules(text, "made.yml")


def one_group(rules: str, **fields: str) -> RuleFile:
    """Return a file with one group; each rule is a line of YAML."""
    lines = [f"  {name}: {value}" for name, value in fields.items()]
    lines += ["  rules:", *(f"  - {rule}" for rule in rules.strip().splitlines())]
    return write_rules("groups:\n- name: g\n" + "\n".join(lines))


def list_events(replayed: Replay) -> list[tuple[float, str, str]]:
    """Return when what happened to which alert, without labels."""
    return [(event.at_s, event.kind, event.alert) for event in replayed.timeline.events]
