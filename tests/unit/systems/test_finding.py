"""Systems that are no part of the package: found, listed, judged on recordings, refused in a sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from click.testing import CliRunner
from support.recorded import make_recording, scrape
from support.whole_runs import CommandLine

from alertdrill.cli.commands import run as run_command
from alertdrill.cli.commands import run_holding
from alertdrill.cli.commands import up as up_command
from alertdrill.cli.main import cli
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.files import write_recording
from alertdrill.runner.golden.folder import FOLDER, find_path
from alertdrill.runner.live import Order
from alertdrill.systems import find_own, find_served, find_systems
from alertdrill.systems.catalogue import find_system, list_drills, override_values

VALUES = "enabled: false\nheat: {alert: TooHot, enabled: true, threshold: 1, for: 0s}\n"
RULES = """\
groups:
  - name: weather
    rules:
      - alert: TooHot
        expr: heat > ${heat.threshold}
        labels: {system: NAME, severity: warning}
"""
DRILLS = """\
from alertdrill import Drill, Expectation


def make_drills(values):
    expected = Expectation(
        alert="TooHot",
        labels={"system": "NAME"},
        fires_after_s=30 * values["heat"].threshold,
        fires_within_s=120,
        receiver="NAME-ticket",
        resolves_within_s=240,
    )
    drill = Drill(
        name="NAME-hot", system="NAME", traffic=(), expects=(expected,), why="It is hot.", lasts_s=300
    )
    return (drill,)
"""
LEAD_S = 60.0


def put_system(folder: Path, *, peak: float = 2) -> Path:
    """Write a system into a folder that is named for it: rules, values, a drill, and its recording."""
    (folder / "recordings").mkdir(parents=True)
    for name, text in {
        "system.yml": "job: station\n",
        "values.yml": VALUES,
        "rules.tmpl.yml": RULES,
        "drills.py": DRILLS,
        "recordings/made.json": json.dumps({"schema": 1, "drills": {"NAME-hot": {"start_s": LEAD_S}}}),
    }.items():
        (folder / name).write_text(text.replace("NAME", folder.name))
    heat = scrape("heat", [0] * 8 + [peak] * 6 + [0] * 15, begin_ms=7_500)
    recording = make_recording(heat, scrape("up", [1] * 29, begin_ms=7_500), until_s=420)
    write_recording(recording, find_path(folder / "recordings", f"{folder.name}-hot"))
    return folder


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Return the folder of a sixth system, outside the package."""
    return put_system(tmp_path / "theirs" / "acme")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return what installs a package that declares a system; it returns the package's folder."""

    def install(name: str, value: str) -> Path:
        site = tmp_path / "site-packages"
        folder = site / name
        put_system(folder)
        (folder / "__init__.py").write_text("")
        info = site / "weather_drills-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weather-drills\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[alertdrill.systems]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(site)
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        return folder

    return install


@pytest.mark.parametrize("which", [".", ".."])
def test_a_system_in_a_folder_is_listed(alertdrill: CommandLine, acme: Path, which: str) -> None:
    """`--systems` names the system's own folder, or one that has systems' folders."""
    listed = alertdrill.run_here("list", "--systems", str(acme / which))
    assert listed.code == 0, listed.err
    assert "\nTooHot\n  acme-hot " in listed.out
    assert "TooHot" not in alertdrill.run_here("list").out


def test_its_rules_are_printed(alertdrill: CommandLine, acme: Path) -> None:
    """`alertdrill rules` renders its template with its values."""
    rules = ("rules", "acme", "--systems", str(acme), "--set", "enabled=true", "--set", "heat.threshold=7")
    printed = alertdrill.run_here(*rules)
    assert printed.code == 0, printed.err
    assert "expr: heat > 7\n" in printed.out


def replay(alertdrill: CommandLine, out: Path, *arguments: str) -> tuple[int, list[str], str]:
    """Judge drills on recordings; return the exit code, which drills were judged, and what was printed."""
    finished = alertdrill.run_here("run", *arguments, "--out", str(out))
    timeline = out / "timeline.json"
    judged = json.loads(timeline.read_text())["verdicts"] if timeline.exists() else []
    return finished.code, [verdict["drill"] for verdict in judged], finished.out + finished.err


def test_its_own_recordings_are_a_gate_for_it(alertdrill: CommandLine, acme: Path, tmp_path: Path) -> None:
    """Of its own folder of recordings its drills are judged, and nobody else's, and reported."""
    own = ("--systems", str(acme), "--replay", str(acme / "recordings"))
    code, drills, said = replay(alertdrill, tmp_path / "out", *own)
    assert (code, drills) == (0, ["acme-hot"]), said
    assert "TooHot" in (tmp_path / "out" / "report.html").read_text()
    code, drills, said = replay(alertdrill, tmp_path / "out", *own, "--set", "acme.heat.threshold=3")
    assert (code, drills) == (1, ["acme-hot"]), said


def test_it_is_judged_beside_the_systems_of_the_package(
    alertdrill: CommandLine, acme: Path, tmp_path: Path
) -> None:
    """What the folder of recordings does not have is in the system's own."""
    others = ("metis-quiet", "acme-hot", "--systems", str(acme.parent), "--replay", str(FOLDER))
    code, drills, said = replay(alertdrill, tmp_path / "out", *others)
    assert (code, drills) == (0, ["metis-quiet", "acme-hot"]), said


def test_a_run_is_judged_with_it(alertdrill: CommandLine, acme: Path, tmp_path: Path) -> None:
    """A recording with the timeline of its run beside it is judged, too."""
    run = tmp_path / "run"
    run.mkdir()
    find_path(acme / "recordings", "acme-hot").rename(run / "recording.om.gz")
    (run / "timeline.json").write_text(json.dumps({"drills": [{"drill": "acme-hot", "start_s": LEAD_S}]}))
    arguments = ("--systems", str(acme), "--replay", str(run / "recording.om.gz"))
    code, drills, said = replay(alertdrill, tmp_path / "out", *arguments)
    assert (code, drills) == (0, ["acme-hot"]), said


@pytest.mark.parametrize("asked", [("acme-hot",), ("--system", "acme")])
def test_what_nobody_serves_is_not_held(alertdrill: CommandLine, acme: Path, asked: tuple[str, ...]) -> None:
    """A system without a surface has no metrics on a stack of ours."""
    held = alertdrill.run_here("run", *asked, "--systems", str(acme))
    says = "its metrics are served by no gateway of alertdrill: judge it on a recording with --replay"
    assert (held.code, held.err) == (2, f"alertdrill: acme-hot cannot be held: {says}\n")


def test_a_run_of_everything_leaves_out_what_nobody_serves(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drills of all other systems are held, and each that is left out is named, with the reason."""
    site = SimpleNamespace(name="embedded", find_obstacle=lambda _drill: None)
    held: list[Order] = []

    def hold(order: Order, _show: object) -> NoReturn:
        held.append(order)
        raise CouldNotTell("it is not held here")

    monkeypatch.setattr(run_command, "find_site", lambda *_: site)
    monkeypatch.setattr(run_command, "find_promtool", lambda _site: None)
    monkeypatch.setattr(run_holding, "hold", hold)
    arguments = ("run", "--systems", str(acme), "--speed", "60", "--out", str(tmp_path / "out"))
    finished = CliRunner().invoke(cli, arguments)
    assert isinstance(finished.exception, CouldNotTell)
    assert "left out: acme-hot: its metrics are served by no gateway of alertdrill" in finished.stderr
    (order,) = held
    assert {drill.system for drill in order.drills} == {system.name for system in find_own()}
    assert not any("acme" in file.name for file in order.rules)


def test_an_installed_package_has_a_system(
    alertdrill: CommandLine, tmp_path: Path, installed: Callable[[str, str], Path]
) -> None:
    """Its entry point is all that it takes: it is listed, its rules are printed, and its drills judged."""
    folder = installed("nimbus", "nimbus")
    assert "\nTooHot\n  nimbus-hot " in alertdrill.run_here("list").out
    assert "alert: TooHot" in alertdrill.run_here("rules", "nimbus", "--set", "enabled=true").out
    code, drills, said = replay(alertdrill, tmp_path / "out", "--replay", str(folder / "recordings"))
    assert (code, drills) == (0, ["nimbus-hot"]), said


def test_an_installed_system_with_a_surface_is_served(installed: Callable[[str, str], Path]) -> None:
    """The gateway finds it by the same entry point, and its scrape job is its surface's."""
    folder = installed("nimbus", "nimbus")
    assert find_served() == find_own()
    (folder / "system.yml").unlink()
    (folder / "surface.py").write_text("JOB = 'nimbus-gateway'\n\n\nclass Surface:\n    pass\n")
    system = find_system("nimbus", find_served())
    assert (system.job, system.surface.__name__) == ("nimbus-gateway", "Surface")


def test_without_a_surface_the_folder_states_the_job(acme: Path) -> None:
    """`system.yml` says under which job Prometheus knows the system."""
    system = find_system("acme", find_systems([acme]))
    assert (system.job, system.is_served) == ("station", False)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("values.yml", None, "acme/values.yml: is not there, and every system has one"),
        ("rules.tmpl.yml", None, "acme/rules.tmpl.yml: is not there"),
        ("drills.py", None, "acme/drills.py: is not there"),
        ("system.yml", "", "acme/system.yml: must state the scrape job"),
        ("system.yml", "job: a\nsurface: b\n", "acme/system.yml:2: the field 'surface' is unknown"),
        ("system.yml", f"job: {'a' * 1_100_000}\n", "is larger than"),
        ("system.yml", "job: [\n", "acme/system.yml:2: the file is not YAML"),
        ("surface.py", "", "acme/surface.py: the gateway serves no system that is not installed"),
        ("drills.py", "def make_drills(\n", "acme/drills.py:1: cannot be imported: '(' was never closed"),
        ("drills.py", "\nimport nothing_of_that_name\n", "acme/drills.py:2: cannot be imported: ModuleNotF"),
        ("drills.py", "", "acme/drills.py: has no make_drills(values)"),
        ("drills.py", "def make_drills(values):\n    return values['rain']\n", "acme/drills.py:2: KeyError"),
        ("drills.py", "def make_drills(values):\n    return [7]\n", "acme/drills.py: make_drills returned 7"),
        ("drills.py", "def make_drills(values):\n    raise ValueError('why')\n", "of these values: why"),
        ("drills.py", DRILLS.replace('system="NAME"', 'system="rain"'), "is of the system 'rain', not of"),
        ("drills.py", DRILLS.replace("NAME-hot", "../hot").replace("NAME", "acme"), "is no name for a drill"),
        (
            "drills.py",
            DRILLS.replace("NAME-hot", "metis-quiet").replace("NAME", "acme"),
            "acme/drills.py: a drill of metis is called metis-quiet, too",
        ),
    ],
)
def test_what_is_wrong_in_a_folder_is_one_sentence(
    alertdrill: CommandLine, acme: Path, file: str, text: str | None, says: str
) -> None:
    """It begins with the file, and the exit code is that of bad input."""
    if text is None:
        (acme / file).unlink()
    else:
        (acme / file).write_text(text)
    listed = alertdrill.run_here("list", "--systems", str(acme))
    assert listed.code == 2, listed.out
    assert says in listed.err
    assert (listed.err.startswith("alertdrill: "), listed.err.count("\n")) == (True, 1)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Acme Corp", "'Acme Corp' is no name for a system"),
        ("metis", "the name metis is taken: by harness/alertdrill/systems/metis"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    alertdrill: CommandLine, tmp_path: Path, name: str, says: str
) -> None:
    """It is a prefix, the beginning of settings, and a receiver's name; and no two systems share it."""
    listed = alertdrill.run_here("list", "--systems", str(put_system(tmp_path / name)))
    assert listed.code == 2
    assert f"{tmp_path / name}: {says}" in listed.err


def test_two_folders_of_one_name_are_refused(acme: Path, tmp_path: Path) -> None:
    """One folder that is named twice is one system."""
    assert len(find_systems([acme, acme.parent])) == len(find_systems()) + 1
    with pytest.raises(BadInput, match="the name acme is taken: by "):
        find_systems([acme, put_system(tmp_path / "other" / "acme")])


def test_a_folder_without_a_system_is_refused(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A `system.yml` is what tells a system's folder from any other."""
    listed = alertdrill.run_here("list", "--systems", str(tmp_path))
    assert listed.code == 2
    assert f"{tmp_path}: has no system: neither it nor a folder in it has a system.yml" in listed.err


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("nimbus.nothing", "at 'nimbus.nothing', which is no package"),
        ("nothing_at_all.of_it", "at 'nothing_at_all.of_it', which cannot be imported: "),
        ("nimbus.drills", "at 'nimbus.drills', which is no package"),
    ],
)
def test_an_entry_point_that_leads_nowhere_names_its_package(
    installed: Callable[[str, str], Path], value: str, says: str
) -> None:
    """Whoever reads it has to know what to uninstall."""
    installed("nimbus", value)
    with pytest.raises(BadInput) as refused:
        find_systems()
    assert f"the installed package weather-drills declares the system 'nimbus' {says}" in str(refused.value)


def test_a_package_of_drills_is_imported_from_a_folder(acme: Path) -> None:
    """`drills/` may be a package, whose modules import each other."""
    (acme / "drills").mkdir()
    (acme / "drills.py").rename(acme / "drills" / "heat.py")
    (acme / "drills" / "__init__.py").write_text("from .heat import make_drills as make_drills\n")
    systems = find_systems([acme])
    assert "acme-hot" in {drill.name for drill in list_drills(override_values((), systems), systems)}


def test_a_link_is_a_system_of_its_own_name(acme: Path, tmp_path: Path) -> None:
    """Whoever makes a link names it; and `.` is the folder that somebody stands in."""
    link = tmp_path / "linked"
    link.symlink_to(acme)
    assert find_systems([link])[-1].name == "linked"
    assert find_systems([acme / "recordings" / ".."])[-1].name == "acme"


def test_a_stack_that_stands_has_its_rules_and_routes(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`alertdrill up` loads the rules of a system that is named, and its receivers are there."""
    ordered: list[Order] = []

    def make_setup(order: Order, *_: object) -> NoReturn:
        ordered.append(order)
        raise CouldNotTell("it does not stand here")

    monkeypatch.setattr(up_command, "find_site", lambda *_: SimpleNamespace(name="embedded"))
    monkeypatch.setattr(up_command, "make_setup", make_setup)
    arguments = ("up", "--system", "acme", "--systems", str(acme), "--out", str(tmp_path / "out"))
    assert isinstance(CliRunner().invoke(cli, arguments).exception, CouldNotTell)
    (order,) = ordered
    assert [rule.name for file in order.rules for rule in file.alerts] == ["TooHot"]
    assert "acme-ticket" in [receiver["name"] for receiver in order.alertmanager.document["receivers"]]


def test_systems_are_for_our_own_routing_only(alertdrill: CommandLine, acme: Path) -> None:
    """`alertdrill page` has routes for them in its own config, and changes nobody else's."""
    page = ("page", "--all", "--rules", str(acme / "rules.yml"), "--systems", str(acme), "--json")
    (acme / "rules.yml").write_text(RULES.replace("NAME", "acme").replace("${heat.threshold}", "1"))
    looked = alertdrill.run_here(*page, "--dry-run")
    assert looked.code == 0, looked.err
    assert "acme-ticket" in looked.out
    refused = alertdrill.run_here(*page, "--alertmanager-config", "absent.yml")
    assert (refused.code, "--systems says what the built-in" in refused.err) == (2, True)
