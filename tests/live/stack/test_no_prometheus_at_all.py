"""A stack without any Prometheus: VictoriaMetrics scrapes and keeps, vmalert evaluates and notifies."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

from support.held_orders import hold_until_told, make_order
from support.victoria import find_program
from support.whole_runs import METIS_RULES, ROOT

from alertdrill.core.drill import Drill, LoadStage
from alertdrill.recording.store import Store
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems.catalogue import list_drills, list_rules, override_values
from alertdrill.systems.metis.drills.paging.load import PRIMED_S, Spending

SILENT = "gatewayz-latency-near-threshold"
KNOWN_S = 120.0
"""How long the key says nothing after its first call: a new series is shown up to ten seconds late (wall)."""
SPENDING = Spending(key="paging-info-briefly", for_s=120)
PROFILE, FIRED = SPENDING.profile(), SPENDING.fires("info", "paging-log")
FIRES = Drill(
    name="fires",
    system="metis",
    traffic=(
        replace(
            PROFILE,
            stages=(
                LoadStage(duration_s=PRIMED_S, rate_per_s=1 / PRIMED_S),
                LoadStage(duration_s=KNOWN_S, rate_per_s=0.0),
                *PROFILE.stages[1:],
            ),
        ),
    ),
    expects=(
        replace(
            FIRED,
            fires_after_s=FIRED.fires_after_s + KNOWN_S,
            fires_within_s=FIRED.fires_within_s + KNOWN_S,
            resolves_within_s=FIRED.resolves_within_s + KNOWN_S,
        ),
    ),
    why="While another stays silent.",
    lasts_s=FIRED.resolves_within_s + KNOWN_S + 60,
)
SPEED = 15.0
"""vmalert stamps what it evaluates with whole seconds; here evaluations are one second apart."""


def test_drills_are_met_without_prometheus(engines: Engines, tmp_path: Path) -> None:
    """The harness asks for nothing but Prometheus's HTTP API, and counts the evaluations in the store."""
    values = override_values(())
    (silent,) = (drill for drill in list_drills(values) if drill.name == SILENT)
    # This vmalert does not know keep_firing_for, which no drill here depends on.
    paging = (METIS_RULES.parent / "paging.yml").read_text().replace("keep_firing_for: 2m", "")
    rules = (*list_rules((silent,), values), parse_rules(paging, "paging.yml"))
    programs = (sys.executable, ROOT / "tests" / "support" / "victoria_as_prometheus.py")
    programs = (*programs, find_program("victoria-metrics"), find_program("vmalert"))
    stand_in = tmp_path / "prometheus"
    stand_in.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, programs))} "$@"\n')
    stand_in.chmod(0o755)
    (port,) = find_free_ports(1)
    order = make_order((FIRES, silent), engines, tmp_path / "out", SPEED, rules)
    site = EmbeddedSite(engines=replace(engines, prometheus=stand_in), ports={"prometheus": port})
    order = replace(order, site=site, store=Store(url=f"http://127.0.0.1:{port}"))
    record = hold_until_told(order)
    assert record.doubts == ()
    outcomes = {verdict.drill: verdict.outcome for verdict in record.verdicts}
    assert outcomes == {"fires": "met", SILENT: "met"}, (record.verdicts, record.notes)
    assert "seen late" in record.notes
    assert record.exit_code == 0
    evaluations = round(record.timeline.until_s / 15)
    assert int(record.notes["evaluations"].partition(",")[0]) in range(evaluations - 2, evaluations + 2)
