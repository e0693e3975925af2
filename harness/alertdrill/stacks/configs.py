"""The configurations of Prometheus and the gateway, and flags: stated in rule time, written dilated. Pure.

Formats: Prometheus's configuration reference (scrape_config, alerting). JSON is YAML, and is what is written.
Alertmanager's config is `alertdrill.alertmanager`'s.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from alertdrill.core.parts import LOOKBACK_S, SCRAPE_INTERVAL_S, find_peer_timeout_s
from alertdrill.core.versions import is_at_least
from alertdrill.errors import BadRules
from alertdrill.rules.dilation.files import dilate_duration, dilate_rules
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile

PROMETHEUS_CONFIG = "prometheus.yml"
"""The name of Prometheus's configuration in a stack's folder."""
SETTLE_TIMEOUT_S = 60.0
PUSHPULL_INTERVAL_S = 60.0

RESEND_DELAY_S = 60.0
OUTAGE_TOLERANCE_S = 3600.0
FOR_GRACE_PERIOD_S = 600.0
QUERY_OFFSET_S = 0.03
"""Of wall time, in which 99 of 100 scrapes are over: what rules look into the past at least. Which groups do
further, `query_offsets` says."""
LEAST_WITH_OFFSET = (2, 53)
"""The first Prometheus that has `rule_query_offset` (its CHANGELOG)."""


def has_query_offset(version: str) -> bool:
    """Tell whether a Prometheus of this version can look a little into the past when it evaluates rules."""
    return is_at_least(version, LEAST_WITH_OFFSET)


def dilate_all(files: Sequence[RuleFile], speed: float) -> dict[str, str]:
    """Return dilated rule files by the name that each has in a stack.

    Raises BadRules for the first refusal.
    """
    texts = {}
    refusals: list[str] = []
    for number, file in enumerate(files):
        text, refused = dilate_rules(file, speed)
        texts[f"rules-{number}.yml"] = text
        refusals.extend(str(refusal) for refusal in refused)
    if refusals:
        more = f" (and {len(refusals) - 1} more: see alertdrill dilate)" if len(refusals) > 1 else ""
        raise BadRules(refusals[0] + more)
    return texts


def write_prometheus_config(
    *,
    scrape_configs: Sequence[Mapping[str, Any]],
    alertmanagers: Sequence[str],
    rule_files: Sequence[str],
    speed: float,
    version: str,
    remote_writes: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return prometheus.yml for a Prometheus of this version; `alertmanagers` are `host:port`."""
    interval = dilate_duration(SCRAPE_INTERVAL_S, speed)
    offset = {"rule_query_offset": f"{QUERY_OFFSET_S * 1000:g}ms"} if has_query_offset(version) else {}
    config = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": dilate_duration(EVALUATION_INTERVAL_S, speed),
            **offset,
        },
        "rule_files": list(rule_files),
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        "scrape_configs": list(scrape_configs),
        "remote_write": list(remote_writes),
    }
    return json.dumps(config, indent=2)


def leave_out_jobs(config: str, jobs: Collection[str]) -> str:
    """Return a prometheus.yml of `write_prometheus_config` that scrapes all but these jobs.

    Prometheus marks no series of such a job stale: each lasts for `LOOKBACK_S` more.
    """
    document = json.loads(config)
    document["scrape_configs"] = [one for one in document["scrape_configs"] if one["job_name"] not in jobs]
    return json.dumps(document, indent=2)


def make_scrape_configs(jobs: Mapping[str, str], gateway: str) -> list[dict[str, Any]]:
    """Return how the reference gateway, at `host:port`, is scraped; `jobs` maps each job to its path."""
    return [
        {"job_name": job, "metrics_path": path, "static_configs": [{"targets": [gateway]}]}
        for job, path in jobs.items()
    ]


def write_gateway_config(
    *, speed: float, data_dir: str, providers: Mapping[str, str], drain_s: float | None = None
) -> str:
    """Return gateway.json. `providers` maps a provider's name to the `host:port` at which it is asked.

    For `drain_s` of wall time it goes on after it is told to end.
    """
    urls = {name: f"http://{address}" for name, address in providers.items()}
    drain = {} if drain_s is None else {"drain_s": drain_s}
    return json.dumps({"speed": speed, "data_dir": data_dir, "providers": urls, **drain}, indent=2)


def list_prometheus_flags(speed: float) -> list[str]:
    """Return the flags whose durations are rule time too."""
    durations = {
        "--query.lookback-delta": LOOKBACK_S,
        "--rules.alert.resend-delay": RESEND_DELAY_S,
        "--rules.alert.for-outage-tolerance": OUTAGE_TOLERANCE_S,
        "--rules.alert.for-grace-period": FOR_GRACE_PERIOD_S,
    }
    return [f"{flag}={dilate_duration(seconds, speed)}" for flag, seconds in durations.items()]


def list_cluster_flags(speed: float) -> list[str]:
    """Return the flags of a cluster of Alertmanagers whose durations are rule time too.

    Gossip, probes and reconnections keep their pace, as `find_peer_timeout_s` does below a second.
    """
    durations = {
        "--cluster.peer-timeout": find_peer_timeout_s(speed),
        "--cluster.settle-timeout": SETTLE_TIMEOUT_S,
        "--cluster.pushpull-interval": PUSHPULL_INTERVAL_S,
    }
    return [f"{flag}={dilate_duration(seconds, speed)}" for flag, seconds in durations.items()]
