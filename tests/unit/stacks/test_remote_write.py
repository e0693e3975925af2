"""Tests of the remote_write section: what Prometheus may show, what it reads from a file, what it accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.whole_runs import run_tool

from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.configs import make_scrape_configs, write_prometheus_config
from alertdrill.stacks.remote_write import RemoteWrite, write_remote_write

URL = "http://127.0.0.1:9/api/v1/push"


@pytest.mark.parametrize(
    ("headers", "section", "secret"),
    [
        ({}, {}, ""),
        ({"X-Scope-OrgID": "acme"}, {"headers": {"X-Scope-OrgID": "acme"}}, ""),
        (
            {"authorization": "Bearer s3cret"},
            {"authorization": {"type": "Bearer", "credentials_file": "FILE"}},
            "s3cret",
        ),
        (
            {"Authorization": "Basic b3BzOnMzOmNyZXQ=", "X-Scope-OrgID": "acme"},
            {
                "headers": {"X-Scope-OrgID": "acme"},
                "basic_auth": {"username": "ops", "password_file": "FILE"},
            },
            "s3:cret",
        ),
    ],
)
def test_credentials_stand_in_a_file(
    engines: Engines, tmp_path: Path, headers: dict[str, str], section: dict[str, Any], secret: str
) -> None:
    """Everything but Authorization is stated; promtool accepts it."""
    credentials = tmp_path / "credentials"
    written, kept = write_remote_write(RemoteWrite(url=URL, headers=headers), "FILE")
    assert written == {"url": URL, **section}
    assert kept == secret
    assert not secret or secret not in str(written)
    written, _ = write_remote_write(RemoteWrite(url=URL, headers=headers), str(credentials))
    credentials.write_text(kept)
    config = tmp_path / "prometheus.yml"
    config.write_text(
        write_prometheus_config(
            scrape_configs=make_scrape_configs({}, "127.0.0.1:1"),
            alertmanagers=["127.0.0.1:2"],
            rule_files=[],
            speed=60,
            version=engines.versions["prometheus"],
            remote_writes=[written],
        )
    )
    assert "SUCCESS" in run_tool(engines.promtool, "check", "config", str(config))
