"""The gateway as a process: how it starts, how it ends, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.lone_alertmanager import await_that
from support.patience import PATIENCE_S

from alertdrill.errors import BadInput
from alertdrill.gateway.__main__ import main
from alertdrill.gateway.config import read_config

ENVIRONMENT = {"ALERTDRILL_ADMIN_TOKEN": "the-admin-token", "ALERTDRILL_PROVIDER_KEY": "the-provider-key"}
ROOT = Path(__file__).parents[3]


def start(config: Path, listen: str = "127.0.0.1:0", **environment: str) -> subprocess.Popen:
    """Start a gateway; a variable given as an empty string is left out."""
    given = os.environ | ENVIRONMENT | environment
    return subprocess.Popen(
        [sys.executable, "-m", "alertdrill.gateway", "--config", str(config), "--listen", listen],
        cwd=ROOT,
        env={name: value for name, value in given.items() if value},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def provider():
    """Yield the listening socket of a provider that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


@pytest.fixture
def config(provider, tmp_path):
    """Return the file of a configuration with that provider."""
    path = tmp_path / "gateway.json"
    providers = {"openai": f"http://127.0.0.1:{provider.getsockname()[1]}"}
    path.write_text(json.dumps({"speed": 1, "data_dir": str(tmp_path / "data"), "providers": providers}))
    return path


def test_process_serves_every_system_and_ends_quickly(config, provider):
    """It says where it listens, serves metrics, and ends soon after SIGTERM with a call in flight."""
    process = start(config)
    try:
        host, _, port = json.loads(process.stdout.readline())["listen"].rpartition(":")
        with closing(HTTPConnection(host, int(port))) as scraper:
            scraper.request("GET", "/metrics/metis")
            assert b"metis_gateway_keys_active 0.0" in scraper.getresponse().read()
        body = json.dumps({"messages": [{"role": "user", "content": "x"}]})
        headers = {"Authorization": "Bearer the-admin-token"}
        with closing(HTTPConnection(host, int(port))) as caller:
            caller.request("POST", "/v1/chat/completions", body, headers)
            connection, _ = provider.accept()
            with connection:
                assert connection.recv(1)
                told = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE_S) == 0
                assert time.monotonic() - told < 5  # well under a second on an idle machine
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_client_that_leaves_takes_its_call_along(config, provider):
    """The provider's connection ends when the client's does, long before any timeout."""
    process = start(config)
    try:
        host, _, port = json.loads(process.stdout.readline())["listen"].rpartition(":")
        body = json.dumps({"messages": [{"role": "user", "content": "x"}]})
        with closing(HTTPConnection(host, int(port))) as caller:
            caller.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer the-admin-token"})
            connection, _ = provider.accept()
        with connection:
            connection.settimeout(10)
            while connection.recv(65_536):
                pass
    finally:
        process.kill()
        process.communicate()


def ask(host: str, port: str, path: str) -> int:
    """Return the status of a route, asked on a connection of its own."""
    with closing(HTTPConnection(host, int(port), timeout=PATIENCE_S)) as client:
        client.request("GET", path)
        return client.getresponse().status


def test_a_gateway_that_drains_is_alive_and_not_ready(config):
    """Told to end it goes on for `drain_s`, to be sent nothing more; told again it ends at once."""
    config.write_text(json.dumps(json.loads(config.read_text()) | {"drain_s": 600}))
    process = start(config)
    try:
        host, _, port = json.loads(process.stdout.readline())["listen"].rpartition(":")
        assert (ask(host, port, "/readyz"), ask(host, port, "/healthz")) == (200, 200)
        process.send_signal(signal.SIGTERM)
        await_that(lambda: ask(host, port, "/readyz") == 503, "the gateway drains")
        assert (ask(host, port, "/healthz"), ask(host, port, "/v1/models")) == (200, 401)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_stream_is_ended_with_an_error_when_the_gateway_ends(config, provider):
    """A client of a stream in flight is told why it ends, and its answer is whole HTTP."""
    process = start(config)
    try:
        host, _, port = json.loads(process.stdout.readline())["listen"].rpartition(":")
        body = json.dumps({"stream": True, "messages": [{"role": "user", "content": "x"}]})
        with closing(HTTPConnection(host, int(port))) as caller:
            caller.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer the-admin-token"})
            connection, _ = provider.accept()
            with connection:
                assert connection.recv(1)
                event = 'data: {"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n'
                connection.sendall(
                    f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{event}".encode()
                )
                answer = caller.getresponse()
                assert b"Hello" in answer.readline()
                process.send_signal(signal.SIGTERM)
                *_, last = answer.read().strip().splitlines()
        assert json.loads(last.removeprefix(b"data: "))["error"]["message"] == "the gateway is shutting down"
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_an_unusable_start_ends_the_process(config):
    """Its exit code is 2, and it says one line, no traceback."""
    process = start(config, "192.0.2.1:1")
    out, error = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (2, "")
    assert "cannot listen on 192.0.2.1:1" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("listen", "environment", "message"),
    [
        ("127.0.0.1:0", {"ALERTDRILL_PROVIDER_KEY": ""}, "ALERTDRILL_PROVIDER_KEY must be set"),
        ("127.0.0.1", {}, "--listen must be HOST:PORT"),
        ("127.0.0.1:99999", {}, "--listen must be HOST:PORT"),
    ],
)
def test_unusable_start_is_one_sentence(config, listen, environment, message, monkeypatch, capsys):
    """What cannot be used ends the gateway with 2 and one line, no traceback."""
    monkeypatch.setattr(sys, "argv", ["gateway", "--config", str(config), "--listen", listen])
    for name, value in (ENVIRONMENT | environment).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main()
    out, error = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"speed": 0}, "speed"),
        ({"speed": "60"}, "speed"),
        ({"speed": True}, "speed"),
        ({"speed": 1e9}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"drain_s": -1}, "drain_s"),
        ({"drain_s": True}, "drain_s"),
        ({"drain_s": 1e9}, "drain_s"),
        (
            {"limits": {"connections": 0}},
            "limits: connections",
        ),
        ({"limits": {"connections": 1.5}}, "limits: connections"),
        ({"retries": {"times": 11}}, "retries: times"),
        ({"data_dir": ""}, "data_dir"),
        ({"data_dir": 5}, "data_dir"),
        ({"data_dir": "a\0b"}, "data_dir"),
        ({"data_dir": "\ud800"}, "data_dir"),
        ({"providers": {}}, "providers"),
        ({"providers": {"openai": "ftp://127.0.0.1"}}, "providers: openai"),
        ({"providers": {"openai": "http://"}}, "providers: openai"),
        ({"providers": {"openai": "http://127.0.0.1:99999"}}, "providers: openai"),
        ({"providers": {"openai": None}}, "providers: openai"),
        ({"colour": "red"}, "'colour'"),
        ({"limits": 5}, "limits"),
        ({"limits": {"colour": 1}}, "limits: 'colour'"),
        ({"limits": {"timeout_s": 0}}, "limits: timeout_s"),
        ({"limits": {"cooldown_s": "30"}}, "limits: cooldown_s"),
        ({"limits": {"calls": 1.5}}, "limits: calls"),
        ({"limits": {"calls": True}}, "limits: calls"),
    ],
)
def test_unusable_configuration_is_refused(tmp_path, change, named):
    """The configuration has exactly its fields, each usable; the one that is not is named."""
    good = {"speed": 60, "data_dir": "x", "providers": {"openai": "http://127.0.0.1:1/"}}
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(good))
    assert read_config(path).providers == {"openai": "http://127.0.0.1:1"}
    path.write_text(json.dumps(good | change))
    with pytest.raises(BadInput, match=rf"gateway\.json: {named} "):
        read_config(path)


@pytest.mark.parametrize("name", ["speed", "data_dir", "providers"])
def test_a_missing_field_is_named(tmp_path, name):
    """Whoever forgets one need not compare."""
    path = tmp_path / "gateway.json"
    good = {"speed": 60, "data_dir": "x", "providers": {"openai": "http://127.0.0.1:1/"}}
    del good[name]
    path.write_text(json.dumps(good))
    with pytest.raises(BadInput, match=rf"gateway\.json: {name} is missing"):
        read_config(path)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "5"])
def test_missing_or_unreadable_configuration_is_refused(tmp_path, text):
    """A file that is not there, or not an object, is named."""
    path = tmp_path / "gateway.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match=r"gateway\.json"):
        read_config(path)
