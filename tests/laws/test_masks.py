import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws.table import ROWS
from tricera.engine.masking import get_mask, set_mask
from tricera.engine.pure import pure

# Layers whose mask is not that of the input, or has another shape.
OWN = {"Embedding", "ReversibleEmbedding", "Masking", "Concatenate", "Dot", "GlobalAveragePooling1D", "Softmax"}
OWN |= {"SimpleRNN", "GRU", "LSTM", "Bidirectional"}
MASK = jnp.asarray([[True] * 4 + [False] * 2, [True] * 6])
CARRIERS = [row for row in ROWS if row.name not in OWN and row.input in ((2, 6, 4), [(2, 6, 4)] * 2)]


@pytest.mark.parametrize("row", CARRIERS, ids=str)
def test_a_mask_is_carried_by_layers_that_support_it_and_dropped_by_others(row):
    layer, arguments, _ = row.built
    inputs = [jnp.array(x) for x in jax.tree_util.tree_leaves(arguments)]
    for x in inputs:
        set_mask(x, MASK)
    mask = get_mask(layer(inputs if isinstance(row.input, list) else inputs[0]))
    if layer.supports_masking:
        np.testing.assert_array_equal(mask, MASK)
    else:
        assert mask is None


@pytest.mark.parametrize("row", [row for row in CARRIERS if row.name == "Dense"], ids=str)
def test_a_mask_is_carried_in_a_compiled_call(row):
    layer, (x,), _ = row.built

    def chain(x):
        set_mask(x, MASK)
        return get_mask(layer(x))

    mask, _ = jax.jit(pure(chain, layer.variables))([v.value for v in layer.variables], x)
    np.testing.assert_array_equal(mask, MASK)
