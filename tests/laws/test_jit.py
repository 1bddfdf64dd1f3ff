import jax
import numpy as np
import pytest

from tests.laws.table import ROWS, leaves
from tricera.engine.pure import pure


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_compiled_call_gives_what_an_eager_one_does(row):
    layer, arguments, outputs = row.built
    call = jax.jit(pure(layer, layer.variables, training=False))
    compiled, values = call([variable.value for variable in layer.variables], *arguments)
    for one, other in zip(leaves(compiled), leaves(outputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for value, variable in zip(values, layer.variables, strict=True):
        np.testing.assert_array_equal(value, variable.value)
