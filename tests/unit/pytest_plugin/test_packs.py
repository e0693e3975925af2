"""The drills of a pack are tests, and are judged on recordings as any."""

from __future__ import annotations

import pytest
from support.packs import write_pack
from support.stranger import Stranger, write_hour

PROJECT = 'name = "own"\npacks = ["packs/queues"]\n'


@pytest.mark.parametrize("is_package", [False, True])
def test_a_packs_drills_are_collected_where_they_are_made(stranger: Stranger, *, is_package: bool) -> None:
    """Each is met or not by the rules that are made of the pack's values, in a module or in a package."""
    stranger.write("alertdrill.toml", PROJECT)
    pack = write_pack(stranger.folder / "packs", "queues")
    where = "drills.py"
    if is_package:
        where = "drills/__init__.py"
        (pack / "drills").mkdir()
        (pack / "drills.py").rename(pack / where)
    write_hour(stranger.folder / "recordings" / "queues-deep.om.gz")
    result = stranger.replay("packs", "-v")
    result.stdout.fnmatch_lines([f"packs/queues/{where}::queues-deep UNOBSERVED*"])
    values = pack / "values.yml"
    values.write_text(values.read_text().replace("for: 2m", "for: 5m"))
    stranger.replay("packs").assert_outcomes(failed=1, passed=1)


def test_a_test_holds_a_packs_drill_by_its_name(stranger: Stranger) -> None:
    """No file of it needs to be collected."""
    stranger.write("alertdrill.toml", PROJECT)
    write_pack(stranger.folder / "packs", "queues")
    write_hour(stranger.folder / "recordings" / "queues-deep.om.gz")
    stranger.write(
        "tests/test_one.py",
        "def test_one(alertdrill):\n"
        "    run = alertdrill.hold('queues-deep')\n"
        "    run.alert('Deep').fires('11m', '13m')\n",
    )
    stranger.replay("tests").assert_outcomes(passed=1)
