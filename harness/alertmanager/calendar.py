"""The calendar that Alertmanager's time intervals are read on."""

from __future__ import annotations

ZONE_FOLDER = "alertdrill"


def name_zone(location: str) -> str:
    """Return the name of our own zone in place of a location; Alertmanager's own default is UTC.

    So is `Local` here: which place that was, only the machine knew that the config came from.
    """
    return f"{ZONE_FOLDER}/{'UTC' if location in ('', 'Local') else location}"
