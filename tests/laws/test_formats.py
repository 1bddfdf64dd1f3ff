import inspect

import numpy as np
import pytest

from tests.laws.table import ROWS, leaves, scatter
from tricera import layers

FORMATTED = [row for row in ROWS if "data_format" in inspect.signature(getattr(layers, row.name).__init__).parameters]
FORMATTED = [row for row in FORMATTED if row.kwargs.get("padding") != "causal"]


@pytest.mark.parametrize("row", FORMATTED, ids=str)
def test_channels_first_is_the_transpose_of_channels_last(row):
    _, (x,), expected = row.built
    steps = row.name.startswith("ConvLSTM")  # stand between batch and channels
    first = row.make(data_format="channels_first")
    moved = np.moveaxis(x, -1, 1 + steps)
    first(moved)
    scatter(first)
    for one, other in zip(leaves(first(moved)), leaves(expected), strict=True):
        axis = 1 + (steps and one.ndim == x.ndim)
        np.testing.assert_allclose(np.moveaxis(one, axis, -1) if one.ndim > 2 else one, other, rtol=1e-5, atol=1e-5)
