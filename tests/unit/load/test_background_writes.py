"""Files are written by a thread, and greenlets go on while a disk is busy."""

import logging
import os
import sys
import threading

import gevent
import pytest

from alertdrill.load import background_writes as aside
from alertdrill.load.background_writes import BackgroundStream, log_aside, replace_aside

WITHIN_S = 10.0


def test_a_file_is_replaced_whole(tmp_path):
    """A second text replaces the first and leaves no other file."""
    path = tmp_path / "report.json"
    replace_aside(path, "first, which is long")
    replace_aside(path, "second")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("report.json", "second")]


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    """It is raised where the greenlet waits."""
    with pytest.raises(FileNotFoundError):
        replace_aside(tmp_path / "none" / "report.json", "text")


def test_greenlets_go_on_while_a_disk_is_busy(tmp_path, monkeypatch):
    """The write ends only when another greenlet has run."""
    has_gone_on = threading.Event()
    seen = []
    monkeypatch.setattr(aside, "_replace", lambda *_: seen.append(has_gone_on.wait(WITHIN_S)))
    writer = gevent.spawn(replace_aside, tmp_path / "report.json", "text")
    gevent.sleep(0)
    gevent.spawn(has_gone_on.set)
    writer.get(timeout=WITHIN_S + 1)
    assert seen == [True]


def test_lines_wait_for_a_stream_that_does_not_take_them(request):
    """Whoever logs goes on at once, and every line arrives in its order."""
    reading, writing = os.pipe()
    request.addfinalizer(lambda: os.close(reading))
    text = "".join(f"line {number}\n" for number in range(40_000))
    with os.fdopen(writing, "w") as stream:
        log = BackgroundStream(stream)
        for line in text.splitlines(keepends=True):
            log.write(line)
            log.flush()
        gevent.sleep(0)
        taken = bytearray()
        reader = threading.Thread(target=lambda: take(reading, taken, len(text)))
        reader.start()
        log.settle()
        reader.join(WITHIN_S)
    assert taken.decode() == text


def test_only_what_goes_to_the_standard_error_stream_is_taken_over(tmp_path, capsys, request):
    """A user's own log file stays as it was."""
    logger = logging.getLogger("locust")
    handlers = [logging.StreamHandler(sys.stderr), logging.FileHandler(tmp_path / "own.log")]
    for handler in handlers:
        logger.addHandler(handler)
        request.addfinalizer(lambda handler=handler: logger.removeHandler(handler))
    request.addfinalizer(handlers[1].close)
    log = log_aside()
    logger.error("something")
    assert (tmp_path / "own.log").read_text() == "something\n"
    log.settle()
    assert capsys.readouterr().err == "something\n"


def take(reading, taken, total):
    """Read so many bytes."""
    while len(taken) < total:
        taken += os.read(reading, 65_536)
