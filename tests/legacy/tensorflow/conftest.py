"""These tests import the module `tensorflow` when they are collected; what it changes for all data sets is theirs."""

import pytest

from tricera.data import dataset


def pytest_collection_finish():
    dataset.shown.clear()


@pytest.fixture(scope="module", autouse=True)
def data_sets_are_shown_as_tensors():
    from tricera.legacy.tensorflow import data

    data.show()
    yield
    dataset.shown.clear()
