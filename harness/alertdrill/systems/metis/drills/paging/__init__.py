"""Drills of the paging path: what happens to a page between an alert that fires and an incident that closes.

Their alerts are those of `systems/metis/paging.yml`, which are simple on purpose; their routes are those of
`alertmanager/paging_routes.yml`. Each drill has a key of its own, and where something befalls a receiver, a
receiver of its own, so that all but those with outages are held at the same time.
docs/explanation/paging.md has a table.
"""

from __future__ import annotations

from alertdrill.core.drill import Drill
from alertdrill.systems.metis.drills.paging.alertmanagers import make_pairs, make_restarts
from alertdrill.systems.metis.drills.paging.deliveries import make_announced, make_repeats, make_severities
from alertdrill.systems.metis.drills.paging.provider_outage import make_provider_outage
from alertdrill.systems.metis.drills.paging.receivers import make_failing_receivers, make_refused
from alertdrill.systems.metis.drills.paging.suppression import make_suppressed


def make_drills() -> tuple[Drill, ...]:
    """Return the drills of the paging path; they depend on no values."""
    return (
        *make_severities(),
        make_provider_outage(),
        *make_suppressed(),
        make_announced(),
        make_repeats(),
        *make_failing_receivers(),
        make_refused(),
        *make_restarts(),
        *make_pairs(),
    )
