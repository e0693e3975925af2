"""A drafted project holds: `alertdrill init` on a small gateway's rules, and then a run of what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests
from support.lone_alertmanager import await_that
from support.own_project import ALERTMANAGER, KEY, KEY_VARIABLE, RULES, SMALL_GATEWAY
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.long

SLOW = """\
      - alert: ShopSlow
        expr: histogram_quantile(0.95, sum by (model, le) (rate(own_latency_seconds_bucket[1m]))) > 2
        for: 30s
        labels: {severity: warning}
"""


def test_what_init_writes_runs_at_once(own: CommandLine, tmp_path: Path) -> None:
    """Both rules fire, page and resolve, and both near misses are silent; only a port is corrected."""
    (tmp_path / "rules.yml").write_text(RULES + SLOW)
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER)
    port, provider = find_free_ports(2)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(SMALL_GATEWAY), "--port", str(port), "--key", KEY]
    gateway = subprocess.Popen(
        [*command, "--upstream", f"http://127.0.0.1:{provider}"], env={**os.environ, **own.environ}
    )
    try:
        await_that(lambda: _answers(url), "the gateway answers")
        called = requests.post(
            f"{url}/v1/chat/completions",
            json={"model": "gpt-4.1"},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=10,
        )
        assert called.status_code == 502  # there is no provider yet; the histogram's buckets are there now
        given = ("--rules", str(tmp_path / "rules.yml"), "--url", url, "--key-env", KEY_VARIABLE)
        config = ("--alertmanager-config", str(tmp_path / "alertmanager.yml"))
        drafted = own.run("init", *given, *config, "--out", str(tmp_path))
        assert drafted.code == 0, drafted.err
        assert "to decide" not in drafted.out
        project = tmp_path / "alertdrill.toml"
        project.write_text(project.read_text().replace("port = 9101", f"port = {provider}"))
        out = tmp_path / "out"

        def run(_slower: Sequence[str]) -> Finished:
            """Hold the drafts, at a speed that a busy machine bears."""
            options = ("--project-file", str(project), "--out", str(out), "--speed", "15")
            return own.run("run", *options, timeout_s=450)

        held = run_until_told(run, out)
    finally:
        gateway.kill()
        gateway.wait()
    assert held.code == 0, held.said
    timeline = json.loads((tmp_path / "out" / "timeline.json").read_text())
    outcomes = {verdict["drill"]: verdict["outcome"] for verdict in timeline["verdicts"]}
    names = [f"{name}{end}" for name in ("shop-errors-high", "shop-slow") for end in ("", "-near-miss")]
    assert outcomes == dict.fromkeys(names, "met")


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/ready", timeout=1).ok
    except requests.RequestException:
        return False
