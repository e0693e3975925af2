"""Mutants of the rules of systems that no drill notices: each has its reason."""

from __future__ import annotations

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
    assert [one.mutant.id for one in survivors if not one.is_explained] == []
