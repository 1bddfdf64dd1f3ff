"""A pytest plugin: opens the door, and writes what became of each test, a line of JSON each."""

import importlib.util
import json
import os
import re
import sys
from types import ModuleType

import pytest

from tests.upstream import door

door.open()


def _skip_if_backend(*args: str) -> pytest.MarkDecorator:
    *names, reason = args
    return pytest.mark.skipif("jax" in names, reason=reason)


_conftest = ModuleType("conftest")
_conftest.skip_if_backend = _skip_if_backend
sys.modules["conftest"] = _conftest


class _Absent(ModuleType):
    """A package that a test file imports at its top: only the cases that use it are left out."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"{self.__name__} is not installed")


def pytest_configure(config):
    for name in ("requires_trainable_backend", "multi_device"):
        config.addinivalue_line("markers", name)


def _write(**line):
    with open(os.environ["UPSTREAM_RESULTS"], "a") as file:
        file.write(json.dumps(line) + "\n")


def _name(nodeid: str) -> str:
    """`layers/core/dense_test.py::DenseTest::test_dense`, whatever folder pytest counts from, without addresses."""
    return re.sub("0x[0-9a-f]+", "0x", nodeid.rpartition("keras/src/")[2])


def pytest_collect_file(file_path):
    """Have the packages around a test file be facades, before pytest would run them."""
    if file_path.is_relative_to(door.wheel()):
        importlib.import_module(".".join(file_path.relative_to(door.wheel().parent).parts[:-1]))
        if "\nimport tensorflow as tf\n" in file_path.read_text() and importlib.util.find_spec("tensorflow") is None:
            sys.modules["tensorflow"] = _Absent("tensorflow")


def pytest_collection_finish(session):
    for item in session.items:
        _write(name=_name(item.nodeid), outcome="unfinished")


def pytest_collectreport(report):
    if report.failed:
        _write(name=_name(report.nodeid), outcome="failed", why=_last(report.longrepr))


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        why = "" if report.passed else _reason(report)
        _write(name=_name(report.nodeid), outcome=report.outcome, why=why, seconds=round(report.duration, 2))


def _reason(report):
    return str(report.longrepr[2])[:300] if isinstance(report.longrepr, tuple) else _last(report.longrepr)


def _last(representation) -> str:
    crash = getattr(representation, "reprcrash", None)
    return (crash.message if crash else str(representation))[-400:]
