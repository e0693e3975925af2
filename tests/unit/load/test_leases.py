"""Shares and who holds them: every arrival is somebody's, once, whoever comes and goes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alertdrill.load.leases import SHARES, LeaseBook, find_homes, list_indices

WORKERS = st.sampled_from("ABC")


@given(planned=st.integers(0, 1_000), home=st.none() | st.integers(0, SHARES - 1))
def test_the_shares_are_a_partition(planned, home):
    """Every arrival is in exactly one share, and in each the order is kept."""
    shares = [list_indices(planned, share, home) for share in range(SHARES)]
    assert sorted(index for share in shares for index in share) == list(range(planned))
    assert all(list(share) == sorted(share) for share in shares)


@given(planned=st.integers(0, 1_000))
def test_the_shares_of_an_independent_profile_are_alike(planned):
    """No share has more than one arrival more than another."""
    sizes = [len(list_indices(planned, share, None)) for share in range(SHARES)]
    assert max(sizes) - min(sizes) <= 1


def test_profiles_that_learn_have_homes_of_their_own():
    """They are spread over the shares; a load profile whose requests are independent has none."""
    homes = find_homes({"a": True, "b": False, "c": True, **{f"d{n}": True for n in range(SHARES)}})
    assert homes["b"] is None
    assert (homes["a"], homes["c"]) == (0, 1)
    assert all(0 <= home < SHARES for home in homes.values() if home is not None)


def test_a_lease_of_another_worker_does_not_count():
    """What a worker says of a lease that is not its own is left out."""
    book = LeaseBook({0: {"a": 3}})
    lease = book.grant("A")
    assert not book.note(lease.number, "B", "a", sent=1, answered=0)
    book.release(lease.number, "B")
    assert book.is_held(lease.number, "A")
    assert book.positions(0) == {"a": 0}


def test_answers_after_a_release_still_count():
    """Requests in flight are finished by who sent them, while the next goes on with the share."""
    book = LeaseBook({0: {"a": 3}})
    first = book.grant("A")
    assert book.note(first.number, "A", "a", sent=2, answered=0)
    book.release(first.number, "A")
    second = book.grant("B")
    assert book.positions(second.share) == {"a": 2}
    assert book.note(first.number, "A", "a", sent=0, answered=2)
    assert not book.note(first.number, "A", "a", sent=0, answered=0)


def test_a_loss_says_where_to_go_on_and_what_nobody_hears():
    """The share goes on after what was reported; the answers that were due are lost."""
    book = LeaseBook({0: {"a": 3, "b": 2}})
    lease = book.grant("A")
    book.note(lease.number, "A", "a", sent=2, answered=1)
    losses = {loss.profile: loss for loss in book.revoke("A")}
    assert (losses["a"].position, losses["a"].unanswered, losses["a"].was_held) == (2, 1, True)
    assert (losses["b"].position, losses["b"].unanswered) == (0, 0)
    assert not book.note(lease.number, "A", "a", sent=1, answered=1)
    assert book.positions(book.grant("B").share) == {"a": 2, "b": 0}


@pytest.mark.parametrize(("sent", "answered"), [(4, 0), (-1, 0), (1, 2), (0, -1)])
def test_impossible_reports_are_refused(sent, answered):
    """No more can be sent than there is, and no more answered than was sent."""
    book = LeaseBook({0: {"a": 3}})
    lease = book.grant("A")
    with pytest.raises(ValueError, match="more of a"):
        book.note(lease.number, "A", "a", sent=sent, answered=answered)


def test_a_share_that_is_done_is_nobodys():
    """Nothing is granted when everything was sent."""
    book = LeaseBook({0: {"a": 1}, 1: {"a": 0}})
    lease = book.grant("A")
    book.note(lease.number, "A", "a", sent=1, answered=0)
    book.release(lease.number, "A")
    assert book.list_free() == []
    assert book.grant("B") is None


class Troupe(RuleBasedStateMachine):
    """Workers that come, send, report, give back and are lost, in any order."""

    @initialize(
        sizes=st.dictionaries(
            st.integers(0, 3), st.fixed_dictionaries({"a": st.integers(0, 5), "b": st.integers(0, 5)})
        )
    )
    def begin(self, sizes):
        """Open the book."""
        self.sizes = sizes
        self.book = LeaseBook(sizes)
        self.leases = []
        self.sent = Counter()
        self.answered = Counter()
        self.unheard = Counter()

    @rule(worker=WORKERS)
    def grant(self, worker):
        """Give a share."""
        free = self.book.list_free()
        lease = self.book.grant(worker)
        assert (lease is None) == (not free)
        if lease is not None:
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), profile=st.sampled_from("ab"))
    def report(self, data, profile):
        """Report that some was sent, and some answered, under any lease there ever was."""
        lease = data.draw(st.sampled_from(self.leases))
        left = self.sizes[lease.share][profile] - self.book.positions(lease.share)[profile]
        is_held = self.book.is_held(lease.number, lease.worker)
        sent = data.draw(st.integers(0, left)) if is_held else 0
        answered = data.draw(st.integers(0, lease.unanswered[profile] + sent))
        if self.book.note(lease.number, lease.worker, profile, sent=sent, answered=answered):
            self.sent[profile] += sent
            self.answered[profile] += answered

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data):
        """Give a share back."""
        lease = data.draw(st.sampled_from(self.leases))
        self.book.release(lease.number, lease.worker)
        assert not self.book.is_held(lease.number, lease.worker)

    @rule(worker=WORKERS)
    def lose(self, worker):
        """Lose a worker."""
        for loss in self.book.revoke(worker):
            self.unheard[loss.profile] += loss.unanswered
        assert not any(self.book.is_held(lease.number, worker) for lease in self.leases)

    @invariant()
    def nobody_shares_a_share(self):
        """Hold that a share has one holder or none, and that who holds it is not passed over."""
        if not hasattr(self, "book"):
            return
        held = [lease.share for lease in self.leases if self.book.is_held(lease.number, lease.worker)]
        assert len(held) == len(set(held))
        assert not set(held) & set(self.book.list_free())

    def teardown(self):
        """Whoever is left sends the rest: then everything was sent once, and heard of or lost."""
        if not hasattr(self, "book"):
            return
        for worker in "ABC":
            self.lose(worker)
        while (lease := self.book.grant("D")) is not None:
            for profile, position in self.book.positions(lease.share).items():
                left = self.sizes[lease.share][profile] - position
                assert self.book.note(lease.number, "D", profile, sent=left, answered=left)
                self.sent[profile] += left
                self.answered[profile] += left
            self.book.release(lease.number, "D")
        planned = Counter(
            {profile: sum(profiles[profile] for profiles in self.sizes.values()) for profile in "ab"}
        )
        assert self.sent == planned
        assert self.answered + self.unheard == planned


TestTroupe = Troupe.TestCase
TestTroupe.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
