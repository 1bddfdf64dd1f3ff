"""`pytest -p tricera.alias.pytest`: run the tests of a program for Keras with `keras` meaning Tricera.

It is asked for, and never found by itself: that Tricera is installed changes nobody's tests. A project can ask for it
in its settings: `addopts = "-p tricera.alias.pytest --keras 2"`.
"""

from typing import Any

import pytest

from tricera import alias


def pytest_addoption(parser: Any) -> None:
    """Add `--keras`."""
    group = parser.getgroup("tricera")
    group.addoption("--keras", type=int, choices=(1, 2, 3), default=3, help="the Keras that the tests were written for")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    """Bind `keras` before anything of the tests is imported."""
    try:
        alias.install(early_config.known_args_namespace.keras, quiet=True)
    except ImportError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header() -> str:
    """Say it at the top."""
    return "keras: tricera"
