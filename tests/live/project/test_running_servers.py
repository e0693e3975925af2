"""Drills of a project on a Prometheus and an Alertmanager of somebody's own, which are only read.

They run in wall time, so three runs stand side by side, each with servers of its own; most of the time all of
them wait.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import requests
from support.lone_alertmanager import await_that
from support.own_project import KEY, KEY_VARIABLE, read_timeline, write_own_project
from support.running_servers import Theirs, run_theirs
from support.whole_runs import Finished, open_command_line

from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.long

DRILLS = """\
drills:
  - name: provider-outage
    why: The only provider fails for twelve seconds.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 5/s, lasts: 28s}
    changes:
      - {at: 5s, provider: openai, latency: 50ms, errors: {class: server_error, share: 100%}}
      - {at: 17s, provider: openai, latency: 50ms}
    expect:
      - alert: ShopErrorsHigh
        labels: {model: gpt-4.1}
        fires: 6s..16s
        pages: oncall
        resolves_by: 28s
    lasts: 32s
"""
HURRIED = """
import math

from alertdrill.cli import main as cli
from alertdrill.runner import live

live.SETTLE_S = 5.0
live.find_origin = lambda earliest_s, _speed: math.ceil(earliest_s)
cli.main()
"""
"""Waits shorter in the end, since scrapes are one second apart and not fifteen, and does not wait for a whole
minute to begin, which only subqueries need."""
WITHIN_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Held:
    """A run that has ended, its folder, and the servers that it read, which run on."""

    finished: Finished
    folder: Path
    theirs: Theirs


@dataclass(frozen=True, kw_only=True)
class Place:
    """A project's folder, and what runs beside it; `pager` is where webhooks go."""

    folder: Path
    theirs: Theirs
    pager: str

    def state(self, *, is_paged: bool) -> None:
        """Say in the project file where the servers are, and whether Alertmanager sends to alertdrill."""
        project = self.folder / "alertdrill.toml"
        pages = f'pager = "{self.pager}"\nreceivers = ["oncall"]\n' if is_paged else ""
        rules = self.folder / "their-rules.yml"
        rules.write_text(
            (self.folder / "theirs" / "rules.yml").read_text().partition("  - name: of-others")[0]
        )
        stated = f'[prometheus]\nurl = "{self.theirs.prometheus}"\n\n[alertmanager]\n'
        stated += f'url = "{self.theirs.alertmanager}"\n{pages}'
        project.write_text('rules = ["their-rules.yml"]\n' + project.read_text() + stated)


@contextmanager
def open_place(engines: Engines, folder: Path) -> Iterator[Place]:
    """Write a project whose gateway alertdrill starts, and run the servers that see it."""
    write_own_project(folder, drills=DRILLS)
    project = folder / "alertdrill.toml"
    text = project.read_text()
    # Its rules and routes are those of the servers that run.
    text = text.replace('rules = ["rules.yml"]\n', "").replace('alertmanager = "alertmanager.yml"\n', "")
    text = text[: text.index("[[scrape]]")] + text[text.index("[[provider]]") :]
    project.write_text(text)
    gateway = text.partition('url = "http://')[2].partition('"')[0]
    pager = f"127.0.0.1:{find_free_ports(1)[0]}"
    with run_theirs(engines, folder / "theirs", gateway, pager) as theirs:
        yield Place(folder=folder, theirs=theirs, pager=pager)


@pytest.fixture(scope="module")
def held(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Held]]:
    """Hold the project's drill in three ways, side by side, and let the servers run on.

    Pages go to alertdrill, or elsewhere, as the project file states; or the servers are options of the run.
    """
    program = tmp_path_factory.mktemp("hurried") / "hurried.py"
    program.write_text(HURRIED)
    with ExitStack() as stack:
        command = stack.enter_context(open_command_line(engines))
        own = replace(command, program=(str(program),), environ={**command.environ, KEY_VARIABLE: KEY})
        runs: dict[str, tuple[Place, subprocess.Popen[str]]] = {}
        for way in ("paged", "elsewhere", "options"):
            place = stack.enter_context(open_place(engines, tmp_path_factory.mktemp(way)))
            servers = ("--prometheus", place.theirs.prometheus, "--alertmanager", place.theirs.alertmanager)
            if way != "options":
                place.state(is_paged=way == "paged")
                servers = ()
            paths = (
                "--project-file",
                str(place.folder / "alertdrill.toml"),
                "--out",
                str(place.folder / "out"),
            )
            runs[way] = place, stack.enter_context(own.start("run", *paths, *servers))
            await_that(partial(_is_under_way, *runs[way]), "its traffic is planned")
        yield {way: _end(*run) for way, run in runs.items()}


def _is_under_way(place: Place, run: subprocess.Popen[str]) -> bool:
    """Return whether all parts of a run are there, so that the next one's start disturbs it least."""
    return run.poll() is not None or (place.folder / "out" / "logs" / "traffic.json").exists()


def _end(place: Place, run: subprocess.Popen[str]) -> Held:
    out, err = run.communicate(timeout=WITHIN_S)
    return Held(
        finished=Finished(code=run.returncode, out=out, err=err), folder=place.folder, theirs=place.theirs
    )


def test_their_servers_fire_and_page(held: Mapping[str, Held]) -> None:
    """Every hop is met, pages included; the replay agrees, and what always fires there is nobody's alert."""
    run = held["paged"]
    assert run.finished.code == 0, run.finished.said
    timeline = read_timeline(run.folder)
    assert [verdict["outcome"] for verdict in timeline["verdicts"]] == ["met"]
    assert timeline["speed"] == 1
    assert {event["alert"] for event in timeline["events"]} == {"ShopErrorsHigh"}
    assert {event["kind"] for event in timeline["events"]} >= {"firing", "paged", "resolved", "page_resolved"}
    assert [one["kind"] for one in timeline["agreement"]["instants"]] == ["pending", "firing", "resolved"]
    assert not (run.folder / "out" / "logs" / "prometheus.log").exists()
    assert requests.get(f"{run.theirs.alertmanager}/api/v2/silences", timeout=10).json() == []


def test_pages_that_go_elsewhere_are_unobserved(held: Mapping[str, Held]) -> None:
    """Their Alertmanager sends nothing to alertdrill: the hop is neither green nor red."""
    run = held["elsewhere"]
    assert run.finished.code == 0, run.finished.said
    (verdict,) = read_timeline(run.folder)["verdicts"]
    assert verdict["outcome"] == "unobserved"
    (finding,) = verdict["findings"]
    assert finding["observed"].keys() == {"pending", "firing", "resolved"}
    assert "not observed whether it was paged" in run.finished.out


def test_an_alert_that_fires_there_already_keeps_drills_from_being_held(held: Mapping[str, Held]) -> None:
    """Without rule files, all alerts of their Prometheus are the run's: the one that always fires, too."""
    run = held["options"]
    assert run.finished.code == 3, run.finished.said
    assert "ServerUp was firing already" in run.finished.err
