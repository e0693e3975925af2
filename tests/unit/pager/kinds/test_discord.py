"""What Discord's webhooks take, as Alertmanager calls them."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import TEXT_TAG, answer, deliver

from alertdrill.alertmanager.receivers.discord import DISCORD


def make_message(title: str = "it is slow", description: Any = "very", **changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends."""
    described = TEXT_TAG + description if isinstance(description, str) else description
    embed = {"title": title, "description": described, "color": 10038562}
    return {"content": "", "embeds": [embed], **changes}


def test_a_message_is_taken_without_a_word() -> None:
    """It is answered 204; the embed has title and text, and the tag is taken out."""
    attempt = deliver("discord", make_message(content="@here"))
    assert (answer(attempt).status, answer(attempt).body) == (204, "")
    assert (attempt.title, attempt.text) == ("it is slow", "@here\nvery")
    assert attempt.payload["embeds"][0]["description"] == "very"
    assert attempt.group_labels == {"alertname": "Slow"}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (make_message(title="t" * 257), "embeds.0.title: Must be 256 or fewer in length."),
        (make_message(description="d" * 4097), "embeds.0.description: Must be 4096 or fewer in length."),
        (make_message(description=["d"]), "embeds.0.description: Could not interpret this as string."),
        (make_message(content="c" * 2001), "content: Must be 2000 or fewer in length."),
        (make_message(username="Discord alerts"), 'username: Username cannot contain "discord"'),
        (make_message(username="u" * 81), "username: Must be 80 or fewer in length."),
        (make_message(embeds=[{}] * 11), "embeds: Must be 10 or fewer in length."),
        (make_message(embeds=["e"]), "embeds: Only dictionaries may be used"),
        (
            make_message(embeds=[{"description": "d" * 4096}, {"description": "d" * 4096}]),
            "embeds: Embed size exceeds maximum size of 6000",
        ),
        (b"{", "the body is not JSON"),
    ],
)
def test_a_message_that_breaks_the_contract_is_an_invalid_form(message: Any, why: str) -> None:
    """It is answered 400 with Discord's code and the place of what is wrong."""
    attempt = deliver("discord", message)
    body = answer(attempt).body
    assert answer(attempt).status == 400
    assert not isinstance(body, str)
    assert body["code"] == 50035
    assert "_errors" in str(body["errors"])
    assert attempt.why.startswith(why)


def test_an_empty_message_is_refused() -> None:
    """Discord has a code of its own for it."""
    attempt = deliver("discord", make_message(title="", description=""))
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["code"]) == (400, 50006)


def test_what_is_as_long_as_may_be_is_taken() -> None:
    """The bounds are among what is allowed, and the tag does not count."""
    message = make_message(
        title="t" * 256, description="d" * 4096, content="c" * 1648, username="Alertmanager"
    )
    assert deliver("discord", message).refusal is None


def test_an_unknown_token_is_said_so() -> None:
    """Discord's code tells it from a webhook that is not there."""
    assert DISCORD.http is not None
    assert DISCORD.http.write_refusal(401, "no").body == {"message": "Invalid Webhook Token", "code": 50027}
