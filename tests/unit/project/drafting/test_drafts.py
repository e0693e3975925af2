"""Drafts do what they say: what an imagined gateway would have counted is judged by promtool."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import pytest
from support.imagined_gateway import BOUNDS, HEALTHY, ImaginedGateway

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import NearMiss
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.project.drafting.alerts import Paging, Surroundings, list_subjects
from alertdrill.project.drafting.drafts import DraftFile, draft_all
from alertdrill.project.drafting.metrics import Metrics, gather
from alertdrill.project.drafting.nearness import EQUAL, SEVERAL, TOO_SHORT_TO_FAIL
from alertdrill.recording.files import write_recording
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.golden.folder import find_path
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runtime.binaries import Engines
from alertdrill.systems.drill_files.drills import Defaults, parse_drills, read_drills

MODEL = "gpt-4.1"
BAD = 'sum(rate(calls_total{status=~"5.."}[5m]))'
ALL = "sum(rate(calls_total[5m]))"
SEEN = gather(
    "metrics.txt",
    [
        ("calls_total", {"model": MODEL, "status": "200"}),
        ("call_duration_seconds_count", {"model": MODEL}),
        ("call_duration_seconds_sum", {"model": MODEL}),
        *(("call_duration_seconds_bucket", {"model": MODEL, "le": str(bound)}) for bound in BOUNDS),
        ("tokens_total", {"model": MODEL}),
        ("spend_usd_total", {"model": MODEL}),
        ("litellm_deployment_state", {"litellm_model_name": MODEL}),
        ("auth_failures_total", {"reason": "invalid"}),
    ],
)


def find_paging(_: Labels) -> Paging:
    """Return the only receiver."""
    return Paging(receivers=("oncall",))


def read(*exprs: str, more: str = "", labels: str = "", every: str = "15s", for_: str = "1m") -> RuleFile:
    """Return alerts A, B, … with these expressions, evaluated so often."""
    rules = "".join(
        f"  - alert: {chr(65 + number)}\n    expr: |-\n      {expr}\n    for: {for_}\n{labels}"
        for number, expr in enumerate(exprs)
    )
    return parse_rules(f"groups:\n- name: g\n  interval: {every}\n  rules:\n{more}{rules}", "rules.yml")


def draft(file: RuleFile, metrics: Metrics | None = SEEN) -> tuple[DraftFile, ...]:
    """Return the drafts of a rule file."""
    around = Surroundings(model=MODEL, scrape_s=15.0, metrics=metrics, find_paging=find_paging)
    return draft_all(list_subjects([file], around), "openai")


def parse(drafted: DraftFile) -> tuple[Drill, ...]:
    """Return the drills of a draft that are finished; the provider behaves as the imagined one if healthy."""
    with NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(drafted.text)
        file.flush()
        defaults = Defaults(system="own", healthy={"openai": HEALTHY}, leaves_out=lambda _: True)
        return read_drills([Path(file.name)], defaults)


def find_outcomes(engines: Engines, file: RuleFile) -> dict[str, str]:
    """Return what promtool and the judge make of each drafted drill, by its name; "todo" if it has one."""
    drafts = draft(file)
    undecided = {name: "todo" for drafted in drafts for name, _ in drafted.todos}
    drills = [drill for drafted in drafts for drill in parse(drafted)]
    rules = " ".join(rule.expr for group in file.groups for rule in group.rules)
    with TemporaryDirectory() as folder:
        for drill in drills:
            write_recording(ImaginedGateway(drill, rules).record(), find_path(Path(folder), drill.name))
        record = ProjectReplay(Path(folder), (file,), engines.promtool).judge(drills, drills)
    return undecided | {
        verdict.drill: verdict.outcome
        + str([one.observed for one in verdict.findings if one.outcome not in {"met", "unobserved"}])
        for verdict in record.verdicts
    }


@pytest.mark.parametrize(
    "expr",
    [
        f"{BAD} / {ALL} > 0.05",
        f"{BAD} / {ALL} * 100 > 30",
        f"0.9 < {BAD} / {ALL}",
        "1 - sum(rate(calls_total{status='200'}[2m])) / sum(rate(calls_total[2m])) > 0.1",
        "sum(rate(calls_total{status='200'}[2m])) / sum(rate(calls_total[2m])) < 0.95",
        f"({BAD} or vector(0)) / clamp_min({ALL}, 0.001) > 0.1",
        "sum(increase(calls_total{status=~'5..'}[5m])) > 30",
        "sum(increase(calls_total{status=~'5..'}[2m])) > 3",
        "histogram_quantile(0.95, sum by (le) (rate(call_duration_seconds_bucket[5m]))) > 2",
        "histogram_quantile(0.5, sum by (model, le) (rate(call_duration_seconds_bucket[2m]))) > 1",
        "sum(rate(call_duration_seconds_sum[5m])) / sum(rate(call_duration_seconds_count[5m])) > 3",
        "sum(rate(calls_total[5m])) > 1",
        "sum(increase(spend_usd_total[30m])) > 5",
        "sum(rate(spend_usd_total[5m])) * 3600 > 25",
        "sum(rate(tokens_total[5m])) * 60 > 100000",
        "sum(rate(auth_failures_total[5m])) > 0.1",
        "sum(increase(calls_total{status=~'400|401|403'}[2m])) > 12",
        "sum(rate(calls_total{status='401'}[5m])) / sum(rate(calls_total[5m])) > 0.3",
        "sum(rate(calls_total{status='429'}[5m])) / sum(rate(calls_total[5m])) > 0.25",
    ],
)
def test_a_draft_fires_and_its_near_miss_does_not(engines: Engines, expr: str) -> None:
    """Whatever a rule measures: both drills are as expected, as far as a recording shows it."""
    assert find_outcomes(engines, read(expr)) == {"a": "unobserved[]", "a-near-miss": "met[]"}


@pytest.mark.alike
@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("threshold", [0.4, 0.7, 2, 3, 6, 9.5])
def test_a_near_miss_is_found_between_any_bounds(engines: Engines, quantile: float, threshold: float) -> None:
    """Durations are chosen by the bounds of the buckets: of all calls, or of one call in so many."""
    within = "sum by (le) (rate(call_duration_seconds_bucket[2m]))"
    file = read(f"histogram_quantile({quantile}, {within}) > {threshold}")
    (drafted,) = draft(file)
    assert "TODO" not in drafted.text
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "met[]"}


def test_what_a_busy_machine_adds_moves_no_slow_call_into_another_bucket() -> None:
    """One call in so many is in the middle of a bucket, the others are far below it."""
    (drafted,) = draft(
        read("histogram_quantile(0.95, sum by (le) (rate(call_duration_seconds_bucket[2m]))) > 2")
    )
    assert "latency: {usually: 50ms, slow: 1s750ms, every: " in drafted.text
    assert "the provider is slow, only nearly enough for A." in drafted.text


def test_alerts_that_the_same_makes_fire_are_expected_too(engines: Engines) -> None:
    """Two thresholds of one ratio: past the higher, both fire; near to it, the lower one does."""
    file = read(f"{BAD} / {ALL} > 0.05", f"{BAD} / {ALL} > 0.3")
    assert find_outcomes(engines, file) == {
        "a": "unobserved[]",
        "a-near-miss": "met[]",
        "b": "unobserved[]",
        "b-near-miss": "unobserved[]",
    }


def test_recording_rules_are_followed(engines: Engines) -> None:
    """What a rule records is what its expression measures, and no metric that the target lacks."""
    more = f"  - record: bad:share5m\n    expr: {BAD} / {ALL}\n"
    file = read("bad:share5m > 0.1", more=more)
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "met[]"}


def test_several_windows_of_one_ratio_leave_the_near_miss_to_decide(engines: Engines) -> None:
    """A burn rate is fast and slow at once; a rule of two conditions has not one threshold."""
    fast = f"{BAD} / {ALL} > 0.144".replace("5m", "1m")
    file = read(f"{BAD} / {ALL} > (14.4 * 0.01) and {fast}")
    (drafted,) = draft(file)
    ((name, todo),) = drafted.todos
    assert (name, todo) == (
        "a-near-miss",
        f"delete this drill, or say what is near to it all the same: {SEVERAL}",
    )
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "todo"}


def test_a_guard_of_traffic_is_met(engines: Engines) -> None:
    """A rule that wants so many calls first gets them."""
    file = read(f"({BAD} / {ALL} and sum(increase(calls_total[5m])) >= 300) > 0.1")
    assert "rate: 1.5/s" in draft(file)[0].text
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "met[]"}


def test_a_guard_that_wants_more_than_comes_near_leaves_the_near_miss_to_decide(engines: Engines) -> None:
    """With fewer calls the rule has no value at all, which says nothing of its threshold."""
    file = read(f"({ALL} and {ALL} > 1.9) > 2")
    assert "too little for its other conditions" in draft(file)[0].text
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "todo"}


@pytest.mark.parametrize(
    ("expr", "todo"),
    [
        ("queue_size > 5", "say what moves queue_size, which is a state"),
        ("sum(rate(cache_hits_total[5m])) > 5", "say which traffic counts in cache_hits_total"),
        ("sum(rate(calls_total[5m])) < 0.1", "say when there is so little of it"),
        (f"{BAD} / {ALL} > 1.5", "it is never more than 1"),
        ("sum(rate(calls_total[5m])) > 5000", "say how to send"),
        ("sum(rate(calls_total[5m])) > sum(rate(calls_total[5m] offset 1d))", "two values with each other"),
        ("vector(1)", "it compares nothing with a number"),
        (
            "histogram_quantile(0.95, sum by (le) (rate(call_duration_seconds_bucket[5m]))) > 10",
            "no quantile is ever above its last bound",
        ),
        (
            "sum(rate(absent_metric_total[5m])) > 1",
            "absent_metric_total appears, which is nowhere in metrics.txt",
        ),
        ("sum(rate(calls_totals[5m])) > 1", "calls_total"),
        ('sum(rate(calls_total{region="eu",tier="x"}[5m])) > 1', ""),
        ("up == 0", "which command starts the gateway"),
    ],
)
def test_what_nobody_can_know_is_a_todo(expr: str, todo: str) -> None:
    """The drill says what to decide, and cannot be read until somebody has."""
    metrics = gather(
        "metrics.txt", [*((name, {}) for name in ("queue_size", "cache_hits_total")), *_list_seen()]
    )
    (drafted,) = draft(read(expr), metrics)
    assert [one for _, one in drafted.todos if todo in one][:1] or not todo
    if todo:
        with pytest.raises(BadInput, match=r"a\.yml:\d+: a is not finished: "):
            parse_drills(drafted.text, drafted.name, "own")


def _list_seen() -> list[tuple[str, Labels]]:
    """Return the series that were seen."""
    return [
        (name, {label: value})
        for name, labels in SEEN.values.items()
        for label, values in labels.items()
        for value in values
    ]


def test_a_label_value_that_was_never_seen_is_a_todo() -> None:
    """A rule that reads `reason="expired"` reads nothing of what was counted."""
    (drafted,) = draft(read('sum(rate(calls_total{model="gpt-4.1", region="eu"}[5m])) > 1'))
    assert not drafted.todos  # the label was not seen at all: it may yet come
    metrics = gather("metrics.txt", [("calls_total", {"region": "us"})])
    (drafted,) = draft(read('sum(rate(calls_total{region="eu"}[5m])) > 1'), metrics)
    assert "region is only ever us" in drafted.todos[0][1]


def test_a_rule_of_one_model_is_drilled_with_it() -> None:
    """Calls of another model would not move it."""
    (drafted,) = draft(read('sum(rate(calls_total{model="o3"}[5m])) > 1'))
    assert 'models: ["o3"]' in drafted.text


def test_two_alerts_of_a_name_are_told_apart() -> None:
    """By the labels of their rules; and each has drills of its own name."""
    rule = f"  - {{alert: A, expr: '{BAD} / {ALL} > LEVEL', labels: {{severity: SEVERITY}}}}\n"
    more = rule.replace("LEVEL", "0.1").replace("SEVERITY", "page")
    more += rule.replace("LEVEL", "0.5").replace("SEVERITY", "ticket")
    first, second = draft(read(more=more))
    assert (first.name, second.name) == ("a.yml", "a-2.yml")
    assert 'labels: {severity: "page"}' in first.text
    assert "name: a-2-near-miss" in second.text


def test_without_metrics_buckets_are_not_known() -> None:
    """It fires with twice the threshold, but what is near to it cannot be told."""
    within = "sum by (le) (rate(call_duration_seconds_bucket[2m]))"
    (drafted,) = draft(read(f"histogram_quantile(0.95, {within}) > 2"), None)
    assert [name for name, _ in drafted.todos] == ["a-near-miss"]


@pytest.mark.parametrize("name", ["Ünïcode Alért", "a" * 300, "404", "with: colon # hash", "'\"{}", "-"])
def test_whatever_an_alert_is_called_its_draft_is_read(name: str) -> None:
    """A drill's name is made of what it may be made of."""
    rule = f"  - alert: {json.dumps(name)}\n    expr: {BAD} / {ALL} > 0.1\n"
    (drafted,) = draft(read(more=rule))
    drills = parse(drafted)
    assert [drill.expects[0].alert for drill in drills] == [name, name]


@pytest.mark.alike
@pytest.mark.parametrize("window", ["1m", "10m", "1h"])
@pytest.mark.parametrize("threshold", [0.01, 0.03, 0.25, 0.4, 0.5, 0.65, 0.9, 0.99])
def test_a_share_of_any_size_is_drafted(engines: Engines, threshold: float, window: str) -> None:
    """There are as many calls in a window as keep the share where it should be; more than fit are a todo."""
    every = "1m" if window == "1h" else "15s"  # an hour has 240 evaluations otherwise
    file = read(f"{BAD} / {ALL} > {threshold}".replace("5m", window), every=every)
    (drafted,) = draft(file)
    if window == "1m" and threshold < 0.02:
        assert "say how to send" in drafted.todos[0][1]
        return
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "met[]"}


def test_a_state_of_the_last_call_is_drafted_with_all_that_fails_with_it(engines: Engines) -> None:
    """It fires in its own outage and in that of a failure ratio, and is drilled with no near miss.

    A gateway that cools its provider down makes a short failure last, and the ratio fires.
    """
    file = read("max by (litellm_model_name) (litellm_deployment_state) == 1", f"{BAD} / {ALL} > 0.05")
    state, ratio = draft(file)
    assert not state.todos + ratio.todos
    assert [[one.alert for one in drill.expects] for drill in parse(state)] == [["A", "B"]]
    assert "no near miss beside it" in " ".join(state.text.replace("#", "").split())
    assert [[one.alert for one in drill.expects] for drill in parse(ratio)] == [["B", "A"], ["B"]]
    assert find_outcomes(engines, file) == {
        "a": "unobserved[]",
        "b": "unobserved[]",
        "b-near-miss": "met[]",
    }


@pytest.mark.parametrize("for_", ["1m", "90s", "2m", "5m", "12m"])
def test_a_state_of_the_last_call_has_a_near_miss_in_time(engines: Engines, for_: str) -> None:
    """Calls fail for less than its for, then they succeed: it is pending, and never fires."""
    file = read("max by (litellm_model_name) (litellm_deployment_state) == 1", for_=for_)
    (drafted,) = draft(file)
    assert not drafted.todos
    assert "only nearly enough for A." in drafted.text
    assert find_outcomes(engines, file) == {"a": "unobserved[]", "a-near-miss": "met[]"}


@pytest.mark.parametrize("for_", ["0s", "15s", "45s"])
def test_a_state_whose_for_is_too_short_leaves_the_near_miss_to_decide(for_: str) -> None:
    """No failure is sure to be seen, and sure to be over before the alert fires."""
    (drafted,) = draft(read("litellm_deployment_state == 1", for_=for_))
    ((name, todo),) = drafted.todos
    assert (name, todo) == (
        "a-near-miss",
        f"delete this drill, or say what is near to it all the same: {TOO_SHORT_TO_FAIL}",
    )


def test_a_state_that_no_failure_brings_about_is_a_todo() -> None:
    """LiteLLM's is never 2 where a model has one deployment."""
    (drafted,) = draft(read("litellm_deployment_state == 2"))
    assert [todo for _, todo in drafted.todos] == [
        "say what makes it == 2: calls that fail make it 1",
        f"delete this drill, or say what is near to it all the same: {EQUAL}",
    ]


@pytest.mark.parametrize(
    "expr",
    [
        *(f"{BAD} / {ALL} {compared}" for compared in ("> 0.1", ">= 0", "> 0", "> 2", "< 0.5", "== 1")),
        f"1 - {BAD} / {ALL} < 0.9",
        "sum(rate(calls_total{status='401'}[5m])) / sum(rate(calls_total[5m])) > 0.3",
        "histogram_quantile(0.95, sum by (le) (rate(call_duration_seconds_bucket[5m]))) > 2",
        "histogram_quantile(0.95, sum by (le) (rate(call_duration_seconds_bucket[5m]))) < 2",
        "histogram_quantile(0.5, sum by (le) (rate(call_duration_seconds_bucket[5m]))) > 9.99",
        "sum(rate(call_duration_seconds_sum[5m])) / sum(rate(call_duration_seconds_count[5m])) > 3",
        *(
            f"sum(increase(calls_total[5m])) {compared}"
            for compared in ("> 30", "> 0", "> 1e9", "< 1", "!= 3")
        ),
        "sum(increase(auth_failures_total[5m])) > 12",
        "sum(rate(tokens_total[5m])) * 60 > 100000",
        "sum(rate(spend_usd_total[5m])) * 3600 > 25",
        "sum(rate(spend_usd_total[5m])) > 0",
        *(f"litellm_deployment_state {compared}" for compared in ("== 1", "> 0", ">= 1", "== 2", "!= 0")),
        *("up == 0", "up < 1", "absent(up)", "up == 1"),
        *(f"queue_size {compared}" for compared in ("> 5", "== 5", "< 1")),
        *("absent(calls_total)", "vector(1)", "calls_total unless up", f"{BAD} > {ALL}"),
        f"{BAD} / {ALL} > 0.1 and sum(rate(calls_total[5m])) > 1",
        f"{BAD} / {ALL} > 0.1 or up == 0",
    ],
)
@pytest.mark.parametrize("for_", ["0s", "1m", "10m"])
@pytest.mark.parametrize("metrics", [None, SEEN], ids=["unasked", "asked"])
def test_each_alert_has_a_drill_and_a_near_miss_or_what_is_left_to_decide(
    expr: str, for_: str, metrics: Metrics | None
) -> None:
    """Whatever a rule measures; and what is there is read as it will be when it is finished."""
    (drafted,) = draft(read(expr, for_=for_), metrics)
    undecided = {name for name, _ in drafted.todos}
    finished = {drill.name: drill.expects for drill in parse(drafted)}
    assert finished.keys() | undecided == {"a", "a-near-miss"}
    assert not finished.keys() & undecided
    assert not [one for one in finished.get("a", ()) if isinstance(one, NearMiss)]
    assert [one.alert for one in finished.get("a-near-miss", ()) if isinstance(one, NearMiss)] in ([], ["A"])


@pytest.mark.parametrize(
    ("counted", "is_priced"),
    [
        ([("chat", MODEL)], True),
        ([("chat", MODEL), ("chat", "gpt-4o")], False),
        ([("chat", MODEL), ("pool", "gpt-4o")], True),
        ([("summary", MODEL)], True),
        ([("summary", MODEL), ("pool", "gpt-4o")], False),
    ],
)
def test_a_model_by_another_name_has_the_price_of_what_it_is_counted_as(
    counted: list[tuple[str, str]], *, is_priced: bool
) -> None:
    """A gateway's `chat` is a model of the list, unless its series, or all if it has none, name several."""
    series = [
        ("spend_usd_total", {"requested_model": requested, "model": model}) for requested, model in counted
    ]
    around = Surroundings(
        model="chat", scrape_s=15.0, metrics=gather("metrics.txt", series), find_paging=find_paging
    )
    file = read("sum(rate(spend_usd_total[5m])) * 3600 > 25")
    (drafted,) = draft_all(list_subjects([file], around), "openai")
    assert bool(drafted.todos) is not is_priced
    assert (f"A million tokens of {MODEL} are taken" in drafted.text) is is_priced
