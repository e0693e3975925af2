"""Each system's metrics are what its table says, all of them move, and each counts what was sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.exercises import find_exercise
from support.ledger_faults import find_differences, find_uncounted, find_untimed, find_wrong_times
from support.metric_table import find_table_faults, read_table
from support.stand import open_stand
from support.table_faults import find_faults, find_unmoved, find_unseen

from alertdrill.systems import System, find_systems

SYSTEMS = [system for system in find_systems() if (system.folder / "metrics.yml").exists()]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_table_is_sound(system: System) -> None:
    """Names, types, units, labels and buckets of the table agree with each other."""
    assert find_table_faults(read_table(system.folder / "metrics.yml")) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
async def test_the_metrics_are_the_tables_and_count_what_was_sent(system: System, tmp_path: Path) -> None:
    """Before and after traffic the table holds, everything in it moves, and each counter is the ledger's."""
    table = read_table(system.folder / "metrics.yml")
    exercise = find_exercise(system.name)
    assert exercise is not None, f"tests/systems/exercises/{system.name}.py is missing"
    async with open_stand(system.name, exercise.SPEED, tmp_path) as stand:
        fresh = await stand.look()
        assert find_faults(table, fresh) == []
        await exercise.exercise(stand)
        shown = await stand.look()
        assert find_faults(table, shown) == []
        assert find_unmoved(table, stand.snapshots) == []
        assert find_unseen(table, stand.snapshots) == []
        assert find_uncounted(table, exercise.COUNTS) == find_untimed(table, exercise.LEAST) == []
        assert find_differences(exercise.COUNTS, stand.ledger, shown) == []
        assert find_wrong_times(exercise.LEAST, stand.ledger, shown) == []
