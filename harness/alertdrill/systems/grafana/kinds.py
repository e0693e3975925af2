"""What Grafana's kinds of panels have in common, and what each has of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_uppercase

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    gauge,
    heatmap,
    piechart,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import piechart as pie
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from alertdrill.rules.panels import Panel, PanelQuery

DATASOURCE = "datasource"
"""The template variable by which a viewer says which Prometheus is asked."""

OPACITY, STACKED_OPACITY = 10, 30

Builder = (
    bargauge.Panel
    | gauge.Panel
    | heatmap.Panel
    | piechart.Panel
    | stat.Panel
    | table.Panel
    | timeseries.Panel
)


def make_panel(panel: Panel) -> Builder:
    """Return the builder of a panel that is complete but for its number and its place."""
    builder = _BUILDERS[panel.kind](panel)
    builder.title(panel.title).unit(panel.unit).datasource(_refer())
    for letter, query in zip(ascii_uppercase, panel.queries, strict=False):
        builder.with_target(_make_target(panel.kind, query).ref_id(letter))
    if panel.steps:
        steps = [models.Threshold(value=step.value, color=step.color) for step in panel.steps]
        builder.thresholds(builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    if panel.threshold is not None:
        builder.description(f"Red is where {panel.threshold.alert} fires; its runbook entry says what to do.")
    if panel.mappings:
        named = {
            f"{value:g}": models.ValueMappingResult(text=name.text, color=name.color, index=index)
            for index, (value, name) in enumerate(panel.mappings.items())
        }
        builder.mappings([models.ValueMap(options=named)])
    if panel.minimum is not None:
        builder.min(panel.minimum)
    if panel.maximum is not None:
        builder.max(panel.maximum)
    return builder


def _refer() -> models.DataSourceRef:
    return models.DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")


def _make_target(kind: str, query: PanelQuery) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto")
    target.datasource(_refer())
    if kind == "table":
        return target.instant().format(PromQueryFormat.TABLE)
    if kind in {"piechart", "bargauge"}:
        return target.instant()
    if kind == "heatmap":
        return target.range().format(PromQueryFormat.HEATMAP)
    return target.range()


def _color_by(mode: models.FieldColorModeId) -> builders.FieldColor:
    return builders.FieldColor().mode(mode)


def _color_value(panel: Panel) -> builders.FieldColor:
    """Without colours of its own, Grafana would paint a value green below 80 and red above."""
    return _color_by(
        models.FieldColorModeId.THRESHOLDS if panel.steps else models.FieldColorModeId.PALETTE_CLASSIC
    )


def _take_last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _make_timeseries(panel: Panel) -> Builder:
    builder = (
        timeseries.Panel()
        .color_scheme(_color_by(models.FieldColorModeId.PALETTE_CLASSIC))
        .fill_opacity(STACKED_OPACITY if panel.stack else OPACITY)
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(options.TooltipDisplayMode.MULTI)
            .sort(options.SortOrder.DESCENDING)
        )
    )
    if panel.stack:
        builder.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    if panel.steps:
        dashed = common.GraphThresholdsStyleConfig().mode(options.GraphTresholdsStyleMode.DASHED)
        builder.thresholds_style(dashed)
    return builder


def _make_stat(panel: Panel) -> Builder:
    is_state = bool(panel.mappings)
    return (
        stat.Panel()
        .color_scheme(_color_value(panel))
        .reduce_options(_take_last())
        .color_mode(options.BigValueColorMode.BACKGROUND if is_state else options.BigValueColorMode.VALUE)
        .graph_mode(options.BigValueGraphMode.NONE if is_state else options.BigValueGraphMode.AREA)
    )


def _make_gauge(panel: Panel) -> Builder:
    return (
        gauge.Panel()
        .color_scheme(_color_value(panel))
        .reduce_options(_take_last())
        .show_threshold_markers(bool(panel.steps))
    )


def _make_bargauge(panel: Panel) -> Builder:
    return (
        bargauge.Panel()
        .color_scheme(_color_value(panel))
        .reduce_options(_take_last())
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .orientation(options.VizOrientation.HORIZONTAL)
    )


def _make_piechart(_panel: Panel) -> Builder:
    return (
        piechart.Panel()
        .color_scheme(_color_by(models.FieldColorModeId.PALETTE_CLASSIC))
        .reduce_options(_take_last())
        .legend(
            piechart.PieChartLegendOptions()
            .display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.RIGHT)
            .show_legend(True)
            .values([pie.PieChartLegendValues.VALUE, pie.PieChartLegendValues.PERCENT])
        )
    )


def _make_table(panel: Panel) -> Builder:
    """Join the queries' answers by their labels; the time of an instant query tells nothing."""
    builder = (
        table.Panel()
        .show_header(True)
        .color_scheme(_color_value(panel))
        .override_by_name("Time", [models.DynamicConfigValue(id_val="custom.hidden", value=True)])
    )
    if len(panel.queries) > 1:
        builder.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    return builder


def _make_heatmap(_panel: Panel) -> Builder:
    return heatmap.Panel().calculate(False)


_BUILDERS: Mapping[str, Callable[[Panel], Builder]] = {
    "stat": _make_stat,
    "timeseries": _make_timeseries,
    "gauge": _make_gauge,
    "piechart": _make_piechart,
    "table": _make_table,
    "bargauge": _make_bargauge,
    "heatmap": _make_heatmap,
}
