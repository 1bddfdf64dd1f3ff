import jax.numpy as jnp
import numpy as np
import pytest

from tricera import layers
from tricera.engine.masking import get_mask, set_mask

MASKS = ([True, True, False, False], [True, False, True, False])


@pytest.mark.parametrize("which", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"])
def test_masks_change_and_follow_the_result_as_in_keras(keras, name, which):
    results = []
    for namespace, put in ((keras.layers, lambda x, mask: setattr(x, "_keras_mask", mask)), (layers, set_mask)):
        inputs = [jnp.full((1, 4, 1), 3.0), jnp.full((1, 4, 1), 2.0)]
        for x, mask, given in zip(inputs, MASKS, which, strict=True):
            if given:
                put(x, jnp.asarray([mask]))
        output = getattr(namespace, name)()(inputs)
        results.append((output, getattr(output, "_keras_mask", None)))
    (expected, mask), (output, _) = results
    kept = slice(0, 3)  # the last step is masked in both
    np.testing.assert_allclose(output[:, kept], np.asarray(expected)[:, kept])
    np.testing.assert_array_equal(get_mask(output), mask)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"])
def test_the_functions_apply_the_layers(keras, name):
    x, y = np.random.default_rng(0).normal(size=(2, 2, 3)).astype("float32")
    np.testing.assert_allclose(getattr(layers, name)([x, y]), getattr(keras.layers, name)([x, y]), rtol=1e-6)
