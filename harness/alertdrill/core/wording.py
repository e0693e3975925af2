"""Words for what is talked about that all reports and verdicts share."""

from __future__ import annotations

from alertdrill.core.rule import Labels


def say_selector(alert: str, labels: Labels) -> str:
    """Write an alert as PromQL would select it; label values are quoted, control characters escaped."""
    if not labels:
        return printable(alert)
    pairs = ", ".join(f'{name}="{escape(value)}"' for name, value in labels.items())
    return printable(f"{alert}{{{pairs}}}")


def say_labels(labels: Labels) -> str:
    """Write labels in the order of their names: `model="m", user="u"`, or `nothing`."""
    return ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) or "nothing"


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
