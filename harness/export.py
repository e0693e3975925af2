"""A recording exported: what rules did over it, written as a unit test that promtool runs without us.

promtool is asked what the rules did, as in a replay; then it holds the test, which is put into place only if it
passes. Rules stay in their own files, so that the test is about the rules as they now stand.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from harness.activity import Activity
from harness.answers import Answers, Complaint
from harness.dilation import dilate_expr
from harness.engines import Engines
from harness.errors import BadInput, CouldNotTell
from harness.inquiry import Inquiry, make_inquiry
from harness.notation import write_series, write_values
from harness.plan import find_times, make_plan, to_ms
from harness.process import start
from harness.promql import format_duration
from harness.promtool import AlertQuestion, run_trials
from harness.recording import Recording
from harness.rules import EVALUATION_INTERVAL_S, RuleFile, RuleGroup, is_resource, load_document
from harness.unit_tests import Annotated, Look, UnitTest, find_spans, list_looks, render_rules, render_test

MAX_SAMPLES = 1_000_000
"""Samples in one test; promtool needs about 10 s for as many."""
PASSES_WITHIN_S = 300.0
MAX_SAID = 500

_GLOB = re.compile(r"([\\*?\[])")
