"""Who sends which share of a test's arrivals, when several workers do; nothing here talks to anybody.

A share has every SHARES-th arrival of each profile; one whose requests depend on earlier answers is in one
share, its home, as a whole. A worker sends a share for as long as it holds the lease, from the position that
those before it reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

SHARES = 24
"""Divides evenly among 2, 3, 4, 6, 8 or 12 workers; more than this many have nothing to do."""


@dataclass(slots=True, kw_only=True, eq=False)
class Lease:
    """A worker's right to send a share; `unanswered` counts each profile's requests in flight."""

    number: int
    worker: str
    share: int
    is_held: bool = True
    unanswered: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a lost worker left of a profile: requests whose answers nobody hears, and a share to go on with.

    The worker may have sent more than `position` arrivals of the share if it held it to the last.
    """

    profile: str
    share: int
    position: int
    unanswered: int
    was_held: bool


def list_indices(planned: int, share: int, home: int | None) -> range:
    """Return which of a profile's arrivals are a share's, in order; `home` is None if all have some."""
    if home is None:
        return range(share, planned, SHARES)
    return range(planned) if share == home else range(0)


def find_homes(learns: Mapping[str, bool]) -> dict[str, int | None]:
    """Return the home of each profile; `learns` says of which profiles requests depend on earlier answers."""
    learning = [profile for profile, is_learning in learns.items() if is_learning]
    return {
        profile: learning.index(profile) % SHARES if is_learning else None
        for profile, is_learning in learns.items()
    }


class LeaseBook:
    """All leases of one test. `sizes` says how many arrivals of which load profiles each share has."""

    def __init__(self, sizes: Mapping[int, Mapping[str, int]]) -> None:
        self._sizes = sizes
        self._positions = {share: dict.fromkeys(profiles, 0) for share, profiles in sizes.items()}
        self._leases: dict[int, Lease] = {}
        self._granted = 0

    def grant(self, worker: str) -> Lease | None:
        """Give a worker a share that nobody holds and that is not done; None without one."""
        share = next(iter(self.list_free()), None)
        if share is None:
            return None
        self._granted += 1
        lease = Lease(number=self._granted, worker=worker, share=share)
        self._leases[lease.number] = lease
        return lease

    def list_free(self) -> list[int]:
        """Return the shares that nobody holds and that are not done."""
        held = {lease.share for lease in self._leases.values() if lease.is_held}
        return [
            share
            for share, positions in self._positions.items()
            if share not in held and positions != self._sizes[share]
        ]

    def positions(self, share: int) -> dict[str, int]:
        """Return how many arrivals of each load profile of the share have been sent."""
        return dict(self._positions[share])

    def note(self, number: int, worker: str, profile: str, *, sent: int, answered: int) -> bool:
        """Count what was sent and answered under a lease; False, and not counted, if it is not the worker's.

        Raises ValueError for more than there is to send or to answer.
        """
        lease = self._leases.get(number)
        if lease is None or lease.worker != worker or (sent and not lease.is_held):
            return False
        positions = self._positions[lease.share]
        if sent < 0 or positions[profile] + sent > self._sizes[lease.share][profile]:
            raise ValueError(f"{sent} more of {profile} than {positions[profile]} were sent")
        if not 0 <= answered <= lease.unanswered[profile] + sent:
            raise ValueError(f"{answered} more of {profile} were answered")
        positions[profile] += sent
        lease.unanswered[profile] += sent - answered
        self._close(lease)
        return True

    def release(self, number: int, worker: str) -> None:
        """Take a share back from its worker, which still hears the answers to what it has sent."""
        lease = self._leases.get(number)
        if lease is not None and lease.worker == worker:
            lease.is_held = False
            self._close(lease)

    def is_held(self, number: int, worker: str) -> bool:
        """Whether a worker may still send under a lease."""
        lease = self._leases.get(number)
        return lease is not None and lease.worker == worker and lease.is_held

    def revoke(self, worker: str) -> list[Loss]:
        """Take all leases from a worker that is lost; what it still tells of them does not count."""
        losses: list[Loss] = []
        for lease in [lease for lease in self._leases.values() if lease.worker == worker]:
            del self._leases[lease.number]
            losses.extend(
                Loss(
                    profile=profile,
                    share=lease.share,
                    position=position,
                    unanswered=lease.unanswered[profile],
                    was_held=lease.is_held,
                )
                for profile, position in self._positions[lease.share].items()
            )
        return losses

    def _close(self, lease: Lease) -> None:
        if not lease.is_held and not lease.unanswered.total():
            del self._leases[lease.number]
