"""The fields of a table of a TOML file: a text has quotes there, and a number has none."""

from __future__ import annotations

from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar

MAX_CHARS = 4096
"""Of a text."""
MAX_ITEMS = 100
"""Of a list."""


class TomlFields(Fields):
    """A table of a TOML file; see Fields."""

    mapping = "table"

    def can_be(self, node: Scalar, *, is_text: bool) -> bool:
        """Say whether a value is a text, or else a number, a truth or a date."""
        return bool(node.style) == is_text

    def show(self, node: Scalar) -> str:
        """Return a value as messages show it."""
        return repr(node.text[:80]) if node.style else node.text[:80]

    def peek(self, key: str) -> Node | None:
        """Return a field's node, which stays to be taken."""
        return self._left.get(key)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that are left to be taken."""
        return tuple(self._left)

    def take_text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty, of one line."""
        node = self.peek(key)
        text = super().take_text(key, default)
        self.check_line(f"{key} of {self.what}", text, node)
        return text

    def take_any_text(self, key: str) -> str:
        """Return a text of one line, which may be empty."""
        node = self.peek(key)
        if isinstance(node, Scalar) and node.style and not node.text:
            self.take_node(key)
            return ""
        return self.take_text(key)

    def take_text_nodes(self, key: str) -> list[Scalar]:
        """Return the texts of a list, each with its line; none where nothing is stated."""
        texts = []
        for node in self.take_items(key):
            if not isinstance(node, Scalar) or not node.style or not node.text:
                raise self.fail(f"{key} of {self.what} is no list of texts", node)
            self.check_line(f"{key} of {self.what}", node.text, node)
            texts.append(node)
        return texts

    def take_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, none where nothing is stated."""
        return tuple(node.text for node in self.take_text_nodes(key))

    def take_items(self, key: str) -> list[Node]:
        """Return the nodes of a list, none where nothing is stated."""
        if isinstance(node := self.peek(key), Mapping):
            raise self.fail(f"{key} of {self.what} is a table, and has to be a list: [[{key}]]", node)
        items = super().take_items(key)
        if len(items) > MAX_ITEMS:
            raise self.fail(f"{key} of {self.what} has more than {MAX_ITEMS} items", items[MAX_ITEMS])
        return items

    def take_port(self, key: str) -> int:
        """Return the number of a TCP port."""
        node = self.peek(key)
        port = self.take_positive(key)
        if port > 65535:
            raise self.fail(f"{key} of {self.what} is {port}, and ports end at 65535", node)
        return port

    def check_line(self, what: str, text: str, node: Node | None) -> None:
        """Raise BadInput for a text that is too long, or has a line break or another control character."""
        if len(text) > MAX_CHARS:
            raise self.fail(f"{what} is longer than {MAX_CHARS} characters", node)
        if any(char < " " or char == "\x7f" for char in text):
            raise self.fail(f"{what} has a line break or another control character", node)
