"""`alertdrill init`: what it asks and of whom, what it refuses, and that nothing is written then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.answering import Answer, serve
from support.whole_runs import ROOT

from alertdrill.cli import target_metrics
from alertdrill.cli.main import cli
from alertdrill.errors import AlertdrillError, BadInput, CannotWrite, ComponentFailed, RequestRefused
from alertdrill.project.drafting import metrics
from alertdrill.project.reading import read_project
from alertdrill.rules.files import read_rules
from alertdrill.runtime import http_client

RULES = """\
groups:
- name: g
  rules:
  - {alert: Busy, expr: "sum(rate(calls_total[5m])) > 1"}
"""
EXPOSITION = b'# TYPE calls_total counter\ncalls_total{model="gpt-4.1"} 3\n# TYPE other_total counter\n'
SHIPPED = sorted((ROOT / "harness" / "alertdrill" / "systems").glob("*/rules.yml"))


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULES)


def init(*arguments: str, rules: str = "rules.yml") -> Result:
    """Call `alertdrill init`; what it raises is raised."""
    return CliRunner().invoke(
        cli, ["init", "--rules", rules, *arguments], catch_exceptions=False, standalone_mode=False
    )


def refuse(error: type[AlertdrillError], match: str, *arguments: str, rules: str = "rules.yml") -> None:
    """Demand that it is refused so, and writes nothing."""
    with pytest.raises(error, match=match):
        init(*arguments, rules=rules)
    assert not Path("alertdrill.toml").exists()
    assert not Path("drills").exists()


def answer_metrics(path: str, _: str | None) -> Answer:
    """Answer as LiteLLM does: metrics a slash further, and ready at its own path."""
    if path == "/metrics":
        return 307, b"", {"Location": "/metrics/"}
    if path in {"/metrics/", "/health/readiness"}:
        return 200, EXPOSITION, {}
    return 404, b"", {}


def test_the_target_is_asked_where_its_metrics_are_and_when_it_is_ready() -> None:
    """A redirect to the path with a slash is what is scraped."""
    with serve(answer_metrics) as url:
        assert init("--url", url).exit_code == 0
    project = read_project(Path("alertdrill.toml"))
    assert project.target is not None
    assert (project.target.url, project.target.ready) == (url, "/health/readiness")
    assert [scrape.path for scrape in project.scrapes] == ["/metrics/"]


@pytest.mark.parametrize("ready", ["/health/readiness", "/readyz", "/healthz", "/health", "/v1/models", "/"])
@pytest.mark.parametrize("given", [(), ("--metrics", "m.txt")], ids=["asked", "file"])
def test_the_path_that_answers_is_the_one_that_is_written(ready: str, given: tuple[str, ...]) -> None:
    """Whatever it is, and whether the metrics are the target's answer or a file."""
    Path("m.txt").write_bytes(EXPOSITION)

    def answer(path: str, _: str | None) -> Answer:
        return (200, EXPOSITION, {}) if path in {"/metrics", ready} else (404, b"", {})

    with serve(answer) as url:
        assert "ready" not in init("--url", url, *given).output
    project = read_project(Path("alertdrill.toml"))
    assert project.target is not None
    assert project.target.ready == ready


def test_where_no_path_answers_it_says_what_it_asked() -> None:
    """And writes none that it does not know; the run asks without a key, and so does it."""
    with serve(lambda path, _: (200, EXPOSITION, {}) if path == "/metrics" else (401, b"", {})) as url:
        said = init("--url", url).output
    asked = ", ".join(f"{path} (401)" for path in target_metrics.READY_PATHS)
    assert f"{url} was asked without a key for {asked}, and answers 2xx to none of them" in said
    assert "\n# ready = " in Path("alertdrill.toml").read_text()


def test_a_target_that_is_away_is_no_reason_to_draft_nothing_where_there_is_a_file() -> None:
    """But nobody knows when it is ready, and that is said."""
    Path("m.txt").write_bytes(EXPOSITION)
    said = init("--url", "http://127.0.0.1:1", "--metrics", "m.txt").output
    assert "http://127.0.0.1:1 was asked for /health/readiness: the target" in said
    assert "\n# ready = " in Path("alertdrill.toml").read_text()


def test_a_key_is_sent_to_the_target_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics of another address are asked for without it; and no file has it."""
    monkeypatch.setenv("KEY", "the-secret")
    seen: list[str | None] = []

    def note(path: str, authorization: str | None) -> Answer:
        seen.append(authorization)
        return answer_metrics("/metrics/" if path == "/metrics" else path, None)

    with serve(note) as url:
        init("--url", url, "--key-env", "KEY", "--out", "own")
        assert seen[0] == "Bearer the-secret"
        seen.clear()
        init(
            "--url", "http://127.0.0.1:9", "--metrics", f"{url}/metrics", "--key-env", "KEY", "--out", "other"
        )
        assert seen == [None]
    written = [path.read_text() for path in Path().rglob("*") if path.is_file()]
    assert not any("the-secret" in text for text in written)
    (scrape,) = read_project(Path("other/alertdrill.toml")).scrapes
    assert scrape.targets == (url.removeprefix("http://"),)


@pytest.mark.parametrize(
    ("answer", "error", "match"),
    [
        ((401, b"no key", {}), ComponentFailed, "answered 401 to /metrics: no key: it wants a key"),
        ((500, b"oh", {}), RequestRefused, "answered 500"),
        ((200, b"<html><body>hi</body></html>", {}), BadInput, "no exposition of metrics"),
        ((200, b"", {}), BadInput, "there are no metrics in it"),
        ((200, b"\xff\xfe\x00", {}), BadInput, "no exposition of metrics"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), RequestRefused, "answered 302"),
    ],
)
def test_a_target_that_answers_something_else_is_named(
    answer: Answer, error: type[AlertdrillError], match: str
) -> None:
    """What it said, and what to do."""
    with serve(lambda *_: answer) as url:
        refuse(error, match, "--url", url)


def test_a_target_that_is_away_is_named() -> None:
    """Nothing can be told of metrics that nobody shows."""
    refuse(ComponentFailed, "cannot be reached", "--url", "http://127.0.0.1:1")


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is behind the address."""
    monkeypatch.setattr(http_client, "MAX_ANSWER_BYTES", 1024 * 1024)
    with serve(lambda *_: (200, b"a_total 1\n" * 1024 * 1024, {})) as url:
        refuse(ComponentFailed, "answered more than", "--url", url)


def test_too_many_series_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of them is bounded as well."""
    monkeypatch.setattr(metrics, "MAX_SERIES", 1000)
    Path("m.txt").write_text("".join(f'a_total{{n="{number}"}} 1\n' for number in range(1001)))
    refuse(BadInput, "more than 1000 series", "--metrics", "m.txt")


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is parsed."""
    monkeypatch.setattr(target_metrics, "MAX_BYTES", 10)
    Path("m.txt").write_text("calls_total 1\n")
    refuse(BadInput, "larger than 10 bytes", "--metrics", "m.txt")


def test_a_recording_tells_the_metrics_too() -> None:
    """What was recorded of a Prometheus knows names, labels and buckets."""
    Path("m.om").write_text("# TYPE calls_total unknown\ncalls_total 0 0\ncalls_total 5 60\n# EOF\n")
    assert "to decide" not in init("--metrics", "m.om").output


def test_openmetrics_of_one_scrape_are_an_exposition() -> None:
    """They end as a recording does, and have no times."""
    Path("m.txt").write_text("# TYPE calls counter\ncalls_total 5\n# EOF\n")
    assert "to decide" not in init("--metrics", "m.txt").output


def test_rules_in_a_pipe_are_refused() -> None:
    """A run would find nothing in it."""
    os.mkfifo("pipe")
    refuse(BadInput, "pipe: is no regular file", rules="pipe")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("groups: [", r"rules\.yml:1"),
        ("groups:\n- {name: g, rules: [{record: a, expr: b}]}\n", "there are no alerts"),
        ('groups:\n- {name: g, rules: [{alert: A, expr: "sum("}]}\n', r"rules\.yml:2: .* unclosed"),
    ],
)
def test_rules_that_cannot_be_drilled_are_refused(text: str, match: str) -> None:
    """With file and line."""
    Path("rules.yml").write_text(text)
    refuse(BadInput, match)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("--provider", "Open AI"), "--provider"),
        (("--model", ""), "--model"),
        (("--model", "a\nb"), "--model"),
        (("--key-env", "sk-123 45"), "and not the key"),
        (("--url", "ftp://x"), "--url wants"),
        (("--url", "http://u:p@127.0.0.1:1"), "without credentials"),
        (("--metrics", "missing.txt"), r"missing\.txt: the metrics cannot be read"),
        (("--url", "http://127.0.0.1:1", "--key-env", "NOT_SET_HERE"), "NOT_SET_HERE"),
    ],
)
def test_what_a_project_could_not_have_is_refused(arguments: tuple[str, ...], match: str) -> None:
    """Before anything is asked or written."""
    refuse(BadInput, match, *arguments)


def test_a_folder_that_cannot_be_is_named() -> None:
    """A file stands in its place."""
    Path("file").write_text("")
    refuse(CannotWrite, "file", "--out", "file/below")


def test_what_is_there_as_it_would_be_written_is_left_alone() -> None:
    """Called twice it does the same, and a changed draft stops it: nothing else is written either."""
    init()
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*.yml")}
    assert init().exit_code == 0
    assert before == {path: path.stat().st_mtime_ns for path in Path().rglob("*.yml")}
    Path("drills/busy.yml").write_text("drills: []\n")
    Path("alertdrill.toml").unlink()
    with pytest.raises(BadInput, match=r"drills/busy\.yml: there already, and init overwrites nothing"):
        init()
    assert not Path("alertdrill.toml").exists()


def test_a_receiver_that_notifies_nobody_is_a_todo() -> None:
    """An alert that is routed to it pages nobody, so no drill could see it paged."""
    Path("alertmanager.yml").write_text("route: {receiver: 'null'}\nreceivers: [{name: 'null'}]\n")
    assert (
        "is routed to 'null', which notifies nobody"
        in init("--alertmanager-config", "alertmanager.yml").output
    )


def test_all_receivers_that_the_routes_give_are_drafted() -> None:
    """A route that continues pages one, and the next another; one that notifies nobody is left out."""
    Path("alertmanager.yml").write_text(
        """\
route:
  receiver: mail
  group_by: [alertname]
  routes:
  - {matchers: [team = llm], receiver: oncall, continue: true, group_interval: 10m}
  - {matchers: [team = llm], receiver: 'null', continue: true}
  - {matchers: [team = llm], receiver: chat, mute_time_intervals: [weekends]}
time_intervals: [{name: weekends, time_intervals: [{weekdays: [saturday, sunday]}]}]
receivers:
- {name: mail, webhook_configs: [{url: "http://127.0.0.1:1/"}]}
- {name: oncall, webhook_configs: [{url: "http://127.0.0.1:1/"}]}
- {name: chat, webhook_configs: [{url: "http://127.0.0.1:1/"}]}
- {name: 'null'}
"""
    )
    Path("rules.yml").write_text(RULES.replace('"}', '", labels: {team: llm}}'))
    assert "to decide" not in init("--alertmanager-config", "alertmanager.yml").output
    text = Path("drills/busy.yml").read_text()
    assert (
        "        # chat is not paged while a time interval mutes its route: weekends.\n"
        '        pages: ["oncall", "chat"]\n'
    ) in text
    assert "        closes_within: 13m # group_interval is 10m\n" in text


def test_the_model_is_one_that_the_target_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is asked for with the key, of the target alone; metrics tell which of it is called."""
    monkeypatch.setenv("KEY", "the-secret")
    asked: dict[str, str | None] = {}

    def answer(path: str, authorization: str | None) -> Answer:
        asked[path] = authorization
        if path == "/v1/models":
            return 200, b'{"data": [{"id": "small"}, {"id": "gpt-main"}, {"id": 7}]}', {}
        return answer_metrics(path, None)

    with serve(answer) as url:
        said = init("--url", url, "--key-env", "KEY").output
    assert f"model: small, the first of the 2 that {url}/v1/models lists; --model takes another\n" in said
    assert 'models: ["small"]' in Path("drills/busy.yml").read_text()
    assert asked["/v1/models"] == "Bearer the-secret"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 1}', b'{"data": ["a"]}', b"\xff"])
def test_a_list_that_is_none_names_no_model(body: bytes) -> None:
    """It is as if the gateway had none: the metrics tell."""
    with serve(
        lambda path, _: (200, body, {}) if path == "/v1/models" else answer_metrics(path, None)
    ) as url:
        assert f"model: gpt-4.1, the only one that {url}/metrics/ names (model)" in init("--url", url).output


def test_two_hundred_rules_are_drafted_and_read() -> None:
    """What is drafted of whatever rules, `alertdrill run --explain` reads."""
    kinds = [
        'sum(rate(calls_total{{status=~"5.."}}[5m])) / sum(rate(calls_total[5m])) > 0.{number:03}1',
        "sum(rate(calls_total[5m])) > {number}",
        "histogram_quantile(0.9, sum by (le) (rate(call_duration_seconds_bucket[5m]))) > {number}",
        "queue_length > {number}",
        "up == 0",
    ]
    rules = "".join(
        f"  - {{alert: A{number}, for: 5m, expr: '{kinds[number % 5].format(number=number + 1)}'}}\n"
        for number in range(200)
    )
    Path("rules.yml").write_text(f"groups:\n- name: g\n  rules:\n{rules}")
    assert init().exit_code == 0
    explained = CliRunner().invoke(cli, ["run", "--explain"], catch_exceptions=False, standalone_mode=False)
    assert explained.exit_code == 0
    assert explained.output.count("which is a state") == 40


@pytest.mark.parametrize("rules", SHIPPED, ids=[path.parent.name for path in SHIPPED])
def test_whatever_is_shipped_is_drafted_and_read(rules: Path) -> None:
    """The house's own rules are as anybody's: each alert has its file, and all of them are read."""
    assert init(rules=str(rules)).exit_code == 0
    assert len(list(Path("drills").iterdir())) == len(read_rules(rules).alerts)
    explained = CliRunner().invoke(cli, ["run", "--explain"], catch_exceptions=False, standalone_mode=False)
    assert explained.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), ""), (("--out", "."), ""), (("--out", "new"), " --project-file new/alertdrill.toml")],
)
def test_what_comes_next_finds_the_project(arguments: tuple[str, ...], said: str) -> None:
    """A project in another folder is named, for it is not found from here."""
    assert init(*arguments).output.splitlines()[-2] == f"next: alertdrill run --explain{said}"
