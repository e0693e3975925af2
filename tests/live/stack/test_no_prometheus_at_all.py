"""A stack without any Prometheus: VictoriaMetrics scrapes and keeps, vmalert evaluates and notifies."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from victoria import find_program
from whole_runs import ROOT, hold_until_told, make_order

from harness.catalogue import list_drills, override_values
from harness.engines import Engines
from harness.ports import find_free_ports
from harness.stacks.embedded import EmbeddedSite
from harness.store import Store

NAMES = {"metis-auth-rotation", "gatewayz-latency-near-threshold"}
"""One that fires, and one that stays silent at the same time."""
SPEED = 15.0
"""vmalert stamps what it evaluates with whole seconds; here evaluations are one second apart."""


def test_drills_are_met_without_prometheus(engines: Engines, tmp_path: Path) -> None:
    """The harness asks for nothing but Prometheus's HTTP API, and counts the evaluations in the store."""
    drills = tuple(drill for drill in list_drills(override_values(())) if drill.name in NAMES)
    programs = (sys.executable, ROOT / "tests" / "victoria_as_prometheus.py")
    programs = (*programs, find_program("victoria-metrics"), find_program("vmalert"))
    stand_in = tmp_path / "prometheus"
    stand_in.write_text(f'#!/bin/sh\nexec {" ".join(map(str, programs))} "$@"\n')
    stand_in.chmod(0o755)
    (port,) = find_free_ports(1)
    order = make_order(drills, engines, tmp_path / "out", speed=SPEED)
    site = EmbeddedSite(engines=replace(engines, prometheus=stand_in), ports={"prometheus": port})
    order = replace(order, site=site, store=Store(url=f"http://127.0.0.1:{port}"))
    record = hold_until_told(order)
    assert record.doubts == ()
    assert {verdict.drill: verdict.outcome for verdict in record.verdicts} == dict.fromkeys(NAMES, "met")
    assert record.exit_code == 0
    evaluations = round(record.timeline.until_s / 15)
    assert int(record.notes["evaluations"].partition(",")[0]) in range(evaluations - 2, evaluations + 2)
