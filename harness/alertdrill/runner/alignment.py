"""Before the drills, let rules look where scrapes are not; see `alertdrill.stacks.query_offsets` for why.

Only where intervals are short: at a low speed, what scrapes are late is nothing to them.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from prometheus_client.parser import text_string_to_metric_families

from alertdrill.runner.observation import LiveRun
from alertdrill.runtime.http_client import Api
from alertdrill.stacks.configs import dilate_all, has_query_offset
from alertdrill.stacks.query_offsets import Beat, GroupKey, choose_offset_s, state_offsets

LONGEST_INTERVAL_S = 2.0
"""Of wall time, between evaluations or scrapes."""
LOOKS = 6
"""So many evaluations of each group are seen; the earliest tells when they are due."""
LAST_EVALUATION = "prometheus_rule_group_last_evaluation_timestamp_seconds"


def find_alignment(run: LiveRun) -> Alignment | None:
    """Return what a run has to do; None where Prometheus is somebody's own, too old, or not so fast."""
    order, speed = run.order, run.clock.speed
    is_own = order.store is None and "prometheus" not in order.site.subject.runs_already
    if not is_own or not has_query_offset(run.stack.versions["prometheus"]):
        return None
    texts = dilate_all(order.rules, speed)
    intervals_s = {
        (name, group.name): group.interval_s / speed
        for name, file in zip(texts, order.rules, strict=True)
        for group in file.groups
        if group.interval_s / speed <= LONGEST_INTERVAL_S
    }
    jobs_s = {
        job.name: job.interval_s / speed
        for job in order.site.subject.jobs
        if job.interval_s / speed <= LONGEST_INTERVAL_S
    }
    if not intervals_s or not jobs_s:
        return None
    return Alignment(run=run, texts=texts, intervals_s=intervals_s, jobs_s=jobs_s)


@dataclass(slots=True, kw_only=True)
class Alignment:
    """What is seen of evaluations until there are enough; `texts` are the rule files as they are now."""

    run: LiveRun
    texts: dict[str, str]
    intervals_s: dict[GroupKey, float]
    jobs_s: dict[str, float]
    _seen: dict[GroupKey, set[float]] = field(default_factory=lambda: defaultdict(set))

    def go_on(self) -> bool:
        """Look once more, and say whether all is done: once each group was seen, it is told its offset."""
        for key, at_s in _read_evaluations(self.run.prometheus):
            self._seen[key].add(at_s)
        if any(len(self._seen[key]) < LOOKS for key in self.intervals_s):
            return False
        scrapes = list(self._read_scrapes())
        offsets_s = {
            key: choose_offset_s(_find_beat(self._seen[key], every_s), scrapes)
            for key, every_s in self.intervals_s.items()
        }
        self.run.stack.set_rules(state_offsets(self.texts, offsets_s))
        return True

    def _read_scrapes(self) -> Iterable[Beat]:
        """Yield when each target is scraped."""
        for labels, samples in self.run.prometheus.query("/api/v1/query", query="up[1m]"):
            every_s = self.jobs_s.get(labels.get("job", ""))
            if every_s is not None:
                yield _find_beat((at_s for at_s, _ in samples), every_s)


def _read_evaluations(prometheus: Api) -> Iterable[tuple[GroupKey, float]]:
    """Yield when each group was evaluated last."""
    lines = [
        line for line in prometheus.get("/metrics").text.splitlines() if line.startswith(LAST_EVALUATION)
    ]
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        for sample in family.samples:
            path, _, group = sample.labels["rule_group"].rpartition(";")
            yield (PurePath(path).name, group), sample.value


def _find_beat(instants: Iterable[float], every_s: float) -> Beat:
    """Return the beat of instants that are a little late each: the earliest in its interval is least so."""
    known = sorted(instants)
    middle = statistics.median_low(known)
    offs = [(at_s - middle + every_s / 2) % every_s - every_s / 2 for at_s in known]
    return Beat(phase_s=middle + min(offs), every_s=every_s)
