"""The line of a log that says why a program ended is found, whatever it wrote after it."""

from __future__ import annotations

import time

import pytest

from alertdrill.runtime.last_words import find_last_words

TABLE = """\
[2026-11-29 21:33:24,123] vm/INFO/locust.main: Shutting down (exit code 0)
Type     Name                     # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
--------|----------------------|--------|-------------|-------|-------|-------|-------|--------|-----------
         Aggregated                  347     0(0.00%) |   2333    1225    6990   2100 |    6.83        0.00

Response time percentiles (approximated)
Type     Name                       50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100%
         Aggregated                2100   2400   2600   2800   3400   4300   7000  88000 122000 122000 122000
"""
CRASH = """\
runtime/cgo: pthread_create failed: Resource temporarily unavailable
SIGABRT: abort
PC=0x7ffabeb6aeec m=0 sigcode=18446744073709551610

goroutine 0 gp=0x63b8b20 m=0 mp=0x63ba860 [idle]:
gs     0x0
"""
LISTENS = '{"listen": "127.0.0.1:20402", "control": "127.0.0.1:20403"}\n'
TAKEN = "listen tcp 127.0.0.1:9093: bind: address already in use"


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (
            f'time=2026-11-29T21:41:12.648Z level=ERROR source=main.go:641 msg="Listen error" err="{TAKEN}"\n'
            "time=2026-11-29T21:41:12.700Z level=INFO source=nflog.go:1 "
            'msg="Maintenance done" duration=2ms size=0\n',
            f"Listen error: {TAKEN}",
        ),
        (
            f'ts=2026-11-29T21:41:12.715Z caller=main.go:547 level=error msg="Listen error" err="{TAKEN}"\n'
            'ts=2026-11-29T21:41:12.720Z caller=silence.go:1 level=debug msg="Maintenance done"\n',
            f"Listen error: {TAKEN}",
        ),
        ('time=2026-11-29T21:41:12.700Z level=INFO source=nflog.go:1 msg="Maintenance done"\n', ""),
        (TABLE, ""),
        (LISTENS, ""),
        ("Fatal Python error: Segmentation fault\n\nThread 0x1:\n", "Fatal Python error: Segmentation fault"),
        (
            "[2026-11-29 21:33:24,000] vm/INFO/locust.main: Got SIGTERM signal\n" + TABLE,
            "[2026-11-29 21:33:24,000] vm/INFO/locust.main: Got SIGTERM signal",
        ),
        (
            "[2026-11-29 21:33:24,000] vm/ERROR/locust.main: no master\n" + TABLE,
            "[2026-11-29 21:33:24,000] vm/ERROR/locust.main: no master",
        ),
        (CRASH, "runtime/cgo: pthread_create failed: Resource temporarily unavailable"),
        ("one\npanic: nil map\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: nil map"),
        (
            "Traceback (most recent call last):\n  File x, line 1\n    open(y)\n"
            "OSError: [Errno 98] Address already in use\nasyncio stopped\n",
            "OSError: [Errno 98] Address already in use",
        ),
        ("Usage: x\n\nError: --listen wants HOST:PORT\n", "Error: --listen wants HOST:PORT"),
        ("prometheus: error: unknown flag\ntry --help\n", "prometheus: error: unknown flag"),
        ("port 80 is taken\n\n", "port 80 is taken"),
        ("", ""),
    ],
)
def test_why_a_program_ended_is_what_is_quoted(log: str, why: str) -> None:
    """Not a note, a row of a table, or the end of a dump."""
    assert find_last_words(log) == why


def test_what_was_killed_had_no_time_to_complain() -> None:
    """An older complaint is not why a signal came; what a runtime says as it gives up is."""
    complaint = 'time=2026-11-29T21:41:12.648Z level=ERROR msg="Notify failed" err="refused"\n'
    assert find_last_words(complaint + TABLE, was_killed=True) == ""
    assert find_last_words(LISTENS, was_killed=True) == ""
    assert find_last_words(complaint + CRASH, was_killed=True).startswith("runtime/cgo: pthread_create")


@pytest.mark.parametrize(
    "log",
    [f"{'x' * 16_000}\n" * 16, f"x{' ' * 100_000}x", f"{'a=' * 8_000}\n" * 16],
    ids=["word", "blanks", "fields"],
)
def test_long_lines_take_no_longer_than_as_many_short_ones(log: str) -> None:
    """The end of a log is 256 KiB, whose lines may be of any length: reading it takes no minutes."""
    began_s = time.process_time()
    find_last_words(log)
    assert time.process_time() - began_s < 3  # it is a tenth of a second; a reader that starts over takes ten
