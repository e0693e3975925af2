"""A system's dashboard as Grafana imports it, built with Grafana's own SDK.

The SDK writes Grafana's dashboard model: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/.
It is among the development dependencies only: the JSON is committed, and a test holds it to `panels.yml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from alertdrill.rules.panels import COLUMNS, Dashboard, Panel
from alertdrill.systems.grafana.kinds import DATASOURCE, make_panel

SINCE = "now-6h"
REFRESH = "30s"
ROW_HEIGHT = 1


def render(dashboard: Dashboard) -> str:
    """Return the dashboard's JSON; the same panels always give the same text."""
    builder = (
        builders.Dashboard(dashboard.title)
        .uid(dashboard.uid)
        .tags(list(dashboard.tags))
        .editable()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time(SINCE, "now")
        .refresh(REFRESH)
        .with_variable(builders.DatasourceVariable(DATASOURCE).label("Data source").type("prometheus"))
    )
    for link in dashboard.links:
        builder.link(
            builders.DashboardLink(link.title)
            .type(models.DashboardLinkType.LINK)
            .url(link.url)
            .icon("external link")
            .include_vars(True)
            .keep_time(True)
        )
    number, y = 0, 0
    for row in dashboard.rows:
        number += 1
        builder.with_row(builders.Row(row.title).id(number).grid_pos(_place(0, y, COLUMNS, ROW_HEIGHT)))
        y += ROW_HEIGHT
        for panel, place in _lay_out(row.panels, y):
            number += 1
            builder.with_panel(make_panel(panel).id(number).grid_pos(place))
            y = max(y, place.y + place.h)
    return JSONEncoder(indent=2, sort_keys=True).encode(builder.build()) + "\n"


def _lay_out(panels: tuple[Panel, ...], top: int) -> Iterator[tuple[Panel, models.GridPos]]:
    """Place panels from left to right; one that no longer fits begins a line below the highest before it."""
    x, y, below = 0, top, top
    for panel in panels:
        if x + panel.width > COLUMNS:
            x, y = 0, below
        yield panel, _place(x, y, panel.width, panel.height)
        x += panel.width
        below = max(below, y + panel.height)


def _place(x: int, y: int, width: int, height: int) -> models.GridPos:
    return models.GridPos(x=x, y=y, w=width, h=height)
