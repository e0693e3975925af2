"""Mutants of the rules of systems that no drill notices: each has its reason, or lacks a drill by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from alertdrill.cli.commands.run_replay import make_book
from alertdrill.mutation.grounds import find_golden_grounds
from alertdrill.mutation.reasons import parse_survivors
from alertdrill.mutation.session import Order, Subject, hold_session
from alertdrill.places import ROOT
from alertdrill.runner.golden.folder import FOLDER
from alertdrill.runner.rulebook import is_edition
from alertdrill.runtime.binaries import Engines
from alertdrill.systems import System, find_own
from alertdrill.systems.catalogue import list_drills, override_values
from alertdrill.systems.system import read_text

UNWRITTEN: Mapping[str, tuple[str, ...]] = {
    "Ollama fails 10.5 % of its calls while most answers are Google's: OllamaProviderDown must fire": (
        "OllamaProviderDown/threshold/18/> 0.1 -> > 0.11",
    ),
    "the operator spends 20 USD an hour, without a key: MetisGatewayKeyCostSpike must stay inactive": (
        'MetisGatewayKeyCostSpike/dropped matcher/4/gateway_key_id!="null" -> nothing',
        'MetisGatewayKeyCostSpike/misspelt matcher/4/gateway_key_id!="null" -> gateway_key_id!="nullll"',
    ),
}
"""Drills that could be held, would notice mutants, and are still to be written."""


@pytest.mark.parametrize("system", find_own(), ids=lambda system: system.name)
def test_whatever_survives_has_its_reason_and_no_reason_is_idle(system: System, engines: Engines) -> None:
    """A drill that is taken away, or a rule that is changed, shows at once what goes unnoticed by then."""
    systems = find_own()
    values = override_values((), systems)
    among = list_drills(values, systems)
    book = make_book(among, values, (), systems)
    drills = [drill for drill in among if drill.system == system.name]
    subject = Subject(
        name=system.name,
        files=tuple(file for file in book.own[system.name] if not is_edition(file)),
        grounds=find_golden_grounds(ROOT / FOLDER, drills, among, book, {}),
        survivors=parse_survivors(read_text(system.survivors_path), "survivors.yml"),
    )
    said: list[str] = []
    (scored,), unmet = hold_session((subject,), Order(promtool=engines.promtool), said.append)
    assert unmet == {}
    assert [line for line in said if line.startswith("survivors.yml")] == []
    survivors = [one for one in scored.results if one.state == "survived"]
    idle = [
        pattern
        for reason in subject.survivors.reasons
        for pattern in reason.mutants
        if not any(replace(reason, mutants=(pattern,)).is_about(one) for one in survivors)
    ]
    assert idle == []
    names = {rule.name for file in subject.files for rule in file.alerts}
    awaited = {one for mutants in UNWRITTEN.values() for one in mutants if one.split("/")[0] in names}
    assert {one.mutant.id for one in survivors if not one.is_explained} == awaited
