"""`alertdrill traffic`: calls by hand at a small gateway of the tests' own, which asks a stub provider."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.plain_gateway import KEY, PlainGateway
from support.whole_runs import CommandLine, Finished

from alertdrill.stacks.stub_provider import Stub, StubOrder, open_stub

KEY_ENV = "GATEWAY_KEY_OF_THE_TEST"
TOKEN = "control-token-of-the-test"
SHORT = ("--model", "gpt-4.1", "--rate", "30/m", "--lasts", "1m", "--speed", "30")
WITHIN_S = 60.0


@pytest.fixture
def stub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stub]:
    """Run a stub that answers at once, or behaves as the test says."""
    behaviour: dict[str, Any] = getattr(request, "param", {"latency": {"kind": "constant", "s": 0.01}})
    order = StubOrder(name="openai", dialect="openai", token=TOKEN, behaviour=behaviour)
    with open_stub(order, tmp_path / "stub.log") as running:
        yield running


@pytest.fixture
def gateway(stub: Stub) -> Iterator[PlainGateway]:
    """Run a gateway before the stub."""
    with PlainGateway(upstream=stub.url) as running:
        yield running


def send(alertdrill: CommandLine, *arguments: str) -> Finished:
    """Run `alertdrill traffic` with the gateway's key in its environment."""
    environ = {**alertdrill.environ, KEY_ENV: KEY}
    finished = CommandLine(environ=environ, temporary=alertdrill.temporary).run("traffic", *arguments)
    assert KEY not in finished.out + finished.err
    assert alertdrill.list_leftovers() == []
    return finished


def test_calls_are_sent_and_counted(alertdrill: CommandLine, gateway: PlainGateway) -> None:
    """Thirty a minute, thirty times as fast, at a gateway with a key; all are answered: exit 0."""
    started_s = time.monotonic()
    finished = send(alertdrill, "steady", "--host", f"{gateway.url}/v1", "--key-env", KEY_ENV, *SHORT)
    assert (finished.code, finished.err) == (0, "")
    first, _, row, latency = finished.out.splitlines()
    assert first == "30 of 30 calls sent, 0 not as wanted"
    assert row.split() == ["200", "OK", "30"]
    assert latency.startswith("latency: median ")
    assert time.monotonic() - started_s < 30
    assert {(one.path, one.body["model"]) for one in gateway.asked} == {("/v1/chat/completions", "gpt-4.1")}
    assert len(gateway.asked) == 30


@pytest.mark.parametrize(
    "stub",
    [{"errors": {"class": "rate_limit", "every": 3}, "latency": {"kind": "constant", "s": 0}}],
    indirect=True,
)
def test_what_is_not_as_wanted_is_shown(
    alertdrill: CommandLine, gateway: PlainGateway, tmp_path: Path
) -> None:
    """With how often, and what the gateway said; exit 1. Locust's log is kept where it is wanted."""
    log = tmp_path / "kept.log"
    arguments = ("--host", gateway.url, "--key-env", KEY_ENV, *SHORT, "--log", str(log))
    finished = send(alertdrill, "steady", *arguments)
    assert (finished.code, finished.err) == (1, "")
    assert finished.out.startswith("30 of 30 calls sent, 10 not as wanted\n")
    assert '429 Too Many Requests     10  {"error":{"message":"Rate limit reached' in finished.out
    assert "All load profiles have ended" in log.read_text()


@pytest.mark.parametrize("api", ["chat", "messages"])
def test_the_tokens_of_streams_are_timed(alertdrill: CommandLine, tmp_path: Path, api: str) -> None:
    """The first, and those after it: Locust has a request type for each, beside its total."""
    dialect = "anthropic" if api == "messages" else "openai"
    slowly = {"latency": {"kind": "constant", "s": 0.4}, "completion_tokens": 20}
    order = StubOrder(name=dialect, dialect=dialect, token=TOKEN, behaviour=slowly)
    log = tmp_path / "kept.log"
    with open_stub(order, tmp_path / "stub.log") as stub:
        arguments = ("--host", stub.url, "--model", "m", "--rate", "5/s", "--lasts", "2s", "--api", api)
        finished = send(alertdrill, "streaming", *arguments, "--log", str(log))
    assert (finished.code, finished.err) == (0, "")
    said = finished.out.splitlines()[-1]
    assert said.startswith("first token of 10 streams: median 0.")
    assert "; between tokens: median 0." in said
    counts = {
        line.split()[0]: int(line.split()[2])
        for line in log.read_text().splitlines()
        if line.startswith(("TTFT ", "ITL ", "POST ")) and "%)" in line
    }
    assert counts["TTFT"] == counts["POST"] == 10
    assert counts["ITL"] >= 10


def test_a_trace_is_sent_as_its_calls_came(
    alertdrill: CommandLine, gateway: PlainGateway, tmp_path: Path
) -> None:
    """As many, and as long; what comes after the stated duration is not sent."""
    trace = tmp_path / "azure.csv"
    trace.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,10,44\n"
        "2023-11-16 18:15:47.1805900,20,0\n2023-11-16 18:15:49.1805900,30,7\n"
    )
    arguments = ("--host", gateway.url, "--key-env", KEY_ENV, "--model", "m", "--trace", str(trace))
    finished = send(alertdrill, "steady", *arguments, "--lasts", "2s")
    assert (finished.code, finished.err) == (0, "")
    sizes = [(len(one.body["messages"][0]["content"]), one.body["max_tokens"]) for one in gateway.asked]
    assert sorted(sizes) == [(40, 44), (80, 1)]


def test_a_gateway_that_wants_a_key_says_so(alertdrill: CommandLine, gateway: PlainGateway) -> None:
    """Without --key-env calls carry none."""
    finished = send(alertdrill, "steady", "--host", gateway.url, *SHORT)
    assert finished.code == 1
    assert '401 Unauthorized     30  {"error": "who is None?"}' in finished.out
    assert not any("authorization" in one.headers for one in gateway.asked)


def test_a_gateway_that_takes_any_key_is_found_out(alertdrill: CommandLine, stub: Stub) -> None:
    """A scan wants to be refused: what answers it all the same, as a stub does, is not as wanted."""
    finished = send(alertdrill, "auth_scan", "--host", stub.url, *SHORT)
    assert finished.code == 1
    assert finished.out.startswith("30 of 30 calls sent, 30 not as wanted\n")


def test_what_the_scenario_does_not_know_is_bad_input(alertdrill: CommandLine, gateway: PlainGateway) -> None:
    """It is said in a sentence, with what there is; nothing was sent, and no Locust started."""
    finished = send(alertdrill, "steady", "--host", gateway.url, *SHORT, "--option", "colour=red")
    assert (finished.code, finished.out) == (2, "")
    said = "alertdrill: --option colour: this traffic has a field 'colour', which steady does not know"
    assert finished.err.startswith(f"{said}; its own are api, models")
    assert gateway.asked == []


def test_an_outage_is_made_of_a_stub(alertdrill: CommandLine, gateway: PlainGateway, stub: Stub) -> None:
    """Its port is closed for half of the minute, and open again in the end; 502 is as wanted then."""
    environ = {
        **alertdrill.environ,
        "ALERTDRILL_CONTROLS": f"openai={stub.control}",
        "ALERTDRILL_CONTROL_TOKEN": TOKEN,
    }
    line = CommandLine(environ=environ, temporary=alertdrill.temporary)
    outage = ("provider=openai", "down_at_s=15", "down_for_s=30")
    options = [word for option in outage for word in ("--option", option)]
    finished = send(line, "outage", "--host", gateway.url, "--key-env", KEY_ENV, *SHORT, *options)
    assert (finished.code, finished.err) == (0, "")
    counts = {row.split()[0]: int(row.split()[-1]) for row in finished.out.splitlines()[2:4]}
    assert set(counts) == {"200", "502"}
    assert counts["502"] == pytest.approx(15, abs=5)
    again = send(line, "steady", "--host", gateway.url, "--key-env", KEY_ENV, *SHORT)
    assert again.code == 0


def test_ctrl_c_tells_what_was_sent(alertdrill: CommandLine, gateway: PlainGateway) -> None:
    """Nothing is left running, and nothing more is sent."""
    with alertdrill.start(
        *(
            "traffic",
            "steady",
            "--host",
            gateway.url,
            "--model",
            "gpt-4.1",
            "--rate",
            "20/s",
            "--lasts",
            "10m",
        )
    ) as process:
        give_up_at = time.monotonic() + WITHIN_S
        while len(gateway.asked) < 60:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WITHIN_S)
    asked = len(gateway.asked)
    assert process.returncode == 3
    assert err == "alertdrill: interrupted by SIGINT; what was sent is counted above\n"
    assert "of 12000 calls sent" in out.splitlines()[0]
    assert 0 < int(out.split()[0]) <= asked < 1_000
    assert alertdrill.list_leftovers() == []
