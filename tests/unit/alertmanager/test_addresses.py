"""Tests of addresses, keys and the tag: what Alertmanager's config and the pager agree on."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.alertmanager.addresses import (
    MAX_TAG_CHARACTERS,
    Address,
    Tag,
    derive_key,
    parse_path,
    parse_tag,
)
from alertdrill.core.expectation import Integration

INTEGRATIONS: tuple[Integration, ...] = ("pagerduty", "slack", "webhook", "opsgenie", "email")
ADDRESSES = st.builds(
    Address,
    receiver=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    integration=st.sampled_from(INTEGRATIONS),
    index=st.integers(0, 99),
)
NAMES = st.from_regex(r"\A[a-zA-Z_][a-zA-Z0-9_]*\Z")
VALUES = st.text(st.characters(exclude_categories=["Cs"]))
FINGERPRINTS = st.from_regex(r"\A[0-9a-f]{16}\Z")


def render(tag: Tag) -> str:
    """Return what Alertmanager renders of TAG: Go's QueryEscape leaves what quote_plus does."""
    labels = "".join(f"{quote_plus(n)}={quote_plus(v)}&" for n, v in sorted(tag.group_labels.items()))
    return f"{labels};" + "".join(f"{name}={status}&" for name, status in tag.alerts)


@given(
    st.builds(
        Tag,
        group_labels=st.dictionaries(NAMES, VALUES),
        alerts=st.lists(st.tuples(FINGERPRINTS, st.sampled_from(("firing", "resolved")))).map(tuple),
    )
)
def test_a_rendered_tag_is_read_back(tag: Tag) -> None:
    """Whatever the labels' values are, the tag says what it was made of."""
    assert parse_tag(render(tag)) == tag


def test_a_tag_that_was_folded_is_read() -> None:
    """A mail's header may be broken into lines; blanks are no part of a tag."""
    assert parse_tag("a=b+c&\r\n ;0011=fir\r\n\ting&") == Tag(
        group_labels={"a": "b c"}, alerts=(("0011", "firing"),)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a=b&",
        "a=b&;0011=pending&",
        "a=b&;0011&",
        ";0011=firing=firing&",
        ";" + "0=firing&" * (MAX_TAG_CHARACTERS // 9 + 1),
    ],
)
def test_what_is_no_tag_is_refused(text: str) -> None:
    """A text of another form, or a very long one, is no tag."""
    with pytest.raises(ValueError, match="tag"):
        parse_tag(text)


@given(ADDRESSES)
def test_a_path_names_its_address(address: Address) -> None:
    """Receiver, integration and index are read back from the path, whatever the receiver is called."""
    assert parse_path(address.path) == address
    assert parse_path(f"/{address.path}/") == address


@pytest.mark.parametrize(
    "path", ["", "slack", "slack/a", "slack//0", "slack/a/x", "pigeon/a/0", "slack/a/0/1"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    """Paths of another form raise ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError will do
        parse_path(path)


@given(ADDRESSES, ADDRESSES)
def test_keys_differ_as_addresses_do(one: Address, other: Address) -> None:
    """Each inbox has a key of its own, of 32 hexadecimal digits, that another token does not give."""
    assert (derive_key("token", one) == derive_key("token", other)) == (one == other)
    assert re.fullmatch("[0-9a-f]{32}", derive_key("token", one))
    assert derive_key("token", one) != derive_key("another", one)


@given(ADDRESSES)
def test_a_server_name_is_a_host_name_of_one_receiver(address: Address) -> None:
    """The name in TLS is one that DNS would allow, and does not depend on the index."""
    label, _, rest = address.server_name.partition(".")
    assert re.fullmatch("[a-z0-9-]{1,63}", label)
    assert rest == "inbox.alertdrill.internal"
    again = Address(receiver=address.receiver, integration=address.integration, index=address.index + 1)
    assert again.server_name == address.server_name
