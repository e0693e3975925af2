"""Metrics sent to a Pushgateway and by remote write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from support.lone_prometheus import run_prometheus
from support.paging_records import build_paging_record
from support.patience import PATIENCE_S
from support.push_receiver import PushReceiver, run_push_receiver

from alertdrill.errors import ComponentFailed
from alertdrill.reports.metrics import LAST_SUCCESS, OUTCOME, measure, render
from alertdrill.reports.pushing import MAX_SERIES, PushTarget, push
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports

SAMPLES = measure(build_paging_record())
AT_MS = 1_795_254_100_000


@pytest.fixture
def receiver() -> Iterator[PushReceiver]:
    """Return a server that takes everything."""
    with run_push_receiver() as receiver:
        yield receiver


def test_a_pushgateway_has_its_group_replaced(receiver: PushReceiver) -> None:
    """By PUT, so that no time of a hop stays that was not seen again; the body is that of metrics.prom."""
    target = PushTarget(
        protocol="Pushgateway", url=f"{receiver.url}/metrics/job/drills", headers={"Authorization": "Basic x"}
    )
    push(target, SAMPLES, AT_MS)
    (pushed,) = receiver.pushed
    assert (pushed.method, pushed.path) == ("PUT", "/metrics/job/drills")
    assert pushed.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert pushed.headers["Authorization"] == "Basic x"
    assert pushed.body.decode() == render(SAMPLES)


def test_prometheus_takes_what_is_written_remotely(tmp_path: Path, engines: Engines) -> None:
    """Every sample is there at the instant of the run, with the labels that it has, and a job."""
    with run_prometheus(engines, tmp_path, "--web.enable-remote-write-receiver") as url:
        push(PushTarget(protocol="remote write", url=f"{url}/api/v1/write"), SAMPLES, AT_MS)
        found = {}
        for metric in {sample.metric for sample in SAMPLES}:
            asked = {"query": metric, "time": f"{AT_MS / 1000:.3f}"}
            with requests.get(f"{url}/api/v1/query", params=asked, timeout=PATIENCE_S) as answer:
                for one in answer.json()["data"]["result"]:
                    assert one["metric"].pop("job") == "alertdrill"
                    found[tuple(sorted(one["metric"].items()))] = float(one["value"][1])
    assert found == {
        tuple(sorted({**sample.labels, "__name__": sample.metric}.items())): sample.value
        for sample in SAMPLES
    }
    assert {sample.metric for sample in SAMPLES} >= {LAST_SUCCESS, OUTCOME}


def test_many_series_are_written_in_several_requests(receiver: PushReceiver) -> None:
    """None of them is larger than those that Prometheus sends."""
    many = tuple(
        replace(SAMPLES[0], labels={"drill": f"drill-{number}"}) for number in range(2 * MAX_SERIES + 1)
    )
    push(PushTarget(protocol="remote write", url=f"{receiver.url}/api/v1/push"), many, AT_MS)
    assert [pushed.path for pushed in receiver.pushed] == ["/api/v1/push"] * 3


def test_a_refusal_names_the_server_and_no_secret(receiver: PushReceiver) -> None:
    """Even where the server repeats what it was sent."""
    receiver.status, receiver.says = 401, "no such token: {authorization}"
    target = PushTarget(
        protocol="Pushgateway",
        url=f"{receiver.url}/metrics/job/a",
        headers={"Authorization": "Bearer sesame"},
    )
    with pytest.raises(ComponentFailed) as refused:
        push(target, SAMPLES, AT_MS)
    said = str(refused.value)
    assert said == f"Pushgateway at {receiver.url} answered 401 to /metrics/job/a: no such token: …"
    assert "sesame" not in repr(target)


def test_a_redirect_is_not_followed(receiver: PushReceiver) -> None:
    """The headers are meant for the server that was named."""
    receiver.status = 307
    with pytest.raises(ComponentFailed, match="answered 307"):
        push(PushTarget(protocol="Pushgateway", url=f"{receiver.url}/metrics/job/a"), SAMPLES, AT_MS)
    assert len(receiver.pushed) == 1


def test_nobody_there_is_said() -> None:
    """With the address and the system's word for it."""
    (port,) = find_free_ports(1)
    with pytest.raises(ComponentFailed, match=rf"127.0.0.1:{port} cannot be reached: Connection refused"):
        push(PushTarget(protocol="Pushgateway", url=f"http://127.0.0.1:{port}/metrics/job/a"), SAMPLES, AT_MS)
