"""What bounds runs: caps of tenants, their policies, and how many runs are remembered."""

from __future__ import annotations

import json

import pytest

from alertdrill.errors import BadInput
from alertdrill.gateway.models import SHIPPED as MODELS
from alertdrill.gateway.models import read_catalogue
from alertdrill.gateway.runs.archive import Archive
from alertdrill.gateway.runs.caps import Tenant
from alertdrill.gateway.runs.policies import SHIPPED, Policy, read_policies
from alertdrill.gateway.runs.requests import read_order
from alertdrill.gateway.runs.run import Run

POLICY = Policy(models=frozenset(), runs_per_minute=6, burst=3, concurrent_runs=2)
CATALOGUE = read_catalogue(MODELS, ["openai"])
ENTRY = {"models": ["openai:o1"], "runs_per_minute": 6, "burst": 10, "concurrent_runs": 5}


def make_run(tenant: str = "t", **fields: object) -> Run:
    """Return a run that has just started."""
    order = read_order({"model": "openai:o1", "input": "x", **fields}, CATALOGUE)
    return Run(tenant=tenant, order=order, started_s=100.0)


def test_a_bucket_is_refilled_steadily_and_not_beyond_its_size():
    """Three at once, then one every ten seconds; an hour of rest is worth three again."""
    tenant = Tenant(POLICY, 0)

    def start_and_end(now_s: float) -> str | None:
        cap = tenant.start(now_s)
        if cap is None:
            tenant.end()
        return cap

    assert [start_and_end(0) for _ in range(4)] == [None, None, None, "rate"]
    assert [start_and_end(at_s) for at_s in (9, 10, 11, 20.5)] == ["rate", None, "rate", None]
    assert [start_and_end(3600) for _ in range(4)] == [None, None, None, "rate"]


def test_a_run_that_there_is_no_room_for_takes_no_token():
    """The concurrency cap is looked at first, so the rate is what is left when there is room again."""
    tenant = Tenant(POLICY, 0)
    assert [tenant.start(0) for _ in range(9)] == [None, None] + ["concurrent"] * 7
    tenant.end()
    assert tenant.in_flight == 1
    assert tenant.start(0) is None


def test_the_oldest_run_that_is_over_is_forgotten_first():
    """Runs in flight are never forgotten; a forgotten run's idempotency key may be used again."""
    archive = Archive(max_over=2)
    running = make_run()
    archive.add(running)
    over = [make_run(idempotency_key=f"k{n}") for n in range(3)]
    for run in over:
        archive.add(run)
        archive.note_end(run)
    assert [archive.find("t", run.id) for run in (running, *over)] == [running, None, *over[1:]]
    assert [archive.find_by_key("t", f"k{n}") for n in range(3)] == [None, *over[1:]]
    assert archive.find("other", running.id) is None


def test_the_shipped_policies_name_models_that_exist():
    """Every model that somebody may run is in models.yml; the cap is what the alert looks for."""
    policies = read_policies(SHIPPED)
    for policy in (policies.default, *policies.by_tenant.values()):
        assert policy.models <= set(CATALOGUE.models)
    assert policies.find("anybody") is policies.default
    assert policies.default.concurrent_runs == 5


def test_a_tenants_fields_replace_the_defaults(tmp_path):
    """What a tenant does not state is everybody's."""
    path = tmp_path / "policies.yml"
    path.write_text(json.dumps({"default": ENTRY, "tenants": {"red": {"burst": 1}}}))
    policies = read_policies(path)
    assert (policies.find("red").burst, policies.find("red").concurrent_runs) == (1, 5)
    assert policies.find("blue").burst == 10


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"default": ENTRY},
        {"default": {**ENTRY, "colour": "red"}, "tenants": {}},
        {"default": {**ENTRY, "burst": 0}, "tenants": {}},
        {"default": {**ENTRY, "burst": True}, "tenants": {}},
        {"default": {**ENTRY, "concurrent_runs": 1001}, "tenants": {}},
        {"default": {**ENTRY, "models": "openai:o1"}, "tenants": {}},
        {"default": {**ENTRY, "models": [1]}, "tenants": {}},
        {"default": ENTRY, "tenants": {"red": {"burst": "1"}}},
        {"default": ENTRY, "tenants": {"red": None}},
    ],
)
def test_unusable_policies_are_refused(tmp_path, document):
    """A file that cannot be used is named."""
    path = tmp_path / "policies.yml"
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=r"policies\.yml"):
        read_policies(path)
