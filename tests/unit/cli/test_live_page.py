"""What the page of a run is given to show, and who waits for whom."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.patience import PATIENCE_S
from support.report_records import build_record
from support.scripted_run import look

from alertdrill.cli.live_page import LivePage, open_live_page
from alertdrill.cli.main import call
from alertdrill.errors import CouldNotTell
from alertdrill.reports.html.document import describe_run
from alertdrill.runtime import page_server

RECORD = build_record()


@pytest.fixture
def page() -> Iterator[LivePage]:
    """Serve a page that nothing was shown on yet."""
    with open_live_page() as opened:
        yield opened


def read(url: str) -> tuple[int, str]:
    """Return the answer that a browser gets, which keeps the cookie it is given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
    connection.request("GET", f"/?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    connection.request("GET", "/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def read_document(page: LivePage) -> Any:
    """Return what the page shows, as data."""
    _, text = read(page.url)
    found = re.search(r'id="run-data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_before_there_is_anything_a_browser_is_told_so(page: LivePage) -> None:
    """Loading it again is enough."""
    assert read(page.url) == (503, "There is nothing to show yet. Load the page again.\n")


def test_what_was_seen_stays_while_the_end_is_read(page: LivePage) -> None:
    """When the last drill is over, the run says only what it does; the page goes on showing what was."""
    page.show(look(RECORD, 4000.0))
    before = read_document(page)
    over = replace(look(RECORD, 0.0), now_rule_s=4200.0, message="reading what happened")
    page.show(over)
    after = read_document(page)
    assert after["live"]["message"] == "reading what happened"
    assert after["pages"]["incidents"] == before["pages"]["incidents"]
    assert len(after["timeline"]["firing"]) == len(before["timeline"]["firing"])


def test_a_standing_stack_shows_what_is_new(page: LivePage) -> None:
    """It is always at its end, and something may come all the same."""
    state = replace(look(RECORD, 2000.0), endless=True, until_s=2000.0, events=())
    page.show(replace(state, notifications=()))
    page.show(state)
    assert read_document(page)["pages"]["incidents"]


def test_a_run_that_is_over_is_shown_as_its_report(page: LivePage) -> None:
    """The very document that report.html draws."""
    document = describe_run(RECORD, [], {})
    page.show(look(RECORD, 4000.0))
    page.conclude(document)
    assert read_document(page) == json.loads(json.dumps({**document, "version": 1}))


def test_who_shows_a_run_elsewhere_goes_on_showing_it(page: LivePage) -> None:
    """The terminal keeps its board."""
    seen: list[object] = []
    state = look(RECORD, 60.0)
    page.follow(seen.append)(state)
    assert seen == [state]
    assert read_document(page)["live"]["now"] == 60.0


def test_no_port_is_said_and_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, with the reason; the address here is one that no machine has."""
    monkeypatch.setattr(page_server, "HOST", "192.0.2.1")
    said = r"the page to watch the run on has no port: .*192\.0\.2\.1"
    with pytest.raises(CouldNotTell, match=said), open_live_page():
        pass


def test_a_replay_is_over_before_it_could_be_watched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--ui beside --replay is refused."""
    (tmp_path / "x").touch()
    with pytest.raises(SystemExit) as end:
        call(["run", "--ui", "--replay", str(tmp_path / "x")])
    assert end.value.code == 2
    assert "--ui is for drills on a stack, and --replay starts none" in capsys.readouterr().err
