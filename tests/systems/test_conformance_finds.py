"""The conformance test finds what it is for: each way in which a surface can be broken is one fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from support.exercises import find_exercise
from support.exposition import Exposition, read_exposition
from support.ledger_faults import find_differences, find_uncounted, find_untimed, find_wrong_times
from support.metric_table import Metric, find_table_faults
from support.sent_ledger import Caller, Ledger, Sent
from support.table_faults import find_faults, find_unmoved, find_unseen

disable_created_metrics()  # as every surface does


def make_metric(name: str, type_: str, **fields: object) -> Metric:
    """Return a row of a table."""
    given = {"help": "Help.", "unit": "", "labels": {}, "buckets": (), "moves": "Always.", "unseen": {}}
    return Metric(name=name, type=type_, **given | fields)


TABLE = (
    make_metric("calls_total", "counter", labels={"key": None, "outcome": frozenset({"ok", "error"})}),
    make_metric("wait_seconds", "histogram", unit="seconds", labels={"key": None}, buckets=(0.5, 1.0)),
    make_metric("open_calls", "gauge"),
)


class Broken:
    """A surface for the table above, with one thing about it changed."""

    def __init__(
        self,
        calls: str = "calls",
        help_: str = "Help.",
        labels: tuple[str, ...] = ("key", "outcome"),
        buckets: tuple[float, ...] = (0.5, 1.0),
        gauge: type = Gauge,
        times: int = 1,
        error: str = "error",
        more: bool = False,
    ) -> None:
        self.registry = registry = CollectorRegistry()
        self._calls = Counter(calls, help_, labels, registry=registry)
        self._wait = Histogram("wait_seconds", "Help.", ("key",), buckets=buckets, registry=registry)
        self._open = gauge("open_calls", "Help.", registry=registry)
        if more:
            Gauge("more", "Help.", registry=registry)
        self._times = times
        self._outcomes = {"ok": "ok", "error": error}

    def move(self) -> None:
        """Count one good call and one bad one."""
        for outcome in self._outcomes.values():
            for _ in range(self._times):
                self._calls.labels("k", outcome).inc()
            self._wait.labels("k").observe(0.7)
        self._open.inc()

    def look(self) -> Exposition:
        """Return what is shown."""
        return read_exposition(generate_latest(self.registry).decode())


def show(surface: Broken) -> tuple[Exposition, Exposition]:
    """Return what a surface shows before and after its traffic."""
    before = surface.look()
    surface.move()
    return before, surface.look()


def test_a_sound_surface_has_no_fault() -> None:
    """What is as the table says passes, before traffic and after it."""
    before, after = show(Broken())
    assert find_table_faults(TABLE) == []
    assert find_faults(TABLE, before) == find_faults(TABLE, after) == []
    assert find_unmoved(TABLE, (before, after)) == []
    assert find_unseen(TABLE, (before, after)) == []


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"calls": "call"}, "call_total is exported and not in the table"),
        ({"calls": "call"}, "calls_total is in the table and not exported"),
        ({"more": True}, "more is exported and not in the table"),
        ({"help_": "Help"}, "calls_total: help is 'Help', not 'Help.'"),
        (
            {"labels": ("key", "result")},
            "calls_total: the labels are ['key', 'result'], not ['key', 'outcome']",
        ),
        ({"error": "failed"}, "calls_total: outcome='failed' is not among the listed values"),
        ({"error": ""}, "calls_total: outcome is empty, which Prometheus takes for absent"),
        ({"buckets": (0.5, 2.0)}, "wait_seconds: the buckets are [0.5, 2.0, inf], not [0.5, 1.0]"),
        ({"buckets": (0.5, 1.0, 2.0)}, "wait_seconds: the buckets are [0.5, 1.0, 2.0, inf], not [0.5, 1.0]"),
        ({"gauge": Counter}, "open_calls_total is exported and not in the table"),
    ],
)
def test_a_departure_from_the_table_is_found(broken: dict[str, object], fault: str) -> None:
    """Each thing that is not as the table says is a fault that names it."""
    _, after = show(Broken(**broken))
    assert fault in find_faults(TABLE, after)


def test_a_type_that_differs_is_found() -> None:
    """A metric of the right name and another type is a fault, although its samples look alike."""
    shown = read_exposition("# HELP open_calls Help.\n# TYPE open_calls untyped\nopen_calls 1\n")
    assert "open_calls is a untyped, not a gauge" in find_faults(TABLE[2:], shown)


def test_what_does_not_move_is_found() -> None:
    """A metric that stays as it was is named, and so is a gauge that is only born."""
    still = Broken()
    assert find_unmoved(TABLE, (still.look(), still.look())) == [
        f"{metric.name} was never seen to move" for metric in TABLE
    ]
    labelled = make_metric("open_calls", "gauge", labels={"key": None})
    born = read_exposition('# HELP open_calls Help.\n# TYPE open_calls gauge\nopen_calls{key="k"} 5\n')
    assert find_unmoved([labelled], (still.look(), born)) == ["open_calls was never seen to move"]


def test_a_listed_value_that_is_not_seen_is_found() -> None:
    """A value that never happens is named, also when its series stands at 0, unless there is a reason."""
    shown = read_exposition(
        "# HELP calls_total Help.\n# TYPE calls_total counter\n"
        'calls_total{key="k",outcome="ok"} 1\ncalls_total{key="k",outcome="error"} 0\n'
    )
    assert find_unseen(TABLE[:1], (shown,)) == ["calls_total: outcome='error' was never seen"]
    excused = replace(TABLE[0], unseen={"error": "nothing fails"})
    assert find_unseen([excused], (shown,)) == []
    stale = replace(TABLE[0], unseen={"ok": "nothing works", "error": "nothing fails"})
    assert find_unseen([stale], (shown,)) == [
        "calls_total: outcome='ok' was seen, though the table says it is not"
    ]


def make_ledger(*notes: str) -> Ledger:
    """Return a ledger of requests whose notes are their outcomes."""
    fields = {"method": "POST", "path": "/", "caller": Caller(token=None), "body": None, "answer": None}
    return Ledger(sent=[Sent(note=note, status=200, headers={}, attempts=(), **fields) for note in notes])


COUNTS: dict[str, Callable] = {
    "calls_total": lambda ledger: ({"key": "k", "outcome": sent.note} for sent in ledger.sent),
    "wait_seconds_count": lambda ledger: ({"key": "k"} for _ in ledger.sent),
}


def test_a_ledger_that_agrees_has_no_differences() -> None:
    """Every series is the sum of what was sent."""
    _, after = show(Broken())
    assert find_differences(COUNTS, make_ledger("ok", "error"), after) == []
    assert find_uncounted(TABLE, COUNTS) == []


@pytest.mark.parametrize(
    ("broken", "notes", "fault"),
    [
        ({"times": 2}, ("ok", "error"), 'calls_total{key="k", outcome="ok"} is 2.0, the ledger says 1'),
        ({}, ("ok", "ok", "error"), 'calls_total{key="k", outcome="ok"} is 1.0, the ledger says 2'),
        ({}, ("ok",), 'calls_total{key="k", outcome="error"} is 1.0, the ledger says 0'),
        (
            {"error": "ok"},
            ("ok", "error"),
            'calls_total{key="k", outcome="error"} is None, the ledger says 1',
        ),
        ({}, ("ok",), 'wait_seconds_count{key="k"} is 2.0, the ledger says 1'),
    ],
)
def test_a_miscount_is_found(broken: dict[str, object], notes: tuple[str, ...], fault: str) -> None:
    """Counting twice, not at all, or under another label is a fault that names the series."""
    _, after = show(Broken(**broken))
    assert fault in find_differences(COUNTS, make_ledger(*notes), after)


@pytest.mark.parametrize(
    ("waited_s", "fault"),
    [
        (1.3, []),
        (1.4, []),
        (84.0, ['wait_seconds_sum{key="k"} is 1.4, at least 84 was waited for']),
        (0.01, ['wait_seconds_sum{key="k"} is 1.4, though 0.01 was waited for']),
    ],
)
def test_a_time_in_another_unit_is_found(waited_s: float, fault: list[str]) -> None:
    """Wall time instead of rule time is too little, milliseconds are too much."""
    _, after = show(Broken())
    least = {"wait_seconds_sum": lambda _ledger: [({"key": "k"}, waited_s)]}
    assert find_wrong_times(least, make_ledger(), after) == fault
    assert find_untimed(TABLE, least) == []
    assert find_untimed(TABLE, {}) == ["wait_seconds_sum has no least value"]


def test_a_counter_that_nobody_computes_is_found() -> None:
    """An exercise must say of every counter and histogram how it is computed."""
    assert find_uncounted(TABLE, {}) == ["calls_total is not computed", "wait_seconds_count is not computed"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": "calls"}, "calls: a counter's name ends in _total, and no other's does"),
        ({"type": "gauge"}, "calls_total: a counter's name ends in _total, and no other's does"),
        ({"type": "summary"}, "calls_total: 'summary' is no type"),
        ({"name": "spent_usd_total"}, "spent_usd_total: the name states the unit 'usd', the table ''"),
        ({"unit": "hours"}, "calls_total: 'hours' is no unit"),
        ({"buckets": (1.0,)}, "calls_total: a histogram has buckets, and no other has"),
        ({"type": "histogram", "name": "a", "buckets": (2.0, 1.0)}, "a: the buckets do not rise"),
        ({"help": ""}, "calls_total: help and moves must say something"),
        ({"labels": {"le": None}}, "calls_total: le is a histogram's own label"),
        ({"unseen": {"lost": "why"}}, "calls_total: 'lost' is unseen but not listed"),
    ],
)
def test_a_table_that_is_not_sound_is_found(changes: dict[str, object], fault: str) -> None:
    """The table itself is held to Prometheus's conventions."""
    assert fault in find_table_faults((replace(TABLE[0], **changes), *TABLE[1:]))


def test_a_metric_that_is_listed_twice_is_found() -> None:
    """A name has one row."""
    assert find_table_faults((TABLE[0], TABLE[0])) == ["calls_total is listed twice"]


def test_a_system_without_an_exercise_has_none() -> None:
    """A missing exercise is noticed; one that cannot be imported is not taken for missing."""
    assert find_exercise("nobody") is None
