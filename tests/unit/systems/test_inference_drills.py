"""The inference drills, held to what they are about: deployments, buckets, and values that change."""

from __future__ import annotations

import pytest

from alertdrill.core.drill import Drill
from alertdrill.gateway.inference.deployments import SHIPPED, read_deployments
from alertdrill.gateway.models import SHIPPED as MODELS
from alertdrill.gateway.models import read_catalogue
from alertdrill.systems.catalogue import list_drills, override_values
from alertdrill.systems.inference.drills import latency, load, queue, timeouts
from alertdrill.systems.inference.surface import BUCKETS_S


def list_own(*settings: str) -> dict[str, Drill]:
    """Return the system's drills, by name, with some values changed."""
    drills = list_drills(override_values(settings))
    return {drill.name: drill for drill in drills if drill.system == "inference"}


def test_drills_know_the_deployments():
    """Upstream models, devices, timeouts and workers are those of deployments.yml."""
    catalogue = read_catalogue(MODELS, ["openrouter"])
    deployments = read_deployments(SHIPPED, catalogue)
    found = {
        f"{one.model}:{one.version}": one
        for versions in deployments.versions.values()
        for one in versions.values()
    }
    assert {name: one.upstream for name, one in found.items()} == {
        name: f"{load.PROVIDER}:{upstream}" for name, upstream in load.UPSTREAMS.items()
    }
    for name, device in timeouts.DEVICES.items():
        assert [other for other, one in found.items() if one.device == device] == [name]
        assert found[name].device == device
    limits_s = [found[f"transcriber:v{number}"].timeout_s for number in (1, 2, 3)]
    assert limits_s == [timeouts.TIMEOUT_S, timeouts.LONG_TIMEOUT_S, timeouts.TIMEOUT_S]
    assert {found[f"embedder:v{number}"].workers for number in (1, 2, 3)} == {queue.WORKERS}
    assert latency.BUCKETS_S == BUCKETS_S


def test_no_model_is_shared():
    """What a drill tells a model is told to no other drill's, of this system or of another."""
    told: dict[tuple[str, str | None], str] = {}
    for drill in list_drills(override_values(())):
        for profile in drill.traffic:
            for change in profile.changes:
                owner = told.setdefault((change.provider, change.model), drill.name)
                if "inference" in (drill.system, owner.partition("-")[0]):
                    assert owner == drill.name


def test_quiet_models_are_below_the_floor_of_the_latency_alert():
    """Only the drills about latency, and jobs that are worked off, send enough calls to have a p99."""
    least = 100 / 300
    for name, drill in list_own().items():
        for profile in drill.traffic:
            if "latency" not in name and profile.scenario != "queue_backlog":
                assert max(stage.rate_per_s for stage in profile.stages) < least


def test_changed_threshold_changes_the_traffic():
    """A lower error rate is nearly reached by as many errors of more requests, a p99 by slower calls."""
    errors, shipped = (
        list_own(*settings)["inference-errors-near-threshold"].traffic
        for settings in (["inference.highErrorRate.threshold=0.02"], [])
    )
    assert errors[1].stages == shipped[1].stages
    calls, fewer = (traffic[0].stages[1].rate_per_s for traffic in (errors, shipped))
    assert calls / fewer == pytest.approx(2.5, rel=0.05)
    latency = list_own("inference.highP99Latency.threshold=5")["inference-latency-near-threshold"]
    assert [change.behaviour["latency"]["s"] for change in latency.traffic[0].changes] == [1.1]
