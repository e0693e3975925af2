"""What becomes of a group's issue at Jira, by a real Alertmanager: alerts join, leave, and come again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.page_records import make_alert
from support.receiver_sections import SECTIONS

from alertdrill.alertmanager.config import parse_config
from alertdrill.alertmanager.yaml_without_secrets import write_document
from alertdrill.runner.synthetic.local import LocalPath, open_path
from alertdrill.runtime.binaries import Engines

WITHIN_S = 60.0
ONE, OTHER = make_alert("One", team="a"), make_alert("Other", team="a")


def write_jira(**stated: str) -> str:
    """Return a config whose only receiver is Jira; a group is flushed once in half a second."""
    section = {key: SECTIONS["jira"][key] for key in ("api_url", "project", "issue_type")}
    return write_document(
        {
            "route": {"receiver": "desk", "group_by": ["team"], "group_wait": "1s", "group_interval": "30s"},
            "receivers": [{"name": "desk", "jira_configs": [{**section, **stated}]}],
        }
    )


def list_told(path: LocalPath) -> list[tuple[str, str]]:
    """Return what was done to an incident by each notification, and of how many alerts each title says."""
    notices: list[dict[str, Any]] = path.pager.get("/notices").json()["notices"]
    return [(one["effect"], one["title"].split("]")[0][1:]) for one in notices if one["is_accepted"]]


def await_told(path: LocalPath, is_done: Callable[[list[tuple[str, str]]], bool]) -> None:
    """Wait until Alertmanager has said so much."""
    give_up_at = time.monotonic() + WITHIN_S
    while not is_done(list_told(path)):
        assert time.monotonic() < give_up_at, list_told(path)
        time.sleep(0.05)


@pytest.mark.parametrize(
    "stated",
    [
        {"resolve_transition": "Done"},
        {"resolve_transition": "Done", "reopen_transition": "Back to work", "reopen_duration": "1h"},
    ],
)
def test_an_issue_is_its_groups_from_the_first_alert_to_the_last(
    engines: Engines, stated: Mapping[str, str]
) -> None:
    """Who joins or leaves edits it; when it is closed, an alert has one made, or it opened again."""
    with open_path(parse_config(write_jira(**stated), "a.yml"), engines=engines, speed=60.0) as path:
        for number, (alert, fires) in enumerate(
            ((ONE, True), (OTHER, True), (ONE, False), (OTHER, False), (ONE, True))
        ):
            now_s = time.time()
            path.alertmanager.post(alert, starts_s=now_s, ends_s=now_s + 3600.0 if fires else now_s)
            await_told(path, lambda told, number=number: len(told) > number)
        assert list_told(path) == [
            ("opened", "FIRING:1"),
            ("updated", "FIRING:2"),
            ("updated", "FIRING:1"),
            ("closed", "RESOLVED"),
            ("opened", "FIRING:1"),
        ]
        incidents = path.pager.get("/incidents").json()["incidents"]
    assert [one["status"] for one in incidents] == ["closed", "open"]
    assert len({one["key"] for one in incidents}) == 1


def test_an_issue_that_no_transition_resolves_stays_open(engines: Engines) -> None:
    """Who fires again edits it."""
    with open_path(parse_config(write_jira(), "a.yml"), engines=engines, speed=60.0) as path:
        now_s = time.time()
        path.alertmanager.post(ONE, starts_s=now_s, ends_s=now_s + 3600.0)
        await_told(path, lambda told: len(told) == 1)
        path.alertmanager.post(ONE, starts_s=now_s, ends_s=time.time())
        await_sent(path, 2)
        path.alertmanager.post(ONE, starts_s=time.time(), ends_s=now_s + 3600.0)
        await_told(path, lambda told: len(told) == 2)
        assert [effect for effect, _ in list_told(path)] == ["opened", "updated"]


def await_sent(path: LocalPath, count: int) -> None:
    """Wait until Alertmanager has notified Jira so often, by its own count."""
    sent = re.compile(rf'^alertmanager_notifications_total{{.*integration="jira".*}} {count}$', re.MULTILINE)
    give_up_at = time.monotonic() + WITHIN_S
    while not sent.search(path.api.get("/metrics").text):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
