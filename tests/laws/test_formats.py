import inspect

import numpy as np
import pytest

from tests.laws.table import ROWS, scatter
from tricera import layers

FORMATTED = [row for row in ROWS if "data_format" in inspect.signature(getattr(layers, row.name).__init__).parameters]
FORMATTED = [row for row in FORMATTED if row.kwargs.get("padding") != "causal"]


@pytest.mark.parametrize("row", FORMATTED, ids=str)
def test_channels_first_is_the_transpose_of_channels_last(row):
    _, (x,), expected = row.built
    first = row.make(data_format="channels_first")
    moved = np.moveaxis(x, -1, 1)
    first(moved)
    scatter(first)
    outputs = np.asarray(first(moved))
    np.testing.assert_allclose(
        np.moveaxis(outputs, 1, -1) if outputs.ndim > 2 else outputs, expected, rtol=1e-5, atol=1e-5
    )
