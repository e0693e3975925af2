"""Where a project file says that a Prometheus and an Alertmanager run already."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.project_files import write_project

from alertdrill.errors import BadInput
from alertdrill.project.reading import read_project

PROMETHEUS = '[prometheus]\nurl = "http://127.0.0.1:9090/"\nkey = {env = "TOKEN"}\n'
ALERTMANAGER = '[alertmanager]\nurl = "http://127.0.0.1:9093"\n'
PAGED = 'pager = "127.0.0.1:9199"\nreceivers = ["oncall"]\n'


def test_both_are_read(tmp_path: Path) -> None:
    """The key is read when it is sent, as the bearer's."""
    project = read_project(write_project(tmp_path, PROMETHEUS + ALERTMANAGER + PAGED))
    assert project.prometheus is not None
    assert project.running_alertmanager is not None
    assert project.prometheus.url == "http://127.0.0.1:9090"
    assert project.prometheus.read_headers({"TOKEN": "secret"}) == {"Authorization": "Bearer secret"}
    assert project.running_alertmanager.receivers == ("oncall",)
    assert project.running_alertmanager.pager == "127.0.0.1:9199"
    assert project.alertmanager is None


def test_a_file_is_still_the_config_of_one_that_is_started(tmp_path: Path) -> None:
    """`alertmanager = "FILE"` beside a Prometheus that runs already is no table."""
    project = read_project(write_project(tmp_path, 'alertmanager = "alertmanager.yml"\n' + PROMETHEUS))
    assert project.alertmanager == tmp_path / "alertmanager.yml"
    assert project.running_alertmanager is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed = 10\n" + PROMETHEUS, ":2: the Prometheus at http://127.0.0.1:9090 evaluates its rules at"),
        (ALERTMANAGER, ":1: [alertmanager] has the url of one that runs already, and a Prometheus that"),
        (
            PROMETHEUS + ALERTMANAGER + 'pager = "127.0.0.1:9199"\n',
            ":4: [alertmanager] wants both or",
        ),
        (PROMETHEUS + ALERTMANAGER + PAGED.replace("9199", "99999"), ":6: pager of [alertmanager] is"),
        (PROMETHEUS + 'headers = {Authorization = {env = "A"}}\n', ":1: [prometheus] has both a key and"),
        (PROMETHEUS + "interval = 3\n", ":4: [prometheus] has a field 'interval', which is unknown"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is told before anybody is asked."""
    with pytest.raises(BadInput) as raised:
        read_project(write_project(tmp_path, text))
    assert said in str(raised.value)
