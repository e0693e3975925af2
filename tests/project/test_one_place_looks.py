"""Only `runtime/looking.py` looks at what users name; every exemption is named here, with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

from support.sources import walk_files_naming

PACKAGE = Path(__file__).resolve().parents[2] / "harness" / "alertdrill"
ROOMS = ("alertmanager", "cli", "project", "pytest_plugin", "reports", "runner", "systems")
"""Where users' paths are looked at first."""
QUESTIONS = {"exists", "is_dir", "is_file", "resolve"}
"""Of pathlib: for some paths they raise, which ones depends on the version of Python."""
MAY_ASK = {
    "cli/run_folder.py": "all of it stands within `naming`, which says what cannot be written",
    "pytest_plugin/sharing.py": "a folder that pytest's processes share",
    "pytest_plugin/workers.py": "the same folder",
    "runner/scenario_files.py": "alertdrill's own scenarios",
    "runner/synthetic/firing.py": "resolves an alert, and no path",
    "runner/synthetic/follow.py": "resolves an alert, and no path",
    "runner/traffic.py": "files of a run in a folder of its own",
}


def test_only_one_place_looks_at_what_users_name() -> None:
    """What a closed folder, a long name or a circle of links gives is decided once."""
    paths = [path for room in ROOMS for path in (PACKAGE / room).rglob("*.py")]
    asking = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in walk_files_naming(paths, QUESTIONS)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUESTIONS
    }
    assert asking == set(MAY_ASK)
