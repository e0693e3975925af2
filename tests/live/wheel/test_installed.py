"""alertdrill as strangers have it: from its wheel, in a project whose folders are called as ours are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from support.whole_runs import ROOT, Finished, run_until_told

from alertdrill.runtime.binaries import Engines

WITHIN_S = 180.0
DRILL = "metis-auth-fires"

Run = Callable[..., Finished]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has alertdrill from its wheel, and what it depends on from ours."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    build = (*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    subprocess.run(build, check=True, timeout=WITHIN_S)
    (wheel,) = folder.glob("*.whl")
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")), check=True)
    program = folder / "venv" / "bin" / "python"
    install = (*pip, "--python", str(program), "install", "--no-deps", "--no-index", str(wheel))
    subprocess.run(install, check=True, timeout=WITHIN_S)
    (packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return program


@pytest.fixture
def run(python: Path, engines: Engines, tmp_path: Path) -> Run:
    """Return what runs Python in a project that has folders of the names that ours has."""
    project = tmp_path / "project"
    for name in ("harness", "scenarios", "stub_providers", "drills", "tests", "alertmanager"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text("raise RuntimeError('this is not yours')\n")
    (project / "conftest.py").write_text("TAKEN = True\n")
    (project / "tests" / "__init__.py").unlink()
    (project / "tests" / "test_own.py").write_text(
        "def test_engines(alertdrill_engines):\n    assert alertdrill_engines.promtool.exists()\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for name in ("prometheus", "promtool", "alertmanager", "amtool"):
        environ[f"ALERTDRILL_{name.upper()}"] = str(getattr(engines, name))

    def run_python(*arguments: str) -> Finished:
        done = subprocess.run(
            [str(python), *arguments],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    return run_python


def test_the_catalogue_is_there(run: Run) -> None:
    """`alertdrill list` knows all systems and their drills."""
    listed = run("-m", "alertdrill", "list", "--json")
    assert listed.code == 0, listed.err
    drills = {drill["name"] for drill in json.loads(listed.out)["drills"]}
    assert DRILL in drills
    assert {name.partition("-")[0] for name in drills} >= {
        "gatewayz",
        "inference",
        "mana_llm",
        "mantis",
        "metis",
    }


def test_a_drill_is_held(run: Run, tmp_path: Path) -> None:
    """Gateway, stub providers, pager and Locust are all started from the wheel."""
    out = tmp_path / "out"
    held = run_until_told(
        lambda slower: run("-m", "alertdrill", "run", DRILL, *slower, "--out", str(out)), out
    )
    assert held.code == 0, held.said


def test_a_shipped_scenario_runs_under_plain_locust(run: Run) -> None:
    """`alertdrill.places` says where it lies, and it imports what it needs from the package."""
    where = run("-c", "from alertdrill.places import SCENARIOS; print(SCENARIOS)")
    assert where.code == 0, where.err
    assert str(ROOT) not in where.out
    found = run("-m", "locust", "-f", f"{where.out.strip()}/burst.py", "--list")
    assert found.code == 0, found.err
    assert "Burst" in found.out


def test_pytest_has_the_fixtures(run: Run) -> None:
    """The plugin is found, and the project's own folders are in nobody's way."""
    tested = run("-m", "pytest", "-q", "-p", "no:cloudcoil", "tests")
    assert tested.code == 0, tested.said
    assert "1 passed" in tested.out
