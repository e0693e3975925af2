"""Tests of the command line: bad input is one sentence and exit code 2; list and dilate say what there is."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.whole_runs import METIS_RULES, CommandLine, run_tool

from alertdrill.cli.main import call
from alertdrill.errors import ComponentFailed
from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.runtime.binaries import Engines
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values

GROUP = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {}\n"
AUTH = "MetisGatewayAuthFailureRateHigh"
"""What the drill metis-auth-fires is about."""


def check_refused(alertdrill: CommandLine, *arguments: str, says: str) -> None:
    """Run a command that must be refused in one sentence."""
    finished = alertdrill.run_here(*arguments)
    assert finished.code == 2, finished.said
    assert says in finished.err
    assert finished.err.startswith("alertdrill: ")
    assert finished.err.count("\n") == 1
    assert alertdrill.list_leftovers() == []


def test_what_is_complained_of_cannot_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters in an error, whoever's words they are, reach standard error as escapes."""

    def fail(*_: object, **__: object) -> None:
        raise ComponentFailed("Locust said \x1b]0;title\x07\x00")

    monkeypatch.setattr("alertdrill.cli.main.cli", fail)
    with pytest.raises(SystemExit):
        call(["run"])
    assert capsys.readouterr().err == "alertdrill: Locust said \\x1b]0;title\\x07\\x00\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("groups: [", 1, "the file is not YAML"),
        ("", 1, "the file is empty"),
        ("groups: []\n", 1, "the file has no list of groups"),
        (GROUP.format("sum(rate(x[5m])"), 5, "the expression is not PromQL that can be read"),
        (GROUP.format("up") + "- name: g\n  rules: []\n", 6, "the group 'g' is stated twice"),
        (GROUP.format("up") + "    for: soon\n", 6, "for: 'soon' is not a duration"),
        (GROUP.format("up") + "    fro: 5m\n", 6, "the field 'fro' is unknown"),
        (GROUP.replace(": A", f": {AUTH}").format("vector(time()) > 0"), 4, f"{AUTH}: "),
    ],
)
def test_bad_rules_are_refused_with_file_and_line(
    alertdrill: CommandLine, tmp_path: Path, text: str, line: int, says: str
) -> None:
    """Each fault of a rule file is one sentence that starts with where it is."""
    rules = tmp_path / "rules.yml"
    rules.write_text(text)
    run = ("run", "metis-auth-fires", "--rules", str(rules), "--out", str(tmp_path / "out"), "--speed", "60")
    check_refused(alertdrill, *run, says=f"alertdrill: {rules}:{line}: {says}")


@pytest.mark.parametrize("command", ["run", "up"])
def test_a_port_that_is_taken_is_refused_before_anything_starts(
    alertdrill: CommandLine, tmp_path: Path, command: str
) -> None:
    """Who named the port is told so at once, and no folder is made."""
    out = tmp_path / "out"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check_refused(
            alertdrill,
            *(command, "--port", f"pager={port}", "--out", str(out)),
            says=f"pager cannot listen on 127.0.0.1:{port}: Address already in use; ask for another port",
        )
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "metis-nonsense"), "there is no drill 'metis-nonsense'"),
        (("run", "--system", "nonsense"), "there is no system 'nonsense'; there are: "),
        (("run", "--speed", "0"), "1 to 300 times real time, not at 0"),
        (("run", "--speed", "-60"), "1 to 300 times real time, not at -60"),
        (("run", "--speed", "1e9"), "1 to 300 times real time, not at 1e+09"),
        (("run", "--speed", "nan"), "1 to 300 times real time, not at nan"),
        (("run", "--speed", "fast"), "'fast' is not a valid float"),
        (("run", "--speed", "7"), "15 s divided by the speed 7 is not a whole number of milliseconds"),
        (("run", "--rules", "absent.yml"), "absent.yml: the file cannot be read"),
        (("run", "--alertmanager-config", "absent.yml"), "absent.yml: cannot be read"),
        (("run", "--port", "prometheus=99999"), "'prometheus=99999' is not NAME=PORT"),
        (("run", "--port", "nginx=80"), "'nginx=80' is not NAME=PORT"),
        (("run", "--workers", "25"), "25 is not in the range 0<=x<=24"),
        (("run", "--workers", "-1"), "-1 is not in the range 0<=x<=24"),
        (("run", "--nonsense"), "No such option"),
        (("run", "--replay", "absent"), "'absent' does not exist"),
        (("run", "--replay", "tests"), "tests: there is no made.json here"),
        (("run", "--replay", "README.md"), "README.md:1: "),
        (("run", "--replay", "tests", "--speed", "60"), "--speed is for drills on a stack"),
        (("run", "--replay", "tests", "--stack", "compose"), "--stack is for drills on a stack"),
        (("run", "--replay", "tests", "--quiet-tail", "soon"), "'soon' is not a duration"),
        (("run", "--replay", "tests", "--quiet-tail", "2w"), "2w is longer than a week"),
        (("run", "--quiet-tail", "1h"), "--quiet-tail says how to replay"),
        (("run", "--prometheus", "mimir.example"), "--prometheus wants http://HOST[:PORT][/PATH]"),
        (("run", "--tenant", "acme"), "--tenant says how to use the store that --prometheus names"),
        (("run", "--prometheus-header", "X-Key=1"), "--prometheus-header says how to use the store"),
        (("run", "--remote-write", "http://127.0.0.1:9"), "--remote-write says how to use the store"),
        (
            ("run", "--prometheus", "http://127.0.0.1:9", "--prometheus-header", "X-Key=@absent"),
            "X-Key: absent: No such file",
        ),
        (
            (
                *("run", "--stack", "compose", "--prometheus", "http://127.0.0.1:9"),
                *("--remote-write", "http://127.0.0.1:9"),
            ),
            "--remote-write is for --stack embedded",
        ),
        (("dilate", "absent.yml", "--speed", "60"), "absent.yml: the file cannot be read"),
        (("dilate", str(METIS_RULES), "--speed", "0"), "speed"),
        (("rules",), "Missing argument 'SYSTEM'"),
        (("rules", "nonsense"), "there is no system 'nonsense'; there are: "),
        (("rules", "metis", "--format", "json"), "'json' is not one of"),
        (("rules", "metis", "--set", "enabled"), "'enabled' is not NAME=VALUE"),
        (("rules", "metis", "--set", "enabled=1"), "enabled must be true or false, not '1'"),
        (("rules", "metis", "--set", "metis.enabled=true"), "there is no value 'metis.enabled'"),
        (("rules", "metis", "--set", "nonsense.threshold=1"), "there is no value 'nonsense.threshold'"),
        (("rules", "metis", "--set", "llmErrorRate.fro=5m"), "there is no value 'llmErrorRate.fro'"),
        (("rules", "metis", "--set", "llmErrorRate.for=5"), "llmErrorRate.for must be a duration"),
        (("rules", "metis", "--set", "llmErrorRate.threshold=5m"), "threshold must be a number"),
        (("rules", "metis", "--set", "llmErrorRate.threshold=-1"), "is not a number of 0 or more"),
        (("run", "--set", "llmErrorRate.threshold=1"), "does not begin with a system"),
        (("run", "--set", "metis.llmErrorRate.threshold=soon"), "neither a number nor a duration"),
        (("nonsense",), "No such command 'nonsense'"),
    ],
)
def test_bad_arguments_are_refused(
    alertdrill: CommandLine, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    """Each bad argument is one sentence and exit code 2."""
    out = ("--out", str(tmp_path / "out")) if arguments[0] == "run" else ()
    check_refused(alertdrill, *arguments, *out, says=says)


def test_a_process_ends_as_its_command_does(alertdrill: CommandLine) -> None:
    """What other tests call in their own process is what a user's shell sees: one sentence, exit code 2."""
    arguments = ("run", "metis-nonsense")
    finished = alertdrill.run(*arguments)
    assert finished == alertdrill.run_here(*arguments)
    assert finished.code == 2
    assert finished.err.startswith("alertdrill: there is no drill 'metis-nonsense'; ")
    assert finished.err.count("\n") == 1
    assert alertdrill.list_leftovers() == []
    dilated = ("dilate", str(METIS_RULES), "--speed", "60")
    assert alertdrill.run(*dilated) == alertdrill.run_here(*dilated)


def test_a_folder_that_cannot_be_written_is_refused(alertdrill: CommandLine, tmp_path: Path) -> None:
    """An output folder that cannot be made is refused before anything is started."""
    (tmp_path / "file").touch()
    check_refused(alertdrill, "run", "--out", str(tmp_path / "file" / "out"), says="cannot be written to")


@pytest.mark.parametrize("arguments", [("run", "--explain"), ("list",)])
def test_a_folder_that_is_gone_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Whoever stands there sees no traceback."""
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); "
    code += f"from alertdrill.cli.main import call; call({arguments!r})"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr == "alertdrill: the current folder is gone: change into one that is there\n"


def test_a_missing_binary_is_refused(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A binary that the environment names and that is not there is refused by that name."""
    environ = {**alertdrill.environ, "ALERTDRILL_PROMETHEUS": str(tmp_path / "prometheus")}
    broken = CommandLine(environ=environ, temporary=alertdrill.temporary)
    check_refused(broken, "run", "--out", str(tmp_path / "out"), says="ALERTDRILL_PROMETHEUS cannot be used")


@pytest.mark.parametrize("command", ["run", "up"])
@pytest.mark.parametrize("option", ["--rules", "--alertmanager-config"])
def test_a_refused_command_leaves_the_last_run_alone(
    alertdrill: CommandLine, tmp_path: Path, command: str, option: str
) -> None:
    """What does not load is said before anything of the last run is touched."""
    out = tmp_path / "out"
    (out / "logs").mkdir(parents=True)
    for name in ("timeline.json", "recording.om.gz", "logs/gateway.log", "logs/precious.log"):
        (out / name).write_text("old")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert alertdrill.run_here(command, option, "absent.yml", "--out", str(out)).code == 2
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_list_says_which_drill_covers_which_alert(alertdrill: CommandLine) -> None:
    """Every drill of every system is listed, and each alert with the drills that look at it."""
    drills = list_drills(override_values(()))
    document = json.loads(alertdrill.run_here("list", "--json").out)
    assert [drill["name"] for drill in document["drills"]] == [drill.name for drill in drills]
    covered = {alert["name"]: alert["drills"] for alert in document["alerts"]}
    shipped = {rule.name for system in find_systems() for rule in read_rules(system.rules_path).alerts}
    assert shipped <= covered.keys()
    assert all(covered.values())
    assert "metis-cost-bulk-load" in covered["MetisGatewayKeyCostSpike"]
    text = alertdrill.run_here("list").out
    assert all(drill.name in text for drill in drills)


def test_dilate_writes_rules_and_refuses_what_is_not_exact(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Refused rules are on standard error with exit 2; --skip-refused leaves them out with exit 0."""
    rules = tmp_path / "rules.yml"
    rules.write_text(GROUP.format("rate(x[5m]) > 1") + "  - alert: B\n    expr: vector(time()) > 0\n")
    refused = alertdrill.run_here("dilate", str(rules), "--speed", "60")
    assert refused.code == 2
    assert refused.err.startswith(f"{rules}:6: B: ")
    skipped = alertdrill.run_here("dilate", str(rules), "--speed", "60", "--skip-refused")
    assert skipped.code == 0
    assert "(rate(x[5s]) / 60) > 1" in skipped.out
    assert "alert: B" not in skipped.out
    whole = alertdrill.run_here("dilate", str(rules), "--speed", "60", "--origin", "1000.5")
    assert whole.code == 0
    assert "vector(scalar(round(vector((time() - 1000.5) * 60), 0.001))) > 0" in whole.out
    assert alertdrill.run_here("dilate", str(rules), "--speed", "60", "--origin", "0.0001").code == 2


def test_rules_are_off_until_they_are_switched_on(alertdrill: CommandLine, engines: Engines) -> None:
    """As shipped there is no alert, and standard error says how to switch them on."""
    written = alertdrill.run_here("rules", "metis")
    assert (written.code, written.err) == (
        0,
        "every alert of metis is off: --set enabled=true switches them on\n",
    )
    assert "alert:" not in written.out
    assert written.out.splitlines()[-1] == "groups: []"
    path = alertdrill.temporary / "rules.yml"
    path.write_text(written.out)
    run_tool(engines.promtool, "check", "rules", str(path))


@pytest.mark.parametrize("system", [system.name for system in find_systems()])
@pytest.mark.parametrize("form", ["prometheus", "prometheusrule"])
def test_rules_are_written_in_both_forms(
    alertdrill: CommandLine, engines: Engines, system: str, form: str
) -> None:
    """Both forms have every alert, and the rule file is what is shipped and what promtool accepts."""
    written = alertdrill.run_here("rules", system, "--set", "enabled=true", "--format", form)
    assert (written.code, written.err) == (0, "")
    (folder,) = (found.folder for found in find_systems() if found.name == system)
    shipped = (folder / "rules.yml").read_text()
    alerts = [rule.name for rule in parse_rules(shipped, "shipped").alerts]
    assert [rule.name for rule in parse_rules(written.out, "written").alerts] == alerts
    if form == "prometheus":
        assert written.out == shipped
        path = alertdrill.temporary / "rules.yml"
        path.write_text(written.out)
        assert f"SUCCESS: {len(alerts)} rules found" in run_tool(
            engines.promtool, "check", "rules", str(path)
        )
    else:
        assert written.out.startswith("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n")


def test_rules_have_the_values_that_are_set(alertdrill: CommandLine) -> None:
    """A threshold that is set is in the rule, and an alert that is switched off is not there."""
    settings = (
        "enabled=true",
        "llmErrorRate.threshold=0.02",
        "llmErrorRate.for=3m",
        "llmLatencyP99.enabled=false",
    )
    written = alertdrill.run_here("rules", "metis", *(part for text in settings for part in ("--set", text)))
    rules = {rule.name: rule for rule in parse_rules(written.out, "written").alerts}
    assert rules["MetisLLMErrorRateHigh"].expr.strip().endswith("> 0.02")
    assert rules["MetisLLMErrorRateHigh"].for_s == 180
    assert len(rules) == 3
    assert "MetisLLMCallLatencyP99High" not in rules


@pytest.mark.parametrize("origin", ["1e308", "-1", "nan", "inf", "1e12"])
def test_an_origin_at_which_no_clock_can_be_is_refused(origin: str, alertdrill: CommandLine) -> None:
    """`dilate --origin` wants an instant that a clock could show."""
    arguments = ("dilate", str(METIS_RULES), "--speed", "60", "--origin", origin)
    check_refused(alertdrill, *arguments, says="--origin wants seconds since 1970, not ")
