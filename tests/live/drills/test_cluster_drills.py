"""The drills of two Alertmanagers that are one cluster, on a real stack of each supported generation."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.held_drills import check_incidents
from support.held_orders import hold_until_told, make_order

from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems.catalogue import list_drills, override_values

DRILLS = tuple(drill for drill in list_drills(override_values(())) if drill.alertmanagers == 2)


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_a_cluster_pages_once(generation: Generation, tmp_path: Path) -> None:
    """Both are told and one pages, also when one of them is killed in the middle of the incident."""
    engines = find_engines(os.environ, generation=generation)
    order = make_order(DRILLS, engines, tmp_path / "out")
    site = EmbeddedSite(engines=engines, ports={}, alertmanagers=2)
    record = hold_until_told(replace(order, site=site))
    assert record.doubts == ()
    findings = [finding for verdict in record.verdicts for finding in verdict.findings]
    assert [finding.evidence for finding in findings if finding.outcome != "met"] == []
    assert len(findings) == len(DRILLS) == 2
    for drill in DRILLS:
        for expected in drill.expects:
            check_incidents(record, drill, expected)
