"""The figures of a gated change: what is drawn of an alert's values before and after."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from support.judged_reports import BASE, NOW, make_gated, make_values

from alertdrill.core.timeline import Curve
from alertdrill.gating.figures import MOST_CHARACTERS, MOST_SETS, Room, describe_figures
from alertdrill.gating.html import describe_gated, render_html
from alertdrill.gating.values import Values

MOST_BYTES = 2_000_000


def describe(values: Values) -> dict[str, Any]:
    """Return the figure of an alert in a drill."""
    (figure,) = describe_figures([values], Room())["figures"]
    return dict(figure)


def make_curve(queue: str, *values: float, threshold: float = 100.0) -> Curve:
    """Return a curve of one value a minute."""
    points = tuple((60.0 * number, value) for number, value in enumerate(values))
    return Curve(alert="Deep", labels={"queue": queue}, op=">", threshold=threshold, points=points)


def test_what_only_the_threshold_moved_is_one_curve_and_two_thresholds() -> None:
    """The same values are drawn once; each side's line is named."""
    figure = describe(make_values("deep"))
    assert [(one["name"], one["says"].partition(": ")[2]) for one in figure["curves"]] == [
        ('before and after {queue="a"}', "0 to 150, compared by > 200, before by > 100")
    ]
    assert [(one["value"], one["says"]) for one in figure["thresholds"]] == [
        (100.0, "before: > 100"),
        (200.0, "after: > 200"),
    ]
    assert describe(make_values("deep", now=100.0))["thresholds"] == [
        {"value": 100.0, "says": "> 100", "left": False}
    ]
    assert figure["low"] <= 0
    assert figure["high"] > 200


def test_values_that_differ_are_a_curve_for_each_side() -> None:
    """In one colour, before with dashes; their spread is said, and which threshold they have."""
    figure = describe(
        replace(make_values("deep"), before=(make_curve("a", 1, 50),), after=(make_curve("a", 2, 500),))
    )
    assert [(one["hue"] % 6, one["hue"] // 6, one["says"]) for one in figure["curves"]] == [
        (0, 2, 'before {queue="a"}: 1 to 50, compared by > 100'),
        (0, 0, 'after {queue="a"}: 2 to 500, compared by > 100'),
    ]
    assert figure["curves"][1]["points"] == {"step": 600, "t": [0, 1], "v": [2, 500]}


def test_a_side_without_values_is_said() -> None:
    """Rules that cannot be replayed, and such that compare nothing with a number."""
    values = make_values("deep")
    assert "The rules before cannot be replayed here." in describe(replace(values, before=None))["remarks"]
    said = describe(replace(values, after=()))
    assert "The rules after have no value here that is compared with a number." in said["remarks"]
    assert [one["name"] for one in said["curves"]] == ['before {queue="a"}']


def test_what_the_drill_is_about_is_drawn_first() -> None:
    """Then what came nearest; more than a few are left out, and counted."""
    queues = {"a": 1.0, "b": 90.0, "c": 20.0, "d": math.nan, "e": 99.0}
    curves = tuple(make_curve(name, value, value) for name, value in queues.items())
    figure = describe(replace(make_values("deep"), before=curves, after=curves))
    drawn = [one["name"].split('"')[1] for one in figure["curves"]]
    assert drawn == ["a", "e", "b"]
    assert len(drawn) == MOST_SETS
    assert figure["remarks"][-1] == "2 more label sets that came less near are left out."


def test_a_report_stays_below_two_megabytes() -> None:
    """However many drills there are; those without curves are counted."""
    noisy = tuple((15.0 * number, 100 + 50 * math.sin(number)) for number in range(240))
    (curve,) = make_values("deep").after or ()
    before = tuple((at_s, 1.37 * value) for at_s, value in noisy)
    values = replace(
        make_values("deep"),
        before=(replace(curve, points=before),),
        after=(replace(curve, points=noisy),),
    )
    many = replace(make_gated(), values=(values,) * 300)
    (entry,) = [one for one in describe_gated([many], BASE, NOW)["entries"] if one["name"] == "Deep"]
    assert 100 < len(entry["figures"]) < 300
    assert entry["figures_more"] == 300 - len(entry["figures"])
    size = len(render_html([many], BASE, NOW))
    assert MOST_CHARACTERS < size < MOST_BYTES
