"""Gatewayz's surface is what metrics.yml says: no metric, label or bound more or less."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.fixed_gauges import FixedGauges
from support.gatewayz_surface import EVERYTHING, expose
from support.plain_yaml import read_yaml

from alertdrill.systems import find_systems
from alertdrill.systems.gatewayz import surface as surface_module
from alertdrill.systems.gatewayz.surface import JOB, Surface

TABLE = read_yaml(Path(surface_module.__file__).with_name("metrics.yml"))


def test_gatewayz_is_found_by_its_folder():
    """Its folder alone makes it a system, with the scrape job of its documentation."""
    systems = {system.name: system for system in find_systems()}
    assert (
        (systems["gatewayz"].job, systems["gatewayz"].surface) == (JOB, Surface) == ("gatewayz-api", Surface)
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_every_metric_is_as_its_table_says(row):
    """Name, type, help, labels, their values, and bounds; and there is no metric that is not in the table."""
    surface = Surface(FixedGauges())
    for event in EVERYTHING:
        surface.observe(event)
    families = {}
    for family in text_string_to_metric_families(expose(surface)):
        families[family.name + "_total" if family.type == "counter" else family.name] = family
    assert set(families) == {entry["name"] for entry in TABLE}
    family = families[row["name"]]
    assert (family.type, family.documentation) == (row["type"], row["help"])
    assert family.samples
    for sample in family.samples:
        assert set(sample.labels) - {"le"} == set(row["labels"])
        for name, values in row["labels"].items():
            assert values == "open" or sample.labels[name] in values
    if row["type"] == "histogram":
        bounds = [float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels]
        assert bounds == [*row["buckets"], float("inf")]
