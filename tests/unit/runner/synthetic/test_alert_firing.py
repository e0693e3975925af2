"""Tests of keeping an alert firing and ending it, against an Alertmanager with a clock of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

import pytest
from support.page_records import make_alert, make_group

from alertdrill.errors import ComponentFailed, CouldNotTell, RequestRefused
from alertdrill.runner.synthetic import firing
from alertdrill.runner.synthetic.client import Alertmanager, Group
from alertdrill.runner.synthetic.firing import HOLD_S, Firing
from alertdrill.runner.synthetic.synthetic import SyntheticAlert

MINUTE_S = 60.0


class Interrupted(BaseException):
    """What a signal becomes."""


class FakeAlertmanager:
    """Keeps one alert as Alertmanager does; its clock is `ahead_s` ahead.

    It fails as `failures` say, and as `later` says once the alert was raised.
    """

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s
        self.failures: list[BaseException] = []
        self.later: Sequence[BaseException] = ()
        self.posts: list[tuple[float, float]] = []
        self._span: tuple[float, float] | None = None
        self._updated_s = 0.0

    @property
    def now_s(self) -> float:
        """Its own time."""
        return time.time() + self.ahead_s

    @property
    def is_firing(self) -> bool:
        """Whether it has an alert that is not resolved."""
        return self._span is not None and self._span[1] > self.now_s

    def post(self, _: SyntheticAlert, *, starts_s: float, ends_s: float) -> None:
        """Take the alert as `Put` of provider/mem/mem.go does, merging where activities overlap."""
        if self.failures:
            raise self.failures.pop(0)
        assert ends_s > starts_s, "Alertmanager answers 400"
        self.posts.append((starts_s, ends_s))
        starts, ends = starts_s, ends_s
        if self._span is not None:
            old_starts, old_ends = self._span
            if old_starts < ends < old_ends or old_starts < starts < old_ends:
                starts = min(starts, old_starts)
                ends = ends if ends <= self.now_s else max(ends, old_ends)
        self._span, self._updated_s = (starts, ends), self.now_s

    def read_groups(self) -> tuple[Group, ...]:
        """Return the alert in a group, if it fires."""
        if not self.is_firing:
            return ()
        group = make_group("x", {}, make_alert())
        seen = group.alerts[0]
        updated = type(seen)(
            **{name: getattr(seen, name) for name in seen.__slots__} | {"updated_s": self._updated_s}
        )
        return (Group(receiver="x", labels={}, alerts=(updated,)),)


def open_firing(fake: FakeAlertmanager, said: list[str] | None = None) -> Firing:
    """Return an alert that may be raised at a made-up Alertmanager."""
    say = (said if said is not None else []).append
    return Firing(cast("Alertmanager", fake), make_alert(), say)


def hold(fake: FakeAlertmanager, said: list[str] | None = None, end: BaseException | None = None) -> None:
    """Raise the alert, and leave the block, with an error if one is given."""
    with open_firing(fake, said) as one:
        one.begin()
        assert fake.is_firing
        fake.failures += fake.later
        if end is not None:
            raise end


@pytest.mark.parametrize("ahead_s", [0.0, 20.0, -20.0, -10 * MINUTE_S])
def test_an_alert_is_ended_whatever_the_other_clock_says(ahead_s: float) -> None:
    """An end that is in the future there would end nothing, and a start in the future could not be ended."""
    fake = FakeAlertmanager(ahead_s)
    said: list[str] = []
    hold(fake, said)
    assert not fake.is_firing
    assert said == []


def test_an_alert_that_ended_before_it_began_is_not_taken_for_delivered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A clock that is far ahead: Alertmanager takes the alert and does not have it, which is said."""
    monkeypatch.setattr(firing, "SEEN_WITHIN_S", 0.3)
    with pytest.raises(CouldNotTell, match="is its clock more than 60 s ahead"):
        hold(FakeAlertmanager(2 * HOLD_S))


def test_nothing_is_sent_for_an_alert_that_was_not_raised() -> None:
    """Leaving the block without having begun leaves no trace."""
    fake = FakeAlertmanager()
    with open_firing(fake):
        pass
    assert fake.posts == []


def test_what_goes_wrong_in_between_does_not_keep_it_firing() -> None:
    """Any error ends the alert, and is passed on."""
    fake = FakeAlertmanager()
    with pytest.raises(ZeroDivisionError):
        hold(fake, end=ZeroDivisionError())
    assert not fake.is_firing


def test_a_signal_while_it_is_resolved_does_not_keep_it_firing() -> None:
    """The command line heeds the first signal only; resolving begins anew, and the signal is passed on."""
    fake = FakeAlertmanager()
    fake.later = [Interrupted()]
    with pytest.raises(Interrupted):
        hold(fake)
    assert not fake.is_firing


def test_resolving_is_tried_again() -> None:
    """An Alertmanager that does not answer for a moment; that it is tried again is said once."""
    fake = FakeAlertmanager()
    said: list[str] = []
    fake.later = [ComponentFailed("no answer")] * 2
    hold(fake, said)
    assert not fake.is_firing
    assert len(said) == 1
    assert said[0].startswith("the alert is not resolved yet, tried until ")


def test_what_cannot_be_resolved_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing else wrong it is CouldNotTell, and it says when the alert ends by itself."""
    monkeypatch.setattr(firing, "HOLD_S", 1.0)
    fake = FakeAlertmanager()
    said: list[str] = []
    fake.later = [ComponentFailed("no answer")] * 1000
    with pytest.raises(CouldNotTell, match="could not be seen to be resolved: no answer"):
        hold(fake, said)
    assert "Alertmanager resolves it by itself" in said[-1]
    assert not fake.is_firing


def test_it_is_handed_in_anew_only_when_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with every look."""
    fake = FakeAlertmanager()
    with open_firing(fake) as one:
        one.begin()
        one.keep()
        assert len(fake.posts) == 1
        monkeypatch.setattr(firing, "REFRESH_S", 0.0)
        one.keep()
        assert len(fake.posts) == 2
        assert fake.posts[1][1] > fake.posts[0][1]
        assert fake.posts[1][0] == fake.posts[0][0]


def test_what_was_refused_is_not_resolved() -> None:
    """An Alertmanager that may be looked at and not written to has nothing of ours."""
    fake = FakeAlertmanager()
    fake.failures = [RequestRefused("read only", status=403)]
    with pytest.raises(RequestRefused):
        hold(fake)
    assert fake.posts == []
    assert fake.failures == []


def test_what_a_server_choked_on_may_have_been_taken() -> None:
    """An error of the server's own says nothing of what it did before; the alert is resolved."""
    fake = FakeAlertmanager()
    fake.failures = [RequestRefused("bad gateway", status=502)]
    with pytest.raises(RequestRefused):
        hold(fake)
    assert fake.posts
    assert not fake.is_firing
