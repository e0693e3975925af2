"""Reads drills from YAML files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from alertdrill.core.drill import (
    BehaviourChange,
    Drill,
    Failing,
    Fault,
    LoadProfile,
    Maintenance,
    Outage,
    ReceiverFault,
)
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, Integration
from alertdrill.errors import BadInput
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import Node, read_nodes
from alertdrill.systems.drill_building.behaviours import Behaviour
from alertdrill.systems.drill_checks import check_drill
from alertdrill.systems.drill_files.expectations import read_expected
from alertdrill.systems.drill_files.instants import check_begun, check_lasts, check_order, check_sent
from alertdrill.systems.drill_files.known import Known
from alertdrill.systems.drill_files.traffic import read_change, read_profile
from alertdrill.systems.system import read_text

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
SETTLES_S = 300.0
"""How long after its last deadline, or the end of its traffic, a drill lasts that does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds where a drill does not say it.

    `find_lasts_s` says how long a drill of that name lasts; None for long enough. `healthy` is how a provider
    behaves with which nothing is wrong, by its name; the house's own way for others. `leaves_out` says of a
    drill that has a `todo`, by its name, that it is passed over; otherwise it is an error. `known` is what
    drills can be about.
    """

    system: str
    find_lasts_s: Callable[[str], float | None] = lambda _: None
    healthy: Mapping[str, Behaviour] = field(default_factory=dict)
    leaves_out: Callable[[str], bool] = lambda _: False
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A drill that says itself, by `todo`, what is left to decide in it: `source` is `file:line` of that."""

    name: str
    todo: str
    source: str

    def fail(self) -> BadInput:
        """Return the error that holding or judging it would be."""
        return BadInput(
            f"{self.source}: {self.name} is not finished: {self.todo}; then delete this todo, or name the "
            "drills that are to be held without it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stated:
    """What a drill consists of, each part with the fields that state it, which know their line."""

    sent: Sequence[tuple[Fields, LoadProfile]]
    told: Sequence[tuple[Fields, BehaviourChange]]
    expected: Sequence[tuple[Fields, Expected]]
    out: Sequence[tuple[Fields, Outage]]
    faulty: Sequence[tuple[Fields, ReceiverFault]]
    silenced: Sequence[tuple[Fields, Maintenance]]

    def list_begun(self) -> Sequence[tuple[Fields, float]]:
        """Return what is done meanwhile, with the instant at which it begins."""
        return (
            *((fields, change.at_s) for fields, change in self.told),
            *((fields, outage.at_s) for fields, outage in self.out),
            *((fields, fault.at_s) for fields, fault in self.faulty),
            *((fields, silence.at_s) for fields, silence in self.silenced),
        )


def read_drills(paths: Iterable[Path], defaults: Defaults) -> tuple[Drill, ...]:
    """Return the drills of YAML files, in their order; raises BadInput with file and line."""
    drills: dict[str, Drill] = {}
    seen: dict[str, str] = {}
    for path in paths:
        for drill, line in locate_drills(path, defaults):
            if drill.name in drills:
                where = seen[drill.name]
                raise BadInput(
                    f"{path}:{line}: there are two drills named {drill.name!r}: another at {where}"
                )
            drills[drill.name] = drill
            seen[drill.name] = f"{path}:{line}"
    return tuple(drills.values())


def locate_drills(path: Path, defaults: Defaults) -> Sequence[tuple[Drill, int]]:
    """Return the drills of one file, each with the line that it begins in; see `read_drills`."""
    return _choose(_read_file(read_text(path), str(path), defaults), defaults)


def locate_all(paths: Iterable[Path], defaults: Defaults) -> dict[str, str]:
    """Return `file:line` of each drill of files, by its name; see `read_drills`."""
    return {drill.name: f"{path}:{line}" for path in paths for drill, line in locate_drills(path, defaults)}


def list_undecided(paths: Iterable[Path], defaults: Defaults) -> tuple[Undecided, ...]:
    """Return the drills in which something is left to decide; raises as `read_drills` does."""
    read = (one for path in paths for one, _ in _read_file(read_text(path), str(path), defaults))
    return tuple(one for one in read if isinstance(one, Undecided))


def parse_drills(text: str, name: str, system: str) -> tuple[Drill, ...]:
    """Return the drills of one text; `name` is what messages call it."""
    defaults = Defaults(system=system)
    return tuple(drill for drill, _ in _choose(_read_file(text, name, defaults), defaults))


def _choose(read: Iterable[tuple[Drill | Undecided, int]], defaults: Defaults) -> Sequence[tuple[Drill, int]]:
    """Return the drills that are finished; raises BadInput for others, unless they are left out."""
    chosen = []
    for one, line in read:
        if isinstance(one, Drill):
            chosen.append((one, line))
        elif not defaults.leaves_out(one.name):
            raise one.fail()
    return chosen


def _read_file(text: str, name: str, defaults: Defaults) -> Sequence[tuple[Drill | Undecided, int]]:
    document = read_nodes(text, name)
    if document is None:
        raise BadInput(f"{name}:1: the file is empty: it has to have drills")
    fields = Fields(document, name, "the file")
    if fields.find_key("groups") is not None:
        raise fields.fail("this is no file of drills, but looks like a rule file")
    nodes = fields.take_items("drills")
    fields.end()
    if not nodes:
        raise fields.fail("the file has no drills")
    return [(_read_drill(node, name, defaults), node.line) for node in nodes]


def _read_drill(node: Node, name: str, defaults: Defaults) -> Drill | Undecided:
    fields = Fields(node, name, "the drill")
    drill_name = fields.take_text("name")
    fields.what = f"the drill {drill_name!r}"
    undecided = _read_todo(fields, drill_name) if fields.has("todo") else None
    sent = _list_fields(fields, "traffic", "a load profile")
    told = _list_fields(fields, "changes", "a change")
    profiles, changes = _read_profiles(sent, drill_name), [read_change(one, defaults.healthy) for one in told]
    traffic = _join_changes(fields, profiles, changes)
    expected = _list_fields(fields, "expect", "an expectation")
    expects = tuple(read_expected(one) for one in expected)
    out = _list_fields(fields, "outages", "an outage")
    faulty = _list_fields(fields, "receiver_faults", "a fault")
    silenced = _list_fields(fields, "maintenance", "a maintenance")
    end_s, found_s = _find_end_s(traffic, expects), defaults.find_lasts_s(drill_name)
    lasts_s = end_s + SETTLES_S if found_s is None else max(end_s, found_s)
    is_stated = fields.has("lasts")
    drill = Drill(
        name=drill_name,
        system=fields.take_text("system", defaults.system),
        why=fields.take_text("why"),
        traffic=traffic,
        expects=expects,
        lasts_s=fields.take_duration("lasts", lasts_s),
        uses=frozenset(fields.take_texts("uses")),
        shares=frozenset(fields.take_texts("shares")),
        comes_first=fields.take_truth("comes_first", False),
        outages=tuple(_read_outage(one) for one in out),
        faults=tuple(_read_fault(one) for one in faulty),
        maintenance=tuple(_read_maintenance(one) for one in silenced),
        max_speed=_read_speed(fields),
        calls_within_s=fields.take_duration("calls_within") if fields.has("calls_within") else None,
        starts_at=_read_time_of_day(fields),
        alertmanagers=2 if fields.take_word("alertmanagers", ("1", "2"), "1") == "2" else 1,
    )
    fields.end()
    if undecided is not None:
        return undecided
    stated = _Stated(
        sent=list(zip(sent, profiles, strict=True)),
        told=list(zip(told, changes, strict=True)),
        expected=list(zip(expected, expects, strict=True)),
        out=list(zip(out, drill.outages, strict=True)),
        faulty=list(zip(faulty, drill.faults, strict=True)),
        silenced=list(zip(silenced, drill.maintenance, strict=True)),
    )
    _check_names(drill, stated, defaults.known)
    check_order(stated.expected)
    if is_stated or found_s is None:
        check_lasts(fields, drill, stated.expected, defaults.known)
        check_sent(drill, [(one, profile.end_s) for one, profile in stated.sent])
        check_begun(drill, stated.list_begun())
    try:
        return check_drill(drill)
    except ValueError as error:
        raise fields.fail(str(error)) from error


def _check_names(drill: Drill, stated: _Stated, known: Known) -> None:
    """Raise BadInput for the first name that there is not, with the line that states it."""
    for fields, profile in stated.sent:
        known.check_profile(fields, drill.name, profile)
    for fields, change in stated.told:
        known.check_change(fields, drill.name, change)
    for fields, expected in stated.expected:
        known.check_expected(fields, drill.name, expected)
    for fields, outage in stated.out:
        known.check_outage(fields, drill.name, outage)
    for fields, fault in stated.faulty:
        known.check_fault(fields, drill.name, fault)


def _read_todo(fields: Fields, name: str) -> Undecided:
    node = fields.take_node("todo")
    todo = fields.put_back("todo", node).take_text("todo")
    return Undecided(name=name, todo=todo, source=f"{fields.name}:{node.line}")


def _read_speed(fields: Fields) -> float | None:
    if not fields.has("max_speed"):
        return None
    speed = fields.take_number("max_speed")
    if speed <= 0:
        raise fields.fail(
            f"max_speed of {fields.what} is {speed:g}, and no run is held at that",
            fields.find_key("max_speed"),
        )
    return speed


def _read_time_of_day(fields: Fields) -> str | None:
    if not fields.has("starts_at"):
        return None
    text = fields.take_text("starts_at")
    if not _TIME.fullmatch(text):
        raise fields.fail(
            f'starts_at of {fields.what} is {text!r}, not a time of day such as "22:30"',
            fields.find_key("starts_at"),
        )
    return text


def _list_fields(fields: Fields, key: str, what: str) -> list[Fields]:
    return [Fields(node, fields.name, f"{what} of {fields.what}") for node in fields.take_items(key)]


def _read_profiles(nodes: Sequence[Fields], name: str) -> list[LoadProfile]:
    names = [name if number == 1 else f"{name}-{number}" for number in range(1, len(nodes) + 1)]
    return [read_profile(one, own) for one, own in zip(nodes, names, strict=True)]


def _join_changes(
    fields: Fields, profiles: Sequence[LoadProfile], changes: Sequence[BehaviourChange]
) -> tuple[LoadProfile, ...]:
    """Return the traffic; changes are of the drill, and go with the first of its load profiles."""
    if not changes:
        return tuple(profiles)
    if not profiles:
        raise fields.fail(
            f"{fields.what} has changes of providers, and no traffic that meets them",
            fields.find_key("changes"),
        )
    first, *others = profiles
    shifted = tuple(replace(change, at_s=change.at_s - first.start_s) for change in changes)
    return (replace(first, changes=shifted), *others)


def _find_end_s(traffic: Iterable[LoadProfile], expects: Sequence[Expected]) -> float:
    ends_s = [profile.end_s for profile in traffic]
    ends_s += [one.after_s for one in expects if isinstance(one, BlindRule)]
    ends_s += [one.resolves_within_s for one in expects if isinstance(one, Expectation | Grouped)]
    return max(ends_s, default=0.0)


def _read_outage(fields: Fields) -> Outage:
    outage = Outage(
        part=fields.take_text("part"),
        at_s=fields.take_duration("at"),
        for_s=fields.take_duration("lasts"),
        how=fields.take_word("how", get_args(Fault)),  # type: ignore[arg-type] # one of them
    )
    fields.end()
    return outage


def _read_fault(fields: Fields) -> ReceiverFault:
    fault = ReceiverFault(
        receiver=fields.take_text("receiver"),
        at_s=fields.take_duration("at"),
        for_s=fields.take_duration("lasts"),
        how=fields.take_word("how", get_args(Failing)),  # type: ignore[arg-type] # one of them
        integration=(
            fields.take_word("integration", get_args(Integration))  # type: ignore[arg-type] # one of them
            if fields.has("integration")
            else None
        ),
    )
    fields.end()
    return fault


def _read_maintenance(fields: Fields) -> Maintenance:
    maintenance = Maintenance(
        matchers=fields.take_labels("matchers"),
        at_s=fields.take_duration("at"),
        for_s=fields.take_duration("lasts"),
    )
    fields.end()
    return maintenance
