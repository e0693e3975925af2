"""A drill's timeline as text, 100 columns wide: what is sent, done and expected, in order of time."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Expected,
    Grouped,
    NearMiss,
    Suppressed,
    Text,
)
from alertdrill.core.wording import say_label_name, say_number, say_selector

WIDTH = 100
_TRAFFIC, _DONE, _EXPECTED = range(3)
"""What stands first of what is at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What is at a time: a line, and what is said more of it."""

    at_s: float
    kind: int
    lines: tuple[str, ...]


def write_drill(drill: Drill) -> str:
    """Return all that a drill is, as text that ends with a line break."""
    entries = sorted(_list_entries(drill), key=lambda entry: (entry.at_s, entry.kind))
    column = max((len(_clock(entry.at_s)) for entry in entries), default=0)
    lines = [f"{drill.name} ({drill.system}), {_clock(drill.lasts_s)}"]
    lines += _wrap(drill.why, "  ", "  ")
    lines += [line for condition in _list_conditions(drill) for line in _wrap(condition, "  ", "    ")]
    for entry in entries:
        begin, rest = f"  {_clock(entry.at_s):>{column}}  ", " " * (column + 6)
        first, *more = entry.lines
        lines += _wrap(first, begin, rest)
        lines += [line for text in more for line in _wrap(text, rest, f"{rest}  ")]
    if not drill.expects:
        lines.append("  no alert may fire")
    return "\n".join(lines) + "\n"


def _wrap(text: str, begin: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=begin,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _clock(seconds: float) -> str:
    """Return rule time as `m:ss`, to the millisecond where it is no whole second."""
    sign = "-" if seconds < 0 else ""
    whole, thousandths = divmod(round(abs(seconds) * 1000), 1000)
    fraction = f".{thousandths:03}".rstrip("0") if thousandths else ""
    return f"{sign}{whole // 60}:{whole % 60:02}{fraction}"


def _list_conditions(drill: Drill) -> Iterator[str]:
    """Yield what holding the drill wants."""
    if drill.uses:
        yield f"uses: {', '.join(sorted(drill.uses))}"
    if drill.shares:
        yield f"shares: {', '.join(sorted(drill.shares))}"
    if drill.comes_first:
        yield "comes first of those that use the same"
    if drill.max_speed is not None:
        yield f"speed: {drill.max_speed:g} at most, alone"
    if drill.calls_within_s is not None:
        yield f"calls: {drill.calls_within_s:g} s at most"
    if drill.starts_at is not None:
        yield f"calendar: {drill.starts_at} as it starts"
    if drill.alertmanagers > 1:
        yield f"Alertmanagers: {drill.alertmanagers}"


def _list_entries(drill: Drill) -> Iterator[_Entry]:
    for profile in drill.traffic:
        yield _Entry(at_s=profile.start_s, kind=_TRAFFIC, lines=tuple(_describe_profile(profile)))
        yield from _list_changes(profile)
    for outage in drill.outages:
        yield _act(outage.at_s, f"outage of {outage.part}: {outage.how}, for {_clock(outage.for_s)}")
    for fault in drill.faults:
        integration = f" by {fault.integration}" if fault.integration else ""
        text = f"fault of receiver {fault.receiver}{integration}: {fault.how}, for {_clock(fault.for_s)}"
        yield _act(fault.at_s, text)
    for silence in drill.maintenance:
        yield _act(silence.at_s, f"silence of {_labels(silence.matchers)} for {_clock(silence.for_s)}")
    for expected in drill.expects:
        at_s, *lines = _describe_expected(expected)
        name = say_selector(expected.alert, expected.labels)
        yield _Entry(at_s=at_s, kind=_EXPECTED, lines=(name, *lines))


def _act(at_s: float, text: str) -> _Entry:
    return _Entry(at_s=at_s, kind=_DONE, lines=(text,))


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{say_label_name(name)}="{value}"' for name, value in labels.items()) + "}"


def _describe_profile(profile: LoadProfile) -> Iterator[str]:
    prefix = f", under the prefix {profile.prefix}" if profile.prefix else ""
    yield f"load profile {profile.name}: {profile.scenario}, {_describe_arrivals(profile)}{prefix}"
    at_s, stages = profile.start_s, []
    for stage in profile.stages:
        at_s += stage.duration_s
        stages.append(f"{_describe_rate(stage.rate_per_s)} until {_clock(at_s)}")
    yield ", ".join(stages)
    if profile.options:
        yield ", ".join(
            f"{name}: {_describe_value(value)}" for name, value in sorted(profile.options.items())
        )


def _describe_arrivals(profile: LoadProfile) -> str:
    if profile.trace:
        return f"a trace of {say_number(len(profile.trace), 'call')}"
    burstiness = "" if profile.burstiness is None else f" of burstiness {profile.burstiness:g}"
    return f"{profile.arrivals}{burstiness}"


def _describe_rate(rate_per_s: float) -> str:
    """Return a rate as people say it: `2 per min` is easier to think of than `0.0333333 per s`."""
    per_min = rate_per_s * 60
    if per_min and rate_per_s < 1 and abs(per_min - round(per_min)) < 1e-9:
        return f"{round(per_min)} per min"
    return f"{rate_per_s:.6g} per s" if rate_per_s else "nothing"


def _describe_value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_describe_value, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _list_changes(profile: LoadProfile) -> Iterator[_Entry]:
    """Yield a load profile's behaviour changes; models that change alike at once are one entry."""
    alike: dict[tuple[float, str, str], list[str]] = {}
    for change in profile.changes:
        key = (profile.start_s + change.at_s, change.provider, _describe_behaviour(change))
        alike.setdefault(key, []).append(change.model or _describe_key(change))
    for (at_s, provider, text), models in alike.items():
        named = ", ".join(filter(None, models))
        yield _act(at_s, f"provider {provider}, {named}: {text}" if named else f"provider {provider}: {text}")


def _describe_key(change: BehaviourChange) -> str:
    return "" if change.key_env is None else f"calls with the key in {change.key_env}"


def _describe_behaviour(change: BehaviourChange) -> str:
    parts = sorted(change.behaviour.items(), key=lambda part: (part[0] != "latency", part[0]))
    said = [_describe_part(name, value) for name, value in parts]
    return ", ".join(said) or "as it is by itself"


def _describe_part(name: str, value: Any) -> str:
    match name, value:
        case "latency", {"kind": "constant", "s": s}:
            return f"answers in {s:.6g} s"
        case "latency", {"kind": "mixed", "s": s, "slow_s": slow_s, "every": every}:
            return f"answers in {s:.6g} s, one call in {every:g} in {slow_s:.6g} s"
        case "latency", {"kind": "lognormal", "median_s": median_s, "sigma": sigma}:
            return f"answers in about {median_s:.6g} s (sigma {sigma:g})"
        case "latency", {"kind": "uniform", "low_s": low_s, "high_s": high_s}:
            return f"answers in {low_s:.6g} to {high_s:.6g} s"
        case "latency", {"kind": "gamma", "mean_s": mean_s, "shape": shape}:
            return f"answers in {mean_s:.6g} s on average (gamma, shape {shape:g})"
        case "latency", {"kind": "percentiles", "at": dict(at)}:
            return "answers in " + ", ".join(
                f"{seconds:.6g} s (p{percent})" for percent, seconds in at.items()
            )
        case "errors", {"mix": dict(mix)}:
            return ", ".join(f"{share:.6g} of calls fail ({class_})" for class_, share in mix.items())
        case "errors", {"class": class_, "every": every}:
            return f"{'every call' if every == 1 else f'one call in {every:g}'} fails ({class_})"
        case "errors", {"class": class_, "next": next_}:
            return f"the next {'call fails' if next_ == 1 else f'{next_:g} calls fail'} ({class_})"
        case "errors", {"class": class_, "share": share}:
            return f"{'all' if share == 1 else f'{share:.6g} of'} calls fail ({class_})"
        case "listening", bool():
            return "listens" if value else "does not listen"
        case _:
            return f"{name.replace('_', ' ')} {json.dumps(value)}"


def _describe_expected(expected: Expected) -> tuple[Any, ...]:
    """Return from when on something is expected of an alert, and what it is, a line each."""
    match expected:
        case Expectation():
            return (expected.fires_after_s, *_describe_firing(expected))
        case Grouped():
            fires, resolves = _clock(expected.fires_within_s), _clock(expected.resolves_within_s)
            return (
                0.0,
                f"at least {expected.alerts} fire until {fires}, and resolve until {resolves}",
                f"pages {expected.receiver} by {expected.integration}; incidents: {expected.incidents}, each "
                f"of at most {expected.notifications} notifications",
            )
        case NearMiss():
            most = "" if expected.reaches_at_most is None else f" to {expected.reaches_at_most:.6g}"
            value = f"near miss: its value reaches {expected.reaches:.6g}{most} of its threshold"
            if expected.pending_within_s is None:
                return (0.0, f"{value}{', and it is pending' if expected.pending else ''}")
            return (0.0, f"{value}, and it is pending for {_span(expected.pending_within_s)}")
        case BlindRule():
            return (expected.after_s, "blind rule: neither pending nor firing")


def _describe_firing(expected: Expectation) -> Iterator[str]:
    fires, resolves = _clock(expected.fires_within_s), _clock(expected.resolves_within_s)
    yield f"fires until {fires}, resolves until {resolves}"
    if expected.suppressed is not None:
        yield _describe_suppressed(expected.suppressed)
    pages = "" if expected.pages_within_s is None else f" within {_clock(expected.pages_within_s)}"
    closes = "" if expected.closes_within_s is None else f", closes within {_clock(expected.closes_within_s)}"
    yield f"pages {expected.receiver}{pages}{closes}"
    for delivery in expected.deliveries:
        yield f"{_name_delivery(delivery)}: {', '.join(_describe_delivery(delivery))}".removesuffix(": ")


def _describe_suppressed(suppressed: Suppressed) -> str:
    by = f" by {_labels(suppressed.by)}" if suppressed.by else ""
    until = "to the end" if suppressed.until_s is None else f"until {_clock(suppressed.until_s)}"
    return f"{suppressed.why}{by} {until}"


def _name_delivery(delivery: Delivery) -> str:
    return f"{delivery.receiver} by {delivery.integration or 'each of its integrations'}"


def _describe_delivery(delivery: Delivery) -> Iterator[str]:
    if delivery.group_labels is not None:
        yield f"group {_labels(delivery.group_labels)}"
    for name, text in (
        ("group key", delivery.group_key),
        ("title", delivery.title),
        ("text", delivery.text),
    ):
        yield from _describe_text(name, text)
    if delivery.notifications is not None:
        when = delivery.notifications_within_s
        between = "" if when is None else f" from {_clock(when[0])} to {_clock(when[1])}"
        yield f"{_count(delivery.notifications)} notifications{between}"
    if delivery.repeats_after_s is not None:
        yield f"repeats after {_span(delivery.repeats_after_s)}"
    if delivery.refused is not None:
        yield f"{_count(delivery.refused)} refused"
    if delivery.alerts is not None:
        yield f"{_count(delivery.alerts)} alerts at once"
    if not delivery.closes:
        yield "nobody hears of the end"


def _describe_text(name: str, text: Text | None) -> Iterable[str]:
    return () if text is None else (f"{name} {text.how} {text.text!r}",)


def _span(seconds: tuple[float, float]) -> str:
    return f"{_clock(seconds[0])} to {_clock(seconds[1])}"


def _count(bounds: tuple[int, int]) -> str:
    least, most = bounds
    return str(least) if least == most else f"{least} to {most}"
