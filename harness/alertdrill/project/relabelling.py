"""Relabelling of a scrape's targets, as Prometheus's `relabel_config` has it.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
"""

from __future__ import annotations

from typing import Any

from alertdrill.project.toml_fields import TomlFields

ACTIONS = (
    "replace",
    "keep",
    "drop",
    "keepequal",
    "dropequal",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
)
TEXTS = ("separator", "regex", "target_label", "replacement")


def read_relabelling(fields: TomlFields) -> dict[str, Any]:
    """Return one rule of relabelling, with the fields that it states; raises BadInput."""
    rule: dict[str, Any] = {}
    if fields.has("source_labels"):
        rule["source_labels"] = list(fields.take_texts("source_labels"))
    for key in TEXTS:
        if fields.has(key):
            rule[key] = fields.take_any_text(key)
    if fields.has("modulus"):
        rule["modulus"] = fields.take_positive("modulus")
    if fields.has("action"):
        rule["action"] = fields.take_word("action", ACTIONS)
    fields.end()
    if not rule:
        raise fields.fail(f"{fields.what} is empty")
    return rule
