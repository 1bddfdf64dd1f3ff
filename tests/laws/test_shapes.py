import jax
import pytest

from tests.laws.table import ROWS
from tricera.layers import Input


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_symbolic_outputs_have_the_shapes_and_dtypes_of_eager_ones(row):
    _, _, outputs = row.built
    symbolic = row.make()(*row.arguments(lambda shape, dtype: Input(shape[1:], dtype=dtype)))
    eager = jax.tree_util.tree_leaves(outputs)
    for tensor, array in zip(jax.tree_util.tree_leaves(symbolic), eager, strict=True):
        assert tensor.shape == (None, *array.shape[1:])
        assert tensor.dtype == str(array.dtype)
