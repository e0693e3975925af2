"""Drills of the paging path: what happens to a page between an alert that fires and an incident that closes.

Their alerts are those of `systems/metis/paging.yml`, which are simple on purpose; their routes are those of
`alertmanager/paging_routes.yml`. Each drill has a key of its own, and where something befalls a receiver, a
receiver of its own, so that all but those with outages are held at the same time.
docs/explanation/paging.md has a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from alertdrill.core.drill import Drill, Failing, Fault, LoadProfile, Maintenance, Outage, ReceiverFault
from alertdrill.core.expectation import Delivery, Expectation, Grouped, Integration, Suppressed, Text
from alertdrill.systems.building import wording
from alertdrill.systems.metis.drills.paging_load import CLOSES_S, RULES, Spending

ONCALL, CHANNEL, MAIL, LOG = "paging-oncall", "paging-channel", "paging-mail", "paging-log"

PROVIDER = "openrouter"
# fmt: off
PROVIDER_MODELS = tuple(f"{PROVIDER}:qwen3-{variant}" for variant in (
    "0.6b", "1.7b", "4b", "8b", "14b", "30b-a3b", "30b-a3b-thinking", "235b-a22b", "235b-a22b-thinking",
    "coder", "coder-30b-a3b", "coder-flash", "coder-plus", "max", "next-80b-a3b", "next-80b-a3b-thinking",
    "vl-8b", "vl-30b-a3b", "vl-32b", "vl-235b-a22b",
))
# fmt: on
PROVIDER_ERRORS = ("server_error", "rate_limit")
NEW_FOR_S = 300.0
"""For how long an error of a new class is news; see MetisProviderFails."""

SHORT_S, LONG_S = 240.0, 840.0
"""For how long a key spends: minutes of firing, or as long as what holds its page back needs."""
FAULT_S = 300.0
FAULT_FROM_S = 180.0
"""Before any of these alerts can fire."""
REDELIVERY_S = 780.0
"""What a page may take when its receiver has failed: between two attempts Alertmanager waits 0.5 s times 1.5
to the number of attempts, give or take a half, and it gives an attempt that hangs 10 s. That is compiled in
and wall time, so at speed 60 it looks like up to ten minutes."""
REPEATS_S = (585.0, 690.0)
"""The route's repeat_interval of 10 m; the group is looked at every group_interval of 1 m only."""
DEAF_S = 1000.0
"""What Alertmanager began to tell while the alert fired it goes on trying to tell for ten wall seconds, also
when the alert has resolved: a receiver that recovers by then is paged for what is over."""
NIGHT_ENDS_S = 600.0


def make_drills() -> tuple[Drill, ...]:
    """Return the drills of the paging path; they depend on no values."""
    return (
        *_make_severities(),
        _make_provider_outage(),
        *_make_suppressed(),
        _make_announced(),
        _make_repeats(),
        *_make_failing_receivers(),
        _make_refused(),
        *_make_restarts(),
        *_make_pairs(),
    )


def _make(
    name: str,
    why: str,
    spending: Spending,
    *expects: Expectation,
    faults: tuple[ReceiverFault, ...] = (),
    maintenance: tuple[Maintenance, ...] = (),
    outages: tuple[Outage, ...] = (),
    starts_at: str | None = None,
    alertmanagers: Literal[1, 2] = 1,
) -> Drill:
    """Return a drill of one key, that lasts until all its pages must have closed, and its faults are over."""
    ends_s = max(expected.resolves_within_s for expected in expects) + CLOSES_S
    return Drill(
        name=name,
        system="metis",
        traffic=(spending.profile(),),
        expects=expects,
        why=why,
        lasts_s=max((ends_s, *(fault.at_s + fault.for_s for fault in faults))),
        faults=faults,
        maintenance=maintenance,
        outages=outages,
        starts_at=starts_at,
        alertmanagers=alertmanagers,
    )


def _change_oncall(spending: Spending, pages: tuple[int, int] = (1, 1)) -> tuple[Delivery, Delivery]:
    """Return what a critical alert's receivers are told: the person on call, and the channel."""
    summary = rf"Key {spending.key} spends [\d.]+ USD per hour"
    return (
        Delivery(
            receiver=ONCALL,
            integration="pagerduty",
            group_labels=spending.group("critical"),
            title=Text(how="regex", text=rf"^\[FIRING\] {summary}$"),
            notifications=pages,
            alerts=(1, 1),
        ),
        Delivery(
            receiver=CHANNEL,
            integration="slack",
            group_labels=spending.group("critical"),
            title=Text(how="exact", text=f"{RULES['critical'].alert}: {spending.key}"),
            text=Text(how="contains", text="over the 2 that need somebody at once"),
            notifications=pages,
        ),
    )


def _fire_oncall(spending: Spending, suppressed: Suppressed | None = None) -> Expectation:
    return spending.fires("critical", ONCALL, *_change_oncall(spending), suppressed=suppressed)


def _make_severities() -> Iterator[Drill]:
    """Yield a drill for each severity, and for each integration that none of them uses."""
    critical = Spending(key="paging-critical-everybody", for_s=SHORT_S)
    yield _make(
        "paging-critical",
        "A critical alert goes to the person on call and, by `continue`, to the channel: one incident each, "
        "their texts rendered with the rule's value.",
        critical,
        _fire_oncall(critical),
    )
    warning = Spending(key="paging-warning-billing", for_s=SHORT_S)
    yield _make(
        "paging-warning",
        "A warning is a mail to the team that its label names, and pages nobody.",
        warning,
        warning.fires(
            "warning",
            MAIL,
            Delivery(
                receiver=MAIL,
                integration="email",
                group_labels=warning.group("warning"),
                title=Text(how="exact", text="FIRING: MetisSpendWarning of billing"),
                text=Text(
                    how="regex", text=rf"Key {warning.key} spends more than usual: [\d.]+ USD per hour"
                ),
                notifications=(1, 1),
            ),
        ),
    )
    info = Spending(key="paging-info-everybody", for_s=SHORT_S)
    yield _make(
        "paging-info",
        "What is only worth knowing goes to the log, with everything that the webhook's payload has.",
        info,
        info.fires(
            "info",
            LOG,
            Delivery(
                receiver=LOG,
                integration="webhook",
                group_labels=info.group("info"),
                group_key=Text(how="contains", text=f'gateway_key_id="{info.key}"'),
                notifications=(1, 1),
            ),
        ),
    )
    desk = Spending(key="paging-critical-desk", for_s=SHORT_S)
    yield _make(
        "paging-opsgenie",
        "A team that is paged by Opsgenie: its own route wins over that of all critical alerts.",
        desk,
        desk.fires(
            "critical",
            "paging-desk",
            Delivery(
                receiver="paging-desk",
                integration="opsgenie",
                group_labels=desk.group("critical"),
                title=Text(how="regex", text=rf"^Key {desk.key} spends [\d.]+ USD per hour$"),
                text=Text(how="contains", text="The desk team's key"),
                notifications=(1, 1),
            ),
        ),
    )


def _make_provider_outage() -> Drill:
    def fail(number: int, error: str) -> LoadProfile:
        behaviour = {"errors": {"class": error, "next": 1}}
        return LoadProfile(
            name=f"paging-provider-outage-{number}",
            scenario="outage",
            start_s=60.0 * (number - 1),
            # What 20 models are told takes a moment, so the first call comes later.
            stages=wording.list_stages(((30, 0), (20, 1))),
            changes=tuple(wording.change(0, model, behaviour) for model in PROVIDER_MODELS),
            options={"models": list(PROVIDER_MODELS), "key": "paging-provider-outage"},
        )

    traffic = tuple(fail(number, error) for number, error in enumerate(PROVIDER_ERRORS, start=1))
    last_s = traffic[-1].end_s
    resolves_s = last_s + NEW_FOR_S + 60
    return Drill(
        name="paging-provider-outage",
        system="metis",
        why="A provider fails for all of its 20 models, in two ways: 40 alerts within two minutes, and one "
        "incident, which grows, instead of forty pages.",
        traffic=traffic,
        expects=(
            Grouped(
                alert="MetisProviderFails",
                labels={"provider": PROVIDER},
                alerts=len(PROVIDER_MODELS) * len(PROVIDER_ERRORS),
                fires_within_s=last_s + 60,
                resolves_within_s=resolves_s,
                receiver="paging-providers",
                integration="pagerduty",
                notifications=4,
            ),
        ),
        lasts_s=resolves_s + CLOSES_S,
    )


def _make_suppressed() -> Iterator[Drill]:
    """Yield the drills of pages that Alertmanager suppresses: inhibited, silenced, muted."""
    cascade = Spending(key="paging-cascade-everybody", for_s=SHORT_S)
    critical = {"alertname": RULES["critical"].alert, "gateway_key_id": cascade.key}
    yield _make(
        "paging-inhibited",
        "A key spends enough for a warning and for a page. The page inhibits the warning, also as both end, "
        "since the critical rule keeps firing for longer than the warning lingers.",
        cascade,
        _fire_oncall(cascade),
        cascade.fires("warning", MAIL, suppressed=Suppressed(why="inhibited", by=critical)),
    )
    announced = Spending(key="paging-critical-upgrade", for_s=LONG_S)
    upgrade = Maintenance(matchers={"gateway_key_id": announced.key}, at_s=60, for_s=540)
    yield _make(
        "paging-maintenance-outlasted",
        "An alert fires in a maintenance, which a silence announces, and outlasts it: then it pages.",
        announced,
        _fire_oncall(
            announced,
            Suppressed(why="silenced", until_s=upgrade.at_s + upgrade.for_s, by=upgrade.matchers),
        ),
        maintenance=(upgrade,),
    )
    covered = Spending(key="paging-critical-repair", for_s=SHORT_S)
    repair = Maintenance(
        matchers={"gateway_key_id": covered.key},
        at_s=60,
        for_s=covered.resolves_s("critical") + CLOSES_S - 120,
    )
    yield _make(
        "paging-maintenance-quiet",
        "An alert fires and resolves within a maintenance: nobody is notified that it was there.",
        covered,
        covered.fires("critical", ONCALL, suppressed=Suppressed(why="silenced", by=repair.matchers)),
        maintenance=(repair,),
    )
    night = Spending(key="paging-warning-nights", for_s=LONG_S)
    yield _make(
        "paging-night",
        "A warning in the last minutes of the night waits for the morning, and is mailed then.",
        night,
        night.fires(
            "warning",
            MAIL,
            Delivery(
                receiver=MAIL,
                integration="email",
                title=Text(how="exact", text="FIRING: MetisSpendWarning of nights"),
                notifications=(1, 1),
            ),
            suppressed=Suppressed(why="muted", until_s=NIGHT_ENDS_S, by={"interval": "paging-nights"}),
            pages_within_s=300,
        ),
        starts_at="06:50",
    )


def _make_announced() -> Drill:
    info = Spending(key="paging-info-announced", for_s=SHORT_S)
    receiver = "paging-announcements"
    return _make(
        "paging-unresolved",
        "A receiver with `send_resolved: false` is told what begins, and never that it is over.",
        info,
        info.fires(
            "info",
            receiver,
            Delivery(
                receiver=receiver,
                integration="slack",
                title=Text(how="exact", text=f"Key {info.key} is in use"),
                text=Text(how="exact", text="announced"),
                notifications=(1, 1),
                closes=False,
            ),
        ),
    )


def _make_repeats() -> Drill:
    # The third page comes 20 to 22 minutes after the first, a fourth would come 30 minutes after it.
    sleepy = Spending(key="paging-critical-sleepy", for_s=1440)
    return _make(
        "paging-repeats",
        "Nobody reacts: the page is repeated every ten minutes for as long as the alert fires, as updates of "
        "one incident.",
        sleepy,
        sleepy.fires(
            "critical",
            "paging-sleepy",
            Delivery(
                receiver="paging-sleepy",
                integration="pagerduty",
                notifications=(3, 3),
                repeats_after_s=REPEATS_S,
            ),
        ),
    )


def _make_failing_receivers() -> Iterator[Drill]:
    """Yield a drill for each way to fail: for five minutes, from before the alert fires."""
    failures: tuple[tuple[str, Failing, Integration, str], ...] = (
        ("throttled", "rate_limit", "pagerduty", "answers 429"),
        ("erring", "error", "slack", "answers 500"),
        ("hanging", "timeout", "opsgenie", "takes what it is sent and does not answer"),
        ("dropping", "reset", "webhook", "resets the connection"),
        ("untrusted", "tls", "pagerduty", "has a certificate that nobody trusts"),
        ("closed", "refuse", "email", "takes no connection"),
    )
    for team, how, integration, does in failures:
        receiver = f"paging-{team}"
        spending = Spending(key=f"paging-critical-{team}", for_s=LONG_S + 240)
        # A connection that breaks before anything could be read leaves no notification.
        refused = (0, 0) if how in {"tls", "refuse"} else (1, 30)
        yield _make(
            f"paging-receiver-{team}",
            f"For five minutes a receiver ({integration}) {does}. Alertmanager tries until it is delivered: "
            "nothing is lost and nothing doubled. Its pauses between attempts are wall time and not dilated, "
            f"so the page may take {REDELIVERY_S / 60:g} minutes of rule time.",
            spending,
            spending.fires(
                "critical",
                receiver,
                Delivery(
                    receiver=receiver,
                    integration=integration,
                    group_labels=spending.group("critical"),
                    notifications=(1, 1),
                    refused=refused,
                ),
                pages_within_s=REDELIVERY_S,
            ),
            faults=(ReceiverFault(receiver=receiver, at_s=FAULT_FROM_S, for_s=FAULT_S, how=how),),
        )


def _make_refused() -> Drill:
    deaf = Spending(key="paging-critical-deaf", for_s=SHORT_S)
    receiver = "paging-deaf"
    return _make(
        "paging-not-delivered",
        "A receiver takes nothing from before the alert fires until Alertmanager has given up: nobody is "
        "paged, and every attempt is on record.",
        deaf,
        deaf.fires("critical", receiver, suppressed=Suppressed(why="refused")),
        faults=(ReceiverFault(receiver=receiver, at_s=0, for_s=DEAF_S, how="error"),),
    )


def _make_restarts() -> Iterator[Drill]:
    """Yield the drills of an Alertmanager that does not live through an incident."""
    cases: tuple[tuple[str, Fault, tuple[int, int], str], ...] = (
        ("restarted", "restart", (1, 1), "It remembers whom it has told what: one incident, told once."),
        (
            "killed",
            "kill",
            (2, 2),
            "It forgets what it told since it last wrote that down, and tells it again: still one incident.",
        ),
    )
    for name, how, pages, says in cases:
        spending = Spending(key=f"paging-critical-{name}", for_s=SHORT_S + 240)
        yield _make(
            f"paging-alertmanager-{name}",
            f"Alertmanager is {name} in the middle of an incident. {says}",
            spending,
            spending.fires("critical", ONCALL, *_change_oncall(spending, pages)),
            outages=(Outage(part="alertmanager", at_s=390, for_s=60, how=how),),
        )


def _make_pairs() -> Iterator[Drill]:
    """Yield the drills of two Alertmanagers that are one cluster."""
    both = Spending(key="paging-critical-pair", for_s=SHORT_S)
    yield _make(
        "paging-pair",
        "Prometheus tells both Alertmanagers of a cluster, and they agree who pages: one incident, once.",
        both,
        _fire_oncall(both),
        alertmanagers=2,
    )
    left = Spending(key="paging-critical-survivor", for_s=SHORT_S + 240)
    yield _make(
        "paging-pair-one-killed",
        "One of two Alertmanagers is killed in the middle of an incident. The other knows what was told, and "
        "closes it.",
        left,
        _fire_oncall(left),
        outages=(Outage(part="alertmanager-2", at_s=390, for_s=360, how="kill"),),
        alertmanagers=2,
    )
