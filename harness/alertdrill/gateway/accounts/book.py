"""The accounts of the gateway's users: plan, credits and rate limit. In memory, and saved a little later.

A user's account is opened by the first request, as a trial with credits to try the gateway with. A gateway
that is killed loses at most what was spent since the last save.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, cast

from alertdrill.gateway.accounts.events import AccountsCounted, BalanceSet, CreditsSpent
from alertdrill.gateway.accounts.store import AccountStore, StoredAccount
from alertdrill.gateway.events import CallFinished, Listener
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.timing import RuleClock

Plan = Literal["trial", "subscribed"]
CREDITS_PER_USD = 100
TRIAL_CREDITS = Decimal(10_000)
TRIAL_S = 14 * 86_400.0
REQUESTS_PER_MINUTE = 600
MAX_ACCOUNTS = 20_000
SAVE_EVERY_S = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a user has; `trial_ends_s` is rule time and means nothing once the user has subscribed."""

    user: str
    plan: Plan
    credits: Decimal
    requests_per_minute: int
    trial_ends_s: float

    def is_expired(self, now_s: float) -> bool:
        """Return whether the trial is over and nothing took its place."""
        return self.plan == "trial" and now_s >= self.trial_ends_s


class AccountBook:
    """All accounts, by user."""

    def __init__(self, store: AccountStore, clock: RuleClock, emit: Listener) -> None:
        self._store = store
        self._clock = clock
        self._emit = emit
        self._unsaved: set[str] = set()
        self._accounts = {stored.user: self._wake(stored) for stored in store.list_accounts()}

    def announce(self) -> None:
        """Tell of every account that was there at the start."""
        for account in self._accounts.values():
            self._emit(BalanceSet(user=account.user, balance=account.credits))
        self.count()

    def find(self, user: str) -> Account | None:
        """Return a user's account; None if there is none."""
        return self._accounts.get(user)

    def open(self, user: str) -> Account:
        """Return a user's account, a new one if there is none; raises Problem (503) if there are too many."""
        account = self._accounts.get(user)
        if account is None:
            account = Account(
                user=user,
                plan="trial",
                credits=TRIAL_CREDITS,
                requests_per_minute=REQUESTS_PER_MINUTE,
                trial_ends_s=self._clock.now_s() + TRIAL_S,
            )
            self.put(account)
        return account

    def put(self, account: Account) -> None:
        """Replace a user's account; raises Problem (503) if it is new and there are too many."""
        if account.user not in self._accounts and len(self._accounts) >= MAX_ACCOUNTS:
            raise Problem(503, f"there are {MAX_ACCOUNTS} accounts already", code="too_many_accounts")
        self._accounts[account.user] = account
        self._unsaved.add(account.user)
        self._emit(BalanceSet(user=account.user, balance=account.credits))

    def charge(self, user: str, call: CallFinished) -> None:
        """Take what a call cost out of a user's balance."""
        account = self.open(user)
        spent = call.cost_usd * CREDITS_PER_USD
        account = replace(account, credits=account.credits - spent)
        self._accounts[user] = account
        self._unsaved.add(user)
        self._emit(
            CreditsSpent(
                user=user,
                provider=call.provider,
                model=call.model,
                credits=spent,
                balance=account.credits,
            )
        )

    def count(self) -> None:
        """Tell how many accounts there are of each kind."""
        now_s = self._clock.now_s()
        subscriptions = sum(account.plan == "subscribed" for account in self._accounts.values())
        expired = sum(account.is_expired(now_s) for account in self._accounts.values())
        active = len(self._accounts) - subscriptions - expired
        self._emit(AccountsCounted(trials_active=active, trials_expired=expired, subscriptions=subscriptions))

    async def save(self) -> None:
        """Write what has changed since the last time; what cannot be written is tried again."""
        users, self._unsaved = self._unsaved, set()
        if not users:
            return
        try:
            await asyncio.to_thread(self._store.save, [self._rest(self._accounts[user]) for user in users])
        except sqlite3.Error:
            self._unsaved |= users
            _log.exception("cannot save accounts")

    async def keep(self) -> None:
        """Save and count for ever, once a minute of rule time."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S / self._clock.speed)
            self.count()
            await self.save()

    async def read_statement(self, user: str) -> Account | None:
        """Return a user's account as it was last saved, or as it is if it never was; None without one."""
        stored = await asyncio.to_thread(self._store.find, user)
        return self.find(user) if stored is None else self._wake(stored)

    def _rest(self, account: Account) -> StoredAccount:
        return StoredAccount(
            user=account.user,
            plan=account.plan,
            credits=str(account.credits),
            requests_per_minute=account.requests_per_minute,
            trial_ends=self._clock.wall_s(account.trial_ends_s),
        )

    def _wake(self, stored: StoredAccount) -> Account:
        return Account(
            user=stored.user,
            plan=cast("Plan", stored.plan),
            credits=Decimal(stored.credits),
            requests_per_minute=stored.requests_per_minute,
            trial_ends_s=self._clock.rule_s(stored.trial_ends),
        )
