"""The examples without a gateway: rules judged on recordings that are made of documented names."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.example_projects import EXAMPLES
from support.whole_runs import CommandLine, Finished

from alertdrill.recording.files import read_recording
from alertdrill.rules.files import read_rules

FOLDER = EXAMPLES / "recordings-only"
SYSTEMS = ("vllm", "otel-genai", "inference-extension")
UNMET = {
    "vllm": ["CacheAsWritten", "CachePercentAsWritten"],
    "otel-genai": ["LatencyWithoutUnitAsWritten", "LatencyOfAllCallsAsWritten", "TokensAsWritten"],
    "inference-extension": ["ErrorRatioAsWritten", "QueueAsWritten"],
}
"""Rules as written that their drills find unmet."""
EACH_SYSTEM = pytest.mark.parametrize("system", SYSTEMS)


def judge(command: CommandLine, system: str, drills: str, rules: Path) -> Finished:
    """Judge drills of a system on its recording."""
    folder = FOLDER / system
    return command.run_here(
        *("judge", str(folder / "recording.om.gz"), "--drills", str(folder / drills), "--rules", str(rules))
    )


@EACH_SYSTEM
def test_the_rules_do_what_their_drills_expect(alertdrill: CommandLine, system: str) -> None:
    """All alerts fire and resolve, and come near for another model or pool, and nothing else fires."""
    judged = judge(alertdrill, system, "drills.yml", FOLDER / system / "rules.yml")
    assert judged.code == 0, judged.said
    assert "3 of 3 drills as expected" in judged.out
    assert "✗" not in judged.out


@EACH_SYSTEM
def test_a_rule_whose_threshold_is_too_high_is_found(
    alertdrill: CommandLine, tmp_path: Path, system: str
) -> None:
    """Tenfold, the first rule of each never fires."""
    broken = tmp_path / "rules.yml"
    text = (FOLDER / system / "rules.yml").read_text()
    broken.write_text(
        re.sub(r"> ([0-9.]+)$", lambda found: f"> {float(found[1]) * 10:g}", text, count=1, flags=re.M)
    )
    assert broken.read_text() != text
    first = read_rules(broken).alerts[0].name
    judged = judge(alertdrill, system, "drills.yml", broken)
    assert judged.code == 1, judged.said
    assert re.search(rf"^✗ \S+ +{first}\{{.*\n +missing: never fired", judged.out, re.MULTILINE)


@EACH_SYSTEM
def test_every_rule_fires_in_a_drill(system: str) -> None:
    """No rule is there that no drill is about."""
    drills = (FOLDER / system / "drills.yml").read_text()
    for rule in read_rules(FOLDER / system / "rules.yml").alerts:
        assert re.search(rf"alert: {rule.name}, .*fires: ", drills)


@EACH_SYSTEM
def test_the_rules_as_written_do_not_do_what_they_ought_to(alertdrill: CommandLine, system: str) -> None:
    """Each is found unmet, as its README says, and the README names all of them."""
    judged = judge(alertdrill, system, "as_written_drills.yml", FOLDER / system / "as_written.yml")
    assert judged.code == 1, judged.said
    assert re.findall(r"^✗ \S+ +(\w+)", judged.out, re.MULTILINE) == UNMET[system]
    written = [rule.name for rule in read_rules(FOLDER / system / "as_written.yml").alerts]
    assert written == UNMET[system]
    readme = (FOLDER / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in written)


def test_the_recordings_are_what_their_generator_makes() -> None:
    """Made anew, they are the same text; their compression depends on the machine."""
    made = subprocess.run(
        [
            *(sys.executable, "-B", "-c"),
            "import json, make_recordings as m; "
            "print(json.dumps({name: m.write_recording(*scene) for name, scene in m.SYSTEMS.items()}))",
        ],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = json.loads(made.stdout)
    assert set(texts) == set(SYSTEMS)
    for system, text in texts.items():
        assert gzip.decompress((FOLDER / system / "recording.om.gz").read_bytes()).decode() == text


@EACH_SYSTEM
def test_a_recording_says_that_it_is_made(system: str) -> None:
    """Its first line says so, and it is a recording all the same."""
    path = FOLDER / system / "recording.om.gz"
    first = gzip.decompress(path.read_bytes()).decode().splitlines()[0]
    assert first.endswith(
        "Made by make_recordings.py from documented names of metrics; no server was scraped."
    )
    assert read_recording(path).series
