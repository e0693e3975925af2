"""A bare FastHttpUser of Locust, which sends the call of `sending.py` again and again: a Locust file."""

from __future__ import annotations

import os

from locust import FastHttpUser, task


class Bare(FastHttpUser):
    """Asks again as soon as it is answered."""

    @task
    def ask(self) -> None:
        """Send a call."""
        self.client.post(
            "/v1/chat/completions",
            data=os.environ["BENCHMARK_BODY"],
            headers={"Content-Type": "application/json"},
        )
