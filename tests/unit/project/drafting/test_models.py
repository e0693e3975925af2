"""Which model drafted calls ask for, and what is said of the choice."""

from __future__ import annotations

import pytest

from alertdrill.project.drafting.models import choose_model, count_calls, is_listed, say_listed

LIST = "http://gw/v1/models"
LITELLM = [
    ("litellm_proxy_total_requests_metric_total", {"requested_model": "gpt-main", "status_code": "200"}, 7.0),
    ("litellm_proxy_total_requests_metric_total", {"requested_model": "gpt-main", "status_code": "500"}, 2.0),
    ("litellm_proxy_total_requests_metric_total", {"requested_model": "other", "status_code": "400"}, 330.0),
    ("litellm_spend_metric_total", {"model": "gpt-4o-mini", "model_id": "4e17fe"}, 3.0),
]
TWO = [*LITELLM, ("litellm_proxy_total_requests_metric_total", {"requested_model": "small"}, 40.0)]


def choose(samples: list[tuple[str, dict[str, str], float]], *listed: str, asked: str | None = None) -> str:
    """Return what is said of the model that is chosen."""
    return choose_model(asked, count_calls(samples), "http://gw/metrics", listed, LIST).why


def test_the_model_that_metrics_name_is_taken() -> None:
    """By the label that has callers' names, not the provider's; what is no model is left out."""
    assert choose(LITELLM) == "model: gpt-main, the only one that http://gw/metrics names (requested_model)"


def test_of_several_the_most_called_is_taken() -> None:
    """By all its series together, and what was spent or named by others is no call."""
    assert choose(TWO) == (
        "model: small, of the 2 that http://gw/metrics names (requested_model) the one that was called most "
        "(40 calls); --model takes another"
    )


def test_what_the_gateway_lists_decides_between_names() -> None:
    """A name that metrics have and the gateway does not offer is none to ask for."""
    assert choose(TWO, "gpt-main").startswith("model: gpt-main, the only one that http://gw/metrics names")
    assert choose(TWO, "chat") == f"model: chat, the only one that {LIST} lists"
    assert choose([], "chat", "code").startswith(f"model: chat, the first of the 2 that {LIST} lists")
    assert choose(TWO, "openai/*", "small").startswith("model: small, the only one that http://gw/metrics")


def test_a_model_that_was_asked_for_is_taken() -> None:
    """Without a word, unless the gateway does not list it."""
    assert choose(TWO, "gpt-main", asked="gpt-main") == choose(TWO, asked="any") == ""
    assert choose(TWO, "gpt-main", asked="gpt-5") == (
        f"model: gpt-5, as --model says, though it is none that {LIST} lists: gpt-main"
    )


def test_without_any_name_it_is_said_that_it_is_a_guess() -> None:
    """Nobody takes it for what was found."""
    assert choose([]).startswith("model: gpt-4.1, for nothing says which models the gateway has")


@pytest.mark.parametrize(
    ("model", "listed"), [("a", True), ("openai/gpt", True), ("b", False), ("openai", False)]
)
def test_a_list_may_have_patterns(model: str, *, listed: bool) -> None:
    """As LiteLLM's has for all models of a provider."""
    assert is_listed(model, ("a", "openai/*")) is listed


def test_a_long_list_is_cut_short() -> None:
    """And how many are left out is said."""
    assert say_listed([f"m{number}" for number in range(9)]) == "m0, m1, m2, m3, m4 and 4 more"
