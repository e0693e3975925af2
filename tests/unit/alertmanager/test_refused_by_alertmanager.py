"""What no Alertmanager takes is bad input with its file and line, and what one takes is not refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from alertdrill.alertmanager.config import parse_config
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

PERIODS = {
    "times: [{start_time: '9:00', end_time: '17:00'}]": "'9:00' is not a time such as 09:00",
    "times: [{start_time: '09:00'}]": "a time range has a start_time and an end_time",
    "times: [{start_time: '17:00', end_time: '09:00'}]": "the start_time 17:00 is not before the end_time",
    "times: [{start_time: '24:00', end_time: '24:00'}]": "is not before",
    "times: [{start_time: '09:00', end_time: '25:00'}]": "'25:00' is not a time",
    "times: [{start_time: '09:00', end_time: '24:00'}]": None,
    "weekdays: [Mon]": "'mon' is not a weekday such as monday",
    "weekdays: [Monday]": None,
    "weekdays: ['friday:monday']": "it ends before it begins: a week begins on sunday",
    "weekdays: ['sunday:saturday']": None,
    "weekdays: ['monday:']": "'' is not a weekday",
    "weekdays: ['1:5']": "'1' is not a weekday",
    "weekdays: ['a:b:c']": "this is not a range such as FROM:TO",
    "weekdays: ['']": "'' is not a weekday",
    "weekdays: ['monday : friday']": "'monday ' is not a weekday",
    "days_of_month: ['0']": "'0' is not a day of the month",
    "days_of_month: ['32']": "'32' is not a day of the month",
    "days_of_month: ['-1:5']": "counted from the month's end, both must be",
    "days_of_month: ['5:1']": "it ends before it begins",
    "days_of_month: ['+5', '27:-1', '-31:-28']": None,
    "days_of_month: ['28:-1']": "in February at the latest",
    "days_of_month: ['-1:-5']": "it ends before it begins",
    "days_of_month: [x]": "'x' is not a day of the month",
    "days_of_month: [' 5']": "' 5' is not a day of the month",
    "months: [jan]": "'jan' is not a month such as january or 1",
    "months: [January, '3:may', '13']": None,
    "months: ['may:march']": "it ends before it begins",
    "years: [x]": "'x' is not a year",
    "years: ['2030:2020']": "it ends before it begins",
    "years: ['2020:2030', '-5', 0]": None,
    "years: ['99999999999999999999']": "is not a year",
    "years: ['5_0']": "'5_0' is not a year",
}
ROUTES = {
    "match: {bad-name: x}": "'bad-name' in match is not a label's name",
    "match: {'': x}": "'' in match is not a label's name",
    "match: {1a: x}": "'1a' in match is not a label's name",
    "match: {é: x}": "'é' in match is not a label's name",
    "match: {a: x, __name__: x}": None,
    "match_re: {bad-name: x}": "'bad-name' in match_re is not a label's name",
    "group_by: ['...', a]": "group_by has `...`, which is every label, and other labels too",
    "group_by: ['...', '...']": None,
    "group_by: [a, a]": "group_by has the label 'a' twice",
    "group_by: ['']": "a label in group_by has no name",
    "matchers: ['{a=b', 'a=b}', '{a=b}}', '', '{}', 'a=b c', 'a=']": None,
    "matchers: ['{{a=b}']": "is no matcher",
    "matchers: [',']": "is no matcher",
    "matchers: ['a=\"b']": "the quotes are not closed",
    "matchers: ['a=~\"(\"']": "the regular expression '(' cannot be read",
    "matchers: ['{é=b']": "is no matcher",
}
INHIBIT_RULES = {
    "{source_match: {bad-name: x}, target_match: {a: b}}": "'bad-name' in source_match is not a label's name",
    "{source_match: {a: x}, target_match_re: {1: b}}": "'1' in target_match_re is not a label's name",
    "{source_match: {a: x}, target_match: {a: b}, equal: ['']}": "a label in equal has no name",
    "{source_match: {a: x}, target_match: {a: b}, equal: [c]}": None,
}
TABS = {
    "  group_by:\t[a,\tb]\t# c\n  continue\t: false\t": None,
    "  group_by:\t\n  - a\t\n  - 'b'\t": None,
    "  group_by: [a,\n\tb]": None,
    "\tcontinue: false": "the file is not YAML",
    "  group_by: [a]\n\t": "the file is not YAML",
    "  group_by: [a]\n\t# c": "the file is not YAML",
    "  group_by:\n  -\ta": "the file is not YAML",
    "  group_by:\n  - \ta": "the file is not YAML",
}
"""Separate tokens where no key could begin, and are refused elsewhere."""
BASE = "receivers: [{name: a}]\nroute:\n  receiver: a\n"
CASES = {
    **{f"{BASE}time_intervals:\n- name: t\n  time_intervals:\n  - {x}\n": (7, y) for x, y in PERIODS.items()},
    **{f"{BASE}  routes:\n  - receiver: a\n    {x}\n": (6, y) for x, y in ROUTES.items()},
    **{f"{BASE}inhibit_rules:\n- {x}\n": (5, y) for x, y in INHIBIT_RULES.items()},
    **{f"{BASE}{x}\n": (4 + x.count("\n"), y) for x, y in TABS.items()},
}


@pytest.mark.parametrize("text", CASES, ids=lambda text: text.rstrip().rpartition("\n")[2].strip())
def test_what_is_the_users_is_said_with_its_line(text: str) -> None:
    """Before any program is asked."""
    line, why = CASES[text]
    if why is None:
        assert parse_config(text, "am.yml")
        return
    with pytest.raises(BadInput) as caught:
        parse_config(text, "am.yml")
    assert str(caught.value).startswith(f"am.yml:{line}: ")
    assert why in str(caught.value)


def test_amtool_takes_and_refuses_the_same(each_engines: Engines, tmp_path: Path) -> None:
    """Of both generations."""
    paths = {tmp_path / f"{number}.yml": why for number, (_, why) in enumerate(CASES.values())}
    for path, text in zip(paths, CASES, strict=True):
        path.write_text(text)
    done = subprocess.run(
        [each_engines.amtool, "check-config", *paths], capture_output=True, text=True, timeout=60, check=False
    )
    found = dict(re.findall(r"Checking '(\S+)'.*?(SUCCESS|FAILED)", done.stdout + done.stderr, re.DOTALL))
    expected = {str(path): "FAILED" if why else "SUCCESS" for path, why in paths.items()}
    assert found == expected
