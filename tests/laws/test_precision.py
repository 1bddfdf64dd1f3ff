import jax
import pytest

from tests.laws.table import ROWS
from tricera import config


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_mixed_precision_computes_in_16_bits_and_keeps_weights_in_32(row):
    config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = row.make()
    finally:
        config.set_dtype_policy(None)
    for training in (False, True):
        outputs = layer(*row.arguments(), training=training)
        assert {str(leaf.dtype) for leaf in jax.tree_util.tree_leaves(outputs)} == {"bfloat16"}
    assert {weight.dtype for weight in layer.weights if weight.name != "count"} <= {"float32"}
