"""Words for what is talked about that all reports and verdicts share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alertdrill.core.rule import Labels

_UNCLEAR = re.compile(r"""[,;"]|^\s|\s$|\n""")
_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def say_selector(alert: str, labels: Labels) -> str:
    """Write an alert as PromQL would select it; label values are quoted, control characters escaped."""
    if not labels:
        return printable(alert)
    pairs = ", ".join(f'{say_label_name(name)}="{escape(value)}"' for name, value in labels.items())
    return printable(f"{alert}{{{pairs}}}")


def say_labels(labels: Labels) -> str:
    """Write labels in the order of their names: `model="m", user="u"`, or `nothing`."""
    return (
        ", ".join(f'{say_label_name(name)}="{value}"' for name, value in sorted(labels.items())) or "nothing"
    )


def is_plain_name(name: str) -> bool:
    """Tell whether a label's name is one of those that Prometheus and Alertmanager took from the first."""
    return _PLAIN_NAME.fullmatch(name) is not None


def say_label_name(name: str) -> str:
    """Write a label's name as PromQL has it: in quotation marks where it has other characters."""
    return name if is_plain_name(name) else f'"{escape(name)}"'


def printable(text: str) -> str:
    r"""Replace what no terminal or XML document should be given by its escape, such as `\x1b`.

    Line feeds stay; all else that Unicode does not call printable goes, so that a label value can neither
    move the cursor nor make a document malformed.
    """
    if text.isprintable():
        return text  # as nearly all are
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def escape(value: str) -> str:
    """Write a text as it stands between quotation marks in PromQL."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def say_names(names: Iterable[str]) -> str:
    """Write names one after another; one that would be read as two, or as none, in quotation marks."""
    return ", ".join(map(say_name, names))


def say_name(name: str) -> str:
    """Write a name, in quotation marks where nobody would see where it begins and ends."""
    return f'"{escape(name)}"' if not name or _UNCLEAR.search(name) else name


def say_count(bounds: tuple[int, int], noun: str) -> str:
    """Say how many of something there may be: `1 notification`, `2 to 4 notifications`."""
    least, most = bounds
    number = f"{least}" if least == most else f"{least} to {most}"
    return f"{number} {noun}" if bounds == (1, 1) else f"{number} {noun}s"


def say_number(number: int, noun: str) -> str:
    """Say how many there are: `1 alert`, `4 alerts`."""
    return say_count((number, number), noun)


def say_beyond(value: float, bound: float) -> str:
    """Write a value that is beyond a bound with the decimals that show it: `109`, `41.5`, `40.02`."""
    least = 1 if abs(value) < 100 else 0
    digits = next((few for few in range(least, 3) if round(value, few) != round(bound, few)), 3)
    return f"{round(value, digits):.12g}"
