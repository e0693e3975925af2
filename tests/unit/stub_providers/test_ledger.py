"""The ledger counts and stays bounded."""

from __future__ import annotations

from stub_providers.ledger import MAX_MODELS, NO_MODEL, Ledger


def test_requests_are_counted_by_model_and_outcome() -> None:
    """Each request is one more of its model and outcome."""
    ledger = Ledger()
    for model, outcome in (("a", "ok"), ("a", "ok"), ("a", "auth"), ("b", "ok")):
        ledger.count(model, outcome)
    assert ledger.as_json() == {"a": {"ok": 2, "auth": 1}, "b": {"ok": 1}}
    assert ledger.models == ("a", "b")


def test_models_past_the_bound_share_one_entry() -> None:
    """Invented model names cannot grow the ledger without end."""
    ledger = Ledger()
    for number in range(MAX_MODELS + 50):
        ledger.count(f"m{number}", "ok")
    assert len(ledger.models) == MAX_MODELS
    assert ledger.as_json()[NO_MODEL] == {"ok": 50}
