"""The example for LiteLLM: where it and its recording are."""

from __future__ import annotations

from support.example_projects import EXAMPLES

EXAMPLE = EXAMPLES / "litellm"
RECORDING = EXAMPLE / "recordings" / "run.om.gz"
