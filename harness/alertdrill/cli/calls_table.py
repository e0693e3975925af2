"""What became of calls that were sent by hand, as a table for people; latencies are in wall time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from rich.table import Table
from rich.text import Text

from alertdrill.core.wording import printable, say_number
from alertdrill.runner.hand_traffic import ANSWERS_WITHIN_WALL_S, count_open
from alertdrill.runner.traffic import ProfileReport, TokenTimes

NO_ANSWER = "0"


def say_progress(report: ProfileReport | None) -> str:
    """Return what became of the calls so far, in a line."""
    if report is None:
        return "Starting"
    answered = sum(report.statuses.values())
    unwelcome = f", {report.unwelcome} not as wanted" if report.unwelcome else ""
    said = f"{report.sent} of {report.planned} calls sent, {answered} answered or given up{unwelcome}"
    return f"{said}; {say_wait(report)}" if report.sent == report.planned and count_open(report) else said


def say_wait(report: ProfileReport) -> str:
    """Say what is waited for when all calls are sent, and for how long at most."""
    answers = say_number(count_open(report), "answer")
    return f"waiting for {answers}, until {ANSWERS_WITHIN_WALL_S:.0f} s after the last call was due"


def tabulate_calls(
    report: ProfileReport, said: Mapping[str, str], *, speed: float, tokens: TokenTimes | None = None
) -> Iterator[Table | Text]:
    """Yield the lines of what became of the calls; `said` is what was first said with unwelcome statuses."""
    yield Text(f"{report.sent} of {say_number(report.planned, 'call')} sent, {_say_answers(report)}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("answer", no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("first said", overflow="fold")
    for status, count in report.statuses.items():
        table.add_row(_say_status(status), str(count), Text(printable(said.get(status, "")), style="dim"))
    if report.statuses:
        yield table
    if report.latency_p50_s is not None and report.latency_p99_s is not None:
        wall = [
            value / speed for value in (report.latency_p50_s, report.latency_p99_s, *report.slowest_s[:1])
        ]
        yield Text("latency: median {:.3g} s, p99 {:.3g} s, slowest {:.3g} s".format(*wall))
    if tokens is not None:
        yield Text(_say_tokens(tokens, speed))
    if report.late:
        yield Text(
            f"{say_number(report.late, 'call')} left too late, by up to "
            f"{(report.lateness_max_s or 0) / speed:.3g} s: this machine, or this speed, is too much",
            style="yellow",
        )


def _say_tokens(tokens: TokenTimes, speed: float) -> str:
    """Say how long streamed answers kept their readers waiting, in wall time."""
    first = [value / speed for value in (tokens.first_token_p50_s, tokens.first_token_p99_s)]
    said = f"first token of {say_number(tokens.streams, 'stream')}: "
    said += "median {:.3g} s, p99 {:.3g} s".format(*first)
    if tokens.between_tokens_p50_s is None or tokens.between_tokens_p99_s is None:
        return said
    between = [value / speed for value in (tokens.between_tokens_p50_s, tokens.between_tokens_p99_s)]
    return said + "; between tokens: median {:.3g} s, p99 {:.3g} s".format(*between)


def _say_answers(report: ProfileReport) -> str:
    """Say how many answers were not as wanted, and how many calls have none: those are not among them."""
    unanswered = count_open(report)
    if not unanswered:
        return f"{report.unwelcome} not as wanted"
    if unanswered == report.sent:
        return "none of them answered"
    return f"{unanswered} of them not answered, {report.unwelcome} not as wanted"


def _say_status(status: str) -> Text:
    if status == NO_ANSWER:
        return Text("none", style="red")
    try:
        phrase = HTTPStatus(int(status)).phrase
    except ValueError:
        phrase = ""
    return Text(status).append(f" {phrase}", style="dim")
