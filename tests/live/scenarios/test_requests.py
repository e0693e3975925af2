"""What a script's requests become on the wire: method, path, body, prefix; and what it learns of answers."""

from __future__ import annotations

import json
import time

from support.locust_nursery import STARTS_IN_WALL_S

MINUTE = [{"duration_s": 60, "rate_per_s": 1}]
WATCH = '''
import json

from alertdrill.load.script import OrdinaryScript, Request
from alertdrill.load.users import ScenarioUser


class WatchScript(OrdinaryScript):
    """Starts something, asks after it, and deletes it."""

    learnt = "nothing"

    def __init__(self):
        super().__init__(calls=None)

    def list_keys(self):
        return ("k",)

    def token(self, at_s, keyring):
        return keyring.token("k")

    def request(self, index):
        if index == 0:
            return Request(method="POST", path="/v1/chat/completions", body=json.dumps({"index": index}))
        method = "GET" if index == 1 else "DELETE"
        return Request(method=method, path=f"/v2/runs/{self.learnt}", body=None)

    def note_answer(self, index, status, body):
        self.learnt = f"{index}-{status}-{'choices' in json.loads(body)}"


class Watch(ScenarioUser):
    """The scenario `watch`."""

    scenario = "watch"
    flags = ()

    @classmethod
    def script(cls, fields):
        return WatchScript()
'''


def perform_watch(run_locust, tmp_path, **fields):
    """Have Locust perform three requests of the scenario above, in order; return what it reports of them."""
    (tmp_path / "watch.py").write_text(WATCH)
    report = tmp_path / "report.json"
    profile = {
        "name": "watched",
        "scenario": "watch",
        "start_s": 0,
        "stages": [{"duration_s": 180, "rate_per_s": 1 / 60}],
        **fields,
    }
    plan = {
        "speed": 60,
        "origin_s": time.time() + STARTS_IN_WALL_S,
        "seed": 1,
        "report": str(report),
        "profiles": [profile],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    ended = run_locust(str(tmp_path / "watch"), options=("--plan", str(tmp_path / "plan.json")))
    assert ended.returncode == 0, ended.stderr
    return json.loads(report.read_text())["profiles"]["watched"]


def test_a_script_says_method_path_and_body(run_locust, fake_gateway, tmp_path):
    """Each request goes out as its script has it, with the token; the script has seen the answer before."""
    report = perform_watch(run_locust, tmp_path)
    assert report["statuses"] == {"200": 1, "404": 1, "401": 1}
    shown = [(seen.method, seen.path, seen.key, seen.body) for seen in fake_gateway.seen[1:]]
    assert shown == [
        ("POST", "/v1/chat/completions", "k", {"index": 0}),
        ("GET", "/v2/runs/0-200-True", "k", None),
        ("DELETE", "/v2/runs/1-404-False", "k", None),
    ]


def test_requests_go_through_the_profiles_prefix(run_locust, fake_gateway, tmp_path):
    """The prefix is put before the path, whatever the method, and not before the administration's."""
    perform_watch(run_locust, tmp_path, prefix="two")
    assert [seen.path for seen in fake_gateway.seen] == [
        "/admin/keys",
        "/two/v1/chat/completions",
        "/two/v2/runs/0-200-True",
        "/two/v2/runs/1-404-False",
    ]


def test_each_profile_has_its_own_prefix(perform, fake_gateway):
    """Load profiles of one scenario go under their own prefixes, or under none."""
    options = {"models": ["openai:gpt-4o"], "key": "k"}
    profiles = [
        {"name": name, "scenario": "steady", "stages": MINUTE, "options": options} for name in ("a", "b", "c")
    ]
    report = perform(profiles[0] | {"prefix": "one"}, profiles[1] | {"prefix": "two"}, profiles[2])
    assert {name: profile["statuses"] for name, profile in report.items()} == {
        name: {"200": 60} for name in "abc"
    }
    paths = [seen.path for seen in fake_gateway.calls]
    assert {path: paths.count(path) for path in paths} == {
        "/one/v1/chat/completions": 60,
        "/two/v1/chat/completions": 60,
        "/v1/chat/completions": 60,
    }
