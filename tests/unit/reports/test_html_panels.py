"""The panels in the report: every panel's curves over the run, small, readable, and without any script."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from support.panel_records import build_panels
from support.report_records import build_record

from alertdrill.reports import html
from alertdrill.reports.html.chart import BOTTOM, LEFT, RIGHT, TOP, draw_chart
from alertdrill.reports.html.heatmap import draw_heatmap, is_histogram, say_darkest
from alertdrill.reports.html.units import say_value
from alertdrill.rules.panels import Panel, PanelCurve, PanelCurves, PanelThreshold, ValueName

UNTIL_S = 3600.0
NASTY = "</svg><script>alert(1)</script>\"'\x1b"


def make_panel(**changes: object) -> Panel:
    """Return a panel, changed."""
    panel = Panel(title="Calls", kind="timeseries", unit="short", width=12, height=8, queries=(), mappings={})
    return replace(panel, **changes)  # type: ignore[arg-type]  # by the fields' names


def draw(*lines: tuple[tuple[float, float], ...], **changes: object) -> str:
    """Draw a panel of these lines."""
    curves = tuple(PanelCurve(legend=f"line {number}", points=points) for number, points in enumerate(lines))
    dashboard = build_panels()[0].dashboard
    return draw_chart(PanelCurves(dashboard=dashboard, panel=make_panel(**changes), curves=curves), UNTIL_S)


def find_paths(svg: str, kind: str) -> list[str]:
    """Return the drawings of a kind of line."""
    return re.findall(rf'<path class="{kind}"[^>]* d="([^"]+)"', svg)


def follow(path: str) -> list[list[tuple[float, float]]]:
    """Return the places that a path's strokes lead to, a list for each stretch without a gap."""
    stretches: list[list[tuple[float, float]]] = []
    for command, rest in re.findall(r"([MhlZ])([^MhlZ]*)", path):
        numbers = [float(number) for number in rest.split()]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True)) if command != "h" else [(numbers[0], 0.0)]
        if command == "M":
            stretches.append([])
        for x, y in steps:
            from_x, from_y = stretches[-1][-1] if stretches[-1] else (0.0, 0.0)
            stretches[-1].append((round(from_x + x, 1), round(from_y + y, 1)))
    return stretches


def read_texts(svg: str) -> list[str]:
    """Return what is written in a chart."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_line_runs_from_edge_to_edge() -> None:
    """The run's start and end are the plotted area's edges, and zero is its bottom."""
    (path,) = find_paths(draw(((0.0, 0.0), (UNTIL_S, 100.0))), "solid")
    ((begin, *_, end),) = follow(path)
    assert begin == (LEFT, BOTTOM)
    assert end[0] == RIGHT
    assert TOP <= end[1] < TOP + 15


def test_steps_add_up() -> None:
    """However many small steps lead there, a line ends where its last value is."""
    points = tuple((at_s * 12.0, math.sin(at_s / 7) ** 2) for at_s in range(300))
    (path,) = find_paths(draw((*points, (UNTIL_S, 1.0))), "solid")
    ((*_, end),) = follow(path)
    ((*_, alone),) = follow(find_paths(draw(((0.0, 0.0), (UNTIL_S, 1.0))), "solid")[0])
    assert end == alone


def test_a_gap_is_not_drawn_over_and_a_lone_value_is_a_dot() -> None:
    """NaN breaks a line; a value between two gaps is a stroke of no length, which is drawn round."""
    points = ((0, 5), (60, math.nan), (120, 5), (180, math.nan), (240, 5), (300, 6))
    (path,) = find_paths(draw(points), "solid")
    assert len(re.findall(r"M[\d.]+ [\d.]+h0", path)) == 3
    assert [len(set(stretch)) for stretch in follow(path)] == [1, 1, 2]


def test_a_level_stretch_is_one_stroke() -> None:
    """What does not change weighs nothing, however long it is, and ends where it ended."""
    points = tuple((at_s * 15.0, 7.0) for at_s in range(200))
    (path,) = find_paths(draw((*points, (3000.0, 9.0))), "solid")
    assert len(path) < 40
    ((*_, end),) = follow(find_paths(draw(points), "solid")[0])
    assert end[0] == pytest.approx(LEFT + (RIGHT - LEFT) * 199 * 15 / UNTIL_S, abs=0.05)


def test_infinite_values_are_at_the_edge() -> None:
    """An infinite value is drawn at the top, and does not stretch the axis."""
    svg = draw(((0, 1), (60, math.inf), (120, 2)))
    (stretch,) = follow(find_paths(svg, "solid")[0])
    assert stretch[2][1] == TOP
    assert "2" in read_texts(svg)


def test_the_threshold_is_a_line_with_its_value() -> None:
    """The alert's threshold is on the axis even if no value comes near, with its comparison and unit."""
    svg = draw(
        ((0, 1), (60, 2)), unit="percent", threshold=PanelThreshold(alert="A", op=">", value=50.0, scale=100)
    )
    (path,) = find_paths(svg, "threshold")
    level = float(path.split()[1].split("H")[0])
    assert TOP < level < BOTTOM
    assert "&gt; 50 %" in read_texts(svg)
    assert not find_paths(draw(((0, 1),)), "threshold")


def test_stacked_series_stand_on_each_other() -> None:
    """The second series of a stacked panel is drawn at the sum, over an area that begins at the first."""
    lines = (((0.0, 1.0), (600.0, 1.0)), ((0.0, 3.0), (600.0, 3.0)))
    svg = draw(*lines, stack=True)
    plain = draw(*lines, ((0.0, 4.0),))
    assert len(find_paths(svg, "area")) == 2
    heights = [follow(path)[0][0] for path in find_paths(svg, "solid")]
    assert heights == [follow(path)[0][0] for path in find_paths(plain, "solid")][::2]
    lower, upper = (follow(path)[0] for path in find_paths(svg, "area"))
    assert upper[0] == heights[1]
    assert upper[2:4] == lower[1::-1]


def test_a_stacked_series_without_values_adds_nothing() -> None:
    """A gap in one series does not tear the others."""
    svg = draw(((0, 1), (60, math.nan), (120, 1)), ((0, 1), (60, 1), (120, 1)), stack=True)
    assert all("nan" not in path for path in find_paths(svg, "solid") + find_paths(svg, "area"))


def test_named_values_are_on_the_axis() -> None:
    """A state reads as its name."""
    names = {1.0: ValueName(text="UP", color="green"), 0.0: ValueName(text="DOWN", color="red")}
    texts = read_texts(draw(((0, 1), (60, 0)), mappings=names))
    assert {"UP", "DOWN"} <= set(texts)
    assert "0.5" not in texts


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
    texts = read_texts(draw(((0, 0), (60, high)), unit=unit))
    assert texts[: len(ticks)] == ticks
    assert texts[len(ticks)] == "0 min"


def test_an_axis_goes_below_zero_if_the_values_do() -> None:
    """Negative values are on the axis."""
    texts = read_texts(draw(((0, -40), (60, 10))))
    assert texts[:3] == ["-40", "-20", "0"]


@pytest.mark.parametrize(
    ("until_s", "minutes"),
    [
        (3600.0, ["0 min", "10", "20", "30", "40", "50", "60"]),
        (13_200.0, ["0 min", "60", "120", "180"]),
        (300.0, ["0 min", "1", "2", "3", "4", "5"]),
    ],
)
def test_rule_time_is_in_minutes(until_s: float, minutes: list[str]) -> None:
    """The time axis has a handful of round minutes, however long the run was."""
    curves = (PanelCurve(legend="one", points=((0.0, 1.0),)),)
    shown = PanelCurves(dashboard=build_panels()[0].dashboard, panel=make_panel(), curves=curves)
    assert read_texts(draw_chart(shown, until_s))[-len(minutes) :] == minutes


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
    svg = draw_heatmap(shown, UNTIL_S)
    assert read_texts(svg)[-3:] == ["+Inf s", "5 s", "1 s"]
    cells = [
        (float(opacity), follow(f"M{start}")[0][0])
        for opacity, outline in re.findall(r'class="cell" opacity="([\d.]+)" d="([^"]+)"', svg)
        for start in re.findall(r"M([^h]+)h", outline)
    ]
    middle = LEFT + (RIGHT - LEFT) * 36 / 73
    assert cells == [
        (pytest.approx(0.4), (pytest.approx(middle, abs=0.1), BOTTOM)),
        (pytest.approx(0.6), (LEFT, BOTTOM)),
        (pytest.approx(1.0), (pytest.approx(middle, abs=0.1), pytest.approx(BOTTOM - 2 / 3 * 130, abs=0.1))),
    ]
    assert "8 at most" in say_darkest(shown, UNTIL_S)


def test_an_empty_histogram_has_no_cells() -> None:
    """Buckets that hold nothing, or no number, are blank."""
    svg = draw_heatmap(draw_buckets(b_1=((0, 0), (60, math.nan)), b_Inf=((0, 0),)), UNTIL_S)
    assert "cell" not in svg


def test_a_heatmap_of_something_else_is_drawn_as_lines() -> None:
    """Series that are not named by bounds are no buckets."""
    assert is_histogram(draw_buckets(b_1=((0, 0),), b_Inf=((0, 0),)))
    assert not is_histogram(draw_buckets(b_1=((0, 0),), gpt=((0, 0),)))
    assert not is_histogram(draw_buckets(NaN=((0, 0),)))


def test_every_panel_is_in_the_page() -> None:
    """Each system has a section, each row a heading, each panel its title, its chart and its legend."""
    panels = build_panels()
    text = html.render(replace(build_record(), panels=panels))
    assert text.index("What the alerts did") < text.index("What the dashboards showed")
    for shown in panels:
        assert f'id="dashboard-{shown.dashboard.system}"' in text
        assert f"<figcaption>{shown.panel.title}</figcaption>" in text
        for curve in shown.curves:
            assert f">{curve.legend}: max " in text or shown.panel.kind == "heatmap"
    assert text.count("a cell is darker the more it holds") == 1
    assert text.count('<svg class="chart"') == sum(bool(shown.curves) for shown in panels)


def test_a_panel_leads_to_its_alert() -> None:
    """A panel names its alert, with a link if the page has a section on it."""
    panels = build_panels()
    text = html.render(replace(build_record(), panels=panels))
    assert "<code>ToyErrorRateHigh</code></p>" in text
    (first, *_) = build_record().rules
    threshold = PanelThreshold(alert=first.name, op=">", value=1.0)
    linked = tuple(replace(one, panel=replace(one.panel, threshold=threshold)) for one in panels[:1])
    assert f'<a href="#plot-0-alert"><code>{first.name}</code></a>' in html.render(
        replace(build_record(), panels=linked + panels[1:])
    )


def test_what_is_missing_is_said() -> None:
    """A panel without data, one that could not be asked and one with too many series say so."""
    empty, troubled, crowded, *rest = build_panels()
    query = replace(empty.panel.queries[0], empty_when_healthy="nothing fails")
    healthy = replace(empty, panel=replace(empty.panel, queries=(query,)), curves=())
    text = html.render(
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
    assert "\x1b" not in text.split('id="figures"')[0]
    assert 'class="area"' not in text


def test_a_run_without_dashboards_has_no_section_on_them() -> None:
    """Nothing is promised that is not there."""
    assert "What the dashboards showed" not in html.render(build_record())


def test_a_hundred_panels_weigh_little() -> None:
    """Panels with as many points and series as a query can have are below two megabytes a hundred."""
    points = tuple((index * 45.0, 50 + 40 * math.sin(index / 3)) for index in range(293))
    curves = tuple(PanelCurve(legend=f"model gpt-{number}", points=points) for number in range(6))
    shown = PanelCurves(dashboard=build_panels()[0].dashboard, panel=make_panel(), curves=curves)
    assert len(draw_chart(shown, 13_200.0)) * 100 < 2_000_000
