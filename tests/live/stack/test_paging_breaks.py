"""Break one thing on the way of a page: the verdict says at which hop it stopped, and what was seen."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from support.held_orders import hold_open_until_told, make_order

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.core.drill import Drill, Maintenance, Outage, ReceiverFault
from alertdrill.core.expectation import Delivery, Integration
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Finding
from alertdrill.reports import RunRecord
from alertdrill.runner.live import FinishedRun
from alertdrill.runtime.binaries import Engines, Generation, find_engines
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values
from alertdrill.systems.metis.drills.paging.load import CLOSES_S, Spending

pytestmark = pytest.mark.long

DRILLS = {drill.name: drill for drill in list_drills(override_values(()))}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One drill, what is changed for it, and what must be said of it."""

    name: str
    drill: Drill
    outcome: str
    broke_at: EventKind = "paged"
    said: tuple[str, ...]
    change: Callable[[Document], object] = field(default=lambda _document: None)
    generations: tuple[Generation, ...] = tuple(Generation)
    """Both, for most of what is said is read off Alertmanager, which says it otherwise in each."""


def hold_key(team: str, receiver: str, *deliveries: Delivery, for_s: float = 240.0) -> Drill:
    """Return a drill of one critical alert of a team, which is met as long as nothing is broken."""
    spending = Spending(key=f"paging-critical-{team}", for_s=for_s)
    return Drill(
        name=f"critical-{team}",
        system="metis",
        traffic=(spending.profile(),),
        expects=(spending.fires("critical", receiver, *deliveries),),
        why="",
        lasts_s=spending.resolves_s("critical") + CLOSES_S,
    )


def find_routes(document: Document, matcher: str) -> Iterator[tuple[list[Document], Document]]:
    """Yield the routes with a matcher, each with the list that it is in."""
    lists = [document["route"]["routes"]]
    while lists:
        routes = lists.pop()
        for route in list(routes):
            if matcher in route.get("matchers", ()):
                yield routes, route
            lists.append(route.get("routes", []))


def remove_route(document: Document, matcher: str) -> None:
    """Remove the routes with a matcher."""
    for routes, route in find_routes(document, matcher):
        routes.remove(route)


def change_route(document: Document, matcher: str, **changed: Any) -> None:
    """Change the routes with a matcher."""
    for _, route in find_routes(document, matcher):
        route.update(changed)


def find_receiver(document: Document, name: str) -> Document:
    """Return a receiver."""
    return next(receiver for receiver in document["receivers"] if receiver["name"] == name)


def change_receiver(document: Document, name: str, **changed: Any) -> None:
    """Change what the only integration of a receiver states."""
    (configs,) = [value for key, value in find_receiver(document, name).items() if key.endswith("_configs")]
    configs[0].update(changed)


def rename_receiver(document: Document) -> None:
    """Give a receiver another name, in its route too."""
    find_receiver(document, "paging-desk")["name"] = "paging-counter"
    change_route(document, 'team="desk"', receiver="paging-counter")


def inhibit(document: Document) -> None:
    """Let a critical alert inhibit warnings that have nothing to do with it."""
    source = ['severity="critical"', 'team="everybody"']
    document["inhibit_rules"].append({"source_matchers": source, "target_matchers": ['team="billing"']})


def mute(document: Document) -> None:
    """Hold a team's route back at all times."""
    document["time_intervals"].append({"name": "always", "time_intervals": [{"months": ["1:12"]}]})
    change_route(document, 'team="dropping"', mute_time_intervals=["always"])


FAILS = "{{ .CommonLabels.team.nobody }}"
"""Can be parsed, and not be executed."""
CRITICAL = DRILLS["paging-critical"]
SILENCE = Maintenance(
    matchers={"gateway_key_id": "paging-critical-everybody"}, at_s=60, for_s=CRITICAL.lasts_s
)
UNDELIVERED = hold_key("hanging", "paging-hanging")
UNSENT = hold_key("untrusted", "paging-untrusted", for_s=150)
REPEATED = hold_key(
    "sleepy",
    "paging-sleepy",
    Delivery(
        receiver="paging-sleepy", integration="pagerduty", notifications=(2, 2), repeats_after_s=(585, 690)
    ),
    for_s=780,
)
BREAKS = (
    Break(
        name="route-removed",
        drill=DRILLS["paging-info"],
        change=lambda document: remove_route(document, 'severity="info"'),
        outcome="mismatched",
        said=(
            "paged unrouted instead of paging-log",
            "no route of Alertmanager's leads MetisSpendInfo to paging-log, but to unrouted",
        ),
    ),
    Break(
        name="receiver-renamed",
        drill=DRILLS["paging-opsgenie"],
        change=rename_receiver,
        outcome="mismatched",
        said=(
            "paged paging-counter instead of paging-desk",
            "no route of Alertmanager's leads MetisSpendCritical to paging-desk, but to paging-counter",
        ),
    ),
    Break(
        name="inhibited",
        drill=DRILLS["paging-warning"],
        change=inhibit,
        outcome="missing",
        said=(
            "no page arrived: Alertmanager suppressed it: inhibited by alertname=MetisSpendCritical",
            "team=everybody",
        ),
    ),
    Break(
        name="silenced",
        drill=replace(CRITICAL, maintenance=(SILENCE,)),
        outcome="missing",
        said=("no page arrived: Alertmanager suppressed it: silenced by gateway_key_id=",),
    ),
    Break(
        name="muted",
        drill=hold_key("dropping", "paging-dropping"),
        change=mute,
        outcome="missing",
        said=("no page arrived: Alertmanager suppressed it: muted by ",),
    ),
    Break(
        name="refused",
        drill=replace(
            UNDELIVERED,
            faults=(
                ReceiverFault(receiver="paging-hanging", at_s=0, for_s=UNDELIVERED.lasts_s, how="error"),
            ),
        ),
        outcome="missing",
        said=("no page arrived: paging-hanging refused ", " attempts by opsgenie, the last at ", "with 500"),
    ),
    Break(
        name="template-fails",
        drill=hold_key("throttled", "paging-throttled"),
        change=lambda document: change_receiver(document, "paging-throttled", description=FAILS),
        outcome="missing",
        said=(
            "no page arrived: Alertmanager has it and did not deliver it; Alertmanager's log says",
            "paging-throttled/pagerduty[0]",
            "template",
        ),
    ),
    Break(
        name="slack-template-fails",
        drill=hold_key("erring", "paging-erring"),
        change=lambda document: change_receiver(document, "paging-erring", title=FAILS),
        outcome="missing",
        # Recent ones send an empty message then.
        said=("no page arrived: ", "paging-erring"),
    ),
    Break(
        name="repeated-too-late",
        drill=REPEATED,
        change=lambda document: change_route(document, 'team="sleepy"', repeat_interval="4h"),
        outcome="mismatched",
        said=("paging-sleepy by pagerduty: 1 notifications instead of 2",),
        generations=(Generation.OLDEST,),  # counted at the pager, and by far the longest
    ),
    Break(
        name="resolution-not-sent",
        drill=hold_key("closed", "paging-closed"),
        change=lambda document: change_receiver(document, "paging-closed", send_resolved=False),
        outcome="missing",
        broke_at="page_resolved",
        said=("page never closed: Alertmanager has it, routes it to paging-closed, and sent nothing more",),
    ),
    # Alertmanager is gone for the whole drill, after all others: Prometheus's own counters are the evidence.
    Break(
        name="unsent",
        drill=replace(
            UNSENT, outages=(Outage(part="alertmanager", at_s=0, for_s=UNSENT.lasts_s, how="kill"),)
        ),
        outcome="missing",
        said=("no page arrived: Alertmanager never had it; Prometheus ", "Prometheus could not send"),
        generations=(Generation.NEWEST,),
    ),
)


def hold_on(engines: Engines, out: Path, drills: tuple[Drill, ...], *breaks: Break) -> RunRecord:
    """Hold drills on the reference routing with some of it broken."""
    document = copy.deepcopy(dict(make_reference_config(system.name for system in find_systems()).document))
    for one in breaks:
        before = copy.deepcopy(document)
        one.change(document)
        assert (document != before) or one.drill.faults or one.drill.maintenance or one.drill.outages
    order = replace(
        make_order(drills, engines, out, speed=60),
        alertmanager=AlertmanagerConfig(document=document, source="a broken config"),
    )
    with hold_open_until_told(order) as held:
        check_secrets(held, document, out)
    return held.record


def check_secrets(held: FinishedRun, document: Document, out: Path) -> None:
    """Hold that neither the pager's token nor a key that is derived from it is in the record or in a log."""
    token = held.stack.endpoints.pager_token
    addresses = [
        Address(receiver=receiver["name"], integration=integration)
        for receiver in document["receivers"]
        for integration in get_args(Integration)
    ]
    secrets = [token, *(derive_key(token, address) for address in addresses)]
    texts = {path.name: path.read_text(errors="replace") for path in (out / "logs").iterdir()}
    texts["record"] = repr(held.record)
    assert "alertmanager.log" in texts
    assert [name for name, text in texts.items() if any(secret in text for secret in secrets)] == []


def find(record: RunRecord, drill: Drill) -> Finding:
    """Return the finding of a drill that has one expectation."""
    (verdict,) = [verdict for verdict in record.verdicts if verdict.drill == drill.name]
    (finding,) = verdict.findings
    return finding


@pytest.fixture(scope="module")
def hold_broken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Generation], RunRecord]:
    """Return what holds the drills of a generation's breaks together, once, each with its own break."""

    @cache
    def hold(generation: Generation) -> RunRecord:
        breaks = [one for one in BREAKS if generation in one.generations]
        engines = find_engines(os.environ, generation=generation)
        out = tmp_path_factory.mktemp("breaks") / "out"
        return hold_on(engines, out, tuple(one.drill for one in breaks), *breaks)

    return hold


@pytest.mark.parametrize(
    ("generation", "one"),
    [
        pytest.param(generation, one, id=f"{generation}-{one.name}")
        for generation in Generation
        for one in BREAKS
        if generation in one.generations
    ],
)
def test_a_break_is_put_down_to_its_hop(
    hold_broken: Callable[[Generation], RunRecord], generation: Generation, one: Break
) -> None:
    """The drill is unmet, and the evidence says where the page stopped, or what was wrong with it."""
    finding = find(hold_broken(generation), one.drill)
    assert (finding.outcome, finding.broke_at) == (one.outcome, one.broke_at), finding.evidence
    assert [part for part in one.said if part not in finding.evidence] == [], finding.evidence
    assert "firing" in finding.observed


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_the_run_fails(hold_broken: Callable[[Generation], RunRecord], generation: Generation) -> None:
    """Alerts that all fire and resolve are not enough."""
    record = hold_broken(generation)
    assert {verdict.outcome for verdict in record.verdicts} == {"unmet"}
    assert record.exit_code == 1


def test_without_the_breaks_all_are_met(engines: Engines, tmp_path: Path) -> None:
    """It is the breaks that the drills fail for: on the reference routing as it is they are met."""
    drills = tuple(replace(one.drill, faults=(), maintenance=(), outages=()) for one in BREAKS)
    record = hold_on(engines, tmp_path / "out", drills)
    assert [find(record, drill).evidence for drill in drills if find(record, drill).outcome != "met"] == []
