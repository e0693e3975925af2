"""The fields of Alertmanager's config file: what each holds, and which of them are never kept. Pure.

Source: Alertmanager's configuration reference, and the fields that the programs of both supported generations
accept. A field that only one generation knows is here too; which one a config is for, amtool says
(`alertdrill.alertmanager.amtool`). The fields of receivers stand with their kinds (`receivers/`).
"""

from __future__ import annotations

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.schema import (
    FLAG,
    NAMED_TEXTS,
    OPTIONAL,
    OTHER_SECTIONS,
    SECRET,
    TEXT,
    TEXTS,
    Field,
    Fields,
    ListOf,
)

ROUTE: dict[str, Field] = {
    "receiver": TEXT,
    "group_by": TEXTS,
    "group_wait": OPTIONAL,
    "group_interval": OPTIONAL,
    "repeat_interval": OPTIONAL,
    "match": NAMED_TEXTS,
    "match_re": NAMED_TEXTS,
    "matchers": TEXTS,
    "continue": FLAG,
    "mute_time_intervals": TEXTS,
    "active_time_intervals": TEXTS,
}
ROUTE["routes"] = ListOf(ROUTE)

INHIBIT_RULE: Fields = {
    "name": TEXT,
    "equal": TEXTS,
    "source_match": NAMED_TEXTS,
    "source_match_re": NAMED_TEXTS,
    "source_matchers": TEXTS,
    "target_match": NAMED_TEXTS,
    "target_match_re": NAMED_TEXTS,
    "target_matchers": TEXTS,
}

NUMBERS = ListOf(TEXT, null=())
"""Without a value, an item is a zero in Go, which no day, month or year is; a weekday is Sunday then."""
TIME_INTERVAL: Fields = {
    "name": TEXT,
    "time_intervals": ListOf(
        {
            "times": ListOf({"start_time": TEXT, "end_time": TEXT}, null=()),
            "weekdays": ListOf(TEXT, null=("sunday",)),
            "days_of_month": NUMBERS,
            "months": NUMBERS,
            "years": NUMBERS,
            "location": TEXT,
        },
        null=({},),
    ),
}

GLOBAL: Fields = {
    "resolve_timeout": OPTIONAL,
    "http_config": SECRET,
    **{name: field for kind in RECEIVER_KINDS.values() for name, field in kind.shared_fields.items()},
}

CONFIG: Fields = {
    "global": GLOBAL,
    "route": ROUTE,
    "inhibit_rules": ListOf(INHIBIT_RULE),
    "receivers": ListOf(
        {
            "name": TEXT,
            "labels": NAMED_TEXTS,
            **{kind.section: ListOf(kind.fields) for kind in RECEIVER_KINDS.values()},
            # What only a newer Alertmanager knows.
            OTHER_SECTIONS: ListOf(SECRET),
        }
    ),
    "templates": TEXTS,
    # Alertmanager takes an empty one for one without a name, which no route can name.
    "time_intervals": ListOf(TIME_INTERVAL, null=()),
    "mute_time_intervals": ListOf(TIME_INTERVAL, null=()),
    # Where Alertmanager reports of itself: it says nothing about paging, and may name outsiders.
    "tracing": SECRET,
    "event_recorder": SECRET,
}
