"""What promtool's rule tester prints, read: the values and alerts that it got where none were to be expected.

Each question has its trial's number and its own in a comment at its end (`# 17.203`), since promtool repeats
the expression; the trial's number is also the name of its test group. Labels are quoted as Go quotes strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from alertdrill.core.rule import Labels
from alertdrill.errors import CouldNotTell
from alertdrill.rules.files import parse_duration
from alertdrill.runtime.limits import find_limit

MAX_SAID = 500

_ASKED = re.compile(r'    expr: ".* # (\d+)\.(\d+)", time: [^,]*,(.*)')
_RULE_FAILED = re.compile(r"    rule: (.*), time: ([^,]*), err: (.*)")
_SAMPLE = re.compile(r"""(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}) ([-+.\w]+)(?:, |$)""")
_LABEL = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^"=,\s]+))="((?:[^"\\]|\\.)*)"(?:, |$)')
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NOTHING = re.compile(r"\s*(?:Unit Testing: .*|FAILED:|SUCCESS)?\s*")

Samples = tuple[tuple[Labels, float], ...]


class Complaint(CouldNotTell):
    """What promtool says in place of an answer, and of which rule at which instant, where it says so.

    `trial` is the number of the trial, where only one of several was held.
    """

    def __init__(self, said: str, *, rule: str | None = None, at: str = "") -> None:
        limit = find_limit(said) if rule is None else None
        super().__init__(f"promtool cannot replay the rules: {limit or said}")
        self.said = said
        self.rule = rule
        self.at = at
        self.trial = 0


@dataclass(slots=True)
class Answers:
    """What promtool said to a trial: values by the question's number, rendered alerts by name and instant.

    What it had nothing to say to is not there. A rendered alert is its labels and its annotations. What could
    not be asked is in `failed`, with the reason.
    """

    samples: dict[int, Samples] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    rendered: dict[tuple[str, int], list[tuple[Labels, Labels]]] = field(default_factory=dict)


def read_answers(path: Path, answers: Mapping[int, Answers]) -> None:
    """Put what promtool printed into the answers, which are by the number of the trial. Raises Complaint."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as printed:
        lines = (line.rstrip("\n") for line in printed)
        for line in lines:
            asked = _ASKED.fullmatch(line)
            if asked is not None:
                if asked[3]:
                    answers[int(asked[1])].failed[int(asked[2])] = _shorten(asked[3].removeprefix(" err: "))
                    continue
                next(lines, "")
                got = next(lines, "").strip().removeprefix("got: ")
                answers[int(asked[1])].samples[int(asked[2])] = read_samples(got)
            elif line.startswith("    name: "):
                number = int(line.removeprefix("    name: ").rstrip(","))
                _read_alert(lines, answers[number])
            elif _NOTHING.fullmatch(line) is None:
                failed = _RULE_FAILED.fullmatch(line)
                if failed is not None:
                    raise Complaint(_shorten(failed[3]), rule=failed[1], at=failed[2])
                raise Complaint(_shorten(" ".join([line, *(line for line in lines if line.strip())])))


def read_samples(text: str) -> Samples:
    """Return the samples of a value as promtool prints it. Raises Complaint where it is something else."""
    samples = []
    end = 0
    for match in _SAMPLE.finditer(text):
        if match.start() != end:
            break
        samples.append((read_labels(match[1]), float(match[2])))
        end = match.end()
    if end != len(text) or not samples:
        raise Complaint(f"it printed a value that is not made of numbers: {_shorten(text[end:])}")
    return tuple(samples)


@lru_cache(maxsize=65_536)
def read_labels(text: str) -> Labels:
    """Return the labels in `{a="b", "c.d"="e"}`; each value is quoted as Go quotes strings."""
    labels = {}
    end = 1
    for match in _LABEL.finditer(text, 1, len(text) - 1):
        name = match[2] if match[1] is None else _unquote(match[1])
        labels[name] = _unquote(match[3])
        end = match.end()
    if end != len(text) - 1:
        raise Complaint(f"it printed labels that cannot be read: {_shorten(text)}")
    return labels


def _read_alert(lines: Iterator[str], answers: Answers) -> None:
    """Read the rest of an alert that was asked for, up to the bracket that closes what promtool got."""
    asked = re.fullmatch(r"    alertname: (.*), time: ([^,]*), ?", next(lines, ""))
    if asked is None:
        raise Complaint("it printed an alert in a form that cannot be read")
    rendered = answers.rendered.setdefault((asked[1], round(parse_duration(asked[2]) * 1000)), [])
    labels: Labels = {}
    for line in lines:
        words = line.strip()
        if words.startswith("Labels:"):
            labels = read_labels(words.removeprefix("Labels:"))
        elif words.startswith("Annotations:"):
            rendered.append((labels, read_labels(words.removeprefix("Annotations:").removesuffix(","))))
        elif words == "]":
            return


def _unquote(text: str) -> str:
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[4], match[4])


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MAX_SAID else f"{words[: MAX_SAID - 1]}…"
