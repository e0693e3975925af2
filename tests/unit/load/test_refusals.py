"""What answers said that nobody wanted, kept for people to read."""

from __future__ import annotations

from alertdrill.load.refusals import MAX_CHARS, Refusals


def test_the_first_answer_of_each_status_is_kept() -> None:
    """By load profile."""
    refusals = Refusals()
    for profile, status, text in (
        ("a", 500, "one"),
        ("a", 500, "two"),
        ("a", 404, "three"),
        ("b", 500, "four"),
    ):
        refusals.note(profile, status, text, secrets=())
    assert refusals.as_json() == {"a": {"500": "one", "404": "three"}, "b": {"500": "four"}}


def test_a_secret_that_comes_back_is_not_kept() -> None:
    """Some gateways quote the key that they refuse."""
    refusals = Refusals()
    refusals.note("a", 401, "the key sk-1 of team blue is wrong", secrets=("sk-1", "blue"))
    assert refusals.as_json() == {"a": {"401": "the key *** of team *** is wrong"}}


def test_a_long_answer_is_cut_short_on_one_line() -> None:
    """A page of HTML does not fill a terminal."""
    refusals = Refusals()
    refusals.note("a", 502, "<p>\n" * 10_000, secrets=())
    (said,) = refusals.as_json()["a"].values()
    assert (len(said), said[:8]) == (MAX_CHARS, "<p> <p> ")
