"""`python -m docs_generator`: write the generated pages of docs/reference."""

from __future__ import annotations

from docs_generator.pages import FOLDER, make_pages

for name, text in make_pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
