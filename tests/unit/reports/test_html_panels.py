"""The panels in the report: every panel's curves over the run, their axes and their words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from support.panel_records import build_panels
from support.report_documents import describe, read_document, say_all, unpack
from support.report_records import build_record

from alertdrill.reports import html
from alertdrill.reports.html.embedding import embed_json
from alertdrill.reports.html.heatmap import is_histogram
from alertdrill.reports.html.panels import describe_panel
from alertdrill.reports.html.units import say_value
from alertdrill.rules.panels import Panel, PanelCurve, PanelCurves, PanelThreshold, ValueName

UNTIL_S = 3600.0
NASTY = "</svg><script>alert(1)</script>\"'\x1b"


def make_panel(**changes: object) -> Panel:
    """Return a panel, changed."""
    panel = Panel(title="Calls", kind="timeseries", unit="short", width=12, height=8, queries=(), mappings={})
    return replace(panel, **changes)  # type: ignore[arg-type]  # by the fields' names


def draw(*lines: tuple[tuple[float, float], ...], **changes: object) -> dict[str, Any]:
    """Describe a panel of these lines."""
    curves = tuple(PanelCurve(legend=f"line {number}", points=points) for number, points in enumerate(lines))
    dashboard = build_panels()[0].dashboard
    return describe_panel(
        PanelCurves(dashboard=dashboard, panel=make_panel(**changes), curves=curves), UNTIL_S
    )


def list_ticks(panel: dict[str, Any]) -> list[str]:
    """Return what is written on a panel's axis."""
    return [words for _, words in panel["ticks"]]


def test_a_line_has_its_values_and_the_axis_has_room_for_them() -> None:
    """Zero is the bottom, and the top is a little above the highest value."""
    panel = draw(((0.0, 0.0), (UNTIL_S, 100.0)))
    (curve,) = panel["curves"]
    assert unpack(curve["points"]) == [(0, 0), (UNTIL_S, 100)]
    assert panel["low"] == 0
    assert 100 < panel["high"] < 112


def test_steps_add_up() -> None:
    """However many small steps lead there, a line ends where its last value is."""
    points = tuple((at_s * 12.0, math.sin(at_s / 7) ** 2) for at_s in range(300))
    (curve,) = draw((*points, (UNTIL_S, 1.0)))["curves"]
    assert unpack(curve["points"])[-1] == (UNTIL_S, 1)
    assert [at_s for at_s, _ in unpack(curve["points"])] == [at_s for at_s, _ in (*points, (UNTIL_S, 1.0))]


def test_a_gap_is_kept() -> None:
    """NaN breaks a line; a value between two gaps stands alone."""
    points = ((0, 5), (60, math.nan), (120, 5), (180, math.nan), (240, 5), (300, 6))
    (curve,) = draw(points)["curves"]
    assert unpack(curve["points"]) == [(0, 5), (60, None), (120, 5), (180, None), (240, 5), (300, 6)]


def test_a_level_stretch_is_its_two_ends() -> None:
    """What does not change weighs nothing, however long it is, and ends where it ended."""
    points = tuple((at_s * 15.0, 7.0) for at_s in range(200))
    (curve,) = draw((*points, (3000.0, 9.0)))["curves"]
    assert unpack(curve["points"]) == [(0, 7), (2985, 7), (3000, 9)]


def test_infinite_values_do_not_stretch_the_axis() -> None:
    """An infinite value is at the edge, which the others set."""
    panel = draw(((0, 1), (60, math.inf), (120, 2)))
    assert unpack(panel["curves"][0]["points"])[1] == (60, "+")
    assert panel["high"] < 2.5
    assert "2" in list_ticks(panel)


def test_the_threshold_is_on_the_axis_with_its_value() -> None:
    """The alert's threshold is there even if no value comes near, with its comparison and unit."""
    panel = draw(
        ((0, 1), (60, 2)), unit="percent", threshold=PanelThreshold(alert="A", op=">", value=50.0, scale=100)
    )
    assert panel["thresholds"] == [{"value": 50, "says": "> 50 %"}]
    assert panel["low"] < 50 < panel["high"]
    assert draw(((0, 1),))["thresholds"] == []


def test_stacked_series_stand_on_each_other() -> None:
    """The second series of a stacked panel is at the sum."""
    lines = (((0.0, 1.0), (600.0, 1.0)), ((0.0, 3.0), (600.0, 3.0)))
    panel = draw(*lines, stack=True)
    assert panel["stack"]
    assert [unpack(curve["points"])[0][1] for curve in panel["curves"]] == [1, 4]
    assert "line 1: max 3, last 3" in [curve["says"] for curve in panel["curves"]], "its own value in words"


def test_a_stacked_series_without_values_adds_nothing() -> None:
    """A gap in one series does not tear the others."""
    panel = draw(((0, 1), (60, math.nan), (120, 1)), ((0, 1), (60, 1), (120, 1)), stack=True)
    for curve in panel["curves"]:
        assert all(value is not None for _, value in unpack(curve["points"]))


def test_named_values_are_on_the_axis() -> None:
    """A state reads as its name."""
    names = {1.0: ValueName(text="UP", color="green"), 0.0: ValueName(text="DOWN", color="red")}
    assert sorted(list_ticks(draw(((0, 1), (60, 0)), mappings=names))) == ["DOWN", "UP"]


@pytest.mark.parametrize(
    ("high", "unit", "ticks"),
    [
        (100, "percent", ["0 %", "50 %", "100 %"]),
        (0.35, "percentunit", ["0 %", "10 %", "20 %", "30 %"]),
        (7, "s", ["0 s", "2 s", "4 s", "6 s"]),
        (4096, "bytes", ["0 B", "1 KiB", "2 KiB", "3 KiB", "4 KiB"]),
        (31_000, "short", ["0", "10k", "20k", "30k"]),
        (0.0004, "currencyUSD", ["$0", "$0.0001", "$0.0002", "$0.0003", "$0.0004"]),
        (0, "reqps", ["0 req/s", "0.5 req/s", "1 req/s"]),
    ],
)
def test_ticks_are_round(high: float, unit: str, ticks: list[str]) -> None:
    """The axis has a few round numbers, in the panel's unit."""
    assert list_ticks(draw(((0, 0), (60, high)), unit=unit)) == ticks


def test_an_axis_goes_below_zero_if_the_values_do() -> None:
    """Negative values are on the axis."""
    assert list_ticks(draw(((0, -40), (60, 10))))[:3] == ["-40", "-20", "0"]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (12.345, "s", "12.35 s"),
        (0.05, "percentunit", "5 %"),
        (1536, "bytes", "1.5 KiB"),
        (1500, "decbytes", "1.5 kB"),
        (1234.5, "currencyUSD", "$1.234k"),
        (-2, "currencyUSD", "-$2"),
        (2_500_000, "short", "2.5M"),
        (3, "widgets", "3 widgets"),
        (math.inf, "s", "+Inf s"),
        (math.nan, "short", "NaN"),
    ],
)
def test_values_have_their_unit(value: float, unit: str, words: str) -> None:
    """A value is written as a reader of the dashboard would say it."""
    assert say_value(value, unit) == words


def draw_buckets(**buckets: tuple[tuple[float, float], ...]) -> PanelCurves:
    """Return a histogram's panel with the buckets of these bounds."""
    curves = tuple(PanelCurve(legend=bound.strip("b_"), points=points) for bound, points in buckets.items())
    panel = make_panel(kind="heatmap", unit="s")
    return PanelCurves(dashboard=build_panels()[0].dashboard, panel=panel, curves=curves)


def test_a_histogram_is_cells_of_what_is_between_two_bounds() -> None:
    """Cumulative buckets are taken apart: a bucket that holds no more than the one below has no cell."""
    shown = draw_buckets(b_Inf=((0, 4), (1800, 10)), b_1=((0, 4), (1800, 2)), b_5=((0, 4), (1800, 2)))
    panel = describe_panel(shown, UNTIL_S)
    assert panel["ticks"] == [[1, "1 s"], [2, "5 s"], [3, "+Inf s"]]
    filled = {
        (row, column): value
        for row, values in enumerate(panel["cells"])
        for column, value in enumerate(values)
        if value
    }
    assert filled == {(0, 0): 4, (0, 36): 2, (2, 36): 8}
    assert "8 at most" in panel["remarks"][0]


def test_an_empty_histogram_has_no_cells() -> None:
    """Buckets that hold nothing, or no number, are blank."""
    panel = describe_panel(draw_buckets(b_1=((0, 0), (60, math.nan)), b_Inf=((0, 0),)), UNTIL_S)
    assert not any(value for row in panel["cells"] for value in row)


def test_a_heatmap_of_something_else_is_drawn_as_lines() -> None:
    """Series that are not named by bounds are no buckets."""
    assert is_histogram(draw_buckets(b_1=((0, 0),), b_Inf=((0, 0),)))
    assert not is_histogram(draw_buckets(b_1=((0, 0),), gpt=((0, 0),)))
    assert not is_histogram(draw_buckets(NaN=((0, 0),)))


def test_every_panel_is_in_the_page() -> None:
    """Each system has a dashboard, each row a heading, each panel its title, its curves and their words."""
    panels = build_panels()
    (dashboard,) = describe(replace(build_record(), panels=panels))["dashboards"]
    assert (dashboard["system"], dashboard["title"]) == (
        panels[0].dashboard.system,
        panels[0].dashboard.title,
    )
    assert [row["title"] for row in dashboard["rows"]] == [row.title for row in panels[0].dashboard.rows]
    shown = {panel["title"]: panel for row in dashboard["rows"] for panel in row["panels"]}
    for one in panels:
        panel = shown[one.panel.title]
        if one.panel.kind == "heatmap":
            assert "a cell is darker the more it holds" in panel["remarks"][0]
        else:
            said = [curve["says"].partition(": max ")[0] for curve in panel["curves"]]
            assert said == [curve.legend for curve in one.curves]


def test_a_panel_names_its_alert() -> None:
    """It is the one whose threshold it shows."""
    (dashboard,) = describe(replace(build_record(), panels=build_panels()))["dashboards"]
    assert "ToyErrorRateHigh" in {panel["alert"] for row in dashboard["rows"] for panel in row["panels"]}


def test_what_is_missing_is_said() -> None:
    """A panel without data, one that could not be asked and one with too many series say so."""
    empty, troubled, crowded, *rest = build_panels()
    query = replace(empty.panel.queries[0], empty_when_healthy="nothing fails")
    healthy = replace(empty, panel=replace(empty.panel, queries=(query,)), curves=())
    document = describe(
        replace(
            build_record(),
            panels=(
                healthy,
                replace(troubled, curves=(), trouble="many-to-many"),
                replace(crowded, left_out=3),
                *(replace(one, curves=()) for one in rest),
            ),
        )
    )
    text = say_all(document["dashboards"])
    assert "No data in this run: nothing fails." in text
    assert "It could not be asked: many-to-many" in text
    assert "3 more series with lower values are left out." in text
    assert text.count("No data in this run.") == len(rest)


def test_hostile_panels_stay_text() -> None:
    """Whatever a title, a unit, a legend or a message holds, the page has the same scripts."""
    panel = make_panel(title=NASTY, unit=NASTY, mappings={0.0: ValueName(text=NASTY, color=NASTY)})
    threshold = PanelThreshold(alert=NASTY, op=">", value=1.0)
    dashboard = build_panels()[0].dashboard
    row = replace(dashboard.rows[0], title=NASTY, panels=(replace(panel, threshold=threshold),))
    dashboard = replace(dashboard, title=NASTY, system=NASTY, rows=(row,))
    curves = (PanelCurve(legend=NASTY, points=((0.0, 1.0), (60.0, 2.0))),)
    shown = PanelCurves(dashboard=dashboard, panel=row.panels[0], curves=curves, trouble=NASTY)
    text = html.render(replace(build_record(), panels=(shown,)))
    assert text.count("<script") == html.render(build_record()).count("<script")
    assert "\x1b" not in text
    assert say_all(read_document(text)["dashboards"]).count("<script>alert(1)</script>") > 5


def test_a_run_without_dashboards_has_none() -> None:
    """Nothing is promised that is not there."""
    assert describe(build_record())["dashboards"] == []


def test_a_hundred_panels_weigh_little() -> None:
    """Panels with as many points and series as a query can have are below two megabytes a hundred."""
    points = tuple((index * 45.0, 50 + 40 * math.sin(index / 3)) for index in range(293))
    curves = tuple(PanelCurve(legend=f"model gpt-{number}", points=points) for number in range(6))
    shown = PanelCurves(dashboard=build_panels()[0].dashboard, panel=make_panel(), curves=curves)
    assert len(embed_json(describe_panel(shown, 13_200.0))) * 100 < 2_000_000
