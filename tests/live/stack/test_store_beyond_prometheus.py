"""Runs that are read from a store which is not Prometheus: VictoriaMetrics, as Debian packages it."""

from __future__ import annotations

import gzip
import json
import math
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import requests
from support.victoria import Proxy, open_proxy, run_victoria
from support.whole_runs import CommandLine, Finished, open_command_line, run_until_told

from alertdrill.cli.commands import run_holding
from alertdrill.errors import CouldNotTell
from alertdrill.recording import store as store_room
from alertdrill.recording.prometheus import count_samples, read_alert_events, read_recorded_curves
from alertdrill.recording.store import Store, await_samples, open_store
from alertdrill.reports import RunRecord
from alertdrill.runner.live import FinishedRun, Show, hold_open
from alertdrill.runner.order import Order
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.http_client import Api
from alertdrill.systems import find_systems

NAMES = ("metis-auth-fires", "metis-errors-first-bad-call")
"""One that fires, and a near miss of a rule whose value is NaN, which VictoriaMetrics does not keep."""
SHOW_AT_ONCE = "-search.latencyOffset=1ms"
HIDDEN_WALL_S = 6.0
"""How long the store hides what is new; it is 30 s where nobody says otherwise."""
SECRET = "s3cret-of-the-store"
WANTS = {"Authorization": f"Bearer {SECRET}", "X-Scope-OrgID": "acme"}
JOBS = [system.job for system in find_systems()]


@dataclass(frozen=True, kw_only=True)
class HeldBeside:
    """A run that was read from a store behind a proxy, and where that store keeps its data."""

    held: FinishedRun
    finished: Finished
    out: Path
    proxy: Proxy
    data: Path
    url: str

    def await_from(self, api: Api) -> float:
        """Await the samples of this run from a store."""
        held = self.held
        evaluator = Api("prometheus", held.stack.endpoints.prometheus)
        return await_samples(api, evaluator, held.clock, JOBS, held.record.timeline.until_s)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a store that will never show it all two seconds."""
    monkeypatch.setattr(store_room, "SHOWN_WITHIN_WALL_S", 2.0)


@pytest.fixture(scope="module")
def beside(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldBeside]:
    """Run the two drills through a proxy that wants a secret and a tenant, and let the stack stand.

    In the end the command has left nothing behind.
    """
    folder = tmp_path_factory.mktemp("store")
    out, secret = folder / "out", folder / "token"
    secret.write_text(f"Bearer {SECRET}\n")
    stack = ExitStack()
    runs: list[FinishedRun] = []

    def hold_and_stay(order: Order, show: Show) -> RunRecord:
        stack.close()
        runs.append(stack.enter_context(hold_open(order, show)))
        return runs[-1].record

    with open_command_line(engines) as command:
        with (
            run_victoria(folder, f"-search.latencyOffset={HIDDEN_WALL_S:g}s") as url,
            open_proxy(url, WANTS) as proxy,
            patch.object(run_holding, "hold", hold_and_stay),
            stack,
        ):
            finished = run_until_told(
                lambda slower: command.run_here(
                    *("run", *NAMES, "--speed", "60", "--tenant", "acme"),
                    *(
                        "--prometheus",
                        f"{proxy.url}/prometheus",
                        "--remote-write",
                        f"{proxy.url}/api/v1/write",
                    ),
                    *("--prometheus-header", f"Authorization=@{secret}"),
                    *(*slower, "--out", str(out)),
                ),
                out,
            )
            yield HeldBeside(held=runs[-1], finished=finished, out=out, proxy=proxy, data=folder, url=url)
        assert command.list_leftovers() == []


def read_plain(path: Path) -> bytes:
    """Return what a file has, unpacked."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_a_run_is_met_through_a_proxy_that_wants_a_secret_and_a_tenant(beside: HeldBeside) -> None:
    """Every request has both, the secret is shown nowhere, and what the store hides is waited for."""
    finished, proxy = beside.finished, beside.proxy
    assert finished.code == 0, finished.said
    assert proxy.refused == []
    assert {"/api/v1/write", "/prometheus/api/v1/query", "/prometheus/api/v1/query_range"} == set(
        proxy.passed
    )
    timeline = json.loads((beside.out / "timeline.json").read_text())
    assert {verdict["drill"]: verdict["outcome"] for verdict in timeline["verdicts"]} == dict.fromkeys(
        NAMES, "met"
    )
    waited = re.search(r"showed the whole run (\d+) s after its end", beside.held.record.notes["read from"])
    assert waited is not None
    assert int(waited[1]) >= HIDDEN_WALL_S - 2
    assert SECRET not in finished.out + finished.err
    for path in beside.out.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in read_plain(path), path


def test_a_proxy_that_refuses_is_named_before_there_is_traffic(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """A wrong tenant: exit 3, one sentence with the address, and no secret, though the door echoes it."""
    out, secret = tmp_path / "out", tmp_path / "token"
    secret.write_text(WANTS["Authorization"])
    with open_proxy("http://127.0.0.1:1", WANTS) as proxy:
        finished = alertdrill.run(
            *("run", NAMES[0], "--out", str(out), "--prometheus", proxy.url, "--tenant", "globex"),
            *("--prometheus-header", f"Authorization=@{secret}"),
        )
    assert finished.code == 3
    assert finished.err.startswith(f"alertdrill: the store at {proxy.url} answered 401 to /api/v1/query")
    assert finished.err.count("\n") == 1
    assert "globex" not in finished.err
    assert SECRET not in finished.out + finished.err + (out / "junit.xml").read_text()
    assert not (out / "logs" / "traffic-plan.json").exists()


def test_prometheus_does_not_show_the_secret_that_it_sends_with(beside: HeldBeside) -> None:
    """What the stack's Prometheus shows of its configuration has the tenant, and not the credentials."""
    prometheus = beside.held.stack.endpoints.prometheus
    shown = requests.get(f"{prometheus}/api/v1/status/config", timeout=10).text
    assert "acme" in shown
    assert SECRET not in shown


def test_the_store_has_exactly_what_prometheus_judged_by(beside: HeldBeside) -> None:
    """Events, scrapes and every rule's value are the same from either, NaN too."""
    held = beside.held
    assert held.record.exit_code == 0
    own = Api("prometheus", held.stack.endpoints.prometheus)
    store = open_store(Store(url=beside.url), held.clock.speed)
    span = (0.0, held.record.timeline.until_s)
    assert count_samples(store, held.clock, *span) == count_samples(own, held.clock, *span) > 0
    assert read_alert_events(store, held.clock, *span) == read_alert_events(own, held.clock, *span) != ()

    def read_points(api: Api) -> dict[tuple[str, ...], float]:
        return {
            (curve.alert, str(sorted(curve.labels.items())), f"{at_s:.3f}"): value
            for curve in read_recorded_curves(api, held.clock, held.record.rules, *span)
            for at_s, value in curve.points
        }

    points, due = read_points(store), read_points(own)
    assert points.keys() == due.keys()
    # VictoriaMetrics keeps about twelve digits of a number.
    assert points == pytest.approx(due, rel=1e-9, nan_ok=True)
    assert any(math.isnan(value) for value in points.values())


@pytest.mark.parametrize(
    ("flags", "lack"),
    [
        ((SHOW_AT_ONCE,), None),
        ((SHOW_AT_ONCE, "-dedup.minScrapeInterval=1s"), r"has \d+ samples of scrapes and rules, and the"),
        (("-search.latencyOffset=1h",), "has no scrape of the job"),
    ],
    ids=["all", "thinned out", "hidden"],
)
def test_a_store_that_does_not_show_all_is_not_believed(
    beside: HeldBeside, tmp_path: Path, impatient: None, flags: tuple[str, ...], lack: str | None
) -> None:
    """The same data is enough, unless the store thins it out, or hides what is newer than an hour."""
    del impatient
    snapshot = requests.get(f"{beside.url}/snapshot/create", timeout=30).json()["snapshot"]
    shutil.copytree(beside.data / "data" / "snapshots" / snapshot, tmp_path / "data")
    with run_victoria(tmp_path, *flags) as url:
        store = open_store(Store(url=url), beside.held.clock.speed)
        if lack is None:
            beside.await_from(store)
        else:
            with pytest.raises(CouldNotTell, match=f"2 s after the run, the store {lack}"):
                beside.await_from(store)


def test_a_store_to_which_nothing_was_sent_is_not_believed(
    beside: HeldBeside, tmp_path: Path, impatient: None
) -> None:
    """A store without the run, or a tenant's empty part of one, proves no silence."""
    del impatient
    with (
        run_victoria(tmp_path, SHOW_AT_ONCE) as url,
        pytest.raises(CouldNotTell, match="the store has no scrape of the job"),
    ):
        beside.await_from(open_store(Store(url=url), beside.held.clock.speed))
