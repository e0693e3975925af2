"""Tests of `alertdrill record`: from a real Prometheus to a file, and what it refuses."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.faulty_proxy import open_faulty_proxy
from support.lone_prometheus import backfill, run_prometheus
from support.recordings import make_recording, make_series
from support.whole_runs import CommandLine

from alertdrill.cli.main import cli
from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.recording.files import read_recording, write_recording
from alertdrill.runtime.binaries import Engines

START, END = "2026-01-05T21:00:00Z", "2026-01-05T22:00:00+00:00"
START_S = 1_767_646_800
TIMES_MS = range(START_S * 1000, (START_S + 3600) * 1000 + 1, 15_000)
RULES = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: rate(a_total{kind='a'}[5m]) > 0\n"


@pytest.fixture(scope="module")
def prometheus(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prometheus with an hour of samples, and yield its URL."""
    folder = tmp_path_factory.mktemp("prometheus")
    series = [
        make_series("up", [(at, 1.0) for at in TIMES_MS], job="gateway"),
        make_series("a_total", [(at, float(at)) for at in TIMES_MS], kind="a"),
        make_series("a_total", [(at, float(at)) for at in TIMES_MS], kind="b"),
    ]
    write_recording(make_recording(*series, selectors=()), folder / "made.om")
    backfill(engines, folder / "made.om", folder / "data")
    with run_prometheus(engines, folder) as url:
        yield url


def test_what_rules_read_is_recorded(alertdrill: CommandLine, prometheus: str, tmp_path: Path) -> None:
    """Exactly that and `up`, packed, on rule time; in a log there is no progress bar."""
    (tmp_path / "rules.yml").write_text(RULES)
    path = tmp_path / "a.om.gz"
    options = ("--start", START, "--end", END, "--rules", str(tmp_path / "rules.yml"), "-o", str(path))
    rule_time = ("--speed", "60", "--origin", str(START_S))
    done = alertdrill.run_here("record", "--prometheus", prometheus, *options, *rule_time)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{path}: 482 samples of 2 series\n"
    read = read_recording(path)
    assert read.selectors == ('a_total{kind="a"}', "up")
    assert (read.start_ms, read.end_ms) == (0, 216_000_000)
    assert [len(one.times_ms) for one in read.series] == [241, 241]


def test_a_match_is_recorded_and_what_is_not_there_is_said(
    alertdrill: CommandLine, prometheus: str, tmp_path: Path
) -> None:
    """Without a speed the times are the server's; a selector without a series is a note."""
    path = tmp_path / "a.om"
    options = ("--start", str(START_S), "--end", f"{START_S + 3600}.0", "-o", str(path))
    done = alertdrill.run_here(
        "record", "--prometheus", prometheus, *options, "--match", "{kind='b'}", "--match", "c"
    )
    assert done.code == 0
    assert done.err == (
        "note: no series is c between 2026-01-05T21:00:00.000+00:00 and 2026-01-05T22:00:00.000+00:00\n"
    )
    read = read_recording(path)
    assert (read.start_ms, read.end_ms) == (START_S * 1000, (START_S + 3600) * 1000)
    assert read.selectors == ("c", "up", '{kind="b"}')


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ((), 2, "say what to record: --rules RULES, or --match SELECTOR"),
        (("--match", "a[5m]"), 2, "--match: 'a[5m]' is not a selector such as up"),
        (("--match", "a{"), 2, "--match: the expression is not PromQL"),
        (("--rules", "missing.yml"), 2, "missing.yml: the file cannot be read"),
        (("--match", "a", "--speed", "60"), 2, "--speed and --origin belong together"),
        (("--match", "a", "--origin", "0"), 2, "--speed and --origin belong together"),
        (("--match", "a", "--speed", "nan", "--origin", "0"), 2, "--speed wants a number from 0.001 to"),
        (("--match", "a", "--speed", "1", "--origin", "-1"), 2, "--origin wants seconds since 1970"),
        (("--match", "a", "--speed", "1", "--origin", "2e9"), 2, "--start is before --origin"),
        (("--match", "a", "--start", "soon"), 2, "--start wants epoch seconds or RFC 3339 with its zone"),
        (("--match", "a", "--end", "2026-01-05T22:00:00"), 2, "--end wants epoch seconds or RFC 3339"),
        (("--match", "a", "--end", "nan"), 2, "--end wants epoch seconds or RFC 3339"),
        (("--match", "a", "--end", START), 2, "--start is not before --end"),
        (("--match", "a", "--end", "2199-01-01T00:00:00Z"), 2, "the range to be recorded ends in the future"),
        (("--match", "a", "--prometheus", "localhost"), 2, "--prometheus wants http://HOST"),
        (("--match", "a", "--prometheus", "http://u:p@h"), 2, "--prometheus: credentials stand in a file"),
        (("--match", "a", "--prometheus-header", "Authorization"), 2, "--prometheus-header wants NAME=VALUE"),
        (
            ("--match", "a", "-o", "/nonexistent/a.om"),
            2,
            "/nonexistent/a.om: cannot be written: No such file",
        ),
        (("--match", "a", "--prometheus", "http://127.0.0.1:1"), 3, "http://127.0.0.1:1 cannot be reached"),
        (("--match", "b", "--start", "60", "--end", "120"), 3, "has no sample of what was asked for between"),
        (("--match", "a_total", "--start", str(START_S - 3600)), 3, "hides the beginning of the range"),
    ],
)
def test_what_cannot_be_recorded_is_one_sentence(
    prometheus: str, tmp_path: Path, options: tuple[str, ...], code: int, says: str
) -> None:
    """The kind of error says whose fault it is, and no file is made."""
    given = ("--prometheus", prometheus, "--start", START, "--end", END, "-o", str(tmp_path / "a.om"))
    with pytest.raises((AlertdrillError, click.UsageError)) as caught:
        cli(("record", *given, *options), standalone_mode=False)
    error = caught.value
    assert says in str(error)
    assert "\n" not in str(error)
    assert (error.exit_code if isinstance(error, AlertdrillError) else BadInput.exit_code) == code
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_command_leaves_the_old_file(
    alertdrill: CommandLine, prometheus: str, tmp_path: Path
) -> None:
    """Ctrl-C while the server is silent: the old file stays, nothing lies beside it, exit code 3."""
    path = tmp_path / "a.om"
    path.write_bytes(b"the old one")
    asked = threading.Event()
    go_on = threading.Event()

    def wait(number: int, _path: str, status: int, body: bytes) -> tuple[int, bytes, int]:
        if number > 2:
            asked.set()
            go_on.wait(30)
        return status, body, len(body)

    options = ("--start", START, "--end", END, "--match", "a_total", "-o", str(path))
    with (
        open_faulty_proxy(prometheus, wait) as url,
        alertdrill.start("record", "--prometheus", url, *options) as command,
    ):
        assert asked.wait(60)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=60)
        go_on.set()
    assert (command.returncode, err) == (3, "alertdrill: interrupted by SIGINT; nothing was written\n")
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
