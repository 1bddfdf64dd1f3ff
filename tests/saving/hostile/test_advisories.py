"""Each published weakness of Keras, tried at every door; the page on security names the test of each."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.saving.hostile import arrays, columns, content, doors, folders, numbers

ROOT = Path(__file__).parents[3]
SECONDS, MEMORY = 5, 256 << 20  # what one door may take
assert arrays and columns and content and folders and numbers


@pytest.fixture(scope="module")
def outcomes():
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "TRICERA_CACHE": "0",
        "TRICERA_NATIVE": "0",
    }
    command = [sys.executable, "-m", "tests.saving.hostile.run"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("name", doors.CASES)
def test_case(outcomes, name):
    says, mine = doors.CASES[name].says, [each for each in outcomes if each["case"] == name]
    assert len(mine) >= 2
    for each in mine:
        assert each["seen"] == [] and each["seconds"] < SECONDS and each["memory"] < MEMORY, each
        if says == doors.EITHER:
            assert each["error"] is None or each["refused"], each
        elif says is None:
            assert each["error"] is None and each["numbers"] == [9.0] * 3, each
        else:
            assert each["refused"] and re.search(says, each["error"]), each


def test_the_page_names_a_test_for_each_advisory():
    page = (ROOT / "docs" / "security.md").read_text()
    rows = dict(re.findall(r"^\| ((?:CVE|GHSA)-[\w-]+)[^|]*\|[^|]*\| (.+) \|$", page, re.MULTILINE))
    here = {number: name for name, case in doors.CASES.items() for number in case.ids}
    assert set(here) <= set(rows)
    for number, tests in rows.items():
        for test in re.findall(r"`(\w+)`", tests):
            found = test in doors.CASES or any(
                f"def {test}(" in path.read_text() for path in ROOT.glob("tests/**/*.py")
            )
            assert found, (number, test)
    for number, name in here.items():
        assert f"`{name}`" in rows[number] or any(
            number in doors.CASES[n].ids for n in re.findall(r"`(\w+)`", rows[number]) if n in doors.CASES
        )
