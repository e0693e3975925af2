"""Traffic to a gateway that is somebody else's: no admin API, no prefix, one key."""

from __future__ import annotations

import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.plain_gateway import KEY, PlainGateway
from support.whole_runs import ROOT

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile, LoadStage
from alertdrill.errors import BadInput
from alertdrill.runner.scenario_files import list_own_files
from alertdrill.runner.target import Target
from alertdrill.runner.traffic import Traffic, TrafficReport, lead_wall_s, plan
from alertdrill.runtime.process import inherit_environment

SPEED = 30.0
WAIT_S = 60.0
TARGET = Target(token=KEY, headers={"x-team": "the-secret-team"})
PLAIN = """
from locust import HttpUser, task


class Plain(HttpUser):
    @task
    def go(self):
        pass
"""
OWN = '''
"""Asks for the models, again and again."""

from beside import PATH

from alertdrill.load.calls import read_calls
from alertdrill.load.script import OrdinaryScript, Request
from alertdrill.load.users import ScenarioUser


class ListingScript(OrdinaryScript):
    def request(self, index):
        return Request(method="GET", path=PATH, body=None)


class Listing(ScenarioUser):
    scenario = "listing"

    @classmethod
    def script(cls, fields):
        return ListingScript(read_calls(fields))
'''


@pytest.fixture
def gateway() -> Iterator[PlainGateway]:
    """Run a gateway that answers everything at once, to who has its key."""
    with PlainGateway() as running:
        yield running


def make_profile(name: str, scenario: str = "steady", **options: Any) -> LoadProfile:
    """Return a load profile of a call every two seconds for a minute."""
    stages = (LoadStage(duration_s=60, rate_per_s=0.5),)
    options = {"models": ["gpt-4.1"], **options}
    return LoadProfile(
        name=name, scenario=scenario, start_s=0.0, stages=stages, options=options, prefix="metis"
    )


def make_traffic(
    folder: Path,
    gateway: PlainGateway,
    *profiles: LoadProfile,
    target: Target = TARGET,
    workers: int = 0,
    files: tuple[Path, ...] = (),
) -> Traffic:
    """Return traffic to a target, which starts as soon as Locust is there."""
    document = plan(
        profiles,
        clock=Clock(speed=SPEED, origin_s=time.time() + lead_wall_s(workers)),
        seed=1,
        controls={},
        report=folder / "report.json",
        target=target,
    )
    return Traffic(
        document,
        host=gateway.url,
        plan_path=folder / "plan.json",
        log_path=folder / "locust.log",
        env=inherit_environment(target.list_variables()),
        workers=workers,
        files=files,
    )


def send(folder: Path, gateway: PlainGateway, *profiles: LoadProfile, **how: Any) -> TrafficReport:
    """Send traffic to its end, and return what became of it."""
    with make_traffic(folder, gateway, *profiles, **how) as traffic:
        return traffic.wait(WAIT_S)


def test_every_call_has_the_key_and_nothing_else_is_asked(tmp_path: Path, gateway: PlainGateway) -> None:
    """Each API is asked as its clients do, without a prefix; scanners keep to keys of their own.

    No secret is in the plan, the report or the log, even where the gateway says it back.
    """
    report = send(
        tmp_path,
        gateway,
        make_profile("chat", stream_share=0.5),
        make_profile("embeddings", api="embeddings"),
        make_profile("messages", api="messages"),
        make_profile("scan", "auth_scan"),
        make_profile("unscanned", "auth_scan", reason="missing_token", refused=[403]),
    )
    assert {name: (profile.statuses, profile.unwelcome) for name, profile in report.profiles.items()} == {
        **dict.fromkeys(("chat", "embeddings", "messages"), ({"200": 30}, 0)),
        "scan": ({"401": 30}, 0),
        "unscanned": ({"401": 30}, 30),
    }
    assert report.refusals == {"unscanned": {"401": '{"error": "who is None?"}'}}
    asked = {(one.method, one.path, one.headers.get("authorization")) for one in gateway.asked}
    assert asked == {
        ("POST", "/v1/chat/completions", f"Bearer {KEY}"),
        ("POST", "/v1/embeddings", f"Bearer {KEY}"),
        ("POST", "/v1/messages", f"Bearer {KEY}"),
        ("POST", "/v1/chat/completions", "Bearer sk-not-a-key-of-this-gateway"),
        ("POST", "/v1/chat/completions", None),
    }
    assert {one.headers["x-team"] for one in gateway.asked} == {"the-secret-team"}
    assert {one.headers.get("x-api-key") for one in gateway.asked if one.path == "/v1/messages"} == {KEY}
    written = "".join(path.read_text() for path in tmp_path.iterdir() if path.is_file())
    assert KEY not in written
    assert "the-secret-team" not in written


def test_workers_learn_the_key_from_their_master(tmp_path: Path, gateway: PlainGateway) -> None:
    """It is not in their environment; they send each call once, with everything that it carries."""
    with make_traffic(tmp_path, gateway, make_profile("chat"), workers=2) as traffic:
        environments = [
            Path(f"/proc/{process.pid}/environ").read_text() for process in traffic._worker_processes.values()
        ]
        report = traffic.wait(WAIT_S)
    assert report.profiles["chat"].statuses == {"200": 30}
    assert {(one.headers["authorization"], one.headers["x-team"]) for one in gateway.asked} == {
        (f"Bearer {KEY}", "the-secret-team")
    }
    assert not any(KEY in environment or "the-secret-team" in environment for environment in environments)


@pytest.mark.parametrize(
    ("name", "is_known"), [("127.0.0.1", True), ("127.0.0.1", False), ("other.example", True)]
)
def test_a_certificate_is_checked(tmp_path: Path, name: str, is_known: bool) -> None:
    """With the authority that the target names; the key is sent to nobody whom another vouches for.

    Nor to somebody else whom it vouches for.
    """
    is_right = is_known and name == "127.0.0.1"
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    ca = tmp_path / "ca.pem"
    (authority if is_known else other).cert_pem.write_to_path(str(ca))
    with PlainGateway(tls=context) as gateway:
        report = send(tmp_path, gateway, make_profile("chat"), target=Target(token=KEY, ca=ca))
    assert report.profiles["chat"].statuses == ({"200": 30} if is_right else {"0": 30})
    assert len(gateway.asked) == (30 if is_right else 0)
    if not is_right:
        assert "certificate verify failed" in report.refusals["chat"]["0"].lower()


def test_a_redirection_is_not_followed(tmp_path: Path, gateway: PlainGateway) -> None:
    """Who is elsewhere gets neither the key nor the load."""
    with PlainGateway(moved_to=gateway.url) as moved:
        report = send(tmp_path, moved, make_profile("chat"))
    assert report.profiles["chat"].statuses == {"307": 30}
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("scenario", "options", "needs"),
    [
        ("sessions", {}, r"sessions \(POST /v1/sessions\)"),
        ("auth_scan", {"reason": "rotation"}, r"an admin API of keys \(reason: rotation\)"),
        ("rate_limit_abuse", {"requests_per_minute": 6}, r"accounts with a limit \(requests_per_minute\)"),
    ],
)
def test_what_only_the_reference_gateway_has_is_bad_input(
    tmp_path: Path, gateway: PlainGateway, scenario: str, options: dict[str, Any], needs: str
) -> None:
    """The sentence says what the scenario needs; nothing was sent."""
    said = rf"'mine': the scenario '{scenario}' needs {needs}, which only the reference gateway has$"
    with pytest.raises(BadInput, match=said):
        send(tmp_path, gateway, make_profile("mine", scenario, **options))
    assert gateway.asked == []


def test_a_scenario_of_ones_own_is_sent(tmp_path: Path, gateway: PlainGateway) -> None:
    """It is stated by its path, may import what stands beside it, and goes with alertdrill's own."""
    loads = tmp_path / "loads"
    loads.mkdir()
    (loads / "listing.py").write_text(OWN)
    (loads / "beside.py").write_text('PATH = "/v1/models"\n')
    profiles = make_profile("mine", "loads/listing.py"), make_profile("theirs")
    report = send(tmp_path, gateway, *profiles, files=list_own_files(profiles, tmp_path))
    assert {name: profile.statuses for name, profile in report.profiles.items()} == {
        "mine": {"200": 30},
        "theirs": {"200": 30},
    }
    assert {(one.method, one.path) for one in gateway.asked} == {
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    }


def test_the_scenario_of_the_manual_is_sent(tmp_path: Path, gateway: PlainGateway) -> None:
    """What docs/how-to/load.md shows can be copied: each tenth call asks for the models."""
    manual = (ROOT / "docs" / "how-to" / "load.md").read_text()
    (source,) = re.findall(r"```python\n(.+?)```", manual, re.DOTALL)
    (tmp_path / "night.py").write_text(source)
    report = send(tmp_path, gateway, make_profile("mine", "night"), files=(tmp_path / "night.py",))
    assert (report.profiles["mine"].statuses, report.profiles["mine"].unwelcome) == ({"200": 30}, 0)
    assert Counter((one.method, one.path) for one in gateway.asked) == {
        ("GET", "/v1/models"): 3,
        ("POST", "/v1/chat/completions"): 27,
    }


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import no_such_module\n", "the scenarios cannot be loaded: ModuleNotFoundError: No module named"),
        ("", "'listing' is not among Locust's files"),
        (
            OWN.replace('"listing"', '"other"'),
            r"'listing' is not among .*, whose scenarios are other, steady$",
        ),
        (OWN.replace("read_calls(fields)", "1 / 0"), "'listing' makes no script: ZeroDivisionError"),
        (PLAIN, "The class Plain in Locust's files has no name in `scenario`"),
    ],
)
def test_a_scenario_that_is_none_is_bad_input(
    tmp_path: Path, gateway: PlainGateway, source: str, sentence: str
) -> None:
    """A mistake in it is its author's to put right, and does not look like a failure of the stack."""
    (tmp_path / "listing.py").write_text(source)
    (tmp_path / "beside.py").write_text('PATH = "/v1/models"\n')
    with pytest.raises(BadInput, match=sentence):
        send(tmp_path, gateway, make_profile("mine", "listing"), files=(tmp_path,))
