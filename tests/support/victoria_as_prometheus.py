"""Stands where Prometheus stands in a stack, without one: VictoriaMetrics scrapes, vmalert evaluates.

`victoria_as_prometheus.py VICTORIA_METRICS VMALERT FLAG…`, the flags being those that Prometheus is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Start vmalert, and become VictoriaMetrics; whoever ends the group of this process ends both."""
    victoria, vmalert, *rest = sys.argv[1:]
    flags = dict(flag.split("=", 1) for flag in rest)
    config = json.loads(Path(flags["--config.file"]).read_text())
    folder = Path(flags["--storage.tsdb.path"])
    folder.mkdir()
    address = flags["--web.listen-address"]
    host, _, _ = address.partition(":")
    intervals = ("scrape_interval", "scrape_timeout")
    scraped = {
        "global": {name: config["global"][name] for name in intervals},
        "scrape_configs": config["scrape_configs"],
    }
    (folder / "scrape.yml").write_text(json.dumps(scraped))
    (notified,) = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    subprocess.Popen(
        [
            vmalert,
            *(f"-rule={path}" for path in config["rule_files"]),
            f"-evaluationInterval={config['global']['evaluation_interval']}",
            f"-datasource.url=http://{address}",
            f"-remoteWrite.url=http://{address}",
            "-remoteWrite.flushInterval=200ms",
            f"-notifier.url=http://{notified}",
            f"-httpListenAddr={host}:0",
            "-disableAlertgroupLabel",
        ]
    )
    argv = [
        victoria,
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr={address}",
        f"-promscrape.config={folder / 'scrape.yml'}",
        "-search.latencyOffset=1ms",
        "-memory.allowedBytes=512MB",
    ]
    os.execv(victoria, argv)  # noqa: S606 - this process is Prometheus's, and is awaited as such


if __name__ == "__main__":
    main()
