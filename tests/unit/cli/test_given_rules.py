"""Tests of which drills can be held on rule files that somebody gave, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alertdrill.cli.options.given_rules import Choice, find_unheld, make_note, say_left_out
from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule, Expectation, Suppressed
from alertdrill.errors import BadInput
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.rulebook import RuleBook, list_expected


def make_file(name: str, *rules: str) -> RuleFile:
    """Return a rule file of one group; each rule is a line of YAML."""
    lines = "\n".join(f"      - {rule}" for rule in rules)
    return parse_rules(f"groups:\n  - name: {name}\n    rules:\n{lines}\n", f"{name}.yml")


def make_drill(name: str, *alerts: str, system: str = "one") -> Drill:
    """Return a drill that is about some alerts; without any it is quiet."""
    expects = tuple(BlindRule(alert=alert, labels={}) for alert in alerts)
    return Drill(name=name, system=system, traffic=(), expects=expects, why="", lasts_s=60)


A = "{alert: A, expr: a_total > 1}"
B = "{alert: B, expr: b_total > 1}"
A_AS_WRITTEN = "{alert: AAsWritten, expr: a_total > 2, labels: {edition: as_written}}"
PAGING = "{alert: Paging, expr: a_total > 3, labels: {edition: paging}}"
Z = "{alert: Z, expr: z_total > 1 or up == 0}"
EDITION = make_file("as_written", A_AS_WRITTEN)
OWN = {
    "one": (make_file("one", A, B), EDITION, make_file("paging", PAGING)),
    "two": (make_file("two", Z),),
}

ON_A = make_drill("on-a", "A")
ON_BOTH = make_drill("on-both", "A", "B")
COMPARED = make_drill("compared", "A", "AAsWritten")
PAGED = make_drill("paged", "Paging")
QUIET = make_drill("quiet")
ON_Z = make_drill("on-z", "Z", system="two")
QUIET_TWO = make_drill("quiet-two", system="two")
ALL = (ON_A, ON_BOTH, COMPARED, PAGED, QUIET, ON_Z, QUIET_TWO)


def find(*given: RuleFile, names: Sequence[str] = (), system: str | None = None) -> dict[str, str]:
    """Return why chosen drills cannot be held on these files."""
    drills = tuple(
        drill
        for drill in ALL
        if (not names or drill.name in names) and (system is None or drill.system == system)
    )
    choice = Choice(names=tuple(names), system=system, among=ALL)
    return find_unheld(drills, choice, RuleBook(own=OWN, given=given))


def test_without_rule_files_every_drill_can_be_held() -> None:
    """The systems' own rules have every alert."""
    assert find() == {}


def test_drills_of_alerts_that_no_file_has_are_left_out() -> None:
    """They are named with what is lacking; drills of a system that no file concerns, with the system."""
    assert find(make_file("mine", A)) == {
        "on-both": "no rule file given has B",
        "paged": "no rule file given has Paging",
        "on-z": "no rule file given concerns two",
        "quiet-two": "no rule file given concerns two",
    }


def test_alerts_may_be_spread_over_several_files() -> None:
    """What one file lacks another may have."""
    assert find(make_file("mine", A), make_file("more", B), make_file("zeds", Z)) == {
        "paged": "no rule file given has Paging"
    }


def test_rules_of_an_edition_can_be_given_like_any_other() -> None:
    """With the file of the paging path its drills are held."""
    assert "paged" not in find(make_file("mine", A), make_file("paging", PAGING))


@pytest.mark.parametrize("system", ["one", "two"])
def test_only_chosen_drills_are_left_out(system: str) -> None:
    """Nothing is said of the drills of other systems."""
    unheld = find(make_file("mine", A), make_file("zeds", Z), system=system)
    assert unheld.keys() <= {drill.name for drill in ALL if drill.system == system}


def test_a_drill_that_compares_with_an_edition_has_the_systems_own() -> None:
    """A rule kept as written is its system's, whatever rule it is compared with; its file is loaded, too."""
    mine = make_file("mine", A)
    book = RuleBook(own=OWN, given=(mine,))
    assert book.find_lacking(COMPARED) == ()
    assert book.choose(COMPARED) == (mine, EDITION)
    assert book.choose(ON_A) == (mine,)
    assert book.complete([ON_A, COMPARED]) == (mine, EDITION)
    assert book.complete([ON_A]) == (mine,)


def test_an_edition_that_was_given_is_not_loaded_twice() -> None:
    """Whoever gives the rule kept as written has it as it was given."""
    files = (make_file("mine", A), make_file("changed", A_AS_WRITTEN))
    assert RuleBook(own=OWN, given=files).complete([COMPARED]) == files


def test_all_files_that_were_given_are_loaded() -> None:
    """A file of recording rules that no drill is about is there for those that read it."""
    files = (make_file("mine", A), make_file("recorded", "{record: r, expr: sum(q)}"))
    assert RuleBook(own=OWN, given=files).complete([ON_A]) == files


@pytest.mark.parametrize(
    ("names", "given", "says"),
    [
        (
            ("on-both",),
            make_file("mine", A),
            "on-both cannot be held: no rule file given has B (mine.yml: A); give one that does, too",
        ),
        (("on-a", "paged"), make_file("mine", A), "paged cannot be held: no rule file given has Paging"),
        (("on-z",), make_file("mine", A), "on-z cannot be held: no rule file given has Z (mine.yml: A)"),
        (("quiet-two",), make_file("mine", A), "quiet-two cannot be held: no rule file given concerns two"),
        (
            ("compared",),
            make_file("mine", B),
            "compared cannot be held: no rule file given has A, AAsWritten",
        ),
    ],
)
def test_a_drill_that_was_named_is_refused(names: tuple[str, ...], given: RuleFile, says: str) -> None:
    """What was asked for by name is never left out in silence."""
    with pytest.raises(BadInput) as refused:
        find(given, names=names)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    "rule",
    [
        "{alert: New, expr: a_total > 100}",
        "{alert: New, expr: up == 0}",
        "{alert: New, expr: vector(1) > 2}",
    ],
)
def test_a_quiet_drill_that_was_named_is_held_on_alerts_that_no_drill_is_about(rule: str) -> None:
    """It shows that they stay silent: where they read its system's metrics, or what every system has."""
    assert find(make_file("mine", rule), names=("quiet",)) == {}
    with pytest.raises(BadInput, match="no drill expects any of the alerts here"):
        find(make_file("mine", rule))


@pytest.mark.parametrize(
    ("given", "system", "says"),
    [
        (
            (make_file("mine", "{alert: Mine, expr: mine > 1}"),),
            None,
            "mine.yml: no drill expects any of the alerts here (Mine), so there is none to hold; `alertdrill "
            "list` shows which alerts drills expect, and `alertdrill replay RECORDING --rules mine.yml` what "
            "these rules do on a recording",
        ),
        (
            (make_file("mine", "{alert: Mine, expr: a_total > 1}"),),
            None,
            "mine.yml: no drill expects any of the alerts here (Mine), so there is none to hold; `alertdrill "
            "list` shows which alerts drills expect, and `alertdrill replay RECORDING --rules mine.yml` what "
            "these rules do on a recording; whether they stay silent is shown by quiet, if you name it",
        ),
        (
            (make_file("mine", *(f"{{alert: M{number}, expr: mine > 1}}" for number in range(7))),),
            "two",
            "mine.yml: no drill of two expects any of the alerts here (M0, M1, M2, M3, M4 and 2 more), so ",
        ),
        (
            (make_file("mine", A), make_file("more", B)),
            "two",
            "mine.yml, more.yml: no drill of two expects any of the alerts here, but drills of one do: "
            "choose that --system",
        ),
        (
            (make_file("mine", B),),
            None,
            "mine.yml: no drill can be held on these rules alone: on-both, for one, expects A too; give the "
            "file that has it as well",
        ),
        (
            (make_file("recorded", "{record: r, expr: sum(a_total)}"),),
            None,
            "recorded.yml: there are no alerts, so no drill can be held on these rules",
        ),
    ],
)
def test_rules_that_no_drill_is_about_are_refused(
    given: tuple[RuleFile, ...], system: str | None, says: str
) -> None:
    """The sentence says which alerts there are, that nobody expects them, and what to do."""
    with pytest.raises(BadInput) as refused:
        find(*given, system=system)
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


def test_an_alert_that_holds_back_anothers_page_is_one_that_the_drill_is_about() -> None:
    """Without the inhibiting alert nothing would be inhibited."""
    held = Suppressed(why="inhibited", by={"alertname": "B", "team": "x"})
    expected = Expectation(
        alert="A", labels={}, fires_within_s=1, receiver="r", resolves_within_s=2, suppressed=held
    )
    drill = Drill(name="d", system="one", traffic=(), expects=(expected,), why="", lasts_s=60)
    assert list_expected(drill) == ("A", "B")
    assert RuleBook(own=OWN, given=(make_file("mine", A),)).find_lacking(drill) == ("B",)


def test_what_is_left_out_is_said_once_for_each_reason() -> None:
    """On lines of their own, and as one note of the record; nothing is noted where nothing is left out."""
    obstacles = {"one": "why", "two": "because", "three": "why"}
    assert say_left_out(obstacles) == ("one, three: why", "two: because")
    assert make_note(obstacles) == {"left out": "one, three: why; two: because"}
    assert make_note({}) == {}


def test_many_drills_that_are_left_out_are_counted() -> None:
    """Of more than three with one reason, the first stands for all; the record's note names each."""
    obstacles = {f"metis-{number}": "no rule file given concerns metis" for number in range(4)}
    assert say_left_out(obstacles) == ("4 drills, such as metis-0: no rule file given concerns metis",)
    assert make_note(obstacles)["left out"].startswith("metis-0, metis-1, metis-2, metis-3: ")
