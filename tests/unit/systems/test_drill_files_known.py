"""Drills in YAML beside what there is: names that nobody knows and instants that never come are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.systems.drill_files.drills import Defaults, read_drills
from alertdrill.systems.drill_files.known import Known

DRILL = """\
drills:
  - name: outage
    why: A provider fails for three minutes.
    traffic:
      - {scenario: steady, models: [m], rate: 1/s, lasts: 8m}
    changes:
      - {at: 2m, provider: openai, latency: 3s}
    outages:
      - {part: gateway, at: 1m, lasts: 1m, how: pause}
    receiver_faults:
      - {receiver: oncall, at: 1m, lasts: 2m, how: error}
    expect:
      - {alert: Failures, fires: 3m..5m, pages: oncall, resolves_by: 8m}
      - {alert: Slow, near_miss: {reaches: 60%}}
    lasts: 10m
"""
KNOWN = Known(
    alerts={"Failures", "Slow"},
    receivers={"oncall", "team"},
    providers={"openai"},
    parts={"gateway", "provider-openai"},
    scenarios={"steady"},
    find_closing_s={"oncall": 60.0, "team": 300.0}.__getitem__,
)


def read(folder: Path, text: str, known: Known = KNOWN) -> None:
    """Read a file of drills beside what is known."""
    path = folder / "d.yml"
    path.write_text(text, encoding="utf-8")
    read_drills([path], Defaults(system="s", known=known))


def test_a_drill_of_what_there_is_is_read(tmp_path: Path) -> None:
    """Neither its names nor its instants are in the way."""
    read(tmp_path, DRILL)
    assert (tmp_path / "d.yml").read_text(encoding="utf-8") == DRILL


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "alert: Failures",
            "alert: Failure",
            ":13: outage expects Failure, which is no alert of the rules; do",
        ),
        (
            "alert: Slow",
            "alert: Quick",
            ":14: outage expects Quick, which is no alert of the rules; there are: F",
        ),
        (
            "pages: oncall",
            "pages: onkall",
            ":13: outage expects Failures to page onkall, which is no receiver of",
        ),
        (
            "pages: oncall",
            "pages: [oncall, {receiver: tem}]",
            ":13: outage expects Failures to page tem, which",
        ),
        (
            "receiver: oncall",
            "receiver: nobody",
            ":11: outage has a fault of nobody, which is no receiver of the",
        ),
        ("1m, lasts: 1m, how", "1m, for: 1m, how", ":9: an outage of the drill 'outage' has no lasts, but a"),
        (
            "part: gateway",
            "part: gatway",
            ":9: outage puts out gatway, which is no part of the stack; do you",
        ),
        (
            "provider: openai",
            "provider: opnai",
            ":7: outage changes the provider opnai, which is no [[provider]]",
        ),
        (
            "scenario: steady",
            "scenario: stedy",
            ":5: outage sends stedy, which is no scenario; do you mean 'ste",
        ),
        (
            "    lasts: 10m",
            "    lasts: 8m",
            ":15: outage lasts 8m, which is too short: Failures may resolve as ",
        ),
        (
            "    lasts: 10m",
            "    lasts: 8m59s",
            "as late as 8m, and oncall is told of that up to 1m later; let it",
        ),
        (
            "pages: oncall",
            "pages: [oncall, team]",
            "team is told of that up to 5m later; let it last 13m or longer",
        ),
        (
            "by: 8m",
            "by: 8m, closes_within: 3m",
            "oncall is told of that up to 3m later; let it last 11m or longer",
        ),
        ("{at: 2m", "{at: 10m", ":7: a change of the drill 'outage' comes at 10m, and outage is over at 10m"),
        (
            "{receiver: oncall, at: 1m",
            "{receiver: oncall, at: 1h",
            ":11: a fault of the drill 'outage' comes at 1h",
        ),
        (
            ", lasts: 8m}",
            ", lasts: 8m, at: 3m}",
            ":5: a load profile of the drill 'outage' is sent until 11m",
        ),
    ],
)
def test_what_there_is_not_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    """No run has to be held to find it, and no verdict is made of it."""
    assert DRILL.count(old) == 1
    with pytest.raises(BadInput) as refused:
        read(tmp_path, DRILL.replace(old, new))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "instead",
    [
        "pages: {receiver: oncall, closes: false}",
        "pages: oncall, suppressed: {why: silenced}",
    ],
)
def test_a_page_that_never_closes_needs_no_time_for_it(tmp_path: Path, instead: str) -> None:
    """Of one that is held back for good, or whose receiver is not told of the end, nothing is waited for."""
    text = DRILL.replace("pages: oncall", instead).replace("    lasts: 10m", "    lasts: 8m")
    read(tmp_path, text)
    with pytest.raises(BadInput, match="lasts 7m"):
        read(tmp_path, text.replace("    lasts: 8m", "    lasts: 7m"))


def test_what_nobody_knows_is_not_looked_at(tmp_path: Path) -> None:
    """A recording has neither pages that close nor receivers, and drills of it may state any."""
    text = DRILL.replace("pages: oncall", "pages: anybody").replace("    lasts: 10m", "    lasts: 8m")
    read(tmp_path, text, Known())
    with pytest.raises(BadInput, match="anybody"):
        read(tmp_path, text, Known(receivers={"oncall"}))


@pytest.mark.parametrize(
    ("traffic", "needs"),
    [
        ("scenario: infer", "inference (POST /v1/infer)"),
        ("scenario: auth_scan, reason: key_revoked", "an admin API of keys (reason: key_revoked)"),
    ],
)
def test_what_the_target_lacks_is_said_before_it_is_asked(tmp_path: Path, traffic: str, needs: str) -> None:
    """Somebody's own gateway has no API but the providers'; the reference gateway has each."""
    text = DRILL.replace("scenario: steady", traffic)
    everywhere = replace(KNOWN, scenarios={"infer", "auth_scan"})
    read(tmp_path, text, everywhere)
    said = rf":5: outage: the scenario '\w+' needs {re.escape(needs)}, which only"
    with pytest.raises(BadInput, match=said):
        read(tmp_path, text, replace(everywhere, is_own_gateway=True))
