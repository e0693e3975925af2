"""Writes a draft as the YAML of a drill file, with comments that say why each value was chosen. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alertdrill.core.rule import Labels
from alertdrill.project.drafting.alerts import Subject
from alertdrill.project.drafting.levels import Level
from alertdrill.project.drafting.measures import PROMPT_TOKENS
from alertdrill.project.drafting.timing import Firing, Times
from alertdrill.rules.promql.expressions import format_duration, metric_name

WIDTH = 100
SHORT_S = 60.0
"""What Alertmanager may wait without a drill having to say so."""
SPARE_S = 180.0
"""How soon a page is expected after what Alertmanager waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """An alert that a drill expects to fire, and when."""

    subject: Subject
    firing: Firing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A drill of an alert: at its `level` the `fires` fire, and with `near` the alert itself only comes near.

    `pending` is for how long it is past its threshold, of one that is ended before it would fire.
    """

    name: str
    subject: Subject
    provider: str
    level: Level
    times: Times
    fires: tuple[Fire, ...]
    is_near_miss: bool = False
    pending: tuple[float, float] | None = None
    todos: tuple[str, ...] = ()


def quote(text: str) -> str:
    """Return a text as YAML has it, in a line."""
    return json.dumps(text, ensure_ascii=False)


def write_labels(labels: Labels) -> str:
    """Return labels as a mapping in a line."""
    return "{" + ", ".join(f"{name}: {quote(value)}" for name, value in labels.items()) + "}"


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Yield a text as comments, broken at spaces."""
    line = ""
    for word in " ".join(text.split()).split(" "):
        if line and len(indent) + len(line) + len(word) > WIDTH - 3:
            yield f"{indent}# {line}"
            line = ""
        line = f"{line} {word}" if line else word
    yield f"{indent}# {line}"


def write_file(subject: Subject, drafts: Sequence[Draft], notes: Iterable[str]) -> str:
    """Return the text of the file that has the drills of an alert."""
    rule = subject.rule
    lines = [*comment(f"{rule.name}, of {rule.source}: {rule.expr}")]
    lines += comment(_say_read(subject))
    for note in notes:
        lines += comment(note)
    lines += comment("Drafted by alertdrill init: change whatever you know better.")
    lines.append("drills:")
    for draft in drafts:
        lines += write_drill(draft)
    return "\n".join(lines) + "\n"


def write_drill(draft: Draft) -> Iterator[str]:
    """Yield the lines of a drill."""
    yield f"  - name: {draft.name}"
    yield f"    why: {quote(say_why(draft))}"
    if draft.todos:
        yield f"    todo: {quote('; '.join(draft.todos))}"
    yield from _write_traffic(draft)
    yield from _write_changes(draft)
    if draft.level.then.is_down:
        lasts = format_duration(draft.times.ends_s - draft.times.begins_s)
        yield "    outages:"
        at = format_duration(draft.times.begins_s)
        yield f"      - {{part: gateway, at: {at}, lasts: {lasts}, how: pause}}"
    yield "    expect:"
    if draft.is_near_miss:
        yield from _write_near_miss(draft)
    for number, fire in enumerate(draft.fires):
        if fire.subject is draft.subject:
            yield from comment(_say_bounds(fire, draft.times), "      ")
        elif number == 0 or draft.fires[number - 1].subject is draft.subject:
            yield from comment("The same makes these fire, too.", "      ")
        yield from _write_fire(fire)
    if not draft.level.then.rate_per_s and not draft.level.then.scan_per_s:
        yield f"    lasts: {format_duration(draft.times.lasts_s + 60)}"


def say_why(draft: Draft) -> str:
    """Say what happens in a drill."""
    name, then = draft.subject.rule.name, draft.level.then
    lasts = format_duration(draft.times.ends_s - draft.times.begins_s)
    end = f"only nearly enough for {name}" if draft.is_near_miss else f"and {name} fires"
    if draft.subject.recognised is None:
        return f"What {'nearly ' if draft.is_near_miss else ''}makes {name} fire lasts {lasts}."
    if then.is_down:
        return f"The gateway does not answer for {lasts}, {end}."
    if then.share:
        what = "every call" if then.share == 1 else f"{then.share:.3g} of the calls"
        if draft.level.every is not None:
            what = f"one call in {draft.level.every}"
        return f"For {lasts} {what} to the provider fails, {end}."
    if then.scan_per_s:
        return f"For {lasts} somebody tries keys that are none, {end}."
    if then.slow_every is not None:
        return f"For {lasts} one call in {then.slow_every} to the provider is slow, {end}."
    if then.high_s != draft.level.before.high_s:
        return f"For {lasts} the provider answers slowly, {end}."
    if then.tokens:
        return f"For {lasts} answers are long, {end}."
    return f"For {lasts} there are more calls, {end}."


def _write_traffic(draft: Draft) -> Iterator[str]:
    before, then, times = draft.level.before, draft.level.then, draft.times
    models = f"models: [{quote(draft.subject.model)}]"
    tokens = f", max_tokens: {then.tokens - PROMPT_TOKENS}" if then.tokens else ""
    lines = []
    if before.rate_per_s == then.rate_per_s and then.rate_per_s:
        lines.append(
            f"{{scenario: steady, {models}, rate: {_rate(then.rate_per_s)}, "
            f"lasts: {format_duration(times.lasts_s)}{tokens}}}"
        )
    elif then.rate_per_s:
        spans = (
            (before.rate_per_s, times.begins_s),
            (then.rate_per_s, times.ends_s - times.begins_s),
            (before.rate_per_s, times.lasts_s - times.ends_s),
        )
        stages = ", ".join(
            f"{{rate: {_rate(rate)}, lasts: {format_duration(lasts)}}}" for rate, lasts in spans
        )
        lines.append(f"{{scenario: steady, {models}, stages: [{stages}]{tokens}}}")
    if then.scan_per_s:
        lines.append(
            f"{{scenario: auth_scan, {models}, at: {format_duration(times.begins_s)}, "
            f"rate: {_rate(then.scan_per_s)}, lasts: {format_duration(times.ends_s - times.begins_s)}, "
            "refused: [400, 401, 403]}"
        )
    if not lines:
        return
    yield "    traffic:"
    if draft.level.why:
        yield from comment(f"{draft.level.why}.", "      ")
    yield from (f"      - {line}" for line in lines)


def _write_changes(draft: Draft) -> Iterator[str]:
    told = _say_behaviour(draft.level)
    if told is None:
        return
    times, pace = draft.times, draft.subject.pace
    provider = draft.provider
    yield "    changes:"
    if draft.level.before.tokens:
        few = (
            f"completion_tokens: {draft.level.before.tokens - PROMPT_TOKENS}, prompt_tokens: {PROMPT_TOKENS}"
        )
        yield f"      - {{at: 0s, provider: {provider}, {few}}}"
    window = f"The window of {format_duration(pace.window_s)} has" if pace.window_s else "Everything has"
    yield from comment(
        f"{window} filled with healthy calls by then, and there is a minute to spare.", "      "
    )
    yield f"      - {{at: {format_duration(times.begins_s)}, provider: {provider}, {told}}}"
    if draft.level.before.tokens:
        yield f"      - {{at: {format_duration(times.ends_s)}, provider: {provider}, {few}}}"
    else:
        yield f"      - {{at: {format_duration(times.ends_s)}, provider: {provider}, healthy: true}}"


def _say_behaviour(level: Level) -> str | None:
    then = level.then
    if then.share:
        which = f"every: {level.every}" if level.every is not None else f"share: {then.share * 100:.3g}%"
        return f"errors: {{class: {then.error}, {which}}}"
    if then.high_s != level.before.high_s:
        usual, slow = _seconds(then.low_s), _seconds(then.high_s)
        if then.slow_every is not None:
            return f"latency: {{usually: {usual}, slow: {slow}, every: {then.slow_every}}}"
        if then.low_s == then.high_s:
            return f"latency: {slow}"
        return f"latency: {{from: {usual}, to: {slow}}}"
    if then.tokens:
        return f"completion_tokens: {then.tokens - PROMPT_TOKENS}, prompt_tokens: {PROMPT_TOKENS}"
    return None


def _write_near_miss(draft: Draft) -> Iterator[str]:
    subject = draft.subject
    least, most = draft.level.reaches
    if draft.pending is not None:
        span = f"{format_duration(draft.pending[0])}..{format_duration(draft.pending[1])}"
        near = f"{{reaches: 0, pending: {span}}}"
        why = f"It ends before its `for` of {format_duration(subject.pace.for_s)} has passed."
    else:
        near = f"{{reaches: {least * 100:.3g}%..{most * 100:.3g}%}}"
        lasts = format_duration(draft.times.ends_s - draft.times.begins_s)
        why = f"As long as would be enough for it to fire ({lasts}), and short of its threshold."
    yield from comment(why, "      ")
    labels = f", labels: {write_labels(subject.labels)}" if subject.labels else ""
    yield f"      - {{alert: {quote(subject.rule.name)}{labels}, near_miss: {near}}}"


def _say_bounds(fire: Fire, times: Times) -> str:
    """Say why an alert fires when it is expected to."""
    pace = fire.subject.pace
    window = f"its window ({format_duration(pace.window_s)}), " if pace.window_s else ""
    begins, ends = format_duration(times.begins_s), format_duration(times.ends_s)
    return (
        f"It begins at {begins}. At the earliest its `for` ({format_duration(pace.for_s)}) passes; at the "
        f"latest {window}two scrapes ({format_duration(2 * pace.scrape_s)}) and two evaluations "
        f"({format_duration(2 * pace.interval_s)}) besides. From {ends} on all is well, and it "
        "resolves as late."
    )


def _write_fire(fire: Fire) -> Iterator[str]:
    subject, firing = fire.subject, fire.firing
    yield f"      - alert: {quote(subject.rule.name)}"
    if subject.labels:
        yield f"        labels: {write_labels(subject.labels)}"
    yield f"        fires: {format_duration(firing.fires_from_s)}..{format_duration(firing.fires_by_s)}"
    for receiver, intervals in subject.paging.intervals.items():
        muting = f"{receiver} is not paged while a time interval mutes its route: {', '.join(intervals)}."
        yield from comment(muting, "        ")
    names = ", ".join(quote(name) for name in subject.paging.receivers)
    yield f"        pages: {names if len(subject.paging.receivers) == 1 else f'[{names}]'}"
    yield from _write_wait("pages_within", "group_wait", subject.paging.wait_s)
    yield f"        resolves_by: {format_duration(firing.resolves_by_s)}"
    yield from _write_wait("closes_within", "group_interval", subject.paging.interval_s)


def _write_wait(key: str, setting: str, waits_s: float) -> Iterator[str]:
    """Yield how late a page may be, where Alertmanager waits longer than is usual."""
    if waits_s > SHORT_S:
        yield f"        {key}: {format_duration(waits_s + SPARE_S)} # {setting} is {format_duration(waits_s)}"


def _say_read(subject: Subject) -> str:
    """Say which metrics a rule reads, and by which labels."""
    said: dict[str, dict[str, None]] = {}
    for node in subject.reads:
        labels = said.setdefault(metric_name(node) or "metrics of a pattern", {})
        labels.update(
            dict.fromkeys(matcher.name for matcher in node.matchers.matchers if matcher.name != "__name__")
        )
    if not said:
        return "It reads no metric."
    parts = [f"{name} ({', '.join(labels)})" if labels else name for name, labels in said.items()]
    return f"It reads {', '.join(parts)}, as far back as {format_duration(subject.pace.window_s)}."


def _rate(per_s: float) -> str:
    """Return a rate in the unit in which it is no less than 1, or a few digits of it."""
    for factor, unit in ((1, "s"), (60, "m"), (3600, "h")):
        if per_s * factor >= 0.1:
            return f"{float(f'{per_s * factor:.3g}'):g}/{unit}"
    return f"{per_s * 3600:.4f}/h"


def _seconds(seconds: float) -> str:
    return format_duration(round(seconds, 3))
