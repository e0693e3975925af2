"""Where prometheus, promtool, alertmanager and amtool come from."""

from alertdrill.runtime.binaries.generations import Generation
from alertdrill.runtime.binaries.search import Engines, find_engines

__all__ = ["Engines", "Generation", "find_engines"]
