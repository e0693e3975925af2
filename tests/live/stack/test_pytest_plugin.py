"""The pytest plugin on a gateway of a stranger's: one run for all workers, and a stack of a test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.both_generations import name_engines

from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.long

GATEWAY = """\
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

calls = 0
MESSAGE = {"role": "assistant", "content": "yes"}
ANSWER = {
    "id": "x", "object": "chat.completion", "model": "m",
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
}

class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def answer(self, text, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_GET(self):
        self.answer(f"# TYPE requests counter\\nrequests_total {calls}\\n", "text/plain")
    def do_POST(self):
        global calls
        calls += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(json.dumps(ANSWER), "application/json")

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
"""
PROJECT = """\
name = "tiny"
rules = ["rules.yml"]
drills = ["drills"]
speed = 30
warm_up = false
[target]
url = "http://127.0.0.1:PORT"
command = ["python3", "gateway.py", "PORT"]
[[scrape]]
job = "tiny"
[[provider]]
name = "openai"
dialect = "openai"
"""
RULES = """\
groups:
- name: tiny
  rules:
  - alert: Busy
    expr: sum(rate(requests_total[1m])) > 0.5
    labels: {severity: warning, system: tiny}
"""
DRILLS = """\
drills:
- name: busy
  why: A request a second is busy.
  traffic: [{scenario: steady, models: [m], rate: 1/s, lasts: 3m}]
  expect: [{alert: Busy, fires: ..2m, pages: tiny-ticket, resolves_by: 6m}]
"""
TEST_HELD = """\
import pytest

@pytest.mark.alertdrill("busy")
def test_busy(alertdrill):
    run = alertdrill.hold("busy")
    run.alert("Busy").fires(0, "2m").pages("tiny-ticket").resolves(by="6m")
    assert not run.unexpected
"""
TEST_STACK = """\
import time, urllib.request

def test_stack(
    alertdrill_stack, alertdrill_prometheus, alertdrill_alertmanager, alertdrill_pager, alertdrill_providers
):
    url = alertdrill_stack.url + "/v1/chat/completions"
    urllib.request.urlopen(urllib.request.Request(url, data=b"{}", method="POST"))
    ends_s = time.monotonic() + 30
    while time.monotonic() < ends_s:
        found = alertdrill_prometheus.get("/api/v1/query", query="requests_total").json()["data"]["result"]
        if found and found[0]["value"][1] == "1":
            break
        time.sleep(0.1)
    else:
        raise AssertionError("Prometheus never saw the call")
    assert alertdrill_stack.speed == 30
    assert alertdrill_alertmanager.get("/api/v2/alerts").json() == []
    assert alertdrill_pager.get("/incidents").json() == {"incidents": []}
    assert alertdrill_providers["openai"].get("/control/state").json()["listening"] is True
"""


@pytest.fixture
def project(pytester: pytest.Pytester, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project whose gateway is started by its command."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    name_engines(engines, monkeypatch)
    (port,) = find_free_ports(1)
    for name, text in {
        "alertdrill.toml": PROJECT.replace("PORT", str(port)),
        "gateway.py": GATEWAY,
        "rules.yml": RULES,
        "drills/busy.yml": DRILLS,
        "tests/test_busy.py": TEST_HELD,
        "tests/test_stack.py": TEST_STACK,
    }.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return pytester.path


def test_drills_are_held_once_for_all_workers_and_a_stack_waits(
    project: Path, pytester: pytest.Pytester
) -> None:
    """The drill is met, what a test asserts of it is judged on the same run, and pages are seen."""
    result = pytester.runpytest_subprocess(
        *("-p", "xdist", "-p", "alertdrill.pytest_plugin", "-n", "2", "-v", "drills", "tests"), timeout=300
    )
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["alertdrill.toml: The drill is met"])
    assert (project / "alertdrill-out" / "report.html").exists()
    assert (project / "alertdrill-out" / "stack" / "logs" / "gateway.log").exists()
