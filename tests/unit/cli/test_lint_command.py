"""`alertdrill lint`: what it reads beside the rules, what it writes, and what it exits with."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.packs import write_pack
from support.whole_runs import CommandLine

RULES = """groups:
- name: api
  rules:
  - alert: Failing
    expr: sum(rate(http_requests_total{code="500"}[2m])) > 1
    for: 1m
    labels: {severity: warning}
    annotations: {summary: Requests fail.}
"""
METRICS = '# TYPE http_requests_total counter\nhttp_requests_total{status="200"} 3\n'
RECORDING = """# TYPE http_requests counter
http_requests_total{job="api",instance="a",status="500"} 0 0
http_requests_total{job="api",instance="a",status="500"} 1 15
# EOF
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with rules and metrics."""
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "metrics.txt").write_text(METRICS)
    (tmp_path / "recording.om").write_text(RECORDING)
    return tmp_path


@pytest.fixture
def address() -> Iterator[str]:
    """Yield the address of a target that shows the metrics, and nothing else."""

    class Target(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_metrics = self.path == "/metrics"
            self.send_response(200 if is_metrics else 401)
            self.end_headers()
            self.wfile.write(METRICS.encode() if is_metrics else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Target) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def list_checks(text: str) -> list[str]:
    """Return the checks of what was written as JSON."""
    return [one["check"] for one in json.loads(text)["findings"]]


@pytest.mark.parametrize("source", ["metrics.txt", "recording.om"])
def test_metrics_are_read_of_a_file_and_of_a_recording(
    alertdrill: CommandLine, folder: Path, source: str
) -> None:
    """Without them nobody knows that there is no such label."""
    finished = alertdrill.run_here(
        "lint", "rules.yml", "--metrics", source, "--format", "json", folder=folder
    )
    assert (finished.code, list_checks(finished.out)) == (1, ["unknown-label"])
    finished = alertdrill.run_here("lint", "rules.yml", "--format", "json", folder=folder)
    assert (finished.code, list_checks(finished.out)) == (0, [])


def test_a_recording_knows_only_of_what_was_asked_for(alertdrill: CommandLine, folder: Path) -> None:
    """A metric that nobody recorded may be there; one that was asked for and has no series is not."""
    asked = 'alertdrill_recorded{selector="http_requests_total"} 1 0\n'
    asked += 'alertdrill_recorded{selector="gone_total"} 1 0\n'
    recording = RECORDING.replace("# EOF", f"# TYPE alertdrill_recorded gauge\n{asked}# EOF")
    (folder / "recording.om").write_text(recording)
    for name, found in (("gone_total", ["unknown-metric"]), ("other_total", [])):
        rules = RULES.replace('http_requests_total{code="500"}', name)
        (folder / "rules.yml").write_text(rules)
        order = ("lint", "rules.yml", "--metrics", "recording.om", "--format", "json")
        finished = alertdrill.run_here(*order, folder=folder)
        assert list_checks(finished.out) == found, finished.err


def test_metrics_are_asked_for_at_an_address(alertdrill: CommandLine, folder: Path, address: str) -> None:
    """The same as of a file."""
    order = ("lint", "rules.yml", "--metrics", f"{address}/metrics", "--format", "json")
    finished = alertdrill.run_here(*order, folder=folder)
    assert (finished.code, list_checks(finished.out)) == (1, ["unknown-label"]), finished.err


def test_an_address_that_wants_a_key_is_no_verdict(
    alertdrill: CommandLine, folder: Path, address: str
) -> None:
    """Nothing can be said of names that nobody knows; --key-env names the variable that has the key."""
    order = ("lint", "rules.yml", "--metrics", f"{address}/closed")
    finished = alertdrill.run_here(*order, folder=folder)
    assert (finished.code, finished.out) == (3, "")
    assert "it wants a key, which --key-env names" in finished.err
    finished = alertdrill.run_here(*order, "--key-env", "METRICS_KEY_OF_NOBODY", folder=folder)
    assert (finished.code, finished.out) == (2, "")
    assert "METRICS_KEY_OF_NOBODY" in finished.err


def test_a_project_says_how_often_it_is_scraped(alertdrill: CommandLine, folder: Path) -> None:
    """A window that is too short for its scrapes is found with it, and not without."""
    (folder / "alertdrill.toml").write_text(
        'rules = ["rules.yml"]\n[[scrape]]\njob = "api"\ninterval = "2m"\ntargets = ["127.0.0.1:4000"]\n'
    )
    for order in (("lint",), ("lint", "rules.yml", "--project")):
        finished = alertdrill.run_here(*order, "--format", "json", folder=folder)
        assert (finished.code, list_checks(finished.out)) == (1, ["short-window"]), finished.err
    finished = alertdrill.run_here("lint", "rules.yml", "--format", "json", folder=folder)
    assert (finished.code, list_checks(finished.out)) == (0, [])


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 1), ("information", 1)])
def test_it_fails_from_the_stated_severity_on(
    alertdrill: CommandLine, folder: Path, severity: str, code: int
) -> None:
    """One finding, a warning."""
    rules = RULES.replace('sum(rate(http_requests_total{code="500"}[2m]))', "queue_depth")
    (folder / "rules.yml").write_text(rules.replace("    for: 1m\n", ""))
    finished = alertdrill.run_here("lint", "rules.yml", "--fail-on", severity, folder=folder)
    assert finished.code == code
    assert "1 warning" in finished.out


def test_a_file_that_is_not_there_is_bad_input(alertdrill: CommandLine, folder: Path) -> None:
    """It is named; the others are looked at."""
    finished = alertdrill.run_here("lint", "rules.yml", "none.yml", folder=folder)
    assert (finished.code, finished.out) == (2, "no findings in what could be read\n")
    assert "none.yml: the file cannot be read: No such file or directory" in finished.err


def test_a_dashboard_among_the_rules_is_told_where_it_belongs(alertdrill: CommandLine, folder: Path) -> None:
    """Otherwise one would hear of the first field that rules do not have."""
    (folder / "api.json").write_text('{"annotations": {}, "panels": []}')
    finished = alertdrill.run_here("lint", "api.json", folder=folder)
    said = "alertdrill: api.json: this is a dashboard, and no rules: give it as --dashboard api.json\n"
    assert (finished.code, finished.err) == (2, said)


def test_a_query_that_nobody_can_read_is_not_put_on_grafana(alertdrill: CommandLine, folder: Path) -> None:
    """One without a variable is no PromQL at all; of several one is shown as an example."""
    exprs = ["rate($metric[5m])", "max($metric)", "rate(up[5m]"]
    panels = [{"targets": [{"expr": expr} for expr in exprs]}]
    (folder / "api.json").write_text(json.dumps({"panels": panels}))
    finished = alertdrill.run_here("lint", "rules.yml", "--dashboard", "api.json", folder=folder)
    only_grafana = "no PromQL that can be read without Grafana, such as rate($metric[5m])"
    assert finished.err.splitlines() == [
        f"api.json: 2 expressions left out, {only_grafana}",
        "api.json: 1 expression left out, no PromQL: rate(up[5m]",
    ]


def test_the_rules_of_a_projects_packs_are_looked_at(alertdrill: CommandLine, folder: Path) -> None:
    """As their values make them, beside the project's own."""
    pack = write_pack(folder, "queues")
    template = pack / "rules.tmpl.yml"
    template.write_text(template.read_text().replace("expr: depth", "expr: up > 2 or depth"))
    (folder / "alertdrill.toml").write_text('rules = ["rules.yml"]\npacks = ["queues"]\n')
    finished = alertdrill.run_here("lint", "--format", "json", folder=folder)
    assert finished.code == 1, finished.err
    files = {one["file"] for one in json.loads(finished.out)["findings"] if one["check"] == "never-met"}
    assert files == {"queues/rules.tmpl.yml"}


def test_a_link_is_looked_for_here_and_beside_the_rules(alertdrill: CommandLine, folder: Path) -> None:
    """As rules in a folder of their own name files of the checkout, or of that folder."""
    (folder / "rules").mkdir()
    (folder / "rules" / "own.md").write_text("# Own\n")
    (folder / "top.md").write_text("# Top\n")
    for link, code in (("top.md#top", 0), ("own.md#own", 0), ("own.md#top", 1), ("none.md", 0)):
        rules = RULES.replace("summary: Requests fail.", f"summary: Requests fail., runbook: {link}")
        (folder / "rules" / "rules.yml").write_text(rules)
        finished = alertdrill.run_here("lint", "rules/rules.yml", folder=folder)
        assert finished.code == code, (link, finished.out)
