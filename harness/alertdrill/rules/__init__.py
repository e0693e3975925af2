"""Rule files, their expressions and templates, and what is made of them. Pure, but for reading files."""
