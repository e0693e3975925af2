"""What the toy system's panels showed over the run of `report_records`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.rules.panels import Panel, PanelCurve, PanelCurves
from support.panel_files import read_toy_panels
from support.report_records import STEP_S, UNTIL_S

SERIES = 3
BOUNDS = ("+Inf", "0.5", "2")


def build_panels() -> tuple[PanelCurves, ...]:
    """Return each panel with three series a query; the second and the third come later."""
    dashboard = read_toy_panels()
    return tuple(
        PanelCurves(
            dashboard=dashboard,
            panel=panel,
            curves=tuple(
                PanelCurve(
                    legend=BOUNDS[number]
                    if panel.kind == "heatmap"
                    else f"{query.legend or panel.title} {number}",
                    points=tuple(_follow(panel, number)),
                )
                for query in panel.queries
                for number in range(SERIES)
            ),
        )
        for panel in dashboard.panels
    )


def _follow(panel: Panel, number: int) -> Iterator[tuple[float, float]]:
    top = panel.threshold.value if panel.threshold else 40.0
    for step in range(int(UNTIL_S / STEP_S) + 1):
        at_s = step * STEP_S
        if at_s < 300 * number:
            continue
        if panel.mappings:
            yield at_s, float(not 2000 < at_s < 2300)
        elif 3000 < at_s < 3200:
            yield at_s, math.nan
        else:
            yield at_s, top * (0.3 + 0.9 * max(0.0, math.sin(at_s / 600 + number)))
