"""A Prometheus that answers queries from a table."""

from __future__ import annotations

from alertdrill.runtime.http_client import Api, Series


class CannedApi(Api):
    """Answers queries from a table: the first key that the expression contains."""

    def __init__(self, answers: dict[str, list[Series]]) -> None:
        super().__init__("prometheus", "http://127.0.0.1:1")
        self.answers = answers
        self.asked: list[dict[str, str]] = []

    def query(self, path: str, **params: str) -> list[Series]:
        """Return the canned answer."""
        self.asked.append({"path": path, **params})
        return next(answer for key, answer in self.answers.items() if key in params["query"])
