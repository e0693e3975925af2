"""A Prometheus of its own for tests: empty, scraping nothing, or with what was backfilled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.process import start

READY_WITHIN_S = 30.0
POLL_S = 0.05


def backfill(engines: Engines, recording: Path, data: Path) -> None:
    """Put a recording into the folder of a Prometheus that does not run yet."""
    command = [engines.promtool, "tsdb", "create-blocks-from", "openmetrics", recording, data]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def run_prometheus(
    engines: Engines, folder: Path, *flags: str, config: str = "global: {}\n"
) -> Iterator[str]:
    """Run a Prometheus with its data in a folder, kept however old they are, and yield its URL."""
    (port,) = find_free_ports(1)
    config_path = folder / "prometheus.yml"
    config_path.write_text(config)
    argv = [
        str(engines.prometheus),
        f"--config.file={config_path}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        *flags,
    ]
    process = start("prometheus", argv, env={}, log_path=folder / "prometheus.log")
    try:
        url = f"http://127.0.0.1:{port}"
        give_up_at = time.monotonic() + READY_WITHIN_S
        while not _is_ready(url):
            process.check()
            assert time.monotonic() < give_up_at, "Prometheus does not get ready"
            time.sleep(POLL_S)
        yield url
    finally:
        process.stop(grace_s=10.0)


def _is_ready(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{url}/-/ready", timeout=1.0).ok
        except requests.RequestException:
            return False
