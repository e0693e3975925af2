"""Where the groups of a rule file stand: in a plain file, or in resources of the Prometheus operator. Pure.

A manifest may have several documents, and lists of resources in them; those of other kinds are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from alertdrill.errors import BadRules
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence, read_all_nodes

KIND = "PrometheusRule"
MAX_VALUES = 200_000
"""Of what is written out anew: aliases may repeat much in little text."""
_OF_ALERTMANAGER = frozenset(("global", "route", "receivers", "inhibit_rules", "templates", "time_intervals"))
_SHOWN = 40
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What has a list of groups: a plain rule file, or the spec of a resource.

    One that is `within` is not all of its file: there are others, or it is in a list.
    """

    node: Mapping
    groups: Sequence
    is_resource: bool
    is_within: bool = False


def find_holders(text: str, name: str) -> list[Holder]:
    """Return what has groups in a rule file's text, at least one; raises BadRules."""
    documents = read_all_nodes(text, name)
    if not documents:
        raise BadRules(f"{name}:1: the file is empty")
    for document in documents:
        if not isinstance(document, Mapping):
            raise BadRules(f"{name}:{document.line}: the file is not a mapping with groups")
    mappings = [document for document in documents if isinstance(document, Mapping)]
    if not any(is_resource(document) for document in mappings):
        if len(mappings) > 1:
            what = "the file has more than one document, of which Prometheus reads the first"
            raise BadRules(f"{name}:{mappings[1].line}: {what}")
        return [find_holder(mappings[0], name)]
    resources = [one for document in mappings for one in _list_resources(document, name)]
    own = [one for one in resources if _read_text(one, "kind") == KIND]
    if not own:
        line = find_line(resources[0], "kind") if resources else mappings[0].line
        raise BadRules(f"{name}:{line}: the resource's kind is not {KIND}")
    is_within = len(resources) > 1 or own[0] not in documents
    return [replace(find_holder(one, name), is_within=is_within) for one in own]


def is_resource(document: Mapping) -> bool:
    """Tell whether a document is a Kubernetes resource rather than a plain rule file."""
    return "kind" in document.values or "apiVersion" in document.values


def find_holder(document: Mapping, name: str) -> Holder:
    """Return what has the groups of one document. Raises BadRules."""
    holder = document
    if is_resource(document):
        if _read_text(document, "kind") != KIND:
            raise BadRules(f"{name}:{find_line(document, 'kind')}: the resource's kind is not {KIND}")
        spec = document.values.get("spec")
        if not isinstance(spec, Mapping):
            raise BadRules(f"{name}:{find_line(document, 'spec')}: the resource has no spec with groups")
        holder = spec
    for key in holder.values:
        if key != "groups":
            what = f"the field {key[:_SHOWN]!r} is unknown"
            if key in _OF_ALERTMANAGER:
                what += ": this is no rule file, which has groups, but looks like an Alertmanager config"
            raise BadRules(f"{name}:{find_line(holder, key)}: {what}")
    groups = holder.values.get("groups")
    if not isinstance(groups, Sequence) or not groups.items:
        raise BadRules(f"{name}:{find_line(holder, 'groups')}: the file has no list of groups")
    return Holder(node=holder, groups=groups, is_resource=holder is not document)


def find_line(node: Mapping, key: str) -> int:
    """Return the line of a key, or of the mapping that lacks it."""
    return node.keys[key].line if key in node.keys else node.line


def repeats_any(holders: list[Holder]) -> bool:
    """Tell whether aliases repeat a group or a rule, which are edited in place where they are not."""
    nodes: list[Node] = [group for holder in holders for group in holder.groups.items]
    for group in list(nodes):
        rules = group.values.get("rules") if isinstance(group, Mapping) else None
        nodes += [*rules.items, rules] if isinstance(rules, Sequence) else []
    return len({id(node) for node in nodes}) < len(nodes)


def write_plain(holders: list[Holder], names: list[str], left_out: set[str], name: str) -> str:
    """Return one plain rule file with the groups of all, by these names, aliases written out.

    Fields that are `left_out` are not for Prometheus. Raises BadRules for more than MAX_VALUES.
    """
    count = 0

    def plain(node: Node) -> Any:
        nonlocal count
        count += 1
        if count > MAX_VALUES:
            raise BadRules(f"{name}:{node.line}: the file has more than {MAX_VALUES} values with its aliases")
        if isinstance(node, Sequence):
            return [plain(item) for item in node.items]
        if isinstance(node, Mapping):
            return {key: plain(value) for key, value in node.values.items()}
        if node.is_null:
            return None
        # A limit is a number; whatever else looks like one is read as the text that it is.
        return int(node.text) if not node.style and _NUMBER.fullmatch(node.text) else node.text

    groups = [plain(group) for holder in holders for group in holder.groups.items]
    renamed = [
        {**{key: value for key, value in group.items() if key not in left_out}, "name": own}
        for group, own in zip(groups, names, strict=True)
    ]
    return str(yaml.safe_dump({"groups": renamed}, sort_keys=False, allow_unicode=True, width=2**31))


def _list_resources(document: Mapping, name: str) -> Iterator[Mapping]:
    """Yield a resource, or those of a list of them."""
    items = document.values.get("items")
    if not (_read_text(document, "kind") or "").endswith("List") or items is None:
        yield document
        return
    for item in items.items if isinstance(items, Sequence) else [items]:
        if not isinstance(item, Mapping):
            raise BadRules(f"{name}:{item.line}: an item of the list is no resource")
        yield item


def _read_text(node: Mapping, key: str) -> str | None:
    value = node.values.get(key)
    return value.text if isinstance(value, Scalar) else None
