"""Tests of what logs and counters say of a page: which groups are muted, and what went wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.canned_path import (
    DOWN,
    FULL,
    LABELS,
    CannedApi,
    look_at,
    make_alert,
    make_group,
    watch,
)

from alertdrill.alertmanager.watching import (
    MAX_LOG_BYTES,
    MAX_QUOTED,
    MAX_TROUBLES,
    list_mutes,
    read_log,
    read_troubles,
)
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import SuppressedSpan


def write_lines(generation: str, group: str, *said: str, at_s: float = 1001.0) -> list[str]:
    """Return lines of Alertmanager's log about a group, half a second apart, as a generation writes them."""
    own = json.dumps('{}/{edition="paging"}/{team="a"}:' + group)
    if generation == "0.25":
        start, about = "ts={at} caller=dispatch.go:515 level=debug", "component=dispatcher"
        flush = f"component=dispatcher aggrGroup={own} msg=flushing alerts=[Slow[001122][active]]"
    else:
        start, about = "time={at} level=DEBUG source=dispatch.go:811", "component=dispatcher alerts=1"
        flush = f'msg=flushing component=dispatcher aggrGroup={own} numAlerts=1 alerts="Slow: 1"'
    return [
        f"{start.format(at=f'1970-01-01T00:16:{at_s - 960 + number / 2:06.3f}Z')} "
        + (flush if one == "flushing" else f'msg="{one}" {about}')
        for number, one in enumerate(said)
    ]


MUTED = "Notifications not sent, route is within mute time"
INACTIVE = "Notifications not sent, route is not within active time"
GENERATIONS = pytest.mark.parametrize("generation", ["0.25", "0.33"])


@GENERATIONS
@pytest.mark.parametrize("said", [MUTED, INACTIVE])
def test_the_log_says_which_group_is_muted(generation: str, said: str) -> None:
    """The line after a flush is about the group that was flushed."""
    lines = write_lines(generation, '{alertname="Slow", model="m1"}', "flushing", said)
    assert list(list_mutes(lines)) == [(1001.5, {"alertname": "Slow", "model": "m1"})]


@GENERATIONS
@pytest.mark.parametrize(
    "said",
    [
        ("flushing", "something else", MUTED),
        (MUTED,),
        ("flushing", "Notify success"),
        ("flushing", MUTED.replace("within mute", "fine")),
    ],
)
def test_a_line_that_does_not_follow_a_flush_says_nothing(generation: str, said: tuple[str, ...]) -> None:
    """Where the lines of two groups may be mixed up, nothing is concluded."""
    assert list(list_mutes(write_lines(generation, '{alertname="Slow"}', *said))) == []


@GENERATIONS
@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        (("flushing", "flushing", MUTED, "flushing"), []),
        (("flushing", "flushing", MUTED), []),
        (("flushing", "flushing", MUTED, "flushing", MUTED), [2, 4]),
        (("flushing", MUTED, "flushing"), [1]),
    ],
    ids=["in between", "at the end", "from then on", "at first"],
)
def test_a_mute_between_flushes_that_are_not_muted_says_nothing(
    generation: str, said: tuple[str, ...], numbers: list[int]
) -> None:
    """It is the line of another group, which was flushed at the same instant."""
    lines = write_lines(generation, '{alertname="Slow"}', *said)
    assert [at_s for at_s, _ in list_mutes(lines)] == [1001.0 + number / 2 for number in numbers]


@GENERATIONS
@pytest.mark.parametrize(
    ("group", "labels"),
    [
        (r'{path="a,b", model="m=1"}', {"path": "a,b", "model": "m=1"}),
        (r'{path="/v1/{id}"}', {"path": "/v1/{id}"}),
        (r'{path="say \"hi\" \\ to"}', {"path": r'say "hi" \ to'}),
        (r'{path="two\nlines"}', {"path": "two\nlines"}),
        (r'{path="caf\u00e9"}', {"path": "caf\u00e9"}),
        ("{}", {}),
    ],
    ids=["separators", "braces", "quotes", "line-break", "escaped", "none"],
)
def test_a_groups_labels_are_read_whatever_their_values_are(
    generation: str, group: str, labels: Labels
) -> None:
    """Alertmanager quotes values as Go does."""
    assert [found for _, found in list_mutes(write_lines(generation, group, "flushing", MUTED))] == [labels]


@GENERATIONS
def test_a_mute_of_the_log_holds_back_the_alerts_of_its_group(generation: str) -> None:
    """Every alert with the group's labels is muted, from the first line that says so to the last."""
    api = CannedApi(groups=[make_group(make_alert(FULL, "oncall"), make_alert(DOWN, "oncall"))])
    path = watch(api)
    path.look(0)
    lines = [
        *write_lines(generation, '{alertname="Slow"}', "flushing", MUTED),
        *write_lines(generation, '{alertname="Slow"}', "flushing", MUTED, at_s=1003.0),
        *write_lines(generation, "{}", "flushing", MUTED, at_s=1005.0),
    ]
    assert path.read((), lines, ()).suppressed == (
        SuppressedSpan(alert="Slow", labels=LABELS, why="muted", by={}, since_s=90, until_s=210),
    )


def test_what_the_api_says_of_mutes_is_not_said_again_from_the_log() -> None:
    """The API knows the interval; the log is for those that are older."""
    path = look_at((30, [make_group(make_alert(FULL, "oncall", mutedBy=["nights"]))]))
    lines = write_lines("0.33", '{alertname="Slow"}', "flushing", MUTED)
    assert [span.by for span in path.read((), lines, ()).suppressed] == [{"interval": "nights"}]


METRICS = """
# HELP prometheus_notifications_dropped_total Total number of alerts dropped.
# TYPE prometheus_notifications_dropped_total counter
prometheus_notifications_dropped_total 3
# HELP prometheus_notifications_errors_total Total number of sent alerts affected by errors.
# TYPE prometheus_notifications_errors_total counter
prometheus_notifications_errors_total{alertmanager="http://a/api/v2/alerts"} 2
prometheus_notifications_errors_total{alertmanager="http://b/api/v2/alerts"} 0
# HELP alertmanager_notifications_failed_total The total number of failed notifications.
# TYPE alertmanager_notifications_failed_total counter
alertmanager_notifications_failed_total{integration="slack"} 1
alertmanager_notifications_failed_total{integration="email"} 0
# HELP alertmanager_notifications_total The total number of attempted notifications.
# TYPE alertmanager_notifications_total counter
alertmanager_notifications_total{integration="slack"} 7
"""


def test_counters_of_failures_are_troubles() -> None:
    """What was dropped, could not be sent, or was given up is said with its labels; zeros are not."""
    assert read_troubles([CannedApi(metrics=METRICS), CannedApi()], ()) == (
        "Prometheus dropped 3 notifications",
        'Prometheus could not send 2 alerts (alertmanager="http://a/api/v2/alerts")',
        'Alertmanager gave up 1 notifications (integration="slack")',
    )


def test_complaints_of_the_log_are_troubles() -> None:
    """Warnings and errors, the most frequent first, each once, with receiver and cause; the rest is not."""
    failed = 'level=error receiver=oncall integration=slack[0] msg="Notify failed" err="template: no such"'
    lines = [
        "ts=2026-11-21T12:00:00Z level=warn component=cluster msg=alone",
        *[f"ts=2026-11-21T12:00:0{number}Z {failed}" for number in range(3)],
        "ts=2026-11-21T12:00:00Z level=info msg=fine",
        "ts=2026-11-21T12:00:00Z level=debug msg=flushing",
        "time=2026-11-21T12:00:00Z level=ERROR source=x msg=" + "y" * 2 * MAX_QUOTED,
    ]
    assert read_troubles((), lines) == (
        "Alertmanager's log says 'Notify failed receiver=oncall integration=slack[0] err=template: no such', "
        "3 times",
        "Alertmanager's log says 'alone'",
        f"Alertmanager's log says {'y' * MAX_QUOTED!r}",
    )


def test_what_a_run_switches_on_itself_is_no_trouble() -> None:
    """Alertmanager warns that its event recorder is experimental; another feature's warning is somebody's."""
    lines = [
        f'time=2026-11-21T12:00:00Z level=WARN source=f.go:166 msg="Experimental {feature} enabled"'
        for feature in ("event recorder", "receiver name in metrics")
    ]
    assert read_troubles((), lines) == (
        "Alertmanager's log says 'Experimental receiver name in metrics enabled'",
    )


def test_troubles_are_bounded_and_said_once() -> None:
    """However many there are, the timeline has some of them, none twice."""
    path = watch()
    troubles = [f"trouble {number // 2}" for number in range(4 * MAX_TROUBLES)]
    assert path.read((), (), troubles).troubles == tuple(f"trouble {n}" for n in range(MAX_TROUBLES))


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    """A log that is not there has no lines."""
    path = tmp_path / "alertmanager.log"
    assert read_log(path) == []
    path.write_bytes(b"first\nse\xffcond\n")
    assert read_log(path) == ["first", "se\ufffdcond"]
    with path.open("wb") as file:
        file.truncate(MAX_LOG_BYTES)
        file.seek(0, 2)
        file.write(b"\nlast\n")
    assert read_log(path)[-1] == "last"
    assert sum(len(line) for line in read_log(path)) < MAX_LOG_BYTES
