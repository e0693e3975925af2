"""Drills of a project on a Prometheus and an Alertmanager of somebody's own, which are only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from support.own_project import read_timeline, write_own_project
from support.running_servers import Theirs, run_theirs
from support.whole_runs import CommandLine, Finished

from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports

DRILLS = """\
drills:
  - name: provider-outage
    why: The only provider fails for fifteen seconds.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 5/s, lasts: 40s}
    changes:
      - {at: 10s, provider: openai, latency: 50ms, errors: {class: server_error, share: 100%}}
      - {at: 25s, provider: openai, latency: 50ms}
    expect:
      - alert: ShopErrorsHigh
        labels: {model: gpt-4.1}
        fires: 10s..22s
        pages: oncall
        resolves_by: 38s
    lasts: 45s
"""


@dataclass(frozen=True)
class Place:
    """A project's folder, and what runs beside it; `pager` is where webhooks go."""

    folder: Path
    theirs: Theirs
    pager: str


@pytest.fixture
def place(engines: Engines, tmp_path: Path) -> Iterator[Place]:
    """Write a project whose gateway alertdrill starts, and run the servers that see it."""
    write_own_project(tmp_path, drills=DRILLS)
    project = tmp_path / "alertdrill.toml"
    text = project.read_text()
    # Its rules and routes are those of the servers that run.
    text = text.replace('rules = ["rules.yml"]\n', "").replace('alertmanager = "alertmanager.yml"\n', "")
    text = text[: text.index("[[scrape]]")] + text[text.index("[[provider]]") :]
    project.write_text(text)
    gateway = text.partition('url = "http://')[2].partition('"')[0]
    pager = f"127.0.0.1:{find_free_ports(1)[0]}"
    with run_theirs(engines, tmp_path / "theirs", gateway, pager) as theirs:
        yield Place(folder=tmp_path, theirs=theirs, pager=pager)


def state(place: Place, *, is_paged: bool) -> None:
    """Say in the project file where the servers are, and whether Alertmanager sends to alertdrill."""
    project = place.folder / "alertdrill.toml"
    pages = f'pager = "{place.pager}"\nreceivers = ["oncall"]\n' if is_paged else ""
    (place.folder / "watched.yml").write_text("")
    rules = place.folder / "their-rules.yml"
    rules.write_text((place.folder / "theirs" / "rules.yml").read_text().partition("  - name: of-others")[0])
    stated = f'[prometheus]\nurl = "{place.theirs.prometheus}"\n\n[alertmanager]\n'
    stated += f'url = "{place.theirs.alertmanager}"\n{pages}'
    project.write_text('rules = ["their-rules.yml"]\n' + project.read_text() + stated)


def hold(own: CommandLine, folder: Path, *arguments: str) -> Finished:
    """Hold the project's drills."""
    project = str(folder / "alertdrill.toml")
    return own.run("run", "--project-file", project, "--out", str(folder / "out"), *arguments, timeout_s=300)


def test_their_servers_fire_and_page(own: CommandLine, place: Place) -> None:
    """Every hop is met, pages included; the replay agrees, and what always fires there is nobody's alert."""
    state(place, is_paged=True)
    held = hold(own, place.folder)
    assert held.code == 0, held.out + held.err
    timeline = read_timeline(place.folder)
    assert [verdict["outcome"] for verdict in timeline["verdicts"]] == ["met"]
    assert timeline["speed"] == 1
    assert {event["alert"] for event in timeline["events"]} == {"ShopErrorsHigh"}
    assert {event["kind"] for event in timeline["events"]} >= {"firing", "paged", "resolved", "page_resolved"}
    assert [one["kind"] for one in timeline["agreement"]["instants"]] == ["pending", "firing", "resolved"]
    assert not (place.folder / "out" / "logs" / "prometheus.log").exists()
    assert requests.get(f"{place.theirs.alertmanager}/api/v2/silences", timeout=10).json() == []


def test_pages_that_go_elsewhere_are_unobserved(own: CommandLine, place: Place) -> None:
    """Their Alertmanager sends nothing to alertdrill: the hop is neither green nor red."""
    state(place, is_paged=False)
    held = hold(own, place.folder)
    assert held.code == 0, held.out + held.err
    (verdict,) = read_timeline(place.folder)["verdicts"]
    assert verdict["outcome"] == "unobserved"
    (finding,) = verdict["findings"]
    assert finding["observed"].keys() == {"pending", "firing", "resolved"}
    assert "not observed whether it was paged" in held.out


def test_an_alert_that_fires_there_already_keeps_drills_from_being_held(
    own: CommandLine, place: Place
) -> None:
    """Without rule files, all alerts of their Prometheus are the run's: the one that always fires, too."""
    servers = ("--prometheus", place.theirs.prometheus, "--alertmanager", place.theirs.alertmanager)
    held = hold(own, place.folder, *servers)
    assert held.code == 3, held.out + held.err
    assert "ServerUp was firing already" in held.err
