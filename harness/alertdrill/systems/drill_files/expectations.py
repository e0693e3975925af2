"""What a drill in YAML expects: `fires`, `near_miss` or `blind`, of an alert with labels."""

from __future__ import annotations

import re
from typing import get_args

from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Expected,
    Grouped,
    Integration,
    NearMiss,
    Suppressed,
    Suppression,
    Text,
)
from alertdrill.core.rule import Labels
from alertdrill.rules.fields import Fields, say_nearest
from alertdrill.rules.yaml.nodes import Scalar, Sequence

KINDS = ("fires", "near_miss", "blind")
TEXTS = ("exact", "contains", "regex")


def read_expected(fields: Fields) -> Expected:
    """Return an expectation; raises BadInput for one that says nothing, or several things, of its alert."""
    alert, labels = fields.take_text("alert"), fields.take_labels("labels")
    if "alertname" in labels:
        raise fields.fail(f"the label alertname is stated as alert: {labels['alertname']}")
    fields.what = f"what is expected of {alert}"
    kinds = [kind for kind in KINDS if fields.has(kind)]
    if len(kinds) != 1:
        nearest = [near for key in fields.take_rest() if not kinds and (near := say_nearest(key, KINDS))]
        raise fields.fail(f"{fields.what} has to be one of {', '.join(KINDS)}{''.join(nearest[:1])}")
    expected: Expected
    if kinds == ["near_miss"]:
        expected = _read_near_miss(fields, alert, labels)
    elif kinds == ["blind"]:
        expected = _read_blind(fields, alert, labels)
    elif fields.has("grouped"):
        expected = _read_grouped(fields, alert, labels)
    else:
        expected = _read_firing(fields, alert, labels)
    fields.end()
    return expected


def _read_near_miss(fields: Fields, alert: str, labels: Labels) -> NearMiss:
    near = fields.take_fields("near_miss", f"the near miss of {alert}")
    least, most = near.take_shares("reaches")
    pending, within_s = _read_pending(near)
    near.end()
    return NearMiss(
        alert=alert,
        labels=labels,
        reaches=least,
        reaches_at_most=most,
        pending=pending,
        pending_within_s=within_s,
    )


def _read_pending(near: Fields) -> tuple[bool, tuple[float, float] | None]:
    """Return whether it must have been pending, and for how long: `true`, or `4m..9m`."""
    if not near.has("pending"):
        return False, None
    node = near.take_node("pending")
    if isinstance(node, Scalar) and node.text in {"true", "false"}:
        return node.text == "true", None
    return True, near.put_back("pending", node).take_span("pending")


def _read_blind(fields: Fields, alert: str, labels: Labels) -> BlindRule:
    node = fields.take_node("blind")
    if isinstance(node, Scalar) and node.text == "true":
        return BlindRule(alert=alert, labels=labels)
    blind = Fields(node, fields.name, f"blind of {fields.what}")
    after_s = blind.take_duration("from")
    blind.end()
    return BlindRule(alert=alert, labels=labels, after_s=after_s)


def _read_grouped(fields: Fields, alert: str, labels: Labels) -> Grouped:
    fires_after_s, fires_within_s = fields.take_span("fires")
    _demand_pages(fields)
    pages = fields.take_fields(
        "pages", f"pages of {fields.what}, which are grouped: {{receiver, integration}}"
    )
    grouped = fields.take_fields("grouped")
    expected = Grouped(
        alert=alert,
        labels=labels,
        alerts=grouped.take_positive("alerts"),
        incidents=grouped.take_positive("incidents", 1),
        notifications=grouped.take_positive("notifications", 2),
        fires_after_s=fires_after_s,
        fires_within_s=fires_within_s,
        resolves_within_s=fields.take_duration("resolves_by"),
        receiver=pages.take_text("receiver"),
        integration=_take_integration(pages),
    )
    pages.end()
    grouped.end()
    return expected


def _read_firing(fields: Fields, alert: str, labels: Labels) -> Expectation:
    from_s, to_s = fields.take_span("fires")
    _demand_pages(fields)
    deliveries = _read_pages(fields)
    return Expectation(
        alert=alert,
        labels=labels,
        fires_after_s=from_s,
        fires_within_s=to_s,
        resolves_within_s=fields.take_duration("resolves_by"),
        receiver=deliveries[0].receiver,
        pages_within_s=fields.take_duration("pages_within") if fields.has("pages_within") else None,
        closes_within_s=fields.take_duration("closes_within") if fields.has("closes_within") else None,
        suppressed=_read_suppressed(fields),
        # That the first is paged is all that its bare name says, and what the receiver is for.
        deliveries=tuple(one for one in deliveries if one != Delivery(receiver=deliveries[0].receiver)),
    )


def _demand_pages(fields: Fields) -> None:
    """Raise BadInput for an alert of which it is not said whom it pages: no run could show that it does."""
    if not fields.has("pages"):
        raise fields.fail(f"{fields.what} has no pages: name the receiver that is notified, as pages: oncall")


def _read_pages(fields: Fields) -> list[Delivery]:
    """Return whom it pages: a receiver's name, what one receiver gets, or a list of either."""
    node = fields.take_node("pages")
    nodes = node.items if isinstance(node, Sequence) else [node]
    if not nodes or any(isinstance(one, Scalar) and not one.text for one in nodes):
        raise fields.fail(f"pages of {fields.what} names no receiver", node)
    return [
        Delivery(receiver=one.text)
        if isinstance(one, Scalar)
        else _read_delivery(Fields(one, fields.name, f"a page of {fields.what}"))
        for one in nodes
    ]


def _read_delivery(page: Fields) -> Delivery:
    delivery = Delivery(
        receiver=page.take_text("receiver"),
        integration=_take_integration(page) if page.has("integration") else None,
        group_labels=page.take_labels("group_labels") if page.has("group_labels") else None,
        group_key=_read_text(page, "group_key"),
        title=_read_text(page, "title"),
        text=_read_text(page, "text"),
        notifications=page.take_counts("notifications") if page.has("notifications") else None,
        notifications_within_s=(
            page.take_span("notifications_within") if page.has("notifications_within") else None
        ),
        repeats_after_s=page.take_span("repeats_after") if page.has("repeats_after") else None,
        refused=page.take_counts("refused") if page.has("refused") else None,
        alerts=page.take_counts("alerts") if page.has("alerts") else None,
        closes=page.take_truth("closes", True),
    )
    page.end()
    return delivery


def _take_integration(fields: Fields) -> Integration:
    return fields.take_word("integration", get_args(Integration))  # type: ignore[return-value] # one of them


def _read_text(page: Fields, key: str) -> Text | None:
    if not page.has(key):
        return None
    fields = page.take_fields(key)
    stated = [how for how in TEXTS if fields.has(how)]
    if len(stated) != 1:
        raise fields.fail(f"{fields.what} has to be one of {', '.join(TEXTS)}")
    (how,) = stated
    text = Text(how=how, text=fields.take_text(how))  # type: ignore[arg-type] # one of TEXTS
    fields.end()
    try:
        re.compile(text.text if how == "regex" else "")
    except re.error as error:
        raise fields.fail(f"{fields.what} is no regular expression: {error}") from error
    return text


def _read_suppressed(fields: Fields) -> Suppressed | None:
    if not fields.has("suppressed"):
        return None
    held = fields.take_fields("suppressed")
    suppressed = Suppressed(
        why=held.take_word("why", get_args(Suppression)),  # type: ignore[arg-type] # one of them
        until_s=held.take_duration("until") if held.has("until") else None,
        by=held.take_labels("by"),
    )
    held.end()
    return suppressed
