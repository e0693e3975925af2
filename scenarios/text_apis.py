"""Clients of the gateway's other ways to ask for text, and of the account behind a key.

    locust -f scenarios/text_apis.py --host http://127.0.0.1:8080 --ask completions

`completions` is legacy text, `responses` the newer way; `background` starts responses that nobody waits for,
`polling` fetches each with the call after; `statement` asks what credits are left.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import Any

from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.script import OrdinaryScript, Request, TimedAction
from alertdrill.load.users import ScenarioUser

ASK = ("completions", "responses", "background", "polling", "statement")
PLANS = ("trial", "subscribed")
UNAVAILABLE = frozenset({500, 502, 503, 504})
NO_ACCOUNT_YET = 404


class TextApis(OrdinaryScript):
    """Calls of one kind; before the first, the account of the key is given its plan."""

    def __init__(self, calls: Calls, *, ask: str, plan: str) -> None:
        welcome = frozenset({NO_ACCOUNT_YET}) if ask == "statement" else UNAVAILABLE
        super().__init__(calls, welcome=welcome)
        self._ask = ask
        self._plan = plan
        self.learns = ask == "polling"
        if ask == "statement" or plan != PLANS[0]:
            self.needs = "accounts with plans and credits (ask: statement, plan: subscribed)"
        self._started: list[str] = []

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Give the account its plan, if it is not the one that it begins with."""
        if self._plan == PLANS[0]:
            return ()
        plan = {"plan": self._plan}
        return [TimedAction(at_s=0, do=partial(keyring.put_account, key, plan)) for key in self.list_keys()]

    def request(self, index: int) -> Request:
        """Return a request of the kind; polling, every other one fetches what was started."""
        if self._ask == "statement":
            return Request(method="GET", path="/v1/credits", body=None)
        if self._ask == "polling" and index % 2 and self._started:
            return Request(method="GET", path=f"/v1/responses/{self._started.pop(0)}", body=None)
        chat = json.loads(self.calls.body(index))
        text = chat["messages"][0]["content"]
        if self._ask == "completions":
            body = {"model": chat["model"], "prompt": text, "max_tokens": chat["max_tokens"]}
            return Request(method="POST", path="/v1/completions", body=json.dumps(body))
        body = {"model": chat["model"], "input": text, "max_output_tokens": chat["max_tokens"]}
        if self._ask in ("background", "polling"):
            body["background"] = True
        return Request(method="POST", path="/v1/responses", body=json.dumps(body))

    def note_answer(self, index: int, status: int, body: str) -> None:
        """Remember what was started in the background."""
        if self._ask == "polling" and not index % 2 and 200 <= status < 300:
            self._started.append(str(json.loads(body).get("id", "")))


class TextApisUser(ScenarioUser):
    """Options of a load profile: ask, plan, and as steady's."""

    scenario = "text_apis"
    flags = (
        Flag(name="ask", default=ASK[0], help="what is asked for", choices=ASK),
        Flag(name="account-plan", default=PLANS[0], help="the plan of the key's account", choices=PLANS),
        *offer_load_flags(rate=0.2, duration_s=600.0),
        *offer_call_flags(models="openrouter:codestral"),
    )

    @classmethod
    def script(cls, fields: Fields) -> TextApis:
        """Send calls of one kind; that a provider is not available is no failure."""
        ask = fields.text("ask", of=ASK)
        plan = fields.text("plan", PLANS[0], of=PLANS)
        return TextApis(read_calls(fields, apis=("chat",)), ask=ask, plan=plan)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "prefix": "gatewayz",
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                **read_call_options(options),
                "key": "",
                "ask": options.ask,
                "plan": options.account_plan,
            },
        }
