"""Writes JUnit's XML, as CI systems read it.

Format: the one that Jenkins and GitLab take; there is no standard, and its elements are these in all of them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from alertdrill.core.wording import printable


def open_suite(**attributes: str) -> ET.Element:
    """Return a suite of test cases with such attributes."""
    return ET.Element("testsuite", {"name": "alertdrill", "skipped": "0"} | attributes)


def add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    """Add an element with such attributes to another, and return it; what cannot be printed is escaped."""
    return ET.SubElement(parent, tag, {name: printable(value) for name, value in attributes.items()})


def add_properties(parent: ET.Element, properties: dict[str, str]) -> None:
    """Add what is to be known of a suite or a case, by name."""
    holder = add(parent, "properties")
    for name, value in properties.items():
        add(holder, "property", name=name, value=value)


def write(suite: ET.Element) -> str:
    """Return the document of a suite."""
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
